"""Dataclasses as JSON text, a field at a time, and only what can be read again.

Says the same as Pydantic, which takes several times as long for the small objects that a run's log
is made of. What is none of the common types is left to it, field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from json.encoder import encode_basestring
from operator import attrgetter
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic_core import to_json

from orchestrator.core.values import Pointer, Ref, dump_ref
from orchestrator.graph.policy import Policy

#: Writes one value; raises ValueError where it is not what its type says.
Writer = Callable[[Any], str]
#: What is kept of values that are written again and again.
_KEPT = 256
_text: Writer = encode_basestring


def anything(value: Any) -> str:
    """Write any JSON value."""
    if value is None:
        return "null"
    return to_json(value, inf_nan_mode="null").decode()


def _checked(kind: Any) -> Writer:
    """Have Pydantic write a type, and read it again: null for a text is written as it is."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def write(value: Any) -> str:
        body = adapter.serializer.to_json(value, warnings="error")
        adapter.validator.validate_json(body)
        return body.decode()

    return write


def _remembered(write: Writer) -> Writer:
    """Keep what was written of immutable objects that live as long as their graph."""
    known: dict[int, tuple[Any, str]] = {}

    def remember(value: Any) -> str:
        found = known.get(id(value))
        if found is not None and found[0] is value:
            return found[1]
        if len(known) >= _KEPT:
            known.clear()
        known[id(value)] = value, write(value)
        return known[id(value)][1]

    return remember


def _exactly(kind: type, write: Writer) -> Writer:
    def exact(value: Any) -> str:
        if type(value) is not kind:
            raise ValueError(f"{value!r} is no {kind.__name__}")
        return write(value)

    return exact


def _string(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"{value!r} is no text")
    return _text(value)


def _truth(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    raise ValueError(f"{value!r} is neither true nor false")


def _optional(write: Writer) -> Writer:
    return lambda value: "null" if value is None else write(value)


def _choice(kind: type[StrEnum]) -> Writer:
    texts = {each: _text(each.value) for each in kind}

    def write(value: Any) -> str:
        if type(value) is not kind:
            raise ValueError(f"{value!r} is no {kind.__name__}")
        return texts[value]

    return write


def _instant(value: Any) -> str:
    if type(value) is not datetime or value.tzinfo is not UTC:
        return _any_instant(value)
    return f'"{value.isoformat()[:-6]}Z"'


def reference(value: Any) -> str:
    """Write a reference."""
    if type(value) is Pointer:
        if not value.keys:
            return f"[{value.seq}]"
        return f"[{value.seq},{','.join(map(_string, value.keys))}]"
    return anything(dump_ref(value))


def _tuple(write: Writer) -> Writer:
    def write_all(values: Any) -> str:
        if type(values) is not tuple:
            raise ValueError(f"{values!r} is no tuple")
        return f"[{','.join(map(write, values))}]" if values else "[]"

    return write_all


def _mapping(write: Writer) -> Writer:
    def write_all(values: Any) -> str:
        if not values and isinstance(values, Mapping):
            return "{}"
        parts = [f"{_string(key)}:{write(value)}" for key, value in values.items()]
        return f"{{{','.join(parts)}}}"

    return write_all


def _free_mapping(values: Any) -> str:
    if type(values) is not dict or not all(type(key) is str for key in values):
        return _any_mapping(values)
    return to_json(values, inf_nan_mode="null").decode() if values else "{}"


_any_instant = _checked(datetime)
_any_mapping = _checked(Mapping[str, Any])
_SIMPLE: Mapping[Any, Writer] = {
    str: _string,
    bool: _truth,
    int: _exactly(int, str),
    Any: anything,
    datetime: _instant,
    timedelta: lru_cache(maxsize=_KEPT)(_checked(timedelta)),
    Policy: _remembered(_checked(Policy)),
}


@cache
def writer_of(kind: Any) -> Writer:
    """Return what writes a type."""
    if kind == Ref:
        return reference
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    origin, given = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        rest = [each for each in given if each is not type(None)]
        if len(rest) == len(given) - 1 == 1:
            return _optional(writer_of(rest[0]))
    elif origin is tuple and given[1:] == (...,):
        return _tuple(writer_of(given[0]))
    elif kind == Mapping[str, Any]:
        return _free_mapping
    elif origin is Mapping and given[0] is str:
        return _mapping(writer_of(given[1]))
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        return _choice(kind)
    elif is_dataclass(kind):
        return _object(kind)
    return _checked(kind)


def _object(kind: Any) -> Writer:
    hints = get_type_hints(kind, include_extras=True)
    names = [each.name for each in fields(kind)]
    writers = [writer_of(hints[name]) for name in names]
    template = "{" + ",".join(f'"{name}":%s' for name in names) + "}"
    pick = attrgetter(*names)
    if len(names) == 1:
        (write,) = writers
        return lambda value: template % write(pick(value))

    def write_all(value: Any) -> str:
        if type(value) is not kind:
            raise ValueError(f"{value!r} is no {kind.__name__}")
        return template % tuple(
            [write(each) for write, each in zip(writers, pick(value), strict=True)]
        )

    return write_all
