"""Values of the author's functions that are going to be stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def plain(value: Any, what: str) -> Any:
    """Return a copy of a value that is JSON; tuples become lists.

    Raises:
        ValueError: It is none; the message begins with `what`.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: plain(each, what) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, what) for each in value]
    raise ValueError(f"{what} has {value!r} in it, which is no JSON; return plain values")
