"""Values of a payload as text; nothing here can fail, whatever the value is."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

#: A value up to this many characters on one line is a fact; a longer one is prose.
SHORT = 60
_ELLIPSIS = "…"
_ENDS = (".", "!", "?", ":", "…")
#: How much of a cut text may be given up to end at a word.
_WORD_SHARE = 5
_ZERO_WIDTH_JOINER = "\u200d"
#: Control characters, halves of surrogate pairs, and what turns the direction of text around: with
#: those, a payload could read otherwise than it is (https://trojansource.codes).
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")


def clean(text: str) -> str:
    """Replace what a message cannot carry, or what would make it read otherwise than it is."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return the text on one line."""
    return _BLANKS.sub(" ", clean(text)).strip()


def label_text(label: object) -> str:
    """Make a key of a payload into a heading: `order.total_amount` becomes `Order total amount`."""
    words = one_line(str(label)).replace("_", " ").replace(".", " ").strip()
    return cut(words[:1].upper() + words[1:] or "Value", SHORT)


def sentences(texts: Iterable[str]) -> str:
    """Put texts one after another, each a sentence of its own; empty ones are left out."""
    *before, last = [text for text in texts if text] or [""]
    return " ".join([*(text if text.endswith(_ENDS) else f"{text}." for text in before), last])


def is_short(value: Any) -> bool:
    """Does the value fit on a line of its own?"""
    if isinstance(value, str):
        return len(value) <= SHORT and "\n" not in value.strip()
    return value is None or isinstance(value, bool | int | float | timedelta)


def value_text(value: Any) -> str:
    """Write a value of a payload for people, in full."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str():
            return clean(value) or "(empty)"
        case int() | float():
            return _number(value)
        case _:
            return _structure(value)


def _number(value: float) -> str:
    try:
        return f"{value:,}"
    except (ValueError, OverflowError):  # Python writes no integer of more than 4,300 digits
        return "a number too long to show"


def _structure(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    except (TypeError, ValueError, RecursionError):
        if isinstance(value, Mapping):
            text = ", ".join(one_line(str(key)) for key in value)
            return cut(f"too deeply nested to show; its keys are {text}", 10 * SHORT)
        return "too deeply nested to show"
    return clean(text)


def cut(text: str, limit: int) -> str:
    """Shorten a text to `limit` characters at most, between letters and if possible words."""
    if len(text) <= limit:
        return text
    if limit <= len(_ELLIPSIS):
        return text[: max(limit, 0)]
    end = limit - len(_ELLIPSIS)
    while end > 0 and _is_inside_letter(text, end):
        end -= 1
    space = max(text.rfind(" ", 0, end), text.rfind("\n", 0, end))
    if space > end - end // _WORD_SHARE:
        end = space
    return text[:end].rstrip() + _ELLIPSIS


def _is_inside_letter(text: str, index: int) -> bool:
    """Would a cut before `index` tear a letter from its accents, or an emoji apart?"""
    after, before = text[index], text[index - 1]
    return (
        unicodedata.combining(after) != 0
        or unicodedata.category(after) in {"Mn", "Me", "Mc"}
        or _ZERO_WIDTH_JOINER in (after, before)
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones follow what they colour
    )
