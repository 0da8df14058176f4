"""Inputs declared as a JSON schema; what tasks see is a dict, with durations as timedeltas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from orchestrator.errors import InputError
from orchestrator.graph.durations import iso_duration, parse_duration
from orchestrator.graph.fields import LOOKS_LIKE, as_duration, read_fields, resolve


class DictCodec:
    """Checks, stores and loads an input by a JSON schema of an object (draft 2020-12)."""

    identity = ""
    other_names: frozenset[str] = frozenset()

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.json_schema: Mapping[str, Any] = deepcopy(dict(schema))
        _check_schema(self.json_schema)
        #: May the input have keys that the schema does not name?
        self.is_open = bool(
            schema.get("additionalProperties", False) or schema.get("patternProperties")
        )
        fields = read_fields(self.json_schema)
        self._durations = tuple(each.name for each in fields if each.type == "duration")

    @cached_property
    def _validator(self) -> Any:
        from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415 - slow to import
        from referencing import Registry  # noqa: PLC0415 - slow to import

        checker = FormatChecker(formats=("date", "email", "ipv4", "ipv6", "regex", "uuid"))
        checker.checks("duration", raises=ValueError)(_reads_as(parse_duration))
        checker.checks("date-time", raises=ValueError)(_reads_as(datetime.fromisoformat))
        # An empty registry: a reference never leads to the network.
        return Draft202012Validator(self.json_schema, format_checker=checker, registry=Registry())

    def parse(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in the defaults, check the values, and make timedeltas of durations."""
        defaults = {
            name: deepcopy(prop["default"])
            for name, prop in self.json_schema.get("properties", {}).items()
            if isinstance(prop, Mapping) and "default" in prop
        }
        stored = self.dump({**defaults, **values})
        problems = [
            problem for each in self._validator.iter_errors(stored) for problem in _say(each)
        ]
        if problems:
            raise InputError(problems)
        return self.load(stored)

    def dump(self, value: Any) -> dict[str, Any]:
        """Return the values JSON-ready, durations as ISO 8601."""
        stored = dict(value)
        for name in self._durations:
            duration = as_duration(stored.get(name))
            if isinstance(duration, timedelta):
                stored[name] = iso_duration(duration)
        problems = [(key, _NOT_JSON) for key, each in stored.items() if not _is_json(each)]
        if problems:
            raise InputError(problems)
        return deepcopy(stored)

    def load(self, dumped: Mapping[str, Any]) -> dict[str, Any]:
        """Make timedeltas of durations again; nothing is checked."""
        loaded = deepcopy(dict(dumped))
        for name in self._durations:
            if name in loaded:
                loaded[name] = as_duration(loaded[name])
        return loaded

    def owns(self, values: object) -> bool:
        """Say whether the values need no check; a dict always does."""
        del values
        return False


_NOT_JSON = "is no JSON; use texts, finite numbers, booleans, null, lists and objects of them"


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


def _reads_as(parse: Any) -> Any:
    def check(value: object) -> bool:
        return not isinstance(value, str) or bool(parse(value) is not None)

    return check


def _say(error: Any) -> list[tuple[str, str]]:
    """Put one finding of jsonschema into words, by field."""
    steps = [str(step) for step in error.absolute_path]
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        # One finding comes for each missing name; its message starts with that name.
        name = next((each for each in missing if error.message.startswith(repr(each))), "")
        return [(".".join([*steps, name]), "is required")]
    if error.validator == "pattern":
        return [(".".join(steps), f"{LOOKS_LIKE}{error.validator_value}")]
    if error.validator == "enum":
        known = ", ".join(map(str, error.validator_value))
        return [(".".join(steps), f"{error.instance!r} is not one of {known}")]
    return [(".".join(steps), str(error.message))]


def _check_schema(schema: Mapping[str, Any]) -> None:
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 - slow to import

    if schema.get("type", "object") != "object":
        raise ValueError(f"the input's schema is of type {schema['type']!r}; it must be object")
    if not _is_json(schema):
        raise ValueError(
            "the input's schema holds what JSON cannot, so it cannot be stored; "
            "write defaults and choices as JSON, durations as text such as 5m"
        )
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as exc:
        place = ".".join(str(step) for step in exc.absolute_path) or "its top"
        raise ValueError(f"the input's JSON schema is wrong at {place}: {exc.message}") from exc
    for reference in _references(schema):
        try:
            resolve({"$ref": reference}, schema)
        except (LookupError, TypeError):
            raise ValueError(
                f"the input's JSON schema refers to {reference!r}, which is not in it; "
                "put the part under $defs and refer to #/$defs/<name>"
            ) from None


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from _references(each)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)
