"""Values of authors and callers as the log gives them back."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json, to_json


def to_stored(value: Any) -> Any:
    """Return a value as it is read after it was stored: what JSON makes of it.

    Tuples become lists, instants and models what pydantic makes of them, and numbers that are none
    null. So nothing looks different after a restart.

    Raises:
        ValueError: JSON cannot hold it.
    """
    return from_json(to_json(value, inf_nan_mode="null"))
