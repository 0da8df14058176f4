"""Lists of rows as tables, and tables as text in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.cards.numbers import number_text
from bot.cards.values import SHORT, cut, is_short, label_text, one_line, value_text
from orchestrator.graph.formats import Format, FormatKind

#: Columns of a table at most, as chats have them; more is shown as JSON.
MOST_COLUMNS = 20
#: Characters of a cell; a table with longer ones is written as records.
MOST_WIDTH = 120
_NOTHING = "-"
Rows = tuple[tuple[str, ...], ...]


def is_table(value: Any) -> bool:
    """Is a value a list of mappings with the same keys and short values?"""
    if not isinstance(value, list | tuple) or not value:
        return False
    first = value[0]
    if not isinstance(first, Mapping) or not 0 < len(first) <= MOST_COLUMNS:
        return False
    return all(
        isinstance(each, Mapping)
        and each.keys() == first.keys()
        and all(is_short(cell) or _is_text(cell) for cell in each.values())
        for each in value
    )


def can_be_table(value: Any) -> bool:
    """Can a value be shown as a table where its author asks for one?"""
    if not isinstance(value, list | tuple) or not value:
        return False
    return (
        all(isinstance(each, Mapping) for each in value)
        and 0 < len(_columns(value)) <= MOST_COLUMNS
    )


def table_rows(
    value: Sequence[Mapping[str, Any]], formats: Mapping[str, Format]
) -> tuple[Rows, frozenset[int]]:
    """Return the rows as text, the names of the columns first, and which columns have numbers.

    Args:
        value: The list.
        formats: How columns are shown, by key.
    """
    names = _columns(value)
    rows = [tuple(label_text(name) for name in names)]
    rows += [tuple(_cell(each, name, formats.get(name)) for name in names) for each in value]
    numeric = {
        number
        for number, name in enumerate(names)
        if all(_is_number(each.get(name)) for each in value)
    }
    return tuple(rows), frozenset(numeric)


def columns_text(rows: Rows, numeric: frozenset[int] = frozenset()) -> str:
    """Write a table as lines of text in columns, or as records where cells are long."""
    if not rows:
        return ""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    if max(widths) > MOST_WIDTH:
        return _records(rows)
    head, *body = ["  ".join(_padded(row, widths, numeric)).rstrip() for row in rows]
    rule = "  ".join("─" * width for width in widths)
    return "\n".join([head, rule, *body])


def narrow(rows: Rows, width: int) -> Rows:
    """Return the rows with cells that are cut to a width."""
    return tuple(tuple(cut(cell, width) for cell in row) for row in rows)


def _records(rows: Rows) -> str:
    head, *body = rows
    return "\n\n".join(
        "\n".join(f"{name}: {cell}" for name, cell in zip(head, row, strict=True)) for row in body
    )


def _padded(row: Sequence[str], widths: Sequence[int], numeric: frozenset[int]) -> list[str]:
    return [
        cell.rjust(width) if number in numeric else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _columns(value: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for each in value for key in each))


def _cell(row: Mapping[str, Any], name: str, shown: Format | None) -> str:
    value = row.get(name)
    if value is None:
        return _NOTHING
    if shown is not None and shown.kind is FormatKind.NUMBER:
        return one_line(number_text(value, shown.unit))
    return one_line(value_text(value)) or _NOTHING


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 2 * SHORT and "\n" not in value.strip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
