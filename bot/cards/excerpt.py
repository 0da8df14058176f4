"""What of a payload stands in the message, and the whole of it for whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.cards.values import cut, is_short, label_text, one_line, value_text

#: Characters of prose in a message; more makes people scroll past it.
PROSE = 600
#: Characters that a piece of prose gets at least when there are several.
LEAST = 120
#: Lines of prose in a message, all pieces together.
PROSE_LINES = 10
#: Pieces of prose in a message.
PIECES = 3
#: Short values in a message, besides the facts.
LINES = 10
#: What people must see before they decide; such values come first.
_WEIGHTY = (
    "amount", "total", "price", "cost", "sum", "target", "environment", "env", "risk", "severity",
    "version", "recipient", "account",
)  # fmt: skip


class PassageStyle(StrEnum):
    """How a piece of a payload is set."""

    LINE = "line"  #: label and value on a line
    QUOTE = "quote"  #: prose
    CODE = "code"  #: a structure


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a payload, verbatim as far as it goes."""

    label: str
    text: str
    style: PassageStyle


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The part of a payload that a message shows."""

    passages: tuple[Passage, ...]
    is_cut: bool


def by_weight(payload: Mapping[str, Any]) -> list[str]:
    """List the labels of the short values, amounts, targets and risks first."""
    short = [label for label, value in payload.items() if is_short(value)]
    return sorted(short, key=lambda label: not _is_weighty(label))


def _is_weighty(label: str) -> bool:
    words = str(label).lower().replace(".", "_").replace("-", "_").split("_")
    return any(word in _WEIGHTY for word in words)


def excerpt(payload: Mapping[str, Any], *, without: Iterable[str] = ()) -> Excerpt:
    """Pick what decides most cases: short values in full, then the beginning of the prose."""
    left_out = set(without)
    short = [label for label in by_weight(payload) if label not in left_out]
    lines = [_passage(label, payload[label]) for label in short[:LINES]]
    long = [
        _passage(label, value)
        for label, value in payload.items()
        if not is_short(value) and label not in left_out
    ]
    prose = _shorten(long[:PIECES])
    is_cut = len(short) > LINES or len(long) > PIECES or prose != long[:PIECES]
    return Excerpt(passages=(*lines, *prose), is_cut=is_cut)


def whole_payload(payload: Mapping[str, Any]) -> tuple[Passage, ...]:
    """Return every value in full, in the order that the author of the graph chose."""
    return tuple(_passage(label, value) for label, value in payload.items())


def _passage(label: str, value: Any) -> Passage:
    heading = label_text(label)
    if is_short(value):
        return Passage(label=heading, text=one_line(value_text(value)), style=PassageStyle.LINE)
    style = PassageStyle.QUOTE if isinstance(value, str) else PassageStyle.CODE
    return Passage(label=heading, text=value_text(value).strip(), style=style)


def _shorten(passages: Sequence[Passage]) -> list[Passage]:
    if not passages:
        return []
    characters = max(PROSE // len(passages), LEAST)
    lines = max(PROSE_LINES // len(passages), 1)
    return [
        replace(passage, text=cut(_first_lines(passage.text, lines), characters))
        for passage in passages
    ]


def _first_lines(text: str, most: int) -> str:
    lines = text.split("\n")
    return text if len(lines) <= most else "\n".join(lines[:most]).rstrip() + " …"
