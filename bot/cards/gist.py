"""What tells a question from others of the same title: its main values on one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.cards.changes import change_passages
from bot.cards.passages import Passage
from bot.cards.shapes import whole_payload
from bot.cards.values import cut, one_line
from bot.cards.words import Code, Strong, Words, join
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.store.records import Approval

_MOST = 5  # values
_ROOM = 150  # characters of all of them
_VALUE = 40  # characters of one
_FORMATTING = frozenset("*_~`")
_BEFORE, _NOW = ", before", ", now"
_NUMBERS = frozenset("#[")


def gist(approval: Approval) -> Words:
    """Return the values that weigh most, or else come first; secrets stay hidden.

    What an edit changed stands in front, old → new.
    """
    return _line(_values(approval))


def gists(approvals: Sequence[Approval]) -> tuple[Words, ...]:
    """Return the same for each of several, with what only some of them have in front."""
    found = [_values(each) for each in approvals]
    keys = [{(value.label, value.text) for value in values} for values in found]
    shared = set.intersection(*keys) if len(keys) > 1 else set()
    return tuple(
        _line(sorted(values, key=lambda each: (each.label, each.text) in shared))
        for values in found
    )


def told_apart(approval: Approval) -> Words:
    """Return the gist of what is asked for several times in a run: calls, items and rounds."""
    is_one_of_many = bool(_NUMBERS & set(approval.path))
    return gist(approval) if approval.kind is ApprovalKind.TOOL or is_one_of_many else ()


def subject(approval: Approval, most: int) -> Words:
    """Return the title, cut to so many characters, and what tells the question from others."""
    title = Strong(cut(one_line(approval.title) or f"Approve {approval.node}?", most))
    told = told_apart(approval)
    return (title, " (", *told, ")") if told else (title,)


def _values(approval: Approval) -> list[Passage]:
    changed = {
        each.label.removesuffix(_NOW): each.text
        for each in change_passages(approval)
        if not each.label.endswith(_BEFORE)
    }
    found = [value for each in whole_payload(approval) for value in (each.inside or (each,))]
    shown = [replace(each, text=changed.get(each.label, each.text)) for each in found]
    return sorted(
        shown, key=lambda each: (each.label not in changed, not each.is_weighty, not each.is_line)
    )


def _line(values: Sequence[Passage]) -> Words:
    pieces: list[Words] = []
    room = _ROOM
    for value in values[:_MOST]:
        text = cut(one_line(value.text), _VALUE)
        room -= len(value.label) + len(text)
        if pieces and room < 0:
            break
        shown = Code(text) if _FORMATTING & set(text) else text
        pieces.append((f"{value.label}: ", shown))
    return join(pieces)
