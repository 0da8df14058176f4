"""Aligned columns and times that can be read at a glance."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence
from datetime import datetime

import click
import humanize

from bot.cli.text import clean
from orchestrator.runtime import SystemClock

_GAP = "  "
_LEAST = 10  # columns that the last cell of a row gets at least
_UNBOUNDED = 10_000  # columns of what is no terminal


def age(at: datetime | None) -> str:
    """Say how long ago something was, or how far away it is: `3 minutes ago`, `in 2 hours`."""
    if at is None:
        return "-"
    length = SystemClock().now() - at
    words = humanize.naturaldelta(abs(length))
    if words == "a moment":
        return "now"
    return f"{words} ago" if length.total_seconds() >= 0 else f"in {words}"


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write rows in aligned columns; on a terminal the last column is cut to fit."""
    cells = [list(heads), *([clean(cell) for cell in row] for row in rows)]
    widths = [max(_width(row[index]) for row in cells) for index in range(len(heads))]
    room = _room() - sum(widths[:-1]) - len(_GAP) * (len(heads) - 1)
    for row in cells:
        line = _GAP.join(_pad(cell, width) for cell, width in zip(row[:-1], widths, strict=False))
        click.echo(f"{line}{_GAP}{_cut(row[-1], max(room, _LEAST))}".rstrip())


def print_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Write names and values, one pair a line."""
    width = max((len(name) for name, _ in facts), default=0)
    for name, value in facts:
        click.echo(f"{name:<{width}}{_GAP}{clean(value)}")


def _room() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _UNBOUNDED


def _width(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cut(text: str, room: int) -> str:
    if _width(text) <= room:
        return text
    while text and _width(text) >= room:
        text = text[:-1]
    return f"{text}…"
