"""Fields as inputs of a form, and what was typed into them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.cards.fields import Field, FieldType, choice_text, text_of
from bot.cards.values import clean
from bot.errors import BotError
from bot.slack import blocks as b
from bot.slack import limits
from bot.slack.blocks import Block
from bot.slack.mrkdwn import units

FIELD_ACTION = "value"
_PREFIX = "signoff_field_"
_LINE = 60  # characters; a longer text gets several lines
_PLAIN_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
_YES_NO = (("Yes", "yes"), ("No", "no"))
#: Where Slack puts what a person entered, by the type of element.
_ENTERED = {
    "plain_text_input": "value",
    "number_input": "value",
    "datepicker": "selected_date",
    "datetimepicker": "selected_date_time",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "checkboxes": "selected_options",
}


class TooLargeError(BotError, ValueError):
    """A form of Slack cannot hold this."""


def block_id_of(number: int) -> str:
    """Return the id of the block of a form's field, which names it for errors."""
    return f"{_PREFIX}{number}"


def input_blocks(fields: Sequence[Field]) -> list[Block]:
    """Return an input for each field.

    Raises:
        TooLargeError: A field holds, or offers, more than an input of Slack can.
    """
    return [_input(number, field) for number, field in enumerate(fields)]


def _input(number: int, field: Field) -> Block:
    return b.field(
        field.label or "Value",
        {"action_id": FIELD_ACTION, **_element(field)},
        block_id=block_id_of(number),
        hint=field.hint,
        is_optional=not field.is_required,
    )


def _element(field: Field) -> Block:
    match field.type:
        case FieldType.BOOLEAN:
            return _yes_no(field)
        case FieldType.ONE | FieldType.SEVERAL:
            return _select(field)
        case FieldType.INTEGER | FieldType.NUMBER:
            return _number(field)
        case FieldType.DATE:
            return _date(field)
        case FieldType.INSTANT:
            return _instant(field)
        case FieldType.TEXT | FieldType.DURATION | FieldType.JSON:
            return _text(field, is_multiline=field.type is FieldType.JSON)


def _yes_no(field: Field) -> Block:
    options = [b.option(label, value) for label, value in _YES_NO]
    made: Block = {"type": "radio_buttons", "options": options}
    if isinstance(field.value, bool):
        made["initial_option"] = options[0 if field.value else 1]
    return made


def _select(field: Field) -> Block:
    if not 0 < len(field.choices) <= limits.SELECT_OPTIONS:
        raise TooLargeError(f"{field.label} has {len(field.choices)} choices")
    # Choices are told by their number: a value may be longer than an option's, or no text.
    options = [b.option(choice_text(each), str(n)) for n, each in enumerate(field.choices)]
    if field.type is FieldType.ONE:
        made: Block = {"type": "static_select", "options": options}
        chosen = _chosen(field, [field.value])
        return made | ({"initial_option": options[chosen[0]]} if chosen else {})
    made = {"type": "multi_static_select", "options": options}
    held = field.value if isinstance(field.value, list | tuple) else ()
    chosen = _chosen(field, held)
    return made | ({"initial_options": [options[n] for n in chosen]} if chosen else {})


def _chosen(field: Field, held: Sequence[Any]) -> list[int]:
    return [
        number
        for number, each in enumerate(field.choices)
        if any(type(each) is type(value) and each == value for value in held)
    ]


def _number(field: Field) -> Block:
    text = text_of(field)
    if text and not _PLAIN_NUMBER.fullmatch(text):
        return _text(field)  # 1e300 and its like are written more safely as they are
    decimal = field.type is FieldType.NUMBER
    made: Block = {"type": "number_input", "is_decimal_allowed": decimal}
    return made | ({"initial_value": text} if text else {})


def _date(field: Field) -> Block:
    if field.value is None:
        return {"type": "datepicker"}
    try:
        initial = date.fromisoformat(str(field.value)).isoformat()
    except ValueError:
        return _text(field)
    return {"type": "datepicker", "initial_date": initial}


def _instant(field: Field) -> Block:
    if field.value is None:
        return {"type": "datetimepicker"}
    try:
        at = datetime.fromisoformat(str(field.value))
    except ValueError:
        return _text(field)
    if at.tzinfo is None or at.second or at.microsecond:
        return _text(field)  # Slack's picker knows minutes, and would change it
    return {"type": "datetimepicker", "initial_date_time": int(at.timestamp())}


def _text(field: Field, *, is_multiline: bool = False) -> Block:
    try:
        text = text_of(field)
    except (TypeError, ValueError, RecursionError) as error:
        raise TooLargeError(f"{field.label} is nested too deeply") from error
    if units(text) > limits.INPUT_VALUE:
        raise TooLargeError(
            f"{field.label} has {len(text)} characters, and a form takes {limits.INPUT_VALUE}"
        )
    if clean(text) != text:
        raise TooLargeError(f"{field.label} has characters that a form would change")
    is_prose = field.type is FieldType.TEXT and (len(text) > _LINE or "\n" in text)
    made: Block = {"type": "plain_text_input", "multiline": is_multiline or is_prose}
    return made | ({"initial_value": text} if text else {})


def entered(view: Mapping[str, Any], block_id: str, action_id: str = FIELD_ACTION) -> Any:
    """Return what a person entered in one input; None: nothing."""
    values = ((view.get("state") or {}).get("values") or {}).get(block_id) or {}
    state = values.get(action_id) or {}
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


def typed_of(view: Mapping[str, Any], fields: Sequence[Field]) -> dict[int, Any]:
    """Return what was typed into a form, by the fields' numbers."""
    return {number: entered(view, block_id_of(number)) for number in range(len(fields))}


def errors_of(fields: Sequence[Field], problems: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Put problems at their fields; one that belongs to none stands at the first."""
    numbers = {field.name: number for number, field in enumerate(fields)}
    found: dict[str, list[str]] = {}
    for name, text in problems:
        number = numbers.get(name)
        inside = ""
        if number is None:
            outer, _, inside = name.partition(".")
            number = numbers.get(outer)
        if number is None:
            number, inside = 0, name
        found.setdefault(block_id_of(number), []).append(f"{inside}: {text}" if inside else text)
    return {block_id: _sentence("; ".join(texts)) for block_id, texts in found.items()}


def _sentence(text: str) -> str:
    return f"This {text}."[: limits.INPUT_HINT] if text[:3] == "is " else text[: limits.INPUT_HINT]
