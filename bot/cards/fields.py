"""The fields of a form about a question: what they take, what they hold, how they are read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.cards.values import label_text, one_line, value_text
from orchestrator.graph.fields import (
    InputField,
    coerce_word,
    may_be_null,
    read_fields,
    resolve,
)
from orchestrator.graph.kinds import Decision
from orchestrator.store.records import Approval


class FieldType(StrEnum):
    """What a field takes."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    DURATION = "duration"
    ONE = "one"  #: one of the choices
    SEVERAL = "several"  #: any of the choices
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field."""

    name: str
    label: str
    type: FieldType
    #: It is the value as a whole, and not a part of an object; then it is the only field.
    is_whole: bool = False
    is_required: bool = True
    may_be_null: bool = False
    #: What it holds when the form opens; None: nothing.
    value: Any = None
    hint: str = ""
    choices: tuple[Any, ...] = ()


#: What was typed, by the field's number; None: it was left empty. Choices are told by their number.
Typed = Mapping[int, Any]
Problem = tuple[str, str]  # the field's name, and what would be right

_TYPES = {
    "string": FieldType.TEXT,
    "integer": FieldType.INTEGER,
    "number": FieldType.NUMBER,
    "boolean": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "date-time": FieldType.INSTANT,
    "duration": FieldType.DURATION,
}
_WORDS = {
    FieldType.INTEGER: "integer",
    FieldType.NUMBER: "number",
    FieldType.DURATION: "string",
}
_HINTS = {FieldType.DURATION: "such as 30s, 5m, 1h30m or 2d", FieldType.JSON: "as JSON"}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "of the form {}",
}


def fields_of(approval: Approval, decision: Decision) -> tuple[Field, ...]:
    """Return the fields of the form that a decision takes."""
    if decision is Decision.CHOOSE:
        several = FieldType.SEVERAL if approval.is_multiple else FieldType.ONE
        label = "Which ways?" if approval.is_multiple else "Which way?"
        return (Field(name="", label=label, type=several, is_whole=True, choices=approval.choices),)
    current = approval.edits if decision is Decision.EDIT else None
    if approval.schema is not None and (current is None or isinstance(current, Mapping)):
        return _from_schema(approval.schema, current)
    if decision is not Decision.EDIT:
        return (_free(decision),)
    if isinstance(current, Mapping) and current:
        return tuple(_from_value(str(name), value) for name, value in current.items())
    return (replace(_from_value("", current), label="Value", is_whole=True),)


def _free(decision: Decision) -> Field:
    label = "Result" if decision is Decision.RESULT else "Answer"
    hint = _HINTS[FieldType.JSON]
    return Field(name="", label=label, type=FieldType.JSON, is_whole=True, hint=hint)


def _from_value(name: str, value: Any) -> Field:
    match value:
        case bool():
            kind = FieldType.BOOLEAN
        case int():
            kind = FieldType.INTEGER
        case float():
            kind = FieldType.NUMBER
        case str():
            kind = FieldType.TEXT
        case _:
            kind = FieldType.JSON
    # A text may become empty, and a form cannot tell that from nothing.
    is_required = kind is not FieldType.TEXT
    return Field(
        name=name,
        label=label_text(name),
        type=kind,
        is_required=is_required,
        value=value,
        hint=_HINTS.get(kind, ""),
    )


def _from_schema(schema: Mapping[str, Any], current: Mapping[str, Any] | None) -> tuple[Field, ...]:
    fields = [_from_property(found, schema) for found in read_fields(schema)]
    if current is None:
        return tuple(fields)
    known = {field.name for field in fields}
    others = [_from_value(str(name), current[name]) for name in current if name not in known]
    return (*(_with_value(field, current) for field in fields), *others)


def _with_value(field: Field, current: Mapping[str, Any]) -> Field:
    value = current.get(field.name)
    is_empty_text = field.type is FieldType.TEXT and value == ""
    return replace(field, value=value, is_required=field.is_required and not is_empty_text)


def _from_property(found: InputField, schema: Mapping[str, Any]) -> Field:
    declared: Any = schema["properties"][found.name]
    prop = _resolved(declared, schema)
    items = _resolved(prop.get("items"), schema).get("enum") if found.type == "array" else None
    kind = _TYPES.get(found.type, FieldType.JSON)
    choices = found.choices
    if choices:
        kind = FieldType.ONE
    elif isinstance(items, Sequence) and items:
        kind, choices = FieldType.SEVERAL, tuple(items)
    title = declared.get("title") if isinstance(declared, Mapping) else None
    return Field(
        name=found.name,
        label=one_line(str(title)) if title else label_text(found.name),
        type=kind,
        is_required=found.required,
        may_be_null=may_be_null(declared, schema),
        value=found.default,
        hint=_hint(found, prop, kind),
        choices=choices,
    )


def _resolved(declared: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a property's own schema; of one that may be null, what it is otherwise."""
    try:
        found = resolve(declared or {}, schema)
        for union in ("anyOf", "oneOf"):
            for each in found.get(union, ()):
                other = resolve(each, schema)
                if other.get("type") != "null":
                    return other
    except LookupError:
        return {}
    return found


