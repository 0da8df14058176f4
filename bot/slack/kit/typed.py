"""What people type in Slack, as plain words.

Slack's client sends `&`, `<` and `>` escaped, and everything that it recognises in angle brackets:
https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_PERSON = re.compile(r"<@([A-Z0-9]+)")
_SCHEMES = ("mailto:", "tel:")
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
#: Kinds of characters that show nothing by themselves, and others that are blank.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Mn", "Me", "Zs", "Zl", "Zp"})
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def is_visible(text: str) -> bool:
    """Does a text show anything?"""
    return any(unicodedata.category(each) not in _UNSEEN and each not in _BLANK for each in text)


def people_in(text: str) -> frozenset[str]:
    """Return the ids of the people whom a text mentions."""
    return frozenset(_PERSON.findall(text))


def plain(text: str, *, people: Mapping[str, str], groups: Mapping[str, str]) -> str:
    """Return a text as its author sees it.

    Args:
        text: As Slack sends it.
        people: What people are called, by their ids; others are written by their ids.
        groups: The `@handles` of user groups, by their ids.
    """

    def word(token: re.Match[str]) -> str:
        sign, target, label = token.group(1), token.group(2), token.group(3) or ""
        match sign:
            case "@":
                return f"@{people.get(target) or label or target}"
            case "#":
                return f"#{label or target}"
            case "!":
                return _special(target, label, groups)
            case _:
                return _link(target, label)

    found = _TOKEN.sub(word, text)
    for escaped, character in _ESCAPES:
        found = found.replace(escaped, character)
    return found.strip()


def _special(target: str, label: str, groups: Mapping[str, str]) -> str:
    kind, _, subject = target.partition("^")
    if kind == "subteam":
        handle = groups.get(subject) or label or subject
        return handle if handle.startswith("@") else f"@{handle}"
    return label if kind == "date" else f"@{kind}"


def _link(target: str, label: str) -> str:
    for scheme in _SCHEMES:
        target = target.removeprefix(scheme)
    if not label or label == target:
        return target
    # Slack adds the scheme to what was typed without one.
    return label if target.endswith(f"//{label}") else f"{label} ({target})"
