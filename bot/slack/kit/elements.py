"""Fields as elements of Block Kit, each with what stands in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.cards.fields import Field, FieldType, choice_text
from bot.cards.forms import find_secret
from bot.cards.reading import text_of, typed_value
from bot.cards.values import clean, cut, one_line, sentences, value_text
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.inputs import FIELD_ACTION, PICK, SecretError, TooLargeError, block_id_of
from bot.slack.kit.mrkdwn import units

_LINE = 60  # characters; a longer text gets several lines
_WITH_ZONE = "With its time zone, such as 2026-12-24T09:00+01:00."
_MOST = 200  # fields of a form; that is ten pages
_NOW = 150  # characters of what is there before an edit
_PLAIN_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:\d\d")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")
_INSTANTS = range(1_000_000_000, 10_000_000_000)  # what a picker of Slack takes, in seconds
_YES_NO = (("Yes", "yes"), ("No", "no"))
_NO_PLACEHOLDER = frozenset({"radio_buttons", "datetimepicker"})


def refuse_misfits(fields: Sequence[Field]) -> None:
    """Refuse a form into which somebody would have to type a secret, or far too much.

    Raises:
        TooLargeError: It is one.
    """
    if len(fields) > _MOST:
        raise TooLargeError(f"it has {len(fields)} fields")
    if (secret := find_secret(fields)) is not None:
        raise SecretError(f"{secret.label} is a secret, and stays out of Slack")


def input_block(number: int, field: Field, typed: Any, *, has_now: bool = False) -> Block:
    """Return the input for a field.

    Args:
        number: The field's, in its form.
        field: What it takes.
        typed: What stands in it when the form opens; None: nothing.
        has_now: Say below it what is there now, for somebody who edits it.

    Raises:
        TooLargeError: The field holds more than an input of Slack can.
    """
    made = _ELEMENTS.get(field.type, _text)(field, typed)
    is_searched = made["type"].endswith("external_select")
    made["action_id"] = f"{PICK}{number}" if is_searched else FIELD_ACTION
    if field.placeholder and made["type"] not in _NO_PLACEHOLDER:
        made.setdefault("placeholder", b.plain_text(field.placeholder, limits.PLACEHOLDER))
    is_written = field.type is FieldType.INSTANT and made["type"] == "plain_text_input"
    rule = _WITH_ZONE if is_written else field.rule
    hints = [field.about, rule, _now(field) if has_now else ""]
    return b.field(
        field.label or "Value",
        made,
        block_id=block_id_of(number),
        hint=sentences(hints),
        is_optional=field.may_stay_empty,
    )


def _now(field: Field) -> str:
    if not field.is_given:
        return ""
    at = typed_value(field) if field.type is FieldType.INSTANT else None
    text = f"{str(at)[:16].replace('T', ' ')} UTC" if at else value_text(field.value)
    if field.type is FieldType.DURATION:
        text = text_of(field)
    return f"Now: {cut(one_line(text), _NOW)}"


def _yes_no(_field: Field, typed: Any) -> Block:
    options = [b.option(label, value) for label, value in _YES_NO]
    made: Block = {"type": "radio_buttons", "options": options}
    chosen = [option for option in options if option["value"] == typed]
    return made | ({"initial_option": chosen[0]} if chosen else {})


def choice_option(field: Field, number: int) -> Block:
    """Return a choice; it is told by its number, for a value may be too long, or no text."""
    return b.option(choice_text(field, number), str(number))


def _select(field: Field, typed: Any) -> Block:
    if not field.choices:
        raise TooLargeError(f"{field.label} offers nothing to choose from")
    is_one = field.type is FieldType.ONE
    many = "" if is_one else "multi_"
    made: Block = {"type": f"{many}external_select", "min_query_length": 0}
    if len(field.choices) <= limits.SELECT_OPTIONS:
        options = [choice_option(field, number) for number in range(len(field.choices))]
        made = {"type": f"{many}static_select", "options": options}
    else:
        hint = f"{len(field.choices)} choices; type to find one"
        made["placeholder"] = b.plain_text(hint, limits.PLACEHOLDER)
    given = [typed] if isinstance(typed, str) else list(typed or ())
    chosen = [choice_option(field, int(each)) for each in given if _is_choice(field, each)]
    if not chosen:
        return made
    return made | ({"initial_option": chosen[0]} if is_one else {"initial_options": chosen})


def _is_choice(field: Field, typed: Any) -> bool:
    return str(typed).isdecimal() and int(typed) < len(field.choices)


def _number(field: Field, typed: Any) -> Block:
    if typed and not _PLAIN_NUMBER.fullmatch(str(typed)):
        return _text(field, typed)  # 1e300 and its like are written more safely as they are
    made: Block = {
        "type": "number_input",
        "is_decimal_allowed": field.type is FieldType.NUMBER,
    }
    least, most = field.minimum, field.maximum
    held = float(typed) if typed else None
    if least is not None and _is_plain(least) and (held is None or held >= least):
        made["min_value"] = str(least)
    if most is not None and _is_plain(most) and (held is None or held <= most):
        made["max_value"] = str(most)
    return made | ({"initial_value": str(typed)} if typed else {})


def _is_plain(bound: float) -> bool:
    return _PLAIN_NUMBER.fullmatch(str(bound)) is not None


def _date(field: Field, typed: Any) -> Block:
    if not typed:
        return {"type": "datepicker"}
    if not _DATE.fullmatch(str(typed)):
        return _text(field, typed)
    return {"type": "datepicker", "initial_date": typed}


def _time(field: Field, typed: Any) -> Block:
    if not typed:
        return {"type": "timepicker"}
    if not _TIME.fullmatch(str(typed)):
        return _text(field, typed)
    return {"type": "timepicker", "initial_time": typed}


def _instant(field: Field, typed: Any) -> Block:
    if not typed:
        return {"type": "datetimepicker"}
    try:
        at = datetime.fromisoformat(str(typed))
    except ValueError:
        return _text(field, typed)
    seconds = int(at.timestamp()) if at.tzinfo is not None else 0
    if at.second or at.microsecond or seconds not in _INSTANTS:
        return _text(field, typed)  # Slack's picker knows minutes, and would change it
    return {"type": "datetimepicker", "initial_date_time": seconds}


def _person(field: Field, typed: Any) -> Block:
    if not typed:
        return {"type": "users_select"}
    if not _PERSON.fullmatch(str(typed)):
        return _text(field, typed)
    return {"type": "users_select", "initial_user": typed}


def _people(field: Field, typed: Any) -> Block:
    if not _are_ids(field, typed, _PERSON):
        return {"type": "multi_users_select"}
    return {"type": "multi_users_select", "initial_users": list(typed)}


def _channel(field: Field, typed: Any) -> Block:
    made: Block = {"type": "conversations_select", "filter": {"include": ["public", "private"]}}
    if not typed:
        return made
    if not _CHANNEL.fullmatch(str(typed)):
        return _text(field, typed)
    return made | {"initial_conversation": typed}


def _channels(field: Field, typed: Any) -> Block:
    made: Block = {
        "type": "multi_conversations_select",
        "filter": {"include": ["public", "private"]},
    }
    return made | (
        {"initial_conversations": list(typed)} if _are_ids(field, typed, _CHANNEL) else {}
    )


def _are_ids(field: Field, typed: Any, form: re.Pattern[str]) -> bool:
    if not typed:
        return False
    if not all(form.fullmatch(str(each)) for each in typed):
        raise TooLargeError(f"{field.label} names somebody or something that Slack does not know")
    return True


def _text(field: Field, typed: Any) -> Block:
    text = "" if typed is None else str(typed)
    if units(text) > limits.INPUT_VALUE:
        raise TooLargeError(
            f"{field.label} has {len(text)} characters, and a form takes {limits.INPUT_VALUE}"
        )
    if clean(text) != text:
        raise TooLargeError(f"{field.label} has characters that a form would change")
    is_long = field.type in {FieldType.JSON, FieldType.LINES} or field.is_multiline
    is_prose = "\n" in text or (field.type is FieldType.TEXT and len(text) > _LINE)
    made: Block = {"type": "plain_text_input", "multiline": is_long or is_prose}
    if field.type is FieldType.TEXT and field.max_length and len(text) <= field.max_length:
        made["max_length"] = min(field.max_length, limits.INPUT_VALUE)
    return made | ({"initial_value": text} if text else {})


def _email(field: Field, typed: Any) -> Block:
    return {**_plain(field, typed), "type": "email_text_input"}


def _url(field: Field, typed: Any) -> Block:
    return {**_plain(field, typed), "type": "url_text_input"}


def _plain(field: Field, typed: Any) -> Block:
    made = _text(field, typed)
    return {name: made[name] for name in ("initial_value",) if name in made}


_ELEMENTS: Mapping[FieldType, Callable[[Field, Any], Block]] = {
    FieldType.EMAIL: _email,
    FieldType.URL: _url,
    FieldType.INTEGER: _number,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _yes_no,
    FieldType.DATE: _date,
    FieldType.TIME: _time,
    FieldType.INSTANT: _instant,
    FieldType.ONE: _select,
    FieldType.SEVERAL: _select,
    FieldType.PERSON: _person,
    FieldType.PEOPLE: _people,
    FieldType.CHANNEL: _channel,
    FieldType.CHANNELS: _channels,
}
