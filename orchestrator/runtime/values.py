"""Values of authors and callers, as they are stored and read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

from orchestrator.errors import InputError, ResponseError


def to_stored(value: Any) -> Any:
    """Return a value as it is read after it was stored: what JSON makes of it.

    Tuples become lists, instants and models what pydantic makes of them, and numbers that are none
    null. So nothing looks different after a restart.

    Raises:
        ValueError: JSON cannot hold it.
    """
    return from_json(to_json(value, inf_nan_mode="null"))


def to_updates(updates: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state keys that an answer sets, as they are stored.

    Raises:
        ResponseError: JSON cannot hold them.
    """
    try:
        return dict(_exactly(updates))
    except (TypeError, ValueError) as error:
        raise ResponseError(f"an answer's updates must be JSON: {error}") from error


def to_values(values: Any) -> Any:
    """Return what an answer brings, as it is stored.

    Raises:
        ResponseError: JSON cannot hold it.
    """
    try:
        return _exactly(values)
    except ValueError as error:
        raise ResponseError(f"an answer's values must be JSON: {error}") from error


def _exactly(given: Any) -> Any:
    """Return what people gave as it is stored; what is no number is no null either."""
    text = to_json(given, inf_nan_mode="constants")
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        from_json(text)  # raises again where that is not the reason
        raise ValueError("a number in it is not finite; use finite numbers") from None


def check_labels(labels: Mapping[str, str]) -> None:
    """Make sure that labels are texts.

    Raises:
        InputError: Some are not; all of them are listed.
    """
    wrong = [(f"labels.{name}", "is no text") for name in labels if not _is_label(labels, name)]
    if wrong:
        raise InputError(wrong)


def _is_label(labels: Mapping[str, str], name: object) -> bool:
    return isinstance(name, str) and isinstance(labels[name], str)
