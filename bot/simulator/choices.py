"""What a person may pick or type in an element, checked as Slack's client checks it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.simulator.elements import STATEFUL, Blocks, Values, find
from bot.simulator.errors import SimulatorError
from bot.simulator.limits import INPUT_VALUE

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")
_STATIC = frozenset(
    {"static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"}
)

REQUIRED = "Please complete this required field."


def state_of(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """Return an element's state from what a person did.

    `given` is the state as Slack sends it, or only the value: a text, a date, an option's
    value, a user id, or a list of these.

    Raises:
        SimulatorError: The person could not have done that.
    """
    kind = element["type"]
    held = STATEFUL.get(kind)
    name = "selected_option" if kind == "overflow" else "" if held is None else held.field
    if not name:
        raise SimulatorError(f"a {kind} holds no value")
    value = given.get(name) if isinstance(given, Mapping) and name in given else given
    if isinstance(given, Mapping) and "type" in given and name not in given:
        raise SimulatorError(f"a {kind} is told by {name!r}, got {sorted(given)}")
    if value in (None, "", []):
        value = None if held is None else held.empty()
    elif kind in _STATIC or kind.endswith("external_select"):
        value = _options(element, value)
    else:
        _check_shape(kind, value, is_list=held is not None and held.is_list)
    state: dict[str, Any] = {"type": kind, name: copy.deepcopy(value)}
    if "timezone" in element:
        state["timezone"] = element["timezone"]
    return state


def states_of(blocks: Blocks, given: Mapping[str, Any]) -> Values:
    """Return the states of several elements, by block and action.

    Raises:
        SimulatorError: One of them does not exist or cannot hold that.
    """
    values: Values = {}
    for block_id, actions in given.items():
        if not isinstance(actions, Mapping):
            raise SimulatorError(f"block {block_id!r} needs its values by action_id")
        for action_id, state in actions.items():
            element = find(blocks, block_id, action_id)
            if element is None:
                raise SimulatorError(f"there is no element {action_id!r} in block {block_id!r}")
            if element["type"] in STATEFUL:
                values.setdefault(block_id, {})[action_id] = state_of(element, state)
    return values


def input_errors(blocks: Blocks, values: Values) -> dict[str, str]:
    """Return what Slack's client says under the inputs before anything is sent."""
    errors = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        held = STATEFUL[element["type"]]
        value = values[block["block_id"]][element["action_id"]].get(held.field)
        if value in (None, "", []):
            problem = None if block.get("optional") else REQUIRED
        else:
            problem = _problem(element, value)
        if problem is not None:
            errors[block["block_id"]] = problem
    return errors


def _options(element: Mapping[str, Any], value: Any) -> Any:
    if not isinstance(value, list):
        return _option(element, value)
    return [_option(element, item) for item in value]


def _option(element: Mapping[str, Any], value: Any) -> Any:
    if element["type"] not in _STATIC:
        if not isinstance(value, Mapping) or not {"text", "value"} <= set(value):
            raise SimulatorError("an external option has a text and a value")
        return dict(value)
    wanted = value.get("value") if isinstance(value, Mapping) else value
    groups = element.get("option_groups", ())
    offered = [*element.get("options", ()), *(item for one in groups for item in one["options"])]
    for option in offered:
        if option["value"] == wanted:
            return option
    known = [option["value"] for option in offered]
    raise SimulatorError(f"{element['type']} has no option {wanted!r}, only {known}")


def _check_shape(kind: str, value: Any, *, is_list: bool) -> None:
    if is_list != isinstance(value, list):
        raise SimulatorError(f"a {kind} cannot hold {value!r}")
    if kind == "datetimepicker":
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif kind == "rich_text_input":
        fits = isinstance(value, Mapping)
    else:
        fits = is_list or isinstance(value, str)
    if not fits:
        raise SimulatorError(f"a {kind} cannot hold {value!r}")


def _problem(element: Mapping[str, Any], value: Any) -> str | None:
    match element["type"]:
        case "plain_text_input":
            return _length_problem(element, value)
        case "email_text_input":
            return None if _EMAIL.fullmatch(value) else "Please enter a valid email address."
        case "url_text_input":
            return None if _URL.fullmatch(value) else "Please enter a valid URL."
        case "number_input":
            return _number_problem(element, value)
        case _:
            most = element.get("max_selected_items")
            if most is not None and len(value) > most:
                return f"Please select no more than {most} items."
            return None


def _length_problem(element: Mapping[str, Any], value: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", INPUT_VALUE)
    if len(value) < least:
        return f"Please enter at least {least} characters."
    if len(value) > most:
        return f"Please enter no more than {most} characters."
    return None


def _number_problem(element: Mapping[str, Any], value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "Please enter a number."
    if not number.is_finite():
        return "Please enter a number."
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Please enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
