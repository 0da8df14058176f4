"""The input of a graph: checked at start, stored as JSON, shown as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from orchestrator.errors import InputError
from orchestrator.graph.durations import NO_DURATION
from orchestrator.graph.fields import (
    InputField,
    as_duration,
    coerce_word,
    may_be_null,
    read_fields,
)

#: Words of a JSON schema that explain and do not constrain; they play no part in the version.
_ANNOTATIONS = frozenset({"title", "description", "examples", "$comment", "deprecated"})
_VALUES = frozenset({"default", "enum", "const"})
_NAMED_PARTS = frozenset({"properties", "$defs", "definitions", "patternProperties"})


class InputSchema:
    """What a graph takes: a pydantic model, a JSON schema of an object, or nothing.

    Tasks see an instance of the model, or a dict in which fields of format `duration` are
    timedeltas. Two schemas are equal when they take the same input.
    """

    def __init__(self, source: Any = None) -> None:
        """Read the declaration.

        Raises:
            TypeError: It is neither a pydantic model class, nor a dict, nor None.
            ValueError: It is a dict, but no valid JSON schema of an object.
        """
        self._codec = _codec(source)
        self.json_schema: Mapping[str, Any] = self._codec.json_schema
        self.fields: tuple[InputField, ...] = read_fields(self.json_schema)

    @property
    def canonical(self) -> Any:
        """What counts for the graph's version, JSON-ready: types and rules, but no wording."""
        return [self._codec.identity, _without_annotations(self.json_schema)]

    def parse(self, values: Any) -> Any:
        """Check the values that a run is started with, a mapping or an instance of the model.

        A duration may be written as `5m`. Defaults are filled in.

        Raises:
            InputError: They do not fit; it lists every problem by field.
        """
        if self._codec.owns(values):
            return values
        if not isinstance(values, Mapping):
            raise InputError([("", f"is {type(values).__name__}; give an object of named fields")])
        problems = self._unknown(values)
        durations = {field.name for field in self.fields if field.type == "duration"}
        prepared = {
            key: as_duration(value) if key in durations else value for key, value in values.items()
        }
        parsed, found = self._try(prepared)
        # Of a text that is no duration the libraries say less than our own parser does.
        unread = {key for key in durations if isinstance(prepared.get(key), str)}
        found = [
            (key, f"{prepared[key]!r} {NO_DURATION}" if key in unread else text)
            for key, text in found
        ]
        if problems or found:
            raise InputError([*problems, *found])
        return parsed

    def parse_words(self, words: Mapping[str, str]) -> Any:
        """Check values that come as text, such as `key=value` from a command line or a form.

        Numbers, booleans, durations (`5m`), and lists or objects as JSON are read as the field's
        type asks for; a text stays as it is.

        Raises:
            InputError: They do not fit; it lists every problem by field.
        """
        known = {field.name: field for field in self.fields}
        values: dict[str, Any] = {}
        unread: dict[str, str] = {}
        for name, word in words.items():
            field = known.get(name)
            try:
                values[name] = word if field is None else self._read(field, word)
            except ValueError as exc:
                unread[name] = str(exc)
        if not unread:
            return self.parse(values)
        try:
            self.parse(values)
        except InputError as exc:
            rest = [each for each in exc.problems if each[0].split(".")[0] not in unread]
        else:
            rest = []
        raise InputError([*unread.items(), *rest])

    def dump(self, value: Any) -> dict[str, Any]:
        """Return what `parse` returned as JSON-ready values, durations as ISO 8601.

        Raises:
            InputError: A value cannot be stored.
        """
        return self._codec.dump(value)

    def load(self, dumped: Mapping[str, Any]) -> Any:
        """Return what tasks see from what `dump` returned.

        A model's validators run again, so they must not look at the clock or the world.

        Raises:
            InputError: The values no longer fit the model.
        """
        return self._codec.load(dumped)

    def _read(self, field: InputField, word: str) -> Any:
        nullable = word == "null" and field.type != "string"
        if nullable and may_be_null(self.json_schema["properties"][field.name], self.json_schema):
            return None
        return coerce_word(field, word)

    def _unknown(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        if self._codec.is_open:
            return []
        names = [field.name for field in self.fields]
        known = frozenset(names) | self._codec.other_names
        remedy = f"known are {', '.join(names)}" if names else "this graph takes no input"
        return [(str(key), f"is unknown; {remedy}") for key in values if key not in known]

    def _try(self, values: Mapping[str, Any]) -> tuple[Any, list[tuple[str, str]]]:
        names = {field.name for field in self.fields} | self._codec.other_names
        known = {key: each for key, each in values.items() if self._codec.is_open or key in names}
        try:
            return self._codec.parse(known), []
        except InputError as exc:
            return None, list(exc.problems)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InputSchema):
            return NotImplemented
        mine, theirs = self._codec, other._codec
        return (mine.identity, mine.json_schema) == (theirs.identity, theirs.json_schema)

    def __hash__(self) -> int:
        return hash((self._codec.identity, tuple(field.name for field in self.fields)))

    def __repr__(self) -> str:
        return f"InputSchema({', '.join(field.name for field in self.fields)})"


class _Codec(Protocol):
    """What a kind of declaration must offer."""

    @property
    def identity(self) -> str: ...
    @property
    def json_schema(self) -> Mapping[str, Any]: ...
    @property
    def is_open(self) -> bool: ...
    @property
    def other_names(self) -> frozenset[str]: ...
    def owns(self, values: object) -> bool: ...
    def parse(self, values: Mapping[str, Any]) -> Any: ...
    def dump(self, value: Any) -> dict[str, Any]: ...
    def load(self, dumped: Mapping[str, Any]) -> Any: ...


def _codec(source: Any) -> _Codec:
    # Both are slow to import, and most programs that import the package need only one or none.
    if source is None:
        source = {"type": "object", "properties": {}, "additionalProperties": False}
    if isinstance(source, Mapping):
        from orchestrator.graph.input_dicts import DictCodec  # noqa: PLC0415 - see above

        return DictCodec(source)
    if isinstance(source, type) and hasattr(source, "model_json_schema"):
        from orchestrator.graph.input_models import ModelCodec  # noqa: PLC0415 - see above

        return ModelCodec(source)
    raise TypeError(f"input {source!r} is no schema; give a pydantic model class or a JSON schema")


def _without_annotations(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_annotations(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _VALUES:
            kept[key] = value
        elif key in _NAMED_PARTS and isinstance(value, Mapping):
            # The keys in here are names of the author's, such as a field called `title`.
            kept[key] = {name: _without_annotations(each) for name, each in value.items()}
        elif key not in _ANNOTATIONS:
            kept[key] = _without_annotations(value)
    return kept
