"""Inputs declared as a pydantic model; what tasks see is an instance of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, RootModel, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError

from orchestrator.errors import InputError
from orchestrator.graph.callables import qualified_name
from orchestrator.graph.durations import iso_duration
from orchestrator.graph.fields import LOOKS_LIKE


class ModelCodec:
    """Checks, stores and loads an input by a pydantic model."""

    def __init__(self, model: type[BaseModel]) -> None:
        if issubclass(model, RootModel):
            raise TypeError(f"input {model.__name__} has no fields; use a BaseModel with fields")
        self.model = model
        self.identity = qualified_name(model)
        #: May the input have keys that the model does not name?
        self.is_open = model.model_config.get("extra") == "allow"
        try:
            self.json_schema: Mapping[str, Any] = model.model_json_schema()
        except PydanticUserError as exc:
            raise TypeError(
                f"input {model.__name__} has a field that no form can ask for: {exc.message}; "
                "use types that JSON has, dates, durations or models of them"
            ) from exc
        by_name = model.model_config.get("populate_by_name") or model.model_config.get(
            "validate_by_name"
        )
        self.other_names = frozenset(model.model_fields) if by_name else frozenset()

    def parse(self, values: Mapping[str, Any]) -> BaseModel:
        """Check the values; in JSON's mode where they are JSON, so that strict models work."""
        try:
            text = json.dumps(dict(values), default=_iso)
        except (TypeError, ValueError):
            text = None
        try:
            if text is None:
                return self.model.model_validate(dict(values))
            return self.model.model_validate_json(text)
        except ValidationError as exc:
            raise InputError(_problems(exc)) from exc

    def dump(self, value: Any) -> dict[str, Any]:
        """Return the fields by their Python names, JSON-ready."""
        try:
            dumped: dict[str, Any] = self.model.model_dump(value, mode="json", by_alias=False)
        except PydanticSerializationError as exc:
            raise InputError([("", f"cannot be stored: {exc}; keep to what JSON has")]) from exc
        problems = [(name, _NOT_FINITE) for name, each in dumped.items() if not _is_finite(each)]
        if problems:
            raise InputError(problems)
        return dumped

    def load(self, dumped: Mapping[str, Any]) -> BaseModel:
        """Make the instance again; the model's validators run again, too."""
        try:
            return self.model.model_validate_json(
                json.dumps(dict(dumped)), by_name=True, by_alias=True
            )
        except ValidationError as exc:
            raise InputError(_problems(exc)) from exc

    def owns(self, values: object) -> bool:
        """Say whether the values are an instance of the model already."""
        return isinstance(values, self.model)


_MISMATCH, _QUOTE = "String should match pattern '", "'"
_NOT_FINITE = "has a number in it that JSON cannot hold; use finite numbers"


def _is_finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _iso(value: object) -> str:
    if isinstance(value, timedelta):
        return iso_duration(value)
    raise TypeError(value)


def _problems(error: ValidationError) -> list[tuple[str, str]]:
    return [
        (".".join(str(step) for step in each["loc"]), _sentence(each["type"], each["msg"]))
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _sentence(kind: str, message: str) -> str:
    if kind == "missing":
        return "is required"
    if kind == "string_pattern_mismatch":
        return f"{LOOKS_LIKE}{message.removeprefix(_MISMATCH).removesuffix(_QUOTE)}"
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
