"""Markdown from outside as rich text, in which nothing can mention anybody or hide an address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.slack.kit.mrkdwn import literal

Element = dict[str, Any]

_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*$")
_BULLET = re.compile(r"^\s*[-*+]\s+(.*)$")
_NUMBER = re.compile(r"^\s*\d{1,9}[.)]\s+(.*)$")
_QUOTE = re.compile(r"^\s{0,3}>\s?(.*)$")
#: Marks inside a line; each begins and ends at a word, and none spans another of its kind.
_MARKS = re.compile(
    r"(?P<code>`[^`\n]+`)"
    r"|(?P<bold>\*\*(?=\S)[^*\n]+(?<=\S)\*\*|__(?=\S)[^_\n]+(?<=\S)__)"
    r"|(?P<strike>~~(?=\S)[^~\n]+(?<=\S)~~)"
    r"|(?P<italic>(?<![*\w])\*(?=\S)[^*\n]+(?<=\S)\*(?![*\w])|(?<![_\w])_(?=\S)[^_\n]+(?<=\S)_(?![_\w]))"
    r"|\[(?P<text>[^\]\n]*)\]\((?P<url>https://[^\s()<>|]+)\)"
)
_WIDTHS = {"code": 1, "bold": 2, "strike": 2, "italic": 1}


def rich_elements(text: str) -> list[Element]:
    """Return the elements of a rich text block for a text with marks; unknown marks stay."""
    return list(_blocks(text.split("\n")))


def _blocks(lines: Sequence[str]) -> Iterator[Element]:
    kind, held = "", list[str]()
    for line in [*lines, None]:
        found, shown = ("end", "") if line is None else _kind(line, kind)
        if found != kind or found == "heading":
            yield from _made(kind, held)
            kind, held = found, []
        if shown is not None:
            held.append(shown)
        if found == "fence-end":
            yield from _made("fence", held)
            kind, held = "", []


def _kind(line: str, now: str) -> tuple[str, str | None]:
    """Return what a line is part of, and what of it is shown."""
    if _FENCE.match(line):
        return ("", None) if now == "fence" else ("fence", None)
    if now == "fence":
        return "fence", line
    for kind, pattern in (
        ("heading", _HEADING), ("number", _NUMBER), ("bullet", _BULLET), ("quote", _QUOTE),
    ):  # fmt: skip
        if found := pattern.match(line):
            return kind, found.group(1)
    if line.strip() or now == "text":
        return "text", line
    return "", None


def _made(kind: str, lines: Sequence[str]) -> Iterator[Element]:
    text = "\n".join(lines).strip("\n")
    if not text.strip():
        return
    match kind:
        case "fence":
            yield {"type": "rich_text_preformatted", "elements": [_text(text)]}
        case "quote":
            yield {"type": "rich_text_quote", "elements": _inline(text)}
        case "bullet" | "number":
            items = [
                {"type": "rich_text_section", "elements": _inline(line)}
                for line in lines
                if line.strip()
            ]
            style = "bullet" if kind == "bullet" else "ordered"
            yield {"type": "rich_text_list", "style": style, "elements": items}
        case "heading":
            yield {"type": "rich_text_section", "elements": [_text(text, bold=True)]}
        case _:
            yield {"type": "rich_text_section", "elements": _inline(text)}


def _inline(text: str) -> list[Element]:
    found: list[Element] = []
    end = 0
    for mark in _MARKS.finditer(text):
        if mark.start() > end:
            found.append(_text(text[end : mark.start()]))
        found += _marked(mark)
        end = mark.end()
    if end < len(text):
        found.append(_text(text[end:]))
    return found or [_text(" ")]


def _marked(mark: re.Match[str]) -> list[Element]:
    if mark["url"] is not None:
        # The address itself is what people see, so that no text can lie about where it leads.
        said = [_text(f"{mark['text']} ")] if mark["text"].strip() else []
        return [*said, {"type": "link", "url": mark["url"], "text": mark["url"]}]
    style = str(mark.lastgroup)
    width = _WIDTHS[style]
    return [_text(mark.group()[width:-width], **{style: True})]


def _text(text: str, **style: bool) -> Element:
    made: Element = {"type": "text", "text": literal(text) or " "}
    return {**made, "style": style} if style else made
