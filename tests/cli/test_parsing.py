"""The command line itself: help, usage errors, and how quickly it answers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.cli.group import COMMANDS
from tests.cli.shell import Shell

#: Slow to import; none may be needed to print the help.
HEAVY = ("sqlalchemy", "slack_bolt", "slack_sdk", "aiohttp", "pydantic", "alembic", "jinja2")


def test_help_lists_every_command_and_the_exit_codes(shell: Shell) -> None:
    """Somebody who knows nothing begins here."""
    answer = shell("--help")

    assert answer.code == 0
    assert all(f"\n  {name} " in answer.out for name in COMMANDS)
    assert all(f"\n    {code}" in answer.out for code in (0, 1, 2, 3, 4, 130))


def test_help_imports_nothing_slow() -> None:
    """`signoff --help` answers at once."""
    script = (
        "import sys\nfrom bot.cli import cli\n"
        "try: cli.main(['--help'])\n"
        f"except SystemExit: print([name for name in {HEAVY} if name in sys.modules])"
    )

    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, shell: Shell) -> None:
    """The list of commands and the commands agree."""
    answer = shell(command, "--help")

    assert answer.code == 0
    assert answer.out.startswith(f"Usage: signoff {command} ")


def test_the_version_is_printed(shell: Shell) -> None:
    """A report of a defect begins with it."""
    answer = shell("--version")

    assert (answer.code, answer.out) == (0, "signoff 0.1.0\n")


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("runs", "--nonsense"),
        ("runs", "--status", "nonsense"),
        ("runs", "--limit", "0"),
        ("show",),
        ("run", "errand", "what"),
        ("run", "errand", "=tea"),
        ("run", "errand", "what=tea", "what=milk"),
        ("run", "errand", "what=tea", "--label", "urgent"),
        ("decide", "a-0000000", "approve"),
        ("verify",),
        ("verify", "r-0000000", "--all"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(words: tuple[str, ...], shell: Shell) -> None:
    """The line says what is wrong and where the help is."""
    answer = shell(*words)

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.lines) == 1
    assert answer.err.startswith("signoff: ")
    assert "--help`" in answer.err


def test_without_a_command_there_is_help_and_code_2(shell: Shell) -> None:
    """Nothing was done, and the help says what could be."""
    answer = shell()

    assert answer.code == 2
    assert answer.err.startswith("Usage: signoff")
