"""Fields as a JSON schema describes them: type, rules, and the parts of objects one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.cards.fields import Field, FieldType, Group
from bot.cards.reading import keeps, text_of
from bot.cards.values import cut, label_text, one_line, sentences, value_text
from orchestrator.graph.fields import (
    LOOKS_LIKE,
    InputField,
    may_be_null,
    read_field,
    read_fields,
    resolve,
)

_TYPES = {
    "string": FieldType.TEXT,
    "integer": FieldType.INTEGER,
    "number": FieldType.NUMBER,
    "boolean": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "date-time": FieldType.INSTANT,
    "duration": FieldType.DURATION,
}
#: Formats of texts that have an input of their own.
_FORMATS = {
    "email": FieldType.EMAIL,
    "idn-email": FieldType.EMAIL,
    "uri": FieldType.URL,
    "url": FieldType.URL,
    "time": FieldType.TIME,
    "slack-user": FieldType.PERSON,
    "slack-channel": FieldType.CHANNEL,
}
#: Formats of lists, or of the items in them.
_LISTS = {
    "slack-users": FieldType.PEOPLE,
    "slack-user": FieldType.PEOPLE,
    "slack-channels": FieldType.CHANNELS,
    "slack-channel": FieldType.CHANNELS,
}
_LINES = frozenset({"string", "integer", "number"})
_PROSE = frozenset({"textarea", "multiline"})
_LONG = 120  # characters; a text that may be longer gets several lines
_DEPTH = 2  # objects inside each other whose parts are fields; one inside those is JSON
_EXAMPLE = 100  # characters
RULES = {
    FieldType.DURATION: "such as 30s, 5m, 1h30m or 2d",
    FieldType.JSON: "as JSON",
    FieldType.LINES: "one on each line",
    FieldType.INSTANT: "in your time zone",
}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "items: at least {}",
    "maxItems": "items: at most {}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    """An object of the schema whose properties are to be fields."""

    schema: Mapping[str, Any]
    root: Mapping[str, Any]
    #: What it holds now; None: nothing is there yet.
    current: Mapping[str, Any] | None
    group: Group | None = None

    @property
    def path(self) -> tuple[str, ...]:
        return self.group.path if self.group else ()


def schema_fields(
    schema: Mapping[str, Any], current: Mapping[str, Any] | None = None
) -> tuple[Field, ...]:
    """Return the fields of an object's JSON schema.

    Args:
        schema: The object's.
        current: What is there and may be edited; None: defaults are filled in.
    """
    return _fields(_Object(schema=schema, root=schema, current=current))


def _fields(owner: _Object) -> tuple[Field, ...]:
    found: list[Field] = []
    known = read_fields(owner.schema, owner.root)
    for each in known:
        found += _property(each, owner)
    if owner.current is not None:
        names = {each.name for each in known}
        others = [name for name in owner.current if name not in names]
        found += [value_field(name, owner.current[name], owner.group) for name in others]
    return tuple(found)


def _property(found: InputField, owner: _Object) -> tuple[Field, ...]:
    """Return the fields of a property: one, or those of its parts."""
    declared: Any = owner.schema["properties"][found.name]
    made = _of_schema(found, declared, owner)
    current = owner.current
    if current is None or found.name not in current:
        return made
    there = {found.name: current[found.name]}
    bare = [replace(each, **_without(each, len(owner.path))) for each in made]
    if keeps(bare, there):
        return made
    # A form that would change what nobody touched shows the value as it is.
    return (value_field(found.name, current[found.name], owner.group),)


def _without(field: Field, depth: int) -> dict[str, Any]:
    """Return where a field is, seen from inside the object around it."""
    group = field.group
    if group is None or len(group.path) <= depth:
        return {"path": field.path[depth:], "group": None}
    return {"path": field.path[depth:], "group": replace(group, path=group.path[depth:])}


def _of_schema(found: InputField, declared: Any, owner: _Object) -> tuple[Field, ...]:
    prop = resolved(declared, owner.root)
    if not _is_parted(found, prop, owner):
        return (_one(found, declared, prop, owner),)
    is_there = owner.current is not None and found.name in owner.current
    default = found.default if owner.current is None else None
    held = owner.current[found.name] if owner.current is not None and is_there else default
    outer = owner.group
    label = _label(declared, found.name)
    group = Group(
        label=f"{outer.label} · {label}" if outer else label,
        path=(*owner.path, found.name),
        is_required=found.required and (outer is None or outer.is_required),
        is_null=held is None
        if is_there
        else default is not None and may_be_null(declared, owner.root),
    )
    current: Mapping[str, Any] | None = held if isinstance(held, Mapping) else None
    if current is None and not group.is_required:
        current = {}
    inside = _fields(_Object(schema=prop, root=owner.root, current=current, group=group))
    if isinstance(held, Mapping) or group.is_required:
        return inside
    # Nobody has to want the object, so its defaults count only when something is filled in.
    return tuple(_fallback(each, prop, owner.root) for each in inside)


def _fallback(field: Field, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Field:
    for each in read_fields(schema, root):
        if each.name == field.path[-1] and each.default is not None:
            value = each.default
            is_length = field.type is FieldType.DURATION
            text = text_of(replace(field, value=value)) if is_length else value_text(value)
            shown = cut(one_line(text), _EXAMPLE)
            return replace(field, default=each.default, placeholder=f"{shown}, if left empty")
    return field


def _is_parted(found: InputField, prop: Mapping[str, Any], owner: _Object) -> bool:
    """May the parts of an object be fields of their own?"""
    if found.type != "object" or not prop.get("properties") or prop.get("additionalProperties"):
        return False
    if len(owner.path) >= _DEPTH:
        return False
    if owner.current is not None and found.name in owner.current:
        return isinstance(owner.current[found.name], Mapping | None)
    # Objects that nobody has to fill in are told apart from empty ones one level deep only.
    return found.required or owner.group is None or owner.group.is_required


def _one(found: InputField, declared: Any, prop: Mapping[str, Any], owner: _Object) -> Field:
    items = resolved(prop.get("items"), owner.root)
    item = read_field("", items, owner.root, required=True)
    listed = found.type == "array"
    kind = _type(found, item, _format(declared, prop), _format(prop.get("items"), items))
    choices, titles = found.choices, found.titles
    if listed and kind is FieldType.SEVERAL:
        choices, titles = item.choices, item.titles
    current = owner.current
    is_given = current is not None and found.name in current
    value = found.default if current is None else current.get(found.name)
    max_length = prop.get("maxLength")
    is_prose = _format(declared, prop) in _PROSE or (max_length or 0) > _LONG
    return Field(
        name=".".join((*owner.path, found.name)),
        path=(*owner.path, found.name),
        group=owner.group,
        label=_label(declared, found.name),
        type=kind,
        is_required=found.required and not (kind is FieldType.TEXT and is_given and value == ""),
        may_be_null=may_be_null(declared, owner.root),
        value=value,
        is_given=is_given,
        about=one_line(found.description),
        rule=_rule(prop, kind),
        placeholder=_example(declared, prop, kind),
        choices=choices,
        titles=titles,
        item=item.type,
        is_multiline=is_prose,
        minimum=_bound(prop, "minimum"),
        maximum=_bound(prop, "maximum"),
        max_length=max_length if isinstance(max_length, int) else None,
        min_items=int(prop.get("minItems") or 0),
    )


def _type(found: InputField, item: InputField, form: str, item_form: str) -> FieldType:
    if form == "password":
        return FieldType.HIDDEN
    if found.choices:
        return FieldType.ONE
    if found.type == "string" and form in _FORMATS:
        return _FORMATS[form]
    if found.type != "array":
        return _TYPES.get(found.type, FieldType.JSON)
    if item.choices:
        return FieldType.SEVERAL
    if item.type == "string" and (form in _LISTS or item_form in _LISTS):
        return _LISTS[form if form in _LISTS else item_form]
    return FieldType.LINES if item.type in _LINES else FieldType.JSON


def _format(declared: Any, prop: Mapping[str, Any]) -> str:
    """Return a property's format, which may stand beside its union with null."""
    outer: Mapping[str, Any] = declared if isinstance(declared, Mapping) else {}
    if outer.get("writeOnly") or prop.get("writeOnly"):
        return "password"
    return str(outer.get("format") or prop.get("format") or "")


