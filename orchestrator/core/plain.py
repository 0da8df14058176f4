"""Values of the author's functions that are going to be stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def is_storable(text: str) -> bool:
    """Can a text be written as UTF-8? Half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def message_of(error: BaseException) -> str:
    """Return what an exception says, or else its type's name, as a text that can be stored."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - it is an author's, and so is its __str__
        text = ""
    text = text.encode(errors="backslashreplace").decode().replace("\0", "\\x00")
    return text or type(error).__name__


def plain(value: Any, what: str) -> Any:
    """Return a copy of a value that is JSON; tuples become lists.

    Raises:
        ValueError: It is none; the message begins with `what`.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str) and is_storable(value):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping) and all(
        isinstance(key, str) and is_storable(key) for key in value
    ):
        return {key: plain(each, what) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, what) for each in value]
    raise ValueError(f"{what} has {value!r} in it, which is no JSON; return plain values")
