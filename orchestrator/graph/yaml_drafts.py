"""Documents that have the shape of a graph, or would have it but for some of their parts.

What does not fit is reported and left out, so that the checks can look at the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import takewhile
from typing import Any

from pydantic import ValidationError

from orchestrator.errors import GraphValidationError
from orchestrator.graph.composites import OTHERWISE, THEN
from orchestrator.graph.yaml_nodes import (
    BlockSpec,
    ConditionSpec,
    GraphSpec,
    LoopSpec,
    MapSpec,
    Node,
    ParallelSpec,
    RouterSpec,
    StepsSpec,
    SubgraphSpec,
)
from orchestrator.graph.yaml_source import Document, Path
from orchestrator.graph.yaml_types import MISSING

#: How often parts are left out, because leaving one out can break what is around it.
_ROUNDS = 8
_OF_BLOCK = frozenset({"nodes", "edges", "start", "ends"})
#: How many steps from a node's key to a body.
_TO_BODY = {"body": 1, "then": 1, "else": 1, "branches": 2, "routes": 2}
#: Options that lead to other nodes.
_ROUTES = frozenset({"rejection", "timeout_route", "on_reject", "on_timeout"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document, as far as it has the shape of a graph."""

    document: Document
    spec: GraphSpec
    #: What has another shape, with the line.
    found: tuple[tuple[int, str], ...] = ()
    #: The nodes and bodies in which something was left out.
    affected: frozenset[Path] = frozenset()

    @property
    def id(self) -> str:
        """The graph's id."""
        return self.spec.id

    def concerns(self, path: Path) -> bool:
        """May a problem at a place be due to what was left out, there or around or inside it?"""
        return any(each[: len(path)] == path[: len(each)] for each in self.affected)

    def needs(self) -> Iterator[tuple[str, Path]]:
        """Yield the ids of graphs that run inside it, with their places in the document."""
        return _needs(self.spec, ())


def read_draft(document: Document) -> Draft:
    """Check the shape of a document.

    Raises:
        GraphValidationError: It is no graph at all; all problems are listed with file and line.
    """
    value = document.value
    if isinstance(value, dict):
        # Keys for YAML's anchors, by a convention of other tools, too.
        value = {key: each for key, each in value.items() if not key.startswith("x-")}
    found: list[tuple[int, str]] = []
    affected: set[Path] = set()
    for _ in range(_ROUNDS):
        try:
            spec = GraphSpec.model_validate(value)
            return Draft(
                document=document, spec=spec, found=tuple(found), affected=frozenset(affected)
            )
        except ValidationError as exc:
            errors = exc.errors(include_url=False)
        if not found:
            found = [_problem(document, each["type"], each["loc"], each["msg"]) for each in errors]
        # Lists are left out as a whole, so that the places of their other items stay right.
        known = (document.known(each["loc"]) for each in errors)
        broken = {tuple(takewhile(lambda step: isinstance(step, str), path)) for path in known}
        if () in broken:
            break
        value = _without(value, broken)
        affected |= {_around(path) for path in broken}
    raise refusal(document, found)


def refusal(document: Document, found: list[tuple[int, str]]) -> GraphValidationError:
    """Return the error that lists what was found, in the order of lines."""
    value = document.value
    name = str(value.get("id", document.name)) if isinstance(value, dict) else document.name
    lines = sorted(found, key=lambda each: each[0])
    return GraphValidationError(name, [f"{document.name}:{line}: {text}" for line, text in lines])


def bodies_of(spec: Node) -> Iterator[tuple[str, Path, BlockSpec]]:
    """Yield the bodies of a node: by the name that its frame has, with the place in the node."""
    match spec:
        case RouterSpec():
            for name, body in (spec.routes or {}).items():
                yield name, ("routes", name), body
        case ParallelSpec():
            for name, body in spec.branches.items():
                yield name, ("branches", name), body
        case ConditionSpec():
            yield THEN, ("then",), spec.then
            if spec.otherwise is not None:
                yield OTHERWISE, ("else",), spec.otherwise
        case StepsSpec() | LoopSpec() | MapSpec():
            yield "", ("body",), spec.body
        case _:
            return


def _needs(block: BlockSpec, path: Path) -> Iterator[tuple[str, Path]]:
    for name, spec in block.nodes.items():
        place = (*path, "nodes", name)
        if isinstance(spec, SubgraphSpec) and isinstance(spec.graph, str):
            yield spec.graph, (*place, "graph")
        for _, inside, body in bodies_of(spec):
            yield from _needs(body, (*place, *inside))


def _problem(
    document: Document, kind: str, loc: tuple[str | int, ...], text: str
) -> tuple[int, str]:
    path = document.known(loc)
    last = loc[-1:] if kind == MISSING else ()
    place = ".".join(str(step) for step in (*path, *last)) or "the document"
    return document.line(path), f"{place} {text}"


def _without(value: Any, broken: set[Path]) -> Any:
    """Return a copy without the values at some paths."""
    if not isinstance(value, dict):
        return value
    return {
        key: _without(each, {path[1:] for path in broken if path[0] == key and len(path) > 1})
        for key, each in value.items()
        if (key,) not in broken
    }


def _around(path: Path) -> Path:
    """Return the place of the node, or of the body, that is another one without a value."""
    block: Path = ()
    rest = path
    while rest[0] == "nodes" and len(rest) > 2:  # noqa: PLR2004 - there is more than a node's id
        node, rest = (*block, *rest[:2]), rest[2:]
        steps = _TO_BODY.get(str(rest[0]), 0)
        if not steps:
            return block if any(_is_route(step) for step in rest) else node
        if len(rest) <= steps:
            return block
        block, rest = (*node, *rest[:steps]), rest[steps:]
    return block if block or rest[0] in _OF_BLOCK else path


def _is_route(step: str | int) -> bool:
    """Is it an option that leads to other nodes, or meant to be one?"""
    return bool(get_close_matches(str(step), _ROUTES, n=1))
