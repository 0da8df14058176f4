"""Lists of files: names, sizes, and addresses that are safe to follow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.cards.values import cut, one_line, value_text

_KEYS = frozenset({"name", "size", "url", "type"})
_NAME = 200  # characters
_ADDRESS = 2000  # characters
_STEP = 1024  # bytes of a kilobyte
_MOST = _STEP**5  # bytes; no file is larger
#: Nothing in it can end a link, or be read as mark-up.
_HTTPS = re.compile(r"https://[^\s<>|\"'`\\\x00-\x20\x7f-\U0010ffff]+")


def is_file_list(value: Any) -> bool:
    """Is a value a list of mappings with name, size and address?"""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(each, Mapping) and _is_file(each) for each in value)
    )


def file_rows(value: Any) -> tuple[tuple[str, str, str], ...]:
    """Return a row of name, size and address for each file; what is not known is empty."""
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(_row(each) for each in listed)


def files_text(rows: tuple[tuple[str, str, str], ...]) -> str:
    """Write the rows as lines."""
    return "\n".join(" · ".join(part for part in row if part) for row in rows)


def size_text(size: Any) -> str:
    """Write a number of bytes for people; any other text stays as it is."""
    if isinstance(size, bool) or not isinstance(size, int | float) or not 0 <= size < _MOST:
        return one_line(value_text(size)) if isinstance(size, str) else ""
    if size < _STEP:
        return f"{size:,.0f} bytes"
    power = 1 + (size >= _STEP**2) + (size >= _STEP**3)
    return f"{size / _STEP**power:,.1f} {('kB', 'MB', 'GB')[power - 1]}"


def _is_file(value: Mapping[str, Any]) -> bool:
    return (
        isinstance(value.get("name"), str)
        and value.keys() <= _KEYS
        and bool(value.keys() & {"size", "url"})
    )


def _row(value: Any) -> tuple[str, str, str]:
    if not isinstance(value, Mapping):
        return cut(one_line(value_text(value)), _NAME), "", ""
    name = value.get("name") or value.get("path") or value.get("url") or "a file"
    address = value.get("url")
    is_safe = isinstance(address, str) and len(address) <= _ADDRESS and _HTTPS.fullmatch(address)
    return (
        cut(one_line(value_text(name)), _NAME),
        size_text(value.get("size")),
        str(address) if is_safe else "",
    )
