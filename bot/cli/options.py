"""What many commands take: who acts, values, durations and instants, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from orchestrator.graph import parse_duration

SURFACE = "cli"
F = TypeVar("F", bound=Callable[..., Any])


def json_option(what: str) -> Callable[[F], F]:
    """Add `--json`, which prints something as JSON instead of text."""
    return click.option("--json", "as_json", is_flag=True, help=f"Print {what} as JSON.")


def as_option(help_text: str = "Who does it. Default: you.") -> Callable[[F], F]:
    """Add `--as`, the person on whose behalf the command is given."""
    return click.option("--as", "by", metavar="USER", help=help_text)


def pairs(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    """Read `key=value` words."""
    del context
    read: dict[str, str] = {}
    for word in values:
        key, separator, value = word.partition("=")
        if not separator or not key.strip():
            raise click.BadParameter(f"{word!r} is not of the form key=value", param=parameter)
        if key.strip() in read:
            raise click.BadParameter(f"{key.strip()!r} is given twice", param=parameter)
        read[key.strip()] = value
    return read


class Duration(click.ParamType[timedelta]):
    """A duration such as `4h`, longer than nothing."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read a word."""
        try:
            length = parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if length <= timedelta(0):
            self.fail(f"{value!r} is no time at all; write one such as 4h", param, ctx)
        return length


class Moment(click.ParamType["timedelta | datetime"]):
    """A duration from now, such as `4h`, or an instant with an offset."""

    name = "when"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | datetime:
        """Read a word."""
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return Duration().convert(value, param, ctx)
        if at.tzinfo is None:
            self.fail(
                f"{value!r} does not say in which zone; write an offset, such as "
                "2026-11-22T09:00+01:00",
                param,
                ctx,
            )
        return at


class Json(click.ParamType["Given"]):
    """JSON itself, `@FILE` that holds it, or `-` for what comes on stdin."""

    name = "json"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Given:
        """Read the text, and parse it."""
        where, text = "the text", value
        try:
            if value in ("-", "@-"):
                where, text = "stdin", sys.stdin.read()
            elif value.startswith("@"):
                where, text = value[1:], Path(value[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"{where} cannot be read: {error}", param, ctx)
        try:
            return Given(json.loads(text, parse_constant=_refuse))
        except ValueError as error:
            self.fail(f"{where} is no JSON: {error}", param, ctx)


class Given:
    """JSON that was given, which may be null."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


DURATION = Duration()
MOMENT = Moment()
JSON = Json()
