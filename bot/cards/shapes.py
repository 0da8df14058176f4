"""Values of a payload as passages: as their author says, or else by their shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.cards.diffs import diff_text, is_diff
from bot.cards.files import file_rows, files_text, is_file_list
from bot.cards.numbers import number_text
from bot.cards.passages import Passage, PassageStyle
from bot.cards.secrets import HIDDEN, is_secret, visible
from bot.cards.tables import can_be_table, columns_text, is_table, table_rows
from bot.cards.values import clean, is_short, label_text, one_line, value_text
from orchestrator.graph.formats import Format, FormatKind, find_format
from orchestrator.store.records import Approval

#: What people must see before they decide; such values come first and are not cut.
_WEIGHTY = frozenset(
    {
        "account", "amount", "cost", "destination", "env", "environment", "price", "recipient",
        "risk", "severity", "sum", "target", "total", "version",
    }
)  # fmt: skip
_INPUT = "input"
_INPUT_WORD = "Input "  # begins the labels of what is in there
_BETWEEN = re.compile(r"[\s._-]+")
_WEIGHTY_LENGTH = 200  # characters of a text that is weighty and longer than others on a line
_MOST_PARTS = 12  # values of a mapping that are shown on lines of their own
_LISTED = 160  # characters of a list on a line
_DEPTH = 4  # how deep weighty values are looked for
_MOST_INSIDE = 10  # weighty values that are taken out of a structure

_K = FormatKind
Formats = Mapping[str, Format]


def whole_payload(approval: Approval) -> tuple[Passage, ...]:
    """Return every value in full but for secrets, in the order that the author chose."""
    return passages_of(approval.payload, approval.formats)


def passages_of(values: Mapping[str, Any], formats: Formats) -> tuple[Passage, ...]:
    """Return passages for values by label; one may become several lines."""
    made = [
        (str(label), passage)
        for label, value in values.items()
        for passage in _passages(str(label), value, formats)
    ]
    others = frozenset(passage.label for label, passage in made if not _is_input(label))
    return tuple(_named(p, others) if _is_input(label) else p for label, p in made)


def _is_input(label: str) -> bool:
    return label.partition(".")[0] == _INPUT


def _named(passage: Passage, others: frozenset[str]) -> Passage:
    """Name a value of the run's input as its form does, unless something else is called so."""
    label = label_text(passage.label.removeprefix(_INPUT_WORD))
    inside = tuple(_named(each, others) for each in passage.inside)
    return replace(passage, label=passage.label if label in others else label, inside=inside)


def is_weighty(label: str) -> bool:
    """Must a value of this name be seen before people decide?"""
    return not _WEIGHTY.isdisjoint(_BETWEEN.split(label.lower()))


def _passages(key: str, value: Any, formats: Formats) -> Iterator[Passage]:
    if is_secret(formats, key):
        yield _line(key, HIDDEN)
        return
    seen = visible(value, formats, key)
    declared = find_format(formats, key)
    if declared is not None:
        yield _declared(key, seen, declared, formats)
    elif (
        isinstance(seen, Mapping) and 0 < len(seen) <= _MOST_PARTS and _is_flat(key, seen, formats)
    ):
        for name, each in seen.items():
            yield from _passages(f"{key}.{name}", each, formats)
    else:
        yield _recognised(key, seen, formats)


def _is_flat(key: str, value: Mapping[str, Any], formats: Formats) -> bool:
    return not is_diff(value) and all(
        is_short(each) or find_format(formats, f"{key}.{name}") is not None
        for name, each in value.items()
    )


