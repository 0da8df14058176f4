"""What people type: escaped as Slack's client does it, and as a block of rich text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_MENTION = re.compile(
    r"<@[A-Z0-9]+(?:\|[^<>]*)?>|<#[A-Z0-9]+(?:\|[^<>]*)?>"
    r"|<!subteam\^[A-Z0-9]+(?:\|[^<>]*)?>|<!(?:here|channel|everyone)>"
)


def typed_text(text: str) -> str:
    """Escape `&`, `<` and `>` as Slack's client does, except in mentions it recognises."""
    return "".join(part if is_mention else _escape(part) for is_mention, part in _parts(text))


def sent_text(text: str) -> str:
    """Return a client's escaped text, with nothing left unescaped but mentions."""
    return "".join(
        part if is_mention else _escape(_unescape(part)) for is_mention, part in _parts(text)
    )


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    end = 0
    for mention in _MENTION.finditer(text):
        if mention.start() > end:
            yield False, text[end : mention.start()]
        yield True, mention.group()
        end = mention.end()
    if end < len(text):
        yield False, text[end:]


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def rich_text(escaped: str, block_id: str) -> dict[str, Any]:
    """Return an escaped text as the block that Slack's client sends with it."""
    elements = [
        _mention(part) if is_mention else {"type": "text", "text": _unescape(part)}
        for is_mention, part in _parts(escaped)
    ]
    return {
        "type": "rich_text",
        "block_id": block_id,
        "elements": [{"type": "rich_text_section", "elements": elements}],
    }


def _mention(token: str) -> dict[str, Any]:
    inner = token[1:-1].partition("|")[0]
    if inner.startswith("@"):
        return {"type": "user", "user_id": inner[1:]}
    if inner.startswith("#"):
        return {"type": "channel", "channel_id": inner[1:]}
    if inner.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": inner.removeprefix("!subteam^")}
    return {"type": "broadcast", "range": inner[1:]}
