"""The command line, `signoff`; its commands are imported when they are called."""

from __future__ import annotations

from bot.cli.group import cli

__all__ = ["cli", "main"]


def main() -> None:
    """Run the command that the process was called with, and exit with its code."""
    cli.main(prog_name="signoff")
