"""A message of Slack's as plain text, and its address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_LINK = re.compile(r"<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>")
_ESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain_message(text: str) -> str:
    """Return what somebody wrote, links as their addresses; mentions stay as Slack has them."""
    plain = _LINK.sub(lambda found: found[1].removeprefix("mailto:"), text)
    for escaped, char in _ESCAPED:
        plain = plain.replace(escaped, char)
    return plain


def message_text(message: Mapping[str, Any]) -> str:
    """Return what a message says; one that is made of attachments alone says what they do."""
    attached = (
        str(each.get("fallback") or each.get("text") or "")
        for each in message.get("attachments") or ()
    )
    text = str(message.get("text") or "") or "\n".join(each for each in attached if each)
    return plain_message(text)


def address_of(body: Mapping[str, Any], at: str, thread: str) -> str:
    """Put the address of a message together as Slack does; empty where that cannot be."""
    domain = (body.get("team") or {}).get("domain")
    channel = (body.get("channel") or {}).get("id")
    if not domain or not channel or not at:
        return ""
    link = f"https://{domain}.slack.com/archives/{channel}/p{at.replace('.', '')}"
    return f"{link}?thread_ts={thread}&cid={channel}" if thread and thread != at else link
