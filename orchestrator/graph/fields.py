"""Fields of an input, as forms and command lines need them, read from a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.graph.durations import parse_duration

#: Formats of text that are kinds of their own for a form; any other text is `string`.
FORMATS = frozenset({"duration", "date", "date-time"})
#: How a problem with a text that has to fit a pattern begins; the pattern follows.
LOOKS_LIKE = "should look like: "
_WORDS_FOR_TRUE = frozenset({"true", "yes", "on", "1"})
_WORDS_FOR_FALSE = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InputField:
    """One field of a graph's input."""

    name: str
    #: string, integer, number, boolean, duration, date, date-time, array, object or any.
    type: str
    required: bool
    #: JSON-ready; None also when there is none.
    default: Any = None
    description: str = ""
    #: The only values that it takes, if they are listed.
    choices: tuple[Any, ...] = ()
    #: What people call the choices, as many as there are; empty: as their values are written.
    titles: tuple[str, ...] = ()


def resolve(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow `$ref` inside the document `root` until there is a schema of its own.

    Raises:
        LookupError: The reference leads outside of the document, nowhere, or round in a circle.
    """
    seen: set[str] = set()
    while isinstance(schema, Mapping) and "$ref" in schema:
        reference = str(schema["$ref"])
        if reference in seen or not reference.startswith("#"):
            raise LookupError(reference)
        seen.add(reference)
        target: Any = root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                target = target[step.replace("~1", "/").replace("~0", "~")]
        schema = target
    return schema if isinstance(schema, Mapping) else {}


def read_fields(
    schema: Mapping[str, Any], root: Mapping[str, Any] | None = None
) -> tuple[InputField, ...]:
    """List the properties of an object's JSON schema in their order.

    Args:
        schema: The object's.
        root: The document that it is a part of, to which references lead; default: itself.
    """
    required = frozenset(schema.get("required", ()))
    return tuple(
        read_field(name, prop, schema if root is None else root, required=name in required)
        for name, prop in schema.get("properties", {}).items()
    )


def read_field(name: str, prop: Any, root: Mapping[str, Any], *, required: bool) -> InputField:
    """Read the JSON schema of one value."""
    outer = prop if isinstance(prop, Mapping) else {}
    variants = [each for each in _variants(prop, root) if _type_of(each) != "null"]
    types = list(dict.fromkeys(_type_of(each) for each in variants))
    choices, titles = _choices(variants)
    return InputField(
        name=name,
        type=types[0] if len(types) == 1 else "any",
        required=required,
        default=outer.get("default"),
        description=str(outer.get("description", "")),
        choices=choices,
        titles=titles,
    )


def _variants(prop: Any, root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what the property may be: itself, or the members of its unions, resolved."""
    try:
        schema = resolve(prop, root)
    except LookupError:
        return []
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return [variant for each in schema[union] for variant in _variants(each, root)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": name} for name in schema["type"]]
    return [schema]


def _type_of(schema: Mapping[str, Any]) -> str:
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    name = schema.get("type") or ("object" if "properties" in schema else _common_type(values))
    if name == "string" and schema.get("format") in FORMATS:
        return str(schema["format"])
    return str(name)


def _common_type(values: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    found = {names.get(type(value), "any") for value in values}
    return found.pop() if len(found) == 1 else "any"


def _choices(variants: list[Mapping[str, Any]]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    listed: list[tuple[Any, str]] = []
    for schema in variants:
        if "const" in schema:
            listed.append((schema["const"], str(schema.get("title", ""))))
        elif "enum" in schema:
            listed.extend((value, "") for value in schema["enum"])
        else:
            return (), ()
    kept = [(value, title) for value, title in listed if value is not None]
    titles = tuple(title for _, title in kept)
    return tuple(value for value, _ in kept), titles if all(titles) else ()


def may_be_null(prop: Any, root: Mapping[str, Any]) -> bool:
    """Say whether the property takes null besides its own type."""
    return any(
        _type_of(each) == "null" or None in each.get("enum", ()) for each in _variants(prop, root)
    )


def coerce_word(field: InputField, word: str) -> Any:
    """Turn one word of a command line into what the field's type asks for.

    A text stays a text, also for a field of several types or of none: the schema judges it.

    Raises:
        ValueError: The word is not of the field's type; the message says what to write.
    """
    match field.type:
        case "duration":
            return parse_duration(word)
        case "integer" | "number":
            return _number(word, field.type)
        case "boolean":
            return _boolean(word)
        case "array" | "object":
            return _json(word, field.type)
        case "any" if field.choices:
            return next((each for each in field.choices if str(each) == word), word)
        case _:
            return word


def _number(word: str, kind: str) -> int | float:
    try:
        return int(word)
    except ValueError:
        if kind == "integer":
            raise ValueError(f"{word!r} is no whole number; write one such as 3") from None
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{word!r} is no number; write one such as 3 or 0.5") from None


def _boolean(word: str) -> bool:
    if word.lower() in _WORDS_FOR_TRUE:
        return True
    if word.lower() in _WORDS_FOR_FALSE:
        return False
    raise ValueError(f"{word!r} is neither true nor false; write one of them")


def _json(word: str, kind: str) -> Any:
    example = '["a", "b"]' if kind == "array" else '{"a": 1}'
    try:
        value = json.loads(word)
    except ValueError:
        value = None
    if isinstance(value, list if kind == "array" else dict):
        return value
    raise ValueError(f"{word!r} is no JSON {kind}; write it such as {example}")


def as_duration(value: Any) -> Any:
    """Read a text as a duration where it is one; leave anything else for the schema to judge."""
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except ValueError:
        return value