def _hint(found: InputField, prop: Mapping[str, Any], kind: FieldType) -> str:
    bounds = [words.format(prop[name]) for name, words in _BOUNDS.items() if name in prop]
    if kind in _HINTS:
        bounds.append(_HINTS[kind])
    rule = ", ".join(bounds)
    rule = f"{rule[:1].upper()}{rule[1:]}." if rule else ""
    return one_line(f"{found.description} {rule}")


def text_of(field: Field) -> str:
    """Write what a field holds as text that `read_fields_of` reads as the same value."""
    if field.value is None:
        return "null" if field.type is FieldType.JSON and field.is_required else ""
    if field.type is FieldType.JSON:
        return json.dumps(field.value, ensure_ascii=False, indent=2)
    return field.value if isinstance(field.value, str) else repr(field.value)


def choice_text(value: Any) -> str:
    """Write a choice for people."""
    return one_line(value_text(value)) if value != "" else "(empty)"


def read_fields_of(fields: Sequence[Field], typed: Typed) -> tuple[Any, list[Problem]]:
    """Read a form.

    Returns:
        The values, for `Engine.decide`, and what is wrong with what was typed. A value that was
        read may still be refused: only types are checked here.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for number, field in enumerate(fields):
        given = typed.get(number)
        try:
            if given in (None, "", []):
                _leave_empty(field, values)
            else:
                values[field.name] = _read(field, given)
        except (ValueError, LookupError, RecursionError) as error:
            problems.append((field.name, _words(error)))
    is_whole = any(field.is_whole for field in fields)
    return (values.get("") if is_whole else values), problems


def _words(error: Exception) -> str:
    if isinstance(error, LookupError):
        return "is not one of the choices; open the form again"
    return str(error) if isinstance(error, ValueError) else "is nested too deeply"


def _leave_empty(field: Field, values: dict[str, Any]) -> None:
    """Take an empty field for what the person must mean: null, an empty text, or no answer."""
    if field.type is FieldType.SEVERAL:
        if field.is_required or field.value:
            values[field.name] = []
        return
    if field.value is None and not field.is_required:
        return
    if field.type is FieldType.TEXT and not field.may_be_null:
        values[field.name] = ""
    elif field.may_be_null:
        values[field.name] = None
    else:
        raise ValueError("was emptied; write a value")


def _read(field: Field, given: Any) -> Any:
    match field.type:
        case FieldType.BOOLEAN:
            return given == "yes"
        case FieldType.ONE:
            return field.choices[int(given)]
        case FieldType.SEVERAL:
            return [field.choices[int(each)] for each in given]
        case FieldType.JSON:
            return _json(str(given))
        case FieldType.INTEGER | FieldType.NUMBER | FieldType.DURATION:
            word = str(given).strip()
            kind = _WORDS[field.type]
            return coerce_word(InputField(name=field.name, type=kind, required=True), word)
        case FieldType.TEXT | FieldType.DATE | FieldType.INSTANT:
            return str(given)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(
            f'is no JSON ({one_line(str(error))}); write such as "text", 3, [1, 2] or {{"a": 1}}'
        ) from error
