"""Events as text: their type's name and a JSON body.

Names of types are part of the stored format: events of a class that is renamed cannot be read.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import (
    PydanticSerializationError,
    SchemaSerializer,
    SchemaValidator,
    to_json,
)

from orchestrator.core import events as e
from orchestrator.core.jsontext import writer_of
from orchestrator.errors import StoreError

#: Classes by the name that is stored, which is their own.
_CLASSES: dict[str, type] = {cls.__name__: cls for cls in get_args(e.Event)}
#: Those that tell the story of an approval, or of a standing rule.
ABOUT_APPROVALS = frozenset(get_args(e.ApprovalEvent))


@cache
def _adapter(kind: str) -> tuple[SchemaSerializer, SchemaValidator]:
    adapter: Any = TypeAdapter(_CLASSES[kind])
    return adapter.serializer, adapter.validator


def encode(event: e.Event) -> tuple[str, str]:
    """Return the stored name and the JSON body of an event.

    Raises:
        StoreError: A value in it has the wrong type or no JSON; it could not be read again.
    """
    kind: Any = type(event)
    try:
        body = writer_of(kind)(event)
        if not body.isascii():
            body.encode()  # half of a surrogate pair cannot be stored
    except (AttributeError, LookupError, TypeError, ValueError):
        return kind.__name__, _encode_carefully(kind.__name__, event)
    return kind.__name__, body


def _encode_carefully(kind: str, event: e.Event) -> str:
    """Return the body as Pydantic writes it, which says what is wrong with it."""
    serializer, validator = _adapter(kind)
    try:
        body = serializer.to_json(event, warnings="error")
        # Null in place of a text is written without a warning, and would never be read again.
        validator.validate_json(body)
    except PydanticSerializationError as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"{kind} cannot be stored: {reason}; nothing was recorded") from error
    except ValidationError as error:
        reason = "; ".join(f"{each['loc']}: {each['msg']}" for each in error.errors())
        raise StoreError(f"{kind} cannot be stored: {reason}; nothing was recorded") from error
    return body.decode()


def approval_of(event: e.Event) -> str | None:
    """Return the approval whose story the event belongs to."""
    return getattr(event, "approval_id", None) if type(event) in ABOUT_APPROVALS else None


def decode(kind: str, body: str) -> e.Event:
    """Rebuild an event.

    Raises:
        ValueError: The name is unknown or the body does not fit it.
    """
    if kind not in _CLASSES:
        raise ValueError(f"unknown event type {kind!r}; it was written by a newer version")
    try:
        event: e.Event = _adapter(kind)[1].validate_json(body)
    except ValidationError as error:
        raise ValueError(
            f"the body of {kind} does not fit: {error.error_count()} errors"
        ) from error
    return event


def to_text(document: Any) -> str:
    """Write a JSON document compactly."""
    return to_json(document).decode()
