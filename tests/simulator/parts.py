"""Pieces of Block Kit for tests."""

from __future__ import annotations

from typing import Any

IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
ROWS = [[{"type": "raw_text", "text": "a"}, {"type": "raw_number", "text": "1", "value": 1}]]


def plain(text: str) -> dict[str, str]:
    """Return a plain text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    """Return a mrkdwn text object."""
    return {"type": "mrkdwn", "text": text}


def option(value: str = "v", text: str = "t", **more: Any) -> dict[str, Any]:
    """Return an option of a select."""
    return {"text": plain(text), "value": value, **more}


def select(kind: str = "static_select", **more: Any) -> dict[str, Any]:
    """Return a select."""
    return {"type": kind, "action_id": "pick", **more}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    """Return a rich_text block of one section."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(elements)}],
    }