def _declared(key: str, value: Any, shown: Format, formats: Formats) -> Passage:
    match shown.kind:
        case _K.NUMBER:
            return _line(key, number_text(value, shown.unit), is_number=True)
        case _K.TABLE if can_be_table(value):
            return _table(key, value, formats)
        case _K.DIFF:
            return _long(key, diff_text(value), PassageStyle.DIFF)
        case _K.FILES if value:
            return _files(key, value)
        case _K.MARKDOWN if isinstance(value, str):
            return _long(key, clean(value), PassageStyle.MARKDOWN)
        case _K.TEXT if isinstance(value, str) and not is_short(value):
            return _long(key, clean(value), PassageStyle.QUOTE)
        case _K.CODE if isinstance(value, str):
            return _long(key, clean(value), PassageStyle.CODE)
        case _K.CODE | _K.JSON:
            return _long(key, _json(value), PassageStyle.CODE)
        case _:
            return _recognised(key, value, formats)


def _recognised(key: str, value: Any, formats: Formats) -> Passage:
    if isinstance(value, str):
        return _text(key, value)
    if is_short(value):
        return _line(key, value_text(value))
    if is_file_list(value):
        return _files(key, value)
    if is_table(value):
        return _table(key, value, formats)
    if is_diff(value):
        return _long(key, diff_text(value), PassageStyle.DIFF)
    listed = _listed(value)
    if listed is not None:
        return _line(key, listed)
    inside = tuple(_inside(key, value, formats, _DEPTH))[:_MOST_INSIDE]
    return _long(key, value_text(value), PassageStyle.CODE, inside=inside)


def _text(key: str, value: str) -> Passage:
    is_line = "\n" not in value.strip() and len(value) <= _WEIGHTY_LENGTH and is_weighty(key)
    if is_short(value) or is_line:
        return _line(key, value_text(value))
    if is_diff(value):
        return _long(key, diff_text(value), PassageStyle.DIFF)
    is_structure = value.lstrip()[:1] in {"{", "["} and _is_json(value)
    return _long(key, value_text(value), PassageStyle.CODE if is_structure else PassageStyle.QUOTE)


def _line(key: str, text: str, *, is_number: bool = False) -> Passage:
    return Passage(
        label=label_text(key),
        text=one_line(text) or "(empty)",
        style=PassageStyle.LINE,
        is_weighty=is_number or is_weighty(key),
    )


def _long(key: str, text: str, style: PassageStyle, *, inside: tuple[Passage, ...] = ()) -> Passage:
    shown = text.strip("\n") if style is PassageStyle.DIFF else text.strip()
    return Passage(label=label_text(key), text=shown or "(empty)", style=style, inside=inside)


def _table(key: str, value: Any, formats: Formats) -> Passage:
    inner = {
        name.removeprefix(f"{key}."): each
        for name, each in formats.items()
        if name.startswith(f"{key}.")
    }
    rows, numeric = table_rows(value, inner)
    return Passage(
        label=label_text(key),
        text=columns_text(rows, numeric),
        style=PassageStyle.TABLE,
        rows=rows,
        numeric=numeric,
    )


def _files(key: str, value: Any) -> Passage:
    rows = file_rows(value)
    return Passage(
        label=label_text(key), text=files_text(rows), style=PassageStyle.FILES, rows=rows
    )


def _listed(value: Any) -> str | None:
    """Return a list of a few short values on a line; None: it is none, or not clear on one."""
    if not isinstance(value, list | tuple) or not value or not all(map(is_short, value)):
        return None
    texts = [one_line(value_text(each)) for each in value[:_LISTED]]
    line = ", ".join(texts)
    is_clear = len(value) == len(texts) and not any("," in each for each in map(str, value))
    return line if is_clear and len(line) <= _LISTED else None


def _inside(key: str, value: Any, formats: Formats, depth: int) -> Iterator[Passage]:
    if not isinstance(value, Mapping) or depth == 0:
        return
    for name, each in value.items():
        inner = f"{key}.{name}"
        if is_short(each) and is_weighty(str(name)):
            yield from _passages(inner, each, formats)
        else:
            yield from _inside(inner, each, formats, depth - 1)


def _json(value: Any) -> str:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return clean(str(value))
    return value_text(value)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
