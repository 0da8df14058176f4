"""Fields as inputs of a form, and what was typed into them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.cards.fields import Field, FieldType, Problem
from bot.cards.reading import typed_value
from bot.cards.values import cut, one_line
from bot.errors import BotError
from bot.slack.kit import limits
from orchestrator.graph.fields import LOOKS_LIKE

FIELD_ACTION = "value"
#: Prefix of the action ids of selects whose choices are looked up as somebody types.
PICK = "signoff_pick_"
_PREFIX = "signoff_field_"
_WORDS_OF_LIBRARIES = re.compile(r"^(?:Input|String|List|Value) (?=should )")
#: Words after which a problem says by itself what would be right.
_RIGHT = ("should", "must", "minimum", "maximum", "is required", "; ")
#: Where Slack puts what a person entered, by the type of element.
_ENTERED = {
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "checkboxes": "selected_options",
}


class TooLargeError(BotError, ValueError):
    """A form of Slack cannot hold this."""

    title = "Too large for Slack"


class SecretError(TooLargeError):
    """A form of Slack must not hold this."""

    title = "Not for Slack"


def block_id_of(number: int) -> str:
    """Return the id of the block of a form's field, which names it for errors."""
    return f"{_PREFIX}{number}"


def number_of(block_id: str) -> int:
    """Return the number of the field of a block.

    Raises:
        LookupError: The block is no field's.
    """
    number = block_id.removeprefix(_PREFIX)
    if number == block_id or not number.isdecimal():
        raise LookupError(block_id)
    return int(number)


def initial_typed(field: Field) -> Any:
    """Return what stands in a field when its form opens; None: nothing.

    Raises:
        TooLargeError: It cannot be written.
    """
    try:
        return typed_value(field)
    except (TypeError, ValueError, RecursionError) as error:
        raise TooLargeError(f"{field.label} is nested too deeply") from error


def entered(view: Mapping[str, Any], block_id: str, action_id: str | None = None) -> Any:
    """Return what a person entered in one input; None: nothing.

    Args:
        view: Slack's view.
        block_id: The input's.
        action_id: Which of the block's elements; None: its only one.
    """
    values = ((view.get("state") or {}).get("values") or {}).get(block_id) or {}
    only = next(iter(values.values()), None) if action_id is None else values.get(action_id)
    state: Mapping[str, Any] = only or {}
    found = state.get(_ENTERED.get(str(state.get("type")), "value"))
    match found:
        case {"value": value}:
            return value
        case [*options]:
            return [each["value"] if isinstance(each, Mapping) else each for each in options]
        case int() if state.get("type") == "datetimepicker":
            return datetime.fromtimestamp(found, UTC).isoformat()
        case _:
            return found


def typed_of(view: Mapping[str, Any], numbers: Sequence[int]) -> dict[int, Any]:
    """Return what was typed into the fields that a form shows, by their numbers."""
    return {number: entered(view, block_id_of(number)) for number in numbers}


def numbers_in(view: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the fields that a form shows."""
    blocks = (str(block.get("block_id", "")) for block in view.get("blocks") or ())
    return [int(each.removeprefix(_PREFIX)) for each in blocks if each.startswith(_PREFIX)]


def places_of(fields: Sequence[Field], problems: Sequence[Problem]) -> dict[int, list[str]]:
    """Return problems by the number of their field; those that belong to none are at the first."""
    numbers = {field.name: number for number, field in enumerate(fields)}
    seen = [number for number, field in enumerate(fields) if field.type is not FieldType.HIDDEN]
    found: dict[int, list[str]] = {}
    for name, text in problems:
        number, inside = _nearest(numbers, name)
        if number is None or number not in seen:
            number, inside = seen[0] if seen else 0, name
        rule = fields[number].rule if fields and not inside and name else ""
        found.setdefault(number, []).append(_problem_text(text, inside=inside, rule=rule))
    return found


def _nearest(numbers: Mapping[str, int], name: str) -> tuple[int | None, str]:
    """Return the field with the longest beginning of a dotted name, and the rest of the name."""
    outer, inside = name, ""
    while outer not in numbers:
        parts = outer.rpartition(".")
        if not parts[1]:
            break
        outer, inside = parts[0], f"{parts[2]}.{inside}" if inside else parts[2]
    if outer in numbers and (outer or not name):
        return numbers[outer], inside
    within = [number for field, number in numbers.items() if field.startswith(f"{name}.")]
    return (within[0], "") if within and name else (None, "")


def _problem_text(text: str, *, inside: str, rule: str) -> str:
    """Say what is wrong with a field, or with something in it, and what would be right."""
    if inside:
        return f"{inside}: {text}"
    if text.startswith(LOOKS_LIKE) and text in rule.replace("Should", "should"):
        return "This does not look as it should"  # the rule stands beside it
    text = _WORDS_OF_LIBRARIES.sub("This ", text, count=1)
    text = f"This {text}" if text.startswith(("is ", "was ", LOOKS_LIKE)) else text
    if not rule or any(word in text for word in _RIGHT):
        return text
    return f"{text.rstrip('.')}. {rule}"


def error_text(texts: Sequence[str]) -> str:
    """Write the problems of a field as Slack takes them."""
    text = one_line("; ".join(texts))
    is_whole = text.endswith((".", "!", "?")) or LOOKS_LIKE in text
    return cut(text if is_whole else f"{text}.", limits.INPUT_HINT)


def errors_at(places: Mapping[int, Sequence[str]]) -> dict[str, str]:
    """Return what puts problems at their fields, by the ids of their blocks."""
    return {block_id_of(number): error_text(texts) for number, texts in places.items()}
