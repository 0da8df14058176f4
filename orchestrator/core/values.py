"""Where values are stored. A value lives in one event; everything else refers to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a value is stored: the event's number in the run's log, and keys inside it."""

    seq: int  #: 0: nothing is stored, the value is null
    #: Keys of dicts, and indexes of lists as decimal digits.
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gather:
    """A list or dict whose parts are stored in different places: what several branches brought."""

    parts: tuple[Ref, ...]
    #: The dict's keys, one a part; None: it is a list.
    names: tuple[str, ...] | None = None


def dump_ref(ref: Pointer | Gather) -> Any:
    """Write a reference as a small JSON value."""
    if isinstance(ref, Pointer):
        return [ref.seq, *ref.keys]
    parts = [dump_ref(part) for part in ref.parts]
    return {"list": parts} if ref.names is None else {"dict": [ref.names, parts]}


def load_ref(raw: Any) -> Pointer | Gather:
    """Read what `dump_ref` wrote."""
    if isinstance(raw, Pointer | Gather):
        return raw
    if isinstance(raw, list):
        return Pointer(raw[0], tuple(raw[1:]))
    if "list" in raw:
        return Gather(tuple(load_ref(part) for part in raw["list"]))
    names, parts = raw["dict"]
    return Gather(tuple(load_ref(part) for part in parts), tuple(names))


#: A reference, in JSON a short list such as `[12, "draft"]`.
Ref = Annotated[
    Pointer | Gather, BeforeValidator(load_ref), PlainSerializer(dump_ref, return_type=Any)
]
NOTHING = Pointer(0)


@dataclass(frozen=True, slots=True)
class Stored:
    """A value and where it is stored."""

    ref: Ref
    value: Any


NULL = Stored(NOTHING, None)


def gather(parts: Mapping[str, Stored] | list[Stored]) -> Stored:
    """Make one value of several stored ones, without storing anything again."""
    if isinstance(parts, list):
        refs = tuple(part.ref for part in parts)
        return Stored(Gather(refs), [part.value for part in parts])
    refs = tuple(part.ref for part in parts.values())
    return Stored(Gather(refs, tuple(parts)), {key: part.value for key, part in parts.items()})


def inside(stored: Stored, key: str) -> Stored | None:
    """Return the part of a value under a key or index; None where there is none."""
    value, ref = stored.value, stored.ref
    if isinstance(value, Mapping):
        if key not in value:
            return None
        found = value[key]
    elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        found = value[int(key)]
    else:
        return None
    return Stored(part_of(ref, key), found)


def part_of(ref: Ref, key: str) -> Ref:
    """Refer to the part of a dict under a key, which must be there."""
    if isinstance(ref, Pointer):
        return Pointer(ref.seq, (*ref.keys, key))
    if ref.names is None:
        return ref.parts[int(key)]
    return ref.parts[ref.names.index(key)]


def numbers(ref: Ref) -> Iterator[int]:
    """Yield the numbers of the events that a reference needs."""
    if isinstance(ref, Pointer):
        if ref.seq:
            yield ref.seq
        return
    for part in ref.parts:
        yield from numbers(part)


def resolve(ref: Ref, values_of: Callable[[int], Any]) -> Any:
    """Return the value behind a reference.

    Args:
        ref: What is wanted.
        values_of: Returns what the event of a number stores.

    Raises:
        LookupError: An event is missing, or has no such value.
    """
    if isinstance(ref, Gather):
        parts = [resolve(part, values_of) for part in ref.parts]
        return parts if ref.names is None else dict(zip(ref.names, parts, strict=True))
    if ref.seq == 0:
        return None
    value = values_of(ref.seq)
    for key in ref.keys:
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value
