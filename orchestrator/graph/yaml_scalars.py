"""The plain values of YAML, each checked, with its part of the JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from orchestrator.graph.formats import FormatKind
from orchestrator.graph.yaml_types import ModelSpec, RunSpec, Shared, as_run


@dataclass(frozen=True, slots=True)
class Length:
    """A duration as the document writes it."""

    text: str
    #: May a function stand in its place?
    is_computable: bool = False


def is_names(value: Any) -> bool:
    """Is it a text or a list of texts?"""
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    )


def _shared(
    name: str,
    description: str,
    check: Callable[[Any], Any],
    part: Mapping[str, Any],
    examples: list[Any],
) -> Shared:
    Shared.parts[name] = {"description": description, **part, "examples": examples}
    return Shared(name, check)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _names(value: Any) -> Any:
    if is_names(value):
        return value
    raise ValueError("must be a text or a list of texts")


def _approvers(value: Any) -> Any:
    if is_names(value):
        return value
    if (run := as_run(value)) is not None:
        return run
    raise ValueError("must be a text, a list of texts, or {run: package.module:function}")


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if (run := as_run(value)) is not None:
        return run
    raise ValueError("must be a text, or {run: package.module:function}")


def _condition(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if (run := as_run(value)) is not None:
        return run
    raise ValueError("must be a condition in quotes, or {run: package.module:function}")


def _function(value: Any) -> RunSpec:
    run = RunSpec(run=value) if isinstance(value, str) else as_run(value)
    if run is None:
        raise ValueError("must be a function's name, package.module:function")
    return run


def _length(value: Any) -> Length:
    if isinstance(value, str) or _is_number(value):
        return Length(str(value))
    raise ValueError("must be a duration such as 5m")


def _computed_length(value: Any) -> Any:
    if isinstance(value, str) or _is_number(value):
        return Length(str(value), is_computable=True)
    if (run := as_run(value)) is not None:
        return run
    raise ValueError("must be a duration such as 5m, or {run: package.module:function}")


def _number(value: Any) -> Any:
    if _is_number(value):
        return value
    raise ValueError("must be a number")


def _version(value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("must be a text in quotes")


def _schema(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("must be a JSON schema, or {model: package.module:Model}")  # noqa: TRY004 - pydantic reads ValueError
    if "model" not in value:
        return value
    if list(value) == ["model"] and isinstance(value["model"], str):
        return ModelSpec(model=value["model"])
    raise ValueError("has a model that is none; write {model: package.module:Model}, nothing else")


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("must be a text such as code or number:EUR")


def _reducer(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if (run := as_run(value)) is not None:
        return run
    raise ValueError("must be a reducer's name, or {run: package.module:function}")


def _count(value: Any) -> int | None:
    if value == "all":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("must be a whole number, or all")


_REFERENCE = {"type": "string", "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"}
_RUN = {"$ref": "#/$defs/run"}
_N = r"\d+(?:\.\d+)?\s*"
_LENGTH = {
    "type": ["string", "number"],
    "minimum": 0,
    "pattern": (
        rf"^\s*(?=\d)(?:{_N}[wW]\s*)?(?:{_N}[dD]\s*)?(?:{_N}[hH]\s*)?(?:{_N}[mM]\s*)?(?:{_N}[sS]?)?\s*$"
        r"|^\s*[pP](?=.*\d)[\d.wWdDtThHmMsS]+\s*$"
        r"|^\s*\d+:[0-5]\d:[0-5]\d(?:\.\d+)?\s*$"
    ),
}
_LIST = {"type": "array", "items": {"type": "string", "minLength": 1}}
_ONE_OR_MORE = {"anyOf": [{"type": "string"}, _LIST]}

Shared.parts["reference"] = {
    "description": "A function's name, package.module:function.",
    **_REFERENCE,
    "examples": ["flows.tasks:deploy"],
}
Shared.parts["attempts"] = {
    "description": "How often to try in all.",
    "type": "integer",
    "minimum": 1,
    "examples": [3],
}
Shared.parts["run"] = {
    "description": "A Python function or object by name, of a module that is allowed here.",
    "type": "object",
    "properties": {"run": _REFERENCE},
    "required": ["run"],
    "additionalProperties": False,
    "examples": [{"run": "flows.rules:is_large"}],
}

Names = Annotated[
    Any,
    _shared("names", "One name or several; * is everything.", _names, _ONE_OR_MORE, ["draft"]),
]
Approvers = Annotated[
    Any,
    _shared(
        "approvers",
        "A user's id, an e-mail address, a group's @handle or a #channel; several in a list.",
        _names,
        _ONE_OR_MORE,
        ["@sre", ["@finance", "boss@example.com"]],
    ),
]
ComputedApprovers = Annotated[
    Any,
    _shared(
        "computed-approvers",
        "Names of approvers, or a function of the view that names them.",
        _approvers,
        {"anyOf": [*_ONE_OR_MORE["anyOf"], _RUN]},
        ["@sre", {"run": "flows.people:owners"}],
    ),
]
Words = Annotated[
    Any,
    _shared(
        "text",
        "A template such as Pay {{ input.amount }}?, or a function of the view.",
        _text,
        {"anyOf": [{"type": "string"}, _RUN]},
        ["Pay {{ input.amount }}?"],
    ),
]
Condition = Annotated[
    Any,
    _shared(
        "predicate",
        "CEL text over state, input, outputs, run, item and number, or a function of the view.",
        _condition,
        {"anyOf": [{"type": "string", "minLength": 1}, _RUN]},
        ["input.amount > 1000.0", {"run": "flows.rules:is_large"}],
    ),
]
Function = Annotated[
    Any,
    _shared(
        "function",
        "A Python function, package.module:function, of a module that is allowed here.",
        _function,
        {"anyOf": [_REFERENCE, _RUN]},
        ["flows.tasks:deploy"],
    ),
]
Time = Annotated[
    Any,
    _shared(
        "duration",
        "A duration such as 30s, 5m, 1h30m, 2d or PT30S; a number counts seconds.",
        _length,
        _LENGTH,
        ["5m", "1h30m", 90],
    ),
]
ComputedTime = Annotated[
    Any,
    _shared(
        "computed-duration",
        "A duration such as 5m, or a function of the view that computes one.",
        _computed_length,
        {"anyOf": [_LENGTH, _RUN]},
        ["2d", {"run": "flows.rules:due"}],
    ),
]
Instant = Annotated[
    Any,
    _shared(
        "instant",
        "An instant with an offset, or a function of the view that computes one.",
        _text,
        {"anyOf": [{"type": "string"}, _RUN]},
        ["2030-01-31T09:00:00+01:00"],
    ),
]
Items = Annotated[
    Any,
    _shared(
        "items",
        "A list: a path such as state.items, CEL text, or a function of the view.",
        _text,
        {"anyOf": [{"type": "string", "minLength": 1}, _RUN]},
        ["state.items", "input.orders.filter(o, o.open)"],
    ),
]
GraphName = Annotated[
    Any,
    _shared(
        "graph-name",
        "The id of another graph that is loaded together with this one, or a built graph by name.",
        _text,
        {"anyOf": [{"type": "string", "minLength": 1}, _RUN]},
        ["payment", {"run": "flows.payments:graph"}],
    ),
]
FormatText = Annotated[
    Any,
    _shared(
        "format",
        "How a value is shown; a number may have a unit.",
        _word,
        {
            "anyOf": [
                {"enum": [each.value for each in FormatKind]},
                {"type": "string", "pattern": r"^\s*number\s*:\s*\S"},
            ]
        },
        ["code", "number:EUR", "secret"],
    ),
]
Number = Annotated[Any, _shared("number", "A number.", _number, {"type": "number"}, [1.5])]
Count = Annotated[
    Any,
    _shared(
        "count",
        "So many, or all of them.",
        _count,
        {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "all"}]},
        [2, "all"],
    ),
]
Version = Annotated[
    Any,
    _shared(
        "version",
        "Any text; a change of it changes the graph's version.",
        _version,
        {"type": ["string", "integer"]},
        ["2026-02"],
    ),
]
Schema = Annotated[
    Any,
    _shared(
        "schema",
        "A JSON Schema of an object, or a pydantic model, {model: package.module:Model}.",
        _schema,
        {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"model": _REFERENCE},
                    "required": ["model"],
                    "additionalProperties": False,
                },
                {"type": "object", "not": {"required": ["model"]}},
            ]
        },
        [{"model": "flows.models:Invoice"}, {"properties": {"reason": {"type": "string"}}}],
    ),
]
Reducer = Annotated[
    Any,
    _shared(
        "reducer",
        "How values under one key become one: a name, or a function of the list of values.",
        _reducer,
        {
            "anyOf": [
                {"enum": ["list", "concat", "sum", "merge", "first", "last"]},
                _RUN,
            ]
        },
        ["concat"],
    ),
]
