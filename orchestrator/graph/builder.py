"""Declaring a graph in Python: `GraphBuilder` collects, `build` checks and freezes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Self, TypeVar, Unpack, overload

from orchestrator.errors import ConditionError, GraphValidationError
from orchestrator.graph.checks import find_problems
from orchestrator.graph.conditions import CelCondition
from orchestrator.graph.durations import parse_duration
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.nodes import (
    EVERYTHING,
    ApprovalNode,
    Edge,
    EndNode,
    Node,
    OnTimeout,
    Predicate,
    Retry,
    RouterNode,
    TaskFunction,
    TaskNode,
    View,
)
from orchestrator.graph.options import ApprovalOptions, Approvers, Names, TaskOptions
from orchestrator.graph.policy import Approver, ApproverKind, parse_approver, parse_approvers
from orchestrator.graph.problems import Declaration, Problem, edge_place, node_place
from orchestrator.graph.templates import Template
from orchestrator.graph.version import graph_version

F = TypeVar("F", bound=TaskFunction)


class GraphBuilder:
    """Collects nodes and edges; every method but `build` and `problems` returns the builder.

    Nothing is refused before `build`, which then lists all problems at once.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, and each is a part of every graph
        self,
        graph: str,
        /,
        *,
        title: str | None = None,
        description: str = "",
        input: Any = None,  # noqa: A002 - what it is
        version: str | None = None,
        operators: Approvers = (),
        max_visits: int = 1_000,
    ) -> None:
        """Begin a graph.

        Args:
            graph: The graph's id.
            title: What people call it; default: its id.
            description: What it is for, in a sentence.
            input: A pydantic model class, or a JSON schema of an object; None: it takes no input.
            version: Any text; a change of it changes the graph's version.
            operators: Who decides about nodes whose fate is unknown; default: all approvers.
            max_visits: A run that visits more nodes than this has failed.
        """
        self.id = graph
        self._title = title
        self._description = description
        self._version = version
        self._max_visits = max_visits
        self._nodes: list[Node] = []
        self._edges: list[Edge] = []
        self._start: str | None = None
        self._ends: list[str] = []
        self._found: list[Problem] = []
        self._input = self._read("input", InputSchema, input) or InputSchema()
        self._operators: tuple[Approver, ...] = (
            self._read("operators", _approvers, operators, _SOMEBODY) or ()
        )

    @overload
    def task(
        self, node: str, function: TaskFunction, /, **options: Unpack[TaskOptions]
    ) -> Self: ...
    @overload
    def task(self, node: str, /, **options: Unpack[TaskOptions]) -> Callable[[F], F]: ...
    def task(
        self, node: str, function: Any = None, /, **options: Unpack[TaskOptions]
    ) -> Self | Callable[[F], F]:
        """Add a task; without a function this is a decorator, `@graph.task("write")`.

        The function takes the context and may be async. Options: see `TaskOptions`.
        """
        if function is None:

            def add(decorated: F) -> F:
                self.task(node, decorated, **options)
                return decorated

            return add
        place = node_place(node)
        self._known(place, options, TaskOptions)
        self._callable(place, "function", function)
        self._nodes.append(
            TaskNode(
                id=node,
                function=function,
                reads=_names(options.get("reads", EVERYTHING)),
                writes=_names(options.get("writes", EVERYTHING)),
                retry=self._read(place, _retry, options.get("retry", 1)) or Retry(),
                timeout=self._read(place, _time, options.get("timeout")),
                idempotent=options.get("idempotent"),
            )
        )
        return self

    def approval(
        self, node: str, /, *, approvers: Approvers, **options: Unpack[ApprovalOptions]
    ) -> Self:
        """Add a question to people. Options: see `ApprovalOptions`."""
        place = node_place(node)
        self._known(place, options, ApprovalOptions)
        route = options.get("timeout_route")
        otherwise = OnTimeout.EXPIRE if route is None else OnTimeout.ROUTE
        self._nodes.append(
            ApprovalNode(
                id=node,
                approvers=self._read(place, _approvers, approvers, _SOMEBODY) or (),
                title=self._text(place, "title", options.get("title")),
                prompt=self._text(place, "prompt", options.get("prompt")),
                review_keys=_names(options.get("review_keys", EVERYTHING)),
                reads=_names(options.get("reads", EVERYTHING)),
                writes=_names(options.get("writes", ())),
                timeout=self._time(place, "timeout", options.get("timeout")),
                on_timeout=self._read(place, _on_timeout, options.get("on_timeout"), otherwise),
                timeout_route=route,
                remind_before=self._time(place, "remind_before", options.get("remind_before")),
                rejection=options.get("rejection"),
            )
        )
        return self

    def router(self, node: str, /, select: Callable[[View], str] | None = None) -> Self:
        """Add a fork. Without `select` the first edge whose condition holds is taken.

        `select` returns the id of the node to go on at, which one of the edges must lead to.
        """
        if select is not None:
            self._predicate(node_place(node), "select", select)
        self._nodes.append(RouterNode(id=node, select=select))
        return self

    def end(self, node: str, /, output: Names = EVERYTHING) -> Self:
        """Add a place where the run completes, with the state keys that are its output."""
        self._nodes.append(EndNode(id=node, output=_names(output)))
        return self

    def edge(self, source: str, target: str, /, when: str | Predicate | None = None) -> Self:
        """Add a way on; `when` is CEL text or a function of the view. None: the default way."""
        place = edge_place(source, target)
        condition: Predicate | None = None
        if isinstance(when, str):
            condition = self._read(place, CelCondition, when, _unread)
        elif when is not None:
            self._predicate(place, "when", when)
            condition = when
        self._edges.append(Edge(source=source, target=target, when=condition))
        return self

    def start(self, node: str, /) -> Self:
        """Say where a run begins."""
        if self._start not in (None, node):
            self._note("graph", f"starts at {self._start!r} and at {node!r}; keep one of them")
        self._start = node
        return self

    def ends(self, *nodes: str) -> Self:
        """Say after which nodes, besides those made by `end`, a run is completed."""
        self._ends.extend(nodes)
        return self

    def problems(self) -> list[Problem]:
        """List everything that `build` would refuse."""
        declared = Declaration(
            id=self.id,
            nodes=tuple(self._nodes),
            edges=tuple(self._edges),
            start=self._start,
            ends=tuple(self._ends),
            operators=self._operators,
            max_visits=self._max_visits,
        )
        return [*self._found, *find_problems(declared)]

    def build(self) -> Graph:
        """Check the declaration and freeze it.

        Raises:
            GraphValidationError: It has problems; all of them are listed, with remedies.
        """
        problems = self.problems()
        if problems:
            raise GraphValidationError(self.id, [str(problem) for problem in problems])
        nodes = {node.id: node for node in self._nodes}
        approvals = [node for node in self._nodes if isinstance(node, ApprovalNode)]
        named = dict.fromkeys(each for node in approvals for each in node.approvers)
        ends = frozenset(self._ends) | {n.id for n in self._nodes if isinstance(n, EndNode)}
        counted: dict[str, Any] = {
            "id": self.id,
            "nodes": nodes,
            "edges": _by_source(self._edges),
            "start": self._start,
            "ends": ends,
            "input": self._input,
            "operators": self._operators or tuple(named),
            "max_visits": self._max_visits,
        }
        return Graph(
            **counted,
            title=self._title or self.id,
            description=self._description,
            version=graph_version(**{**counted, "nodes": nodes.values()}, version=self._version),
        )

    def _note(self, place: str, text: str) -> None:
        self._found.append(Problem(place, text))

    def _read(
        self, place: str, parse: Callable[[Any], Any], value: Any, instead: Any = None
    ) -> Any:
        """Parse a value that may be None; note what is wrong with it, and return `instead`.

        `instead` keeps the checks from finding a second problem in the same mistake.
        """
        if value is None:
            return None
        try:
            return parse(value)
        except (ConditionError, TypeError, ValueError) as exc:
            self._note(place, str(exc))
            return instead

    def _text(self, place: str, option: str, value: Any) -> Any:
        if callable(value):
            self._predicate(place, option, value)
            return value
        return self._read(place, Template, value)

    def _time(self, place: str, option: str, value: Any) -> Any:
        if callable(value):
            self._predicate(place, option, value)
            return value
        return self._read(place, _time, value, _unread)

    def _predicate(self, place: str, option: str, function: object) -> None:
        self._callable(place, option, function)
        # What an async function returns is always true, so the question would never be asked.
        if any(
            inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
            for each in (function, vars(type(function)).get("__call__"))
        ):
            self._note(place, f"{option} is async; compute it in a task and look at the state")

    def _callable(self, place: str, option: str, function: object) -> None:
        if not callable(function):
            self._note(place, f"{option} is {function!r}; give a function of one argument")
            return
        try:
            signature = inspect.signature(function)
        except ValueError:
            return  # some functions written in C do not say what they take
        try:
            signature.bind(None)
        except TypeError:
            self._note(place, f"{option} takes {signature}; it must take one positional argument")

    def _known(self, place: str, options: Any, known: type) -> None:
        for name in sorted(set(options) - set(known.__annotations__)):
            names = ", ".join(known.__annotations__)
            self._note(place, f"has no option {name!r}; known are {names}")


