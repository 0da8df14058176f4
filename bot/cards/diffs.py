"""What has changed, as lines with + and -."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from bot.cards.values import clean, value_text

_MOST_LINES = 3000  # of both sides together; comparing more takes too long
_SIDES = {"before", "after"}
_HUNK = re.compile(r"^@@ .*@@", re.MULTILINE)


def is_diff(value: Any) -> bool:
    """Is a value a unified diff, or a mapping of texts before and after?"""
    if isinstance(value, Mapping):
        return value.keys() == _SIDES and all(isinstance(each, str) for each in value.values())
    if not isinstance(value, str):
        return False
    has_hunk = _HUNK.search(value) is not None
    return has_hunk and ("\n+++ " in value or value.startswith(("diff ", "--- ", "@@ ")))


def diff_text(value: Any) -> str:
    """Write a diff as lines; both sides whole where they cannot be compared."""
    if isinstance(value, str):
        return clean(value).strip("\n")
    if not isinstance(value, Mapping) or not _SIDES & value.keys():
        return value_text(value)
    before, after = (_lines(value.get(side)) for side in ("before", "after"))
    if before == after:
        return "no difference"
    if len(before) + len(after) > _MOST_LINES:
        return "\n".join([*(f"-{line}" for line in before), *(f"+{line}" for line in after)])
    _, _, _, *lines = difflib.unified_diff(before, after, lineterm="")
    return "\n".join("…" if line.startswith("@@ ") else line for line in lines)


def _lines(value: Any) -> list[str]:
    return [] if value is None else value_text(value).split("\n")