def resolved(declared: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a property's own schema; of one that may be null, what it is otherwise."""
    try:
        found = resolve(declared or {}, root)
        for union in ("anyOf", "oneOf"):
            for each in found.get(union, ()):
                other = resolve(each, root)
                if other.get("type") != "null":
                    return other
    except LookupError:
        return {}
    return found


def _label(declared: Any, name: str) -> str:
    title = declared.get("title") if isinstance(declared, Mapping) else None
    return one_line(str(title)) if title else label_text(name)


def _rule(prop: Mapping[str, Any], kind: FieldType) -> str:
    bounds = {name: prop[name] for name in _BOUNDS if name in prop}
    if kind is FieldType.URL:
        bounds.pop("maxLength", None)
    if bounds.get("minLength") == 1:
        del bounds["minLength"]  # an empty text is none
    parts = [_BOUNDS[name].format(bound) for name, bound in bounds.items()]
    if kind in RULES:
        parts.append(RULES[kind])
    rule = one_line(", ".join(parts))
    shape = f"S{LOOKS_LIKE[1:]}{one_line(str(prop['pattern']))}" if "pattern" in prop else ""
    return sentences([f"{rule[:1].upper()}{rule[1:]}." if rule else "", shape])


def _example(declared: Any, prop: Mapping[str, Any], kind: FieldType) -> str:
    outer: Mapping[str, Any] = declared if isinstance(declared, Mapping) else {}
    examples = outer.get("examples") or prop.get("examples") or ()
    if not isinstance(examples, Sequence) or not examples or kind is FieldType.HIDDEN:
        return ""
    first = examples[0]
    if kind is FieldType.LINES and isinstance(first, list):
        first = ", ".join(map(str, first))
    text = first if isinstance(first, str) else value_text(first)
    return f"Such as {cut(one_line(text), _EXAMPLE)}"


def _bound(prop: Mapping[str, Any], name: str) -> float | None:
    value = prop.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def value_field(name: str, value: Any, group: Group | None = None) -> Field:
    """Return the field of a value of which nothing is known but itself."""
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
    path = (*group.path, name) if group else (name,)
    return Field(
        name=".".join(path),
        path=path,
        group=group,
        label=label_text(name),
        type=kind,
        # A text may become empty, and a form cannot tell that from nothing.
        is_required=kind is not FieldType.TEXT,
        value=value,
        is_given=True,
        rule="As JSON." if kind is FieldType.JSON else "",
    )
