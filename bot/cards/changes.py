"""What an edit changed: values before and after, as passages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.cards.numbers import number_text
from bot.cards.passages import Passage, PassageStyle
from bot.cards.secrets import HIDDEN, formats_of_answer, is_secret, visible
from bot.cards.values import cut, is_short, label_text, one_line, value_text
from orchestrator.graph.formats import Format, FormatKind, find_format
from orchestrator.graph.kinds import Decision
from orchestrator.store.records import Approval

_MOST = 8  # changes that are shown
_LONG = 300  # characters of a long value, before and after
_ABSENT = object()


def edited_values(approval: Approval) -> tuple[Any, Any] | None:
    """Return what was edited, before and after; None when nothing was.

    Votes for an edit are asked for in a new revision; an edit that needed none is in the answer.
    """
    if approval.before_edit is not None:
        return approval.before_edit, approval.payload
    edits = [each for each in approval.answers if each.decision is Decision.EDIT]
    if approval.is_open or not edits:
        return None
    return approval.edits, edits[-1].values


def change_passages(approval: Approval) -> tuple[Passage, ...]:
    """Return what an edit changed, old → new; the first changes, and how many more there are."""
    found = edited_values(approval)
    if found is None:
        return ()
    changed = list(_differences(*found))
    formats = formats_of_answer(approval)
    shown = [passage for change in changed[:_MOST] for passage in _passages(formats, *change)]
    rest = len(changed) - _MOST
    if rest > 0:
        shown.append(Passage(label="And", text=f"{rest} more changes", style=PassageStyle.LINE))
    return tuple(shown)


def _differences(old: Any, new: Any, label: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            name = f"{label}.{key}" if label else str(key)
            yield from _differences(old.get(key, _ABSENT), new.get(key, _ABSENT), name)
    elif type(old) is not type(new) or old != new:
        yield label, old, new


def _passages(formats: Mapping[str, Format], label: str, old: Any, new: Any) -> Iterator[Passage]:
    name = label_text(label)
    if is_secret(formats, label):
        yield Passage(label=name, text=f"changed, {HIDDEN}", style=PassageStyle.LINE)
        return
    before, now = (_text(each, formats, label) for each in (old, new))
    if _is_brief(old) and _is_brief(new):
        text = f"{one_line(before)} → {one_line(now)}"
        yield Passage(label=name, text=text, style=PassageStyle.LINE)
        return
    yield Passage(label=f"{name}, before", text=before, style=PassageStyle.QUOTE)
    yield Passage(label=f"{name}, now", text=now, style=PassageStyle.QUOTE)


def _is_brief(value: Any) -> bool:
    return value is _ABSENT or is_short(value)


def _text(value: Any, formats: Mapping[str, Format], label: str) -> str:
    if value is _ABSENT:
        return "(not there)"
    shown = find_format(formats, label)
    if shown is not None and shown.kind is FormatKind.NUMBER:
        return number_text(value, shown.unit)
    return cut(value_text(visible(value, formats, label)).strip(), _LONG)
