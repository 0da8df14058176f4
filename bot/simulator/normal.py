"""What Slack adds to blocks before it stores them: ids and defaults of text objects."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any


def normal_blocks(blocks: list[dict[str, Any]], new_id: Callable[[], str]) -> list[dict[str, Any]]:
    """Return a copy of valid blocks as Slack stores them.

    Blocks get a block_id and interactive elements an action_id where they have none;
    `plain_text` gets `emoji`, `mrkdwn` gets `verbatim`, inputs get `optional` and
    `dispatch_action`.
    """
    copied = copy.deepcopy(blocks)
    for block in copied:
        _complete(block, new_id)
    return copied


def _complete(block: dict[str, Any], new_id: Callable[[], str]) -> None:
    if not block.get("block_id"):
        block["block_id"] = new_id()
    if block["type"] == "input":
        block.setdefault("optional", False)
        block.setdefault("dispatch_action", False)
    for nested in _nested_blocks(block):
        _complete(nested, new_id)
    for element in _elements(block):
        if element["type"] != "image" and not element.get("action_id"):
            element["action_id"] = new_id()
    _texts(block)


def _nested_blocks(block: dict[str, Any]) -> list[dict[str, Any]]:
    if block["type"] == "carousel":
        return list(block["elements"])
    if block["type"] == "container":
        return list(block["child_blocks"])
    return []


def _elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    match block["type"]:
        case "section":
            return [block["accessory"]] if "accessory" in block else []
        case "actions" | "context_actions":
            return list(block["elements"])
        case "input":
            return [block["element"]]
        case "card":
            return list(block.get("actions", ()))
        case _:
            return []


def _texts(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _texts(item)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        for item in value.values():
            _texts(item)
