"""Block Kit at the door: whether Slack would take these blocks, this view, this metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.simulator import limits
from bot.simulator.blockrules import BLOCKS
from bot.simulator.elementrules import OPTION_GROUPS, OPTIONS, plain
from bot.simulator.elements import every, own_elements, walk
from bot.simulator.rules import Arr, Bool, Faultlist, Obj, OneOf, Rule, Str, Typed

_MESSAGE_ONLY = frozenset(
    {
        "card",
        "carousel",
        "context_actions",
        "data_table",
        "markdown",
        "plan",
        "table",
        "task_card",
    }
)
"""https://docs.slack.dev/reference/block-kit/blocks lists these for messages alone."""

_MODAL_ONLY = frozenset({"alert"})

_BLOCK = Typed(table=lambda: BLOCKS)
_VIEW_FIELDS: dict[str, Rule] = {
    "type": OneOf(values=("modal", "home")),
    "blocks": Arr(of=_BLOCK, max=limits.VIEW_BLOCKS),
    "private_metadata": Str(max=limits.PRIVATE_METADATA),
    "callback_id": Str(max=limits.CALLBACK_ID),
    "external_id": Str(max=limits.EXTERNAL_ID),
}
_HOME = Obj(fields=_VIEW_FIELDS, required=("blocks",))
_MODAL = Obj(
    fields={
        **_VIEW_FIELDS,
        "title": plain(limits.VIEW_TITLE),
        "submit": plain(limits.VIEW_BUTTON),
        "close": plain(limits.VIEW_BUTTON),
        "clear_on_close": Bool(),
        "notify_on_close": Bool(),
        "submit_disabled": Bool(),
    },
    required=("title", "blocks"),
)


def message_faults(blocks: Any) -> list[str]:
    """Return what Slack would say against the blocks of a message; empty means accepted."""
    faults = Faultlist()
    Arr(of=_BLOCK, max=limits.MESSAGE_BLOCKS).check(blocks, "/blocks", faults)
    if not faults.lines:
        _check_surface(blocks, "/blocks", _MODAL_ONLY, faults)
        _check_ids(blocks, "/blocks", faults)
        _check_totals(blocks, faults)
    return faults.lines


def view_faults(view: Any, *, kind: str) -> list[str]:
    """Return what Slack would say against a `modal` or `home` view."""
    faults = Faultlist()
    if not isinstance(view, Mapping):
        faults.add("must provide an object", "/view")
        return faults.lines
    if view.get("type") != kind:
        faults.add(f"must be of type {kind}", "/view/type")
        return faults.lines
    (_MODAL if kind == "modal" else _HOME).check(view, "/view", faults)
    if faults.lines:
        return faults.lines
    blocks = view["blocks"]
    _check_surface(
        blocks,
        "/view/blocks",
        _MESSAGE_ONLY | (_MODAL_ONLY if kind == "home" else frozenset()),
        faults,
    )
    _check_ids(blocks, "/view/blocks", faults)
    _check_focus(blocks, faults)
    has_input = any(block["type"] == "input" for block in blocks)
    if kind == "modal" and has_input and "submit" not in view:
        faults.add("missing required field: submit (the view has an input)", "/view")
    return faults.lines


def options_faults(answer: Any) -> list[str]:
    """Return what is wrong with the answer to a block_suggestion."""
    faults = Faultlist()
    if not isinstance(answer, Mapping) or ("options" in answer) == ("option_groups" in answer):
        faults.add("must provide exactly one of options and option_groups", "")
        return faults.lines
    if answer.get("options") == [] or answer.get("option_groups") == []:
        return []
    rules = Obj(fields={"options": OPTIONS, "option_groups": OPTION_GROUPS})
    rules.check(answer, "", faults)
    return faults.lines


def metadata_error(metadata: Any) -> str | None:
    """Return the error code for message metadata, or None.

    See https://docs.slack.dev/messaging/message-metadata.
    """
    if not isinstance(metadata, Mapping) or set(metadata) - {
        "event_type",
        "event_payload",
        "entities",
    }:
        return "invalid_metadata_format"
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(event_type, str) or not event_type or not isinstance(payload, Mapping):
        return "invalid_metadata_format"
    if not event_type.replace("_", "").replace(".", "").replace(":", "").isalnum():
        return "invalid_metadata_format"
    if len(json.dumps(metadata)) > limits.METADATA_BYTES:
        return "metadata_too_large"
    return None


def _check_surface(
    blocks: Sequence[Mapping[str, Any]], pointer: str, refused: frozenset[str], faults: Faultlist
) -> None:
    for index, block in enumerate(blocks):
        if block["type"] in refused:
            faults.add(f"unsupported type: {block['type']}", f"{pointer}/{index}/type")


def _check_ids(blocks: Sequence[Mapping[str, Any]], pointer: str, faults: Faultlist) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id in seen:
            faults.add(f"block_id {block_id} already exists", f"{pointer}/{index}/block_id")
        elif block_id is not None:
            seen.add(block_id)
        for inner in every([block]):
            _check_action_ids(inner, f"{pointer}/{index}", faults)


def _check_action_ids(block: Mapping[str, Any], pointer: str, faults: Faultlist) -> None:
    seen: set[str] = set()
    for element in own_elements(block):
        action_id = element.get("action_id")
        if action_id in seen:
            faults.add(f"action_id {action_id} already exists in this block", pointer)
        elif action_id is not None:
            seen.add(action_id)


def _check_totals(blocks: Sequence[Mapping[str, Any]], faults: Faultlist) -> None:
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > (
        limits.MARKDOWN_TEXT
    ):
        faults.add(
            f"must be less than {limits.MARKDOWN_TEXT + 1} characters in all markdown blocks",
            "/blocks",
        )
    if sum(block["type"] == "table" for block in blocks) > 1:
        faults.add("only one table allowed", "/blocks")


def _check_focus(blocks: Sequence[Mapping[str, Any]], faults: Faultlist) -> None:
    if sum(bool(element.get("focus_on_load")) for _, element in walk(blocks)) > 1:
        faults.add("only one element may have focus_on_load", "/view/blocks")
