"""The group of all commands: what they are called, and how their failures are told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

import click

from bot.cli.failures import INTERRUPTED, USAGE, tell

#: Name of a command to its module here and what it does. Importing a command takes a second or so
#: (SQLAlchemy, pydantic, Bolt), so the list is here and `signoff --help` imports none.
COMMANDS = {
    "demo": ("demo", "Try everything in the browser, without a Slack workspace."),
    "doctor": ("doctor", "Check everything a server needs, and say what to do."),
    "manifest": ("installing", "Print the Slack app's manifest."),
    "key": ("installing", "Make a key for SIGNOFF_ENCRYPTION_KEY."),
    "workspaces": ("installing", "List the workspaces in which the app is installed."),
    "migrate": ("serve", "Make the database, or bring it to this version's schema."),
    "serve": ("serve", "Serve: run graphs, keep deadlines, talk to Slack."),
    "worker": ("worker", "Run nodes beside servers that share the database."),
    "graphs": ("graphs", "List the graphs; show, check and compare them."),
    "run": ("runs", "Start a run."),
    "runs": ("runs", "List runs, the newest first."),
    "show": ("show", "Show one run: where it is, and what it waits for."),
    "watch": ("watch", "Print what happens to a run as it happens."),
    "signal": ("steering", "Send a run a signal that it waits for."),
    "pause": ("steering", "Start no new nodes of a run."),
    "resume": ("steering", "Let a paused run go on."),
    "cancel": ("steering", "Cancel a run."),
    "pending": ("pending", "List open approvals, the oldest deadline first."),
    "approval": ("pending", "Show one approval, with its votes and history."),
    "decide": ("decide", "Decide an approval, or several."),
    "comment": ("upkeep", "Write something beside an open approval."),
    "ask": ("upkeep", "Ask the requester of an approval something."),
    "delegate": ("upkeep", "Let somebody answer in your place."),
    "reassign": ("upkeep", "Ask other people."),
    "snooze": ("upkeep", "Get no reminders of an approval for a while."),
    "extend": ("upkeep", "Move the deadline of an approval."),
    "withdraw": ("upkeep", "Take an approval back."),
    "remind": ("upkeep", "Remind the approvers now."),
    "repost": ("upkeep", "Post an approval in Slack anew."),
    "rules": ("rules", "List what people have approved in advance."),
    "revoke": ("rules", "Have such a standing rule hold no longer."),
    "dead": ("dead", "List nodes that no process could start; have them tried again."),
    "verify": ("verify", "Check that the logs of runs are whole."),
}

_EPILOG = """\b
Exit codes:
  0    done
  1    refused, not found, or failed
  2    wrong usage, settings or graph files
  3    the database is unavailable or not migrated
  4    Slack could not be asked
  130  interrupted

Settings come from the environment and from a file `.env`; README.md lists them."""


class CommandGroup(click.Group):
    """Imports a command when it is called, and turns every error into a line and a code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None: there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"bot.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def main(  # type: ignore[override] # click has overloads for the two modes; this one exits
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> None:
        """Run a command and exit with its code."""
        extra.pop("standalone_mode", None)
        try:
            code = super().main(args, prog_name, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = USAGE
        except click.Abort:
            code = INTERRUPTED
        except Exception as error:  # noqa: BLE001 - this is the outermost place
            code = tell(error)
        sys.exit(code or 0)


@click.group(
    cls=CommandGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(version("signoff"), message="%(prog)s %(version)s")
def cli() -> None:
    """Ask people before your program goes on: approvals in Slack, with a durable runner."""