def _unread(view: View) -> Any:
    """Stand in for a text that could not be read; no graph is ever built with it."""
    raise NotImplementedError(view)


#: Stands in for approvers that could not be read, like `_unread`.
_SOMEBODY = (Approver(ApproverKind.USER, "?"),)


def _names(names: Names) -> tuple[str, ...]:
    listed = (names,) if isinstance(names, str) else tuple(names)
    return EVERYTHING if "*" in listed else tuple(dict.fromkeys(listed))


def _time(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise TypeError(f"{value!r} is no duration; write a timedelta, or text such as 5m")


def _retry(value: object) -> Retry:
    if isinstance(value, Retry):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Retry(attempts=value)
    raise TypeError(f"retry is {value!r}; give a Retry, or how often to try in all, such as 3")


def _on_timeout(value: str) -> OnTimeout:
    try:
        return OnTimeout(value)
    except ValueError:
        known = ", ".join(OnTimeout)
        raise ValueError(f"on_timeout {value!r} is unknown; write one of {known}") from None


def _approvers(names: Approvers) -> tuple[Approver, ...]:
    if isinstance(names, str):
        return parse_approvers(names)
    read = (each if isinstance(each, Approver) else parse_approver(each) for each in names)
    return tuple(dict.fromkeys(read))


def _by_source(edges: Iterable[Edge]) -> dict[str, tuple[Edge, ...]]:
    """Group the edges by source in their order, the default edge last."""
    grouped: dict[str, list[Edge]] = {}
    for edge in sorted(edges, key=lambda edge: edge.when is None):
        grouped.setdefault(edge.source, []).append(edge)
    return {source: tuple(out) for source, out in grouped.items()}
