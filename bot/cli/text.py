"""Texts as a terminal may be given them; failures are told with it, so it imports nothing slow."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

_MOVING = frozenset({"Cc", "Cf", "Zl", "Zp"})


def printable(text: object) -> str:
    """Put spaces in the place of characters that move a terminal's cursor.

    Texts come from models and strangers, and an escape sequence could rewrite the screen.
    """
    return "".join(each if unicodedata.category(each) not in _MOVING else " " for each in str(text))


def clean(text: object) -> str:
    """Put a printable text on one line, without needless spaces."""
    return " ".join(printable(text).split())


def compact(value: Any) -> str:
    """Write a text as it is, and anything else as JSON on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
