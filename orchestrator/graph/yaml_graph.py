"""One document of YAML as a graph; the same object as declared in Python."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.errors import GraphError, GraphValidationError
from orchestrator.graph.builder import GraphBuilder
from orchestrator.graph.durations import parse_duration
from orchestrator.graph.graph import Graph
from orchestrator.graph.imports import import_named
from orchestrator.graph.nodes import Retry
from orchestrator.graph.problems import edge_place, node_place
from orchestrator.graph.yaml_schema import (
    SHAPES,
    ApprovalSpec,
    EdgeSpec,
    EndSpec,
    GraphSpec,
    NodeSpec,
    RetrySpec,
    RouterSpec,
    RunSpec,
    Spec,
    TaskSpec,
)
from orchestrator.graph.yaml_source import Document

#: Words for what pydantic finds, by its type of error.
_WORDS = {
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "missing": "is required; add it",
    "model_attributes_type": "must be a mapping",
    "model_type": "must be a mapping",
    "string_type": "must be a text; put it in quotes",
    "union_tag_invalid": "is of an unknown kind; write kind: task, approval, router or end",
    "union_tag_not_found": "says no kind; write kind: task, approval, router or end",
}

#: What stands in for times that could not be read, so that no check stumbles over them, too.
_TIMES = {"timeout": timedelta(days=1), "remind_before": timedelta(seconds=1)}


def build_graph(document: Document, allow: Sequence[str]) -> Graph:
    """Build the graph that a document declares.

    Raises:
        GraphValidationError: It has problems; all of them are listed with file and line.
    """
    try:
        spec = GraphSpec.model_validate(document.value)
    except ValidationError as exc:
        raise GraphValidationError(
            _graph_id(document), [_shape_problem(document, each) for each in exc.errors()]
        ) from exc
    assembly = _Assembly(document=document, allow=allow)
    builder = assembly.builder(spec)
    found = [
        f"{document.at(assembly.places.get(each.place, ()))}: {each}" for each in builder.problems()
    ]
    if assembly.problems or found:
        raise GraphValidationError(spec.id, [*assembly.problems, *found])
    return builder.build()


def _graph_id(document: Document) -> str:
    value = document.value
    return str(value.get("id", document.name)) if isinstance(value, dict) else document.name


def _shape_problem(document: Document, error: ErrorDetails) -> str:
    """Put one finding about the shape into words: where, what, and what to do."""
    # Some steps are names of shapes, which are pydantic's and not the document's.
    known = document.known(error["loc"])
    last = () if error["loc"] == known or error["type"] != "missing" else error["loc"][-1:]
    place = ".".join(str(step) for step in (*known, *last)) or "the document"
    if error["type"] == "extra_forbidden":
        shape = next(
            (SHAPES[str(s)] for s in reversed(error["loc"][:-1]) if s in SHAPES), GraphSpec
        )
        text = f"is unknown; known are {', '.join(_keys(shape))}"
    else:
        message = error["msg"].removeprefix("Value error, ")
        text = _WORDS.get(error["type"], message)
    return f"{document.at(error['loc'])}: {place} {text}"


def _keys(shape: type[Spec]) -> list[str]:
    return [each.alias or name for name, each in shape.model_fields.items()]


@dataclass(slots=True, kw_only=True)
class _Assembly:
    """Hands one document's parts to a builder; remembers where each part stands."""

    document: Document
    allow: Sequence[str]
    problems: list[str] = field(default_factory=list)
    #: Path in the document by the place that the builder's problems name.
    places: dict[str, tuple[str | int, ...]] = field(
        default_factory=lambda: {"input": ("input",), "operators": ("operators",)}
    )

    def builder(self, spec: GraphSpec) -> GraphBuilder:
        """Declare the whole graph."""
        builder = GraphBuilder(
            spec.id,
            title=spec.title,
            description=spec.description,
            input=self._input(spec.input),
            version=None if spec.version is None else str(spec.version),
            operators=spec.operators,
            max_visits=spec.max_visits,
        )
        for node, each in spec.nodes.items():
            self.places[node_place(node)] = ("nodes", node)
            self._node(builder, node, each)
        for index, edge in enumerate(spec.edges):
            self.places.setdefault(edge_place(edge.source, edge.target), ("edges", index))
            self._edge(builder, index, edge)
        if spec.start is not None:
            builder.start(spec.start)
        return builder.ends(*([spec.ends] if isinstance(spec.ends, str) else spec.ends))

    def _node(self, builder: GraphBuilder, node: str, spec: NodeSpec) -> None:
        path = ("nodes", node)
        options = self._options(path, spec)
        match spec:
            case TaskSpec():
                builder.task(node, self._named((*path, "run"), spec.run), **options)
            case ApprovalSpec():
                builder.approval(node, **options)
            case RouterSpec():
                select = spec.select and self._named((*path, "select"), spec.select)
                builder.router(node, select or None)
            case EndSpec():
                builder.end(node, **options)

    def _edge(self, builder: GraphBuilder, index: int, edge: EdgeSpec) -> None:
        when = self._value(("edges", index, "when"), edge.when)
        builder.edge(edge.source, edge.target, when)

    def _options(self, path: tuple[str | int, ...], spec: Spec) -> dict[str, Any]:
        """Return what the document says about a node, as the builder takes it."""
        return {
            name: self._value((*path, name), getattr(spec, name))
            for name in type(spec).model_fields
            if name in spec.model_fields_set and name not in ("kind", "run", "select")
        }

    def _value(self, path: tuple[str | int, ...], value: Any) -> Any:
        if isinstance(value, RunSpec):
            return self._named(path, value.run)
        if isinstance(value, RetrySpec):
            return self._retry(path, value)
        if path[-1] in ("timeout", "remind_before", "delay", "cap"):
            read = self._try(path, _time, value)
            return _TIMES.get(str(path[-1])) if read is None else read
        return value

    def _retry(self, path: tuple[str | int, ...], spec: RetrySpec) -> Retry:
        options = {
            name: self._value((*path, name), getattr(spec, name))
            for name in spec.model_fields_set - {"give_up_on"}
        }
        names = [spec.give_up_on] if isinstance(spec.give_up_on, str) else spec.give_up_on
        types = [self._try((*path, "give_up_on"), self._error_type, name) for name in names]
        known = {name: value for name, value in options.items() if value is not None}
        return Retry(**known, give_up_on=tuple(each for each in types if each is not None))

    def _error_type(self, name: str) -> type[BaseException]:
        thing = import_named(name, self.allow) if ":" in name else getattr(builtins, name, None)
        if isinstance(thing, type) and issubclass(thing, BaseException):
            return thing
        raise GraphError(f"{name!r} is no exception; write ValueError or package.module:MyError")

    def _input(self, declared: dict[str, Any] | None) -> Any:
        if declared is None or list(declared) != ["model"]:
            return declared
        return self._try(
            ("input", "model"), lambda name: import_named(str(name), self.allow), declared["model"]
        )

    def _named(self, path: tuple[str | int, ...], reference: str) -> Any:
        """Import a function; in place of one that cannot be had, return one that is not called."""
        found = self._try(path, lambda name: import_named(name, self.allow), reference)
        return _missing if found is None else found

    def _try(self, path: tuple[str | int, ...], read: Callable[[Any], Any], value: Any) -> Any:
        try:
            return read(value)
        except (GraphError, ValueError) as exc:
            self.problems.append(f"{self.document.at(path)}: {exc}")
            return None


def _missing(context: Any) -> Any:
    """Stand in for a function that could not be imported; no graph is ever built with it."""
    raise NotImplementedError(context)


def _time(value: str | float) -> timedelta:
    return parse_duration(str(value))
