"""What the shapes of YAML are made of: mappings without unread keys, and checked plain values.

Each knows its part of the published JSON Schema, too.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError, core_schema

#: Types of errors whose message is ours already.
SAID = "said"
MISSING = "missing_key"
#: Key under which a part of the JSON Schema says that it is one of `SHARED`.
SHARED_KEY = "x-shared"
#: The default of keys that may be left out; what was left out is not handed on.
UNSET: Any = None

_NAMES = "__annotations__"
_WORDS = {
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "missing": "is required; add it",
    "model_attributes_type": "must be a mapping",
    "model_type": "must be a mapping",
    "string_type": "must be a text; put it in quotes",
}


class Spec(BaseModel):
    """A mapping without keys that nobody reads; what is wrong with it is said in our words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _in_words(cls, value: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        try:
            return handler(value)
        except ValidationError as exc:
            found = [_said(each, cls) for each in exc.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, found) from None

    @classmethod
    def keys(cls) -> list[str]:
        """Return the keys that a document may use, the shape's own before those of all."""
        fields = cls.model_fields
        named = dict.fromkeys(name for each in cls.__mro__ for name in vars(each).get(_NAMES, ()))
        return [fields[name].alias or name for name in named if name in fields]

    def given(self) -> dict[str, Any]:
        """Return what the document says, by its own keys."""
        return {
            each.alias or name: getattr(self, name)
            for name, each in type(self).model_fields.items()
            if name in self.model_fields_set
        }


def _said(error: ErrorDetails, shape: type[Spec]) -> InitErrorDetails:
    kind = MISSING if error["type"] in ("missing", MISSING) else SAID
    text = PydanticCustomError(kind, "{text}", {"text": _sentence(error, shape)})
    return InitErrorDetails(type=text, loc=error["loc"], input=error["input"])


def _sentence(error: ErrorDetails, shape: type[Spec]) -> str:
    if error["type"] == "extra_forbidden":
        known = shape.keys()
        close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        guess = f", perhaps {close[0]}" if close else ""
        return f"is unknown{guess}; known are {', '.join(known)}"
    if error["type"] == "enum":
        expected = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
        return f"is {error['input']!r}; write one of {expected}"
    return _WORDS.get(error["type"], error["msg"].removeprefix("Value error, "))


class RunSpec(Spec):
    """A Python function or object by name, `{run: package.module:name}`."""

    run: str


class ModelSpec(Spec):
    """A pydantic model by name, `{model: package.module:Model}`."""

    model: str


@dataclass(frozen=True, slots=True)
class Shared:
    """A kind of plain value: how it is checked, and its name among the shared parts."""

    name: str
    check: Callable[[Any], Any]

    #: What the JSON Schema says of each kind.
    parts: ClassVar[dict[str, Mapping[str, Any]]] = {}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Let pydantic call the check."""
        del source, handler
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Point to the shared part."""
        del schema, handler
        return {SHARED_KEY: self.name}


@dataclass(frozen=True, slots=True)
class Also:
    """Another way to write a value: `read` turns it into the first, or into something final.

    It returns None for what is not written in the other way.
    """

    name: str
    read: Callable[[Any], Any]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Look for the other way before pydantic does anything."""

        def check(value: Any, inner: core_schema.ValidatorFunctionWrapHandler) -> Any:
            read = self.read(value)
            return read if isinstance(read, RunSpec) else inner(value if read is None else read)

        return core_schema.no_info_wrap_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Take either way."""
        return {"anyOf": [{SHARED_KEY: self.name}, handler(schema)]}


def as_run(value: Any) -> RunSpec | None:
    """Return the function that `{run: …}` names, or None."""
    if isinstance(value, dict) and list(value) == ["run"] and isinstance(value["run"], str):
        return RunSpec(run=value["run"])
    return None


def examples(*values: Any, one_of: tuple[str, ...] = ()) -> ConfigDict:
    """Return what a shape is configured with to show examples in the JSON Schema.

    `one_of` are keys of which exactly one must be there, as the checks of graphs say, too.
    """
    extra: dict[str, Any] = {"examples": list(values)}
    if one_of:
        extra["oneOf"] = [{"required": [key]} for key in one_of]
    return ConfigDict(json_schema_extra=extra)
