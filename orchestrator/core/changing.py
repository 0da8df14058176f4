"""Copies of what is immutable, with some of its fields changed.

`dataclasses.replace` asks for every field by name and calls the constructor; a state is made of
such copies, so that took a third of the core's time.
"""

from __future__ import annotations

from typing import Any, TypeVar

_T = TypeVar("_T")


def changed(value: _T, **changes: Any) -> _T:
    """Return a copy of a dataclass that has no slots and checks nothing, with fields changed.

    Raises:
        TypeError: It has no such field.
    """
    known = value.__dict__
    new: _T = object.__new__(type(value))
    new.__dict__.update(known, **changes)
    if len(new.__dict__) != len(known):
        raise TypeError(f"{type(value).__name__} has no {', '.join(changes.keys() - known.keys())}")
    return new
