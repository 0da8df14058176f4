"""Fields of a form: how their values are written into it, and read from what was typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.cards.fields import LISTS, Field, FieldType, Group, Problem, Typed
from bot.cards.values import one_line
from orchestrator.graph.durations import short_duration
from orchestrator.graph.fields import InputField, as_duration, coerce_word

_WORDS = {
    FieldType.INTEGER: "integer",
    FieldType.NUMBER: "number",
    FieldType.DURATION: "string",
}
_MOMENTS: Mapping[FieldType, tuple[Callable[[str], object], str, str]] = {
    FieldType.DATE: (date.fromisoformat, "date", "2026-12-24"),
    FieldType.TIME: (time.fromisoformat, "time of day", "09:30"),
    FieldType.INSTANT: (datetime.fromisoformat, "date and time", "2026-12-24T09:00+01:00"),
}
_SURE = "yes"


def typed_value(field: Field) -> Any:
    """Return what a field holds when the form opens, as if it had been typed; None: nothing.

    Raises:
        ValueError: It cannot be written.
        TypeError: It cannot be written.
        RecursionError: It is nested too deeply.
    """
    value = field.value
    match field.type:
        case FieldType.HIDDEN:
            return None
        case FieldType.BOOLEAN:
            return (_SURE if value else "no") if isinstance(value, bool) else None
        case FieldType.ONE:
            return next((str(number) for number in _chosen(field, [value])), None)
        case FieldType.SEVERAL:
            held = value if isinstance(value, list | tuple) else ()
            return [str(number) for number in _chosen(field, held)] or None
        case FieldType.PEOPLE | FieldType.CHANNELS:
            return list(value) if isinstance(value, list | tuple) and value else None
        case FieldType.LINES:
            return "\n".join(map(str, value)) if value else None
        case FieldType.DATE | FieldType.TIME | FieldType.INSTANT:
            return None if value is None else _moment(field.type, str(value))
        case _:
            return text_of(field) or None


def text_of(field: Field) -> str:
    """Write what a field holds as text that `read_fields_of` reads as the same value."""
    if field.value is None:
        return "null" if field.type is FieldType.JSON and field.is_required else ""
    if field.type is FieldType.JSON:
        return json.dumps(field.value, ensure_ascii=False, indent=2)
    if field.type is FieldType.DURATION:
        length = as_duration(field.value)
        return short_duration(length) if isinstance(length, timedelta) else str(field.value)
    return field.value if isinstance(field.value, str) else repr(field.value)


def _chosen(field: Field, held: Sequence[Any]) -> list[int]:
    return [
        number
        for number, each in enumerate(field.choices)
        if any(type(each) is type(value) and each == value for value in held)
    ]


def _moment(kind: FieldType, text: str) -> str:
    """Write a point in time as a picker tells it, or as it is where no picker can."""
    try:
        if kind is FieldType.DATE:
            return date.fromisoformat(text).isoformat()
        if kind is FieldType.TIME:
            clock = time.fromisoformat(text)
            is_exact = clock.tzinfo is None and not (clock.second or clock.microsecond)
            return f"{clock:%H:%M}" if is_exact else text
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    is_exact = at.tzinfo is not None and not (at.second or at.microsecond)
    return at.astimezone(UTC).isoformat() if is_exact else text


def read_fields_of(fields: Sequence[Field], typed: Typed) -> tuple[Any, list[Problem]]:
    """Read a form.

    Returns:
        The values, for `Engine.decide` and `Engine.start`, and what is wrong with what was typed.
        A value that was read may still be refused: only types are checked here.
    """
    entered = {
        path for number, field in enumerate(fields) for path in _entered(field, typed.get(number))
    }
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for number, field in enumerate(fields):
        if field.group is not None and field.group.path not in entered:
            continue
        given = typed.get(number)
        try:
            found = [_read(field, given)] if given not in (None, "", []) else [*_empty(field)]
        except (ValueError, LookupError, RecursionError) as error:
            problems.append((field.name, _words(error)))
            continue
        for value in found:
            _put(values, field.path, value)
    if any(field.is_whole for field in fields):
        return values.get(""), problems
    for group in _groups(fields):
        if group.is_required:
            _put(values, group.path, {})
        elif group.is_null and group.path not in entered:
            _put(values, group.path, None)
    return values, problems


def _entered(field: Field, given: Any) -> Iterator[tuple[str, ...]]:
    """Yield the objects in which something stands because of a field."""
    if field.group is None:
        return
    is_kept = field.type is FieldType.HIDDEN and field.is_given
    if field.group.is_required or is_kept or given not in (None, "", []):
        yield from (field.group.path[:end] for end in range(1, len(field.group.path) + 1))


def _groups(fields: Sequence[Field]) -> list[Group]:
    return list(dict.fromkeys(field.group for field in fields if field.group is not None))


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *outer, last = path or ("",)
    for step in outer:
        values = values.setdefault(step, {})
    values.setdefault(last, value)


def _words(error: Exception) -> str:
    if isinstance(error, LookupError):
        return "is not one of the choices; open the form again"
    return str(error) if isinstance(error, ValueError) else "is nested too deeply"


def _empty(field: Field) -> Iterator[Any]:
    """Take an empty field for what the person must mean: null, nothing, or no answer at all."""
    if field.type is FieldType.HIDDEN:
        yield from [field.value] if field.is_given else []
    elif field.default is not None:
        yield field.default
    elif field.type in LISTS:
        yield from [[]] if field.value or field.is_given or field.is_required else []
    elif field.value is None and not field.is_required:
        yield from [None] if field.is_given else []
    else:
        yield _emptied(field)


def _emptied(field: Field) -> str | None:
    is_part = field.group is not None and not field.group.is_required and field.is_required
    if field.may_be_null:
        return None
    if field.group is not None and is_part:
        raise ValueError(f"is needed as soon as {field.group.label} has anything in it")
    if field.type is FieldType.TEXT:
        return ""
    is_choice = field.type in {FieldType.ONE, FieldType.BOOLEAN}
    raise ValueError(f"was emptied; {'choose one' if is_choice else 'write a value'}")


def _read(field: Field, given: Any) -> Any:
    match field.type:
        case FieldType.BOOLEAN:
            return given == _SURE
        case FieldType.ONE:
            return field.choices[int(given)]
        case FieldType.SEVERAL:
            return [field.choices[int(each)] for each in given]
        case FieldType.PEOPLE | FieldType.CHANNELS:
            return [str(each) for each in given]
        case FieldType.JSON:
            return _json(str(given))
        case FieldType.LINES:
            return [_item(field, line.strip()) for line in str(given).splitlines() if line.strip()]
        case FieldType.INTEGER | FieldType.NUMBER:
            return _word(_WORDS[field.type], str(given).strip())
        case FieldType.TIME | FieldType.INSTANT | FieldType.DATE | FieldType.DURATION:
            # What a form shows of a value may be written otherwise, and still be the value.
            is_same = field.value is not None and typed_value(field) == given
            return field.value if is_same else _moment_in(field.type, str(given).strip())
        case _:
            return str(given)


def _moment_in(kind: FieldType, text: str) -> Any:
    if kind is FieldType.DURATION:
        return _word(_WORDS[kind], text)
    read, name, example = _MOMENTS[kind]
    try:
        read(text)
    except ValueError:
        raise ValueError(f"is no {name}; write one such as {example}") from None
    return text


def _item(field: Field, line: str) -> Any:
    return line if field.item == "string" else _word(field.item, line)


def _word(kind: str, word: str) -> Any:
    return coerce_word(InputField(name="", type=kind, required=True), word)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(
            f'is no JSON ({one_line(str(error))}); write such as "text", 3, [1, 2] or {{"a": 1}}'
        ) from error


def untouched(fields: Sequence[Field]) -> Typed:
    """Return what a form says that is sent as it opened."""
    return {number: typed_value(field) for number, field in enumerate(fields)}


def keeps(fields: Sequence[Field], current: Mapping[str, Any]) -> bool:
    """Does a form that nobody changes bring exactly what is there?"""
    try:
        values, problems = read_fields_of(fields, untouched(fields))
        return not problems and json.dumps(values, sort_keys=True) == json.dumps(
            current, sort_keys=True
        )
    except (TypeError, ValueError, RecursionError):
        return False
