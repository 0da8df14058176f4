"""How a command ends: its exit code, and one line on stderr for each thing that is wrong."""

from __future__ import annotations

import click

from bot.cli.text import clean
from bot.errors import BotError, ConfigurationError
from orchestrator.errors import (
    CorruptHistoryError,
    DatabaseUrlError,
    DirectoryError,
    GraphChangedError,
    GraphError,
    GraphNotFoundError,
    GraphValidationError,
    InputError,
    InvalidValuesError,
    OrchestratorError,
    StoreError,
)

REFUSED = 1
USAGE = 2
UNAVAILABLE = 3
SLACK_AWAY = 4
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

#: The first that fits counts.
_CODES: tuple[tuple[type[Exception], int], ...] = (
    (GraphNotFoundError, REFUSED),
    (GraphChangedError, REFUSED),
    (GraphError, USAGE),
    (CorruptHistoryError, REFUSED),
    (DatabaseUrlError, USAGE),
    (StoreError, UNAVAILABLE),
    (DirectoryError, SLACK_AWAY),
    (OrchestratorError, REFUSED),
    (ConfigurationError, USAGE),
    (BotError, REFUSED),
)


def tell(error: Exception) -> int:
    """Write what went wrong to stderr and return the exit code; re-raise what nobody expects."""
    if isinstance(error, click.ClickException):
        return _tell_click(error)
    code = _find_code(error)
    if code is None:
        raise error
    for line in lines_of(error):
        write(line)
    return code


def code_of(error: OrchestratorError) -> int:
    """Return the exit code that one of the engine's errors means."""
    return _find_code(error) or REFUSED


def _find_code(error: Exception) -> int | None:
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)


def write(line: str) -> None:
    """Write one line of complaint."""
    click.echo(f"signoff: {clean(line)}", err=True)


def _tell_click(error: click.ClickException) -> int:
    if not isinstance(error, click.UsageError):
        write(error.format_message())
        return error.exit_code
    path = error.ctx.command_path if error.ctx else "signoff"
    write(f"{error.format_message().rstrip('.')}; see `{path} --help`")
    return USAGE


def lines_of(error: Exception) -> list[str]:
    """Say what went wrong, a line for each problem."""
    if isinstance(error, GraphValidationError):
        return [f"graph {error.graph_id!r}: {problem}" for problem in error.problems]
    if isinstance(error, (InputError, InvalidValuesError)):
        return [f"{field}: {text}" if field else text for field, text in error.problems]
    problems = getattr(error, "problems", None)
    return list(problems) if problems else [str(error)]
