"""The methods by which edges and nodes without bodies are declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Never, Self, TypeVar, Unpack, overload

from orchestrator.graph.composites import Node, Scope
from orchestrator.graph.decorators import merge_options
from orchestrator.graph.gate_reading import (
    Given,
    read_gate,
    read_gates,
    read_on_error,
    written_out,
)
from orchestrator.graph.gates import ComputedApprovers
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.nodes import (
    ApprovalNode,
    Edge,
    EndNode,
    Retry,
    TaskFunction,
    TaskNode,
    WaitNode,
)
from orchestrator.graph.options import (
    ApprovalOptions,
    Approvers,
    Condition,
    Names,
    TaskOptions,
    WaitOptions,
)
from orchestrator.graph.problems import Place, Role
from orchestrator.graph.reading import Note, Reader, expect, retry, unread
from orchestrator.graph.views import EVERYTHING

F = TypeVar("F", bound=TaskFunction)
Blocks = Mapping[str, "Collecting"]
Bodies = Mapping[str, Scope]
_ASK = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A declared node that still waits for its bodies, which may be declared later."""

    id: str
    make: Callable[[Bodies], Node]
    given: frozenset[str] = frozenset()
    gates: Given = field(default_factory=dict)
    blocks: Blocks = field(default_factory=dict)


class Collecting:
    """Collects edges and nodes without bodies; the methods return the object itself."""

    role = Role.TOOLS

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.notes: list[Note] = []
        self.edges: list[Edge] = []
        self.begin: str | None = None
        self.ended: list[str] = []

    @overload
    def task(
        self, node: str, function: TaskFunction | None, /, **options: Unpack[TaskOptions]
    ) -> Self: ...
    @overload
    def task(self, node: str, /, **options: Unpack[TaskOptions]) -> Callable[[F], F]: ...
    def task(
        self, node: str, function: Any = _ASK, /, **options: Unpack[TaskOptions]
    ) -> Self | Callable[[F], F]:
        """Add a task; without a function this is a decorator, `@graph.task("write")`.

        The function takes the context and may be async or a generator. None in its place, together
        with a `result` gate: the work is done outside. Options: see `TaskOptions`.
        """
        if function is _ASK:

            def add(decorated: F) -> F:
                self.task(node, decorated, **options)
                return decorated

            return add
        reader = self._reader(node)
        merged = merge_options(function, options)
        made = self._task(reader, node, function, merged)
        gates, given = read_gates(reader, merged)
        made = replace(made, gates=gates, on_error=read_on_error(reader, merged))
        self._add(made, merged, given)
        return self

    def approval(
        self,
        node: str,
        /,
        *,
        approvers: Approvers | ComputedApprovers | None = None,
        **options: Unpack[ApprovalOptions],
    ) -> Self:
        """Add a question to people. Options: see `ApprovalOptions`."""
        reader = self._reader(node)
        reader.known(options, ApprovalOptions)
        question = {**options, "approvers": approvers}
        gates, given = read_gates(reader, {"error": options.get("error")})
        own = read_gate(reader, ApprovalKind.CONFIRM, question)
        made = ApprovalNode(
            id=node, gates=replace(gates, confirm=own), on_error=read_on_error(reader, options)
        )
        self._add(made, options, {**given, ApprovalKind.CONFIRM: written_out(question)})
        return self

    def wait(self, node: str, /, **options: Unpack[WaitOptions]) -> Self:
        """Add a wait for a time to pass, for an instant, or for a signal; see `WaitOptions`."""
        reader = self._reader(node)
        common, given = self._common(reader, options, WaitOptions)
        made = WaitNode(
            id=node,
            duration=reader.time("duration", options.get("duration")),
            until=reader.instant("until", options.get("until")),
            signal=reader.word("signal", options.get("signal")),
            schema=reader.read(InputSchema, options.get("schema")),
            timeout=reader.time("timeout", options.get("timeout")),
            writes=reader.names("writes", options.get("writes"), ()),
            **common,
        )
        self._add(made, options, given)
        return self

    def end(self, node: str, /, output: Names = EVERYTHING, **options: Never) -> Self:
        """Add a place where the run, or the body, completes, with the state keys of its output.

        It takes no gates or other options; they are refused by `build`.
        """
        reader = self._reader(node)
        for name in options:
            reader.note(f"an end cannot have {name!r}; put it on the node before, or take it out")
        self._add(EndNode(id=node, output=reader.names("output", output)), {}, {})
        return self

    def edge(self, source: str, target: str, /, when: Condition | None = None) -> Self:
        """Add a way on; `when` is CEL text or a function of the view. None: the default way."""
        reader = Reader(notes=self.notes, place=Place(source, target))
        self.edges.append(Edge(source=source, target=target, when=reader.condition("when", when)))
        return self

    def sequence(self, *nodes: str) -> Self:
        """Add the edges that lead from each node to the next."""
        for source, target in pairwise(nodes):
            self.edge(source, target)
        return self

    def start(self, node: str, /) -> Self:
        """Say where the run, or the body, begins."""
        if self.begin not in (None, node):
            self._reader("").note(f"starts at {self.begin!r} and at {node!r}; keep one of them")
        self.begin = node
        return self

    def ends(self, *nodes: str) -> Self:
        """Say after which nodes, besides those made by `end`, the run or the body is completed."""
        self.ended.extend(nodes)
        return self

    def _reader(self, node: str) -> Reader:
        return Reader(notes=self.notes, place=Place(node))

    def _add(self, made: Node, options: Mapping[str, Any], given: Given) -> None:
        self.entries.append(
            Entry(id=made.id, make=lambda _: made, given=written_out(options), gates=given)
        )

    def _common(
        self,
        reader: Reader,
        options: Mapping[str, Any],
        known: type,
        *,
        is_condition: bool = False,
    ) -> tuple[dict[str, Any], Given]:
        """Read what nearly every node has."""
        reader.known(options, known)
        gates, given = read_gates(reader, options, is_condition=is_condition)
        return {"gates": gates, "on_error": read_on_error(reader, options)}, given

    def _task(
        self, reader: Reader, node: str, function: Any, options: Mapping[str, Any]
    ) -> TaskNode:
        """Read the options of a task but its gates."""
        reader.known(options, TaskOptions)
        if function is not None:
            reader.function("function", function)
        undo = options.get("undo")
        if undo is not None:
            reader.function("undo", undo)
            reader.ungated("undo", undo)
        return TaskNode(
            id=node,
            function=function,
            reads=reader.names("reads", options.get("reads")),
            writes=reader.names("writes", options.get("writes")),
            retry=reader.read(retry, options.get("retry", 1)) or Retry(),
            timeout=reader.plain_time(options.get("timeout")),
            idempotent=reader.read(
                lambda value: expect(bool, "idempotent", value), options.get("idempotent")
            ),
            undo=undo,
        )


def stand_in() -> Collecting:
    """Return a body in which the checks find nothing; no graph is ever built with it."""
    return Collecting().task("unread", unread).start("unread").ends("unread")
