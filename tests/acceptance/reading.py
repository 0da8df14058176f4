"""Messages and forms as a person reads them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.simulator import Simulator

_MARKUP = re.compile(r"[*_`~]")
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")
_TEXTS = ("text", "title", "label", "hint", "alt_text", "initial_value", "description")


def read(sim: Simulator, shown: Mapping[str, Any]) -> str:
    """Return all that a message or window says, with names in place of ids."""
    parts = list(_texts(shown.get("blocks", [])))
    if not parts:
        parts = [str(shown.get("text", ""))]
    return _named(sim, "\n".join(parts))


def buttons(shown: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the buttons of a message with their labels, in order."""
    return [
        (element["text"]["text"], element)
        for element in _elements(shown)
        if element.get("type") == "button"
    ]


def fields(view: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the fields of a form by label: the block's id, and the element."""
    return {
        block["label"]["text"]: (block["block_id"], block["element"])
        for block in view["blocks"]
        if block["type"] == "input"
    }


def _elements(shown: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for block in shown.get("blocks", []):
        if block["type"] == "actions":
            yield from block["elements"]
        elif isinstance(block.get("accessory"), dict):
            yield block["accessory"]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        if value.get("type") == "user":
            yield f"<@{value['user_id']}>"
        for name, each in value.items():
            if name in _TEXTS and isinstance(each, str):
                yield each
            else:
                yield from _texts(each)


def _named(sim: Simulator, text: str) -> str:
    text = _LINK.sub(r"\2", _DATE.sub(r"\1", text))
    for user in sim.world.users.values():
        text = text.replace(f"<@{user.id}>", f"@{user.real_name}")
    for group in sim.world.usergroups.values():
        text = re.sub(rf"<!subteam\^{group.id}(\|[^>]*)?>", f"@{group.handle}", text)
    return html.unescape(_MARKUP.sub("", text))
