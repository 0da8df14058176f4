"""Interactive elements of blocks: where they are and what they hold."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Blocks = Sequence[Mapping[str, Any]]
Values = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How a kind of element tells its value: field, initial field, value when untouched."""

    field: str
    initial: str
    is_list: bool = False

    def empty(self) -> Any:
        """Return what Slack sends for an untouched element."""
        return [] if self.is_list else None


STATEFUL: dict[str, Held] = {
    "plain_text_input": Held(field="value", initial="initial_value"),
    "email_text_input": Held(field="value", initial="initial_value"),
    "url_text_input": Held(field="value", initial="initial_value"),
    "number_input": Held(field="value", initial="initial_value"),
    "rich_text_input": Held(field="rich_text_value", initial="initial_value"),
    "static_select": Held(field="selected_option", initial="initial_option"),
    "external_select": Held(field="selected_option", initial="initial_option"),
    "users_select": Held(field="selected_user", initial="initial_user"),
    "conversations_select": Held(field="selected_conversation", initial="initial_conversation"),
    "channels_select": Held(field="selected_channel", initial="initial_channel"),
    "radio_buttons": Held(field="selected_option", initial="initial_option"),
    "datepicker": Held(field="selected_date", initial="initial_date"),
    "timepicker": Held(field="selected_time", initial="initial_time"),
    "datetimepicker": Held(field="selected_date_time", initial="initial_date_time"),
    "multi_static_select": Held(field="selected_options", initial="initial_options", is_list=True),
    "multi_external_select": Held(
        field="selected_options", initial="initial_options", is_list=True
    ),
    "multi_users_select": Held(field="selected_users", initial="initial_users", is_list=True),
    "multi_conversations_select": Held(
        field="selected_conversations", initial="initial_conversations", is_list=True
    ),
    "multi_channels_select": Held(
        field="selected_channels", initial="initial_channels", is_list=True
    ),
    "checkboxes": Held(field="selected_options", initial="initial_options", is_list=True),
    "file_input": Held(field="files", initial="initial_files", is_list=True),
}
"""Elements that appear in `state.values`; buttons and overflow menus do not."""


def walk(blocks: Blocks) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield every interactive element with the block that names it."""
    for block in every(blocks):
        for element in own_elements(block):
            yield block, element


def every(blocks: Blocks) -> Iterator[Mapping[str, Any]]:
    """Yield every block, those inside of others after the one that holds them."""
    for block in blocks:
        yield block
        if block["type"] == "carousel":
            yield from every(block["elements"])
        elif block["type"] == "container":
            yield from every(block["child_blocks"])


def own_elements(block: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the interactive elements of a block itself."""
    match block["type"]:
        case "section":
            accessory = block.get("accessory")
            return [] if accessory is None or accessory["type"] == "image" else [accessory]
        case "input":
            return [block["element"]]
        case "actions" | "context_actions":
            return list(block["elements"])
        case "card":
            return list(block.get("actions", ()))
        case _:
            return []


def find(blocks: Blocks, block_id: str, action_id: str) -> Mapping[str, Any] | None:
    """Return the element with those ids, or None."""
    for block, element in walk(blocks):
        if block.get("block_id") == block_id and element.get("action_id") == action_id:
            return element
    return None


def initial_values(blocks: Blocks) -> Values:
    """Return `state.values` before anybody touched anything."""
    values: Values = {}
    for block, element in walk(blocks):
        held = STATEFUL.get(element["type"])
        if held is None:
            continue
        start = copy.deepcopy(element.get(held.initial, held.empty()))
        state: dict[str, Any] = {"type": element["type"], held.field: start}
        if "timezone" in element:
            state["timezone"] = element["timezone"]
        values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def merged_values(blocks: Blocks, entered: Mapping[str, Any]) -> Values:
    """Return `state.values` with what was entered, for the elements that still exist.

    Only the fields that Slack sends are taken over, so a page cannot smuggle in others.
    """
    values = initial_values(blocks)
    for block_id, actions in entered.items():
        for action_id, state in actions.items():
            target = values.get(block_id, {}).get(action_id)
            if target is None or not isinstance(state, Mapping):
                continue
            if state.get("type", target["type"]) != target["type"]:
                continue
            held = STATEFUL[target["type"]]
            if held.field in state:
                value = copy.deepcopy(state[held.field])
                target[held.field] = held.empty() if value in ("", None) else value
    return values
