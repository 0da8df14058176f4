"""A graph for every cell of the matrix, with everything in it counted outside the run's state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orchestrator.graph import Block, Graph, GraphBuilder, ToolCall, ToolCalls, tool
from orchestrator.graph.kinds import ApprovalKind, OnReject, OnTimeout
from tests.engine.matrix import Cell
from tests.engine.matrix_spots import MISSING, Tally, without_visits

APPROVER = "BOB"
HOUR = timedelta(hours=1)
OWN = {"made": "own"}
ANSWER = {"what": "answered"}
SCHEMA = {
    "type": "object",
    "properties": {"what": {"type": "string"}},
    "required": ["what"],
}
_K = ApprovalKind
Scope = GraphBuilder | Block
Fill = Callable[[Scope], object]


def value_of(node: str, made: str) -> Any:
    """Return what a node brings when its work is of some make."""
    value = {"made": made}
    match node:
        case "parallel":
            return {"a": value, "b": value}
        case "map":
            return [value, value]
        case _:
            return value


@dataclass(frozen=True)
class Maker:
    """Makes the graph of a cell, inside any composites."""

    tally: Tally
    cell: Cell
    #: Composites around the cell, the outermost first.
    nest: tuple[str, ...] = ()
    on_branch_error: str = "wait"
    max_retries: int | None = None

    @property
    def name(self) -> str:
        """The graph's id, which reads like the cell."""
        return "-in-".join([str(self.cell), *reversed(self.nest)])

    def graph(self) -> Graph:
        """Build the graph; raises GraphValidationError where the cell makes no sense."""
        fill: Fill = self._core
        names = ("outer", "inner")[: len(self.nest)]
        for name, composite in reversed(list(zip(names, self.nest, strict=True))):
            fill = self._around(name, composite, fill)
        return _built(self.name, fill)

    def _around(self, name: str, composite: str, fill: Fill) -> Fill:
        def wrapped(scope: Scope) -> None:
            self._wrap(scope, name, composite, fill)
            scope.task("beyond", self._count).edge(name, "beyond").start(name).ends("beyond")

        return wrapped

    def _wrap(self, scope: Scope, name: str, composite: str, fill: Fill) -> None:
        rest = Block().task("elsewhere", self._count)
        match composite:
            case "steps":
                scope.steps(name, _block(fill))
            case "loop":
                scope.loop(name, _block(fill), until=lambda _view: True)
            case "parallel":
                beside = Block().approval("ask", approvers=APPROVER).task("sibling", self._count)
                scope.parallel(
                    name,
                    {"core": _block(fill), "sibling": beside},
                    on_branch_error=self.on_branch_error,
                )
            case "map":
                scope.map(
                    name,
                    lambda _view: [1, 2],
                    _block(fill),
                    on_branch_error=self.on_branch_error,
                )
            case "condition":
                scope.condition(name, lambda _view: True, _block(fill), rest)
            case "router":
                scope.router(name, lambda _view: "core", {"core": _block(fill), "rest": rest})
            case "subgraph":
                scope.subgraph(name, _built(f"{name}-graph", fill))
            case _:
                raise LookupError(composite)

    def _core(self, scope: Scope) -> None:
        scope.task("before", self._begin)
        self._add(scope)
        if self.cell.node == "end":
            scope.edge("before", "unit").start("before")
            return
        scope.task("behind", self._look)
        scope.sequence("before", "unit", "behind").start("before").ends("behind")
        if self.cell.node == "fork":
            scope.task("other", self._count).edge("unit", "other").ends("other")
        if self._is_routed:
            scope.task("aside", self._look).ends("aside")

    @property
    def _is_routed(self) -> bool:
        return self.cell.on_reject == OnReject.ROUTE or self.cell.on_timeout == OnTimeout.ROUTE

    def _gate(self) -> dict[str, Any]:
        cell = self.cell
        options: dict[str, Any] = {"approvers": APPROVER}
        if cell.gate is _K.INPUT:
            options["schema"] = SCHEMA
        if cell.gate is _K.RESULT:
            options["title"] = self._title
        if cell.on_reject is not None:
            options["on_reject"] = cell.on_reject
        if cell.on_reject is OnReject.ROUTE:
            options["rejection"] = "aside"
        if cell.on_timeout is not None:
            options |= {"timeout": HOUR, "on_timeout": cell.on_timeout}
        if cell.on_timeout is OnTimeout.ROUTE:
            options["timeout_route"] = "aside"
        if cell.on_timeout is OnTimeout.ANSWER:
            options["default"] = answer_of(cell.node, cell.gate)
        if self.max_retries is not None and cell.gate is not _K.ITERATE:
            options["max_retries"] = self.max_retries
        return options

    def _add(self, scope: Scope) -> None:  # noqa: C901 - a case a kind of node
        gates: dict[str, Any] = {self.cell.gate.value: self._gate()}
        work = Block().task("work", self._work)
        rest = Block().task("elsewhere", self._count)
        match self.cell.node:
            case "task":
                scope.task("unit", self._work, **gates)
            case "outside-task":
                scope.task("unit", None, **(self._outside() | gates))
            case "tool":
                scope.agent("unit", self._agent, tools={"probe": tool(self._work, **gates)})
            case "outside-tool":
                probe = tool(None, **(self._outside() | gates))
                scope.agent("unit", self._agent, tools={"probe": probe})
            case "agent":
                scope.agent("unit", self._work, **gates)
            case "approval":
                own = gates.pop("confirm", {"approvers": APPROVER, "title": self._fail_once})
                scope.approval("unit", **own, **gates)
            case "fork":
                chosen = None if self.cell.gate is _K.CHOOSE else self._select
                scope.router("unit", chosen, **gates)
            case "router":
                chosen = None if self.cell.gate is _K.CHOOSE else lambda _view: "left"
                scope.router("unit", chosen, {"left": work, "right": rest}, **gates)
            case "condition":
                scope.condition("unit", self._when, work, **gates)
            case "condition-else":
                other = Block().task("otherwise", self._otherwise)
                scope.condition("unit", self._when, work, other, **gates)
            case "steps":
                scope.steps("unit", work, **gates)
            case "loop":
                self._add_loop(scope, work, gates)
            case "parallel":
                again = Block().task("work", self._work)
                scope.parallel("unit", {"a": work, "b": again}, **gates)
            case "map":
                scope.map("unit", lambda _view: [1, 2], work, **gates)
            case "subgraph":
                inner = _built(
                    "unit-graph",
                    lambda made: made.task("work", self._work).start("work").ends("work"),
                )
                scope.subgraph("unit", inner, **gates)
            case "wait":
                scope.wait("unit", duration=self._nothing, **gates)
            case "signal":
                scope.wait("unit", signal="go", timeout=self._patience, **gates)
            case "end":
                scope.end("unit", **gates)
            case _:
                raise LookupError(self.cell.node)

    def _add_loop(self, scope: Scope, work: Block, gates: dict[str, Any]) -> None:
        if self.cell.gate is _K.ITERATE:
            rounds = 3 if self.max_retries is None else self.max_retries + 1
            scope.loop("unit", work, max_rounds=rounds, **gates)
        else:
            scope.loop("unit", work, until=lambda _view: True, **gates)

    def _outside(self) -> dict[str, Any]:
        return {"result": {"approvers": APPROVER, "title": self._title}}

    def _trip(self, count: int) -> None:
        """Fail the first time, where the cell is about an error."""
        if self.cell.gate is _K.ERROR and count == 1:
            raise RuntimeError("the first time it fails")

    async def _begin(self, context: Any) -> dict[str, str]:
        self.tally.note(context, context.path)
        return {"here": context.path.rpartition("before")[0]}

    async def _count(self, context: Any) -> None:
        self.tally.note(context, context.path)

    async def _otherwise(self, context: Any) -> dict[str, str]:
        self.tally.note(context, context.path)
        return {"made": "else"}

    async def _look(self, context: Any) -> None:
        self.tally.note(context, context.path)
        seen = context.outputs.get("unit", MISSING)
        self.tally.seen[context.run["id"]][without_visits(context.path)] = seen

    async def _work(self, context: Any) -> dict[str, str]:
        self._trip(self.tally.note(context, context.path))
        given = context.answer
        return {"made": given["what"]} if isinstance(given, dict) and "what" in given else OWN

    async def _agent(self, context: Any) -> Any:
        if context.turn.number == 1:
            return ToolCalls(calls=(ToolCall(tool="probe", arguments={"what": "own"}),))
        (result,) = context.turn.results
        if result.rejected is not None:
            return {"told": "note", "words": result.rejected}
        if result.error is not None:
            return {"told": "error", "words": result.error}
        return {"told": result.output}

    def _select(self, view: Any) -> str:
        self._trip(self.tally.note_here(view, "unit"))
        return "behind"

    def _when(self, view: Any) -> bool:
        self.tally.note_here(view, "evaluated")
        # A confirmation replaces the condition, which would say no.
        return self.cell.gate is not _K.CONFIRM

    def _nothing(self, view: Any) -> timedelta:
        self._trip(self.tally.note_here(view, "unit"))
        return timedelta(0)

    def _patience(self, view: Any) -> timedelta:
        self._trip(self.tally.note_here(view, "unit"))
        return 1000 * HOUR

    def _title(self, view: Any) -> str:
        name = "unit/probe" if self.cell.node == "outside-tool" else "unit"
        self._trip(self.tally.note_here(view, name))
        return "What came of it?"

    def _fail_once(self, view: Any) -> str:
        self._trip(self.tally.note_here(view, "title"))
        return "Go on?"


def answer_of(node: str, gate: ApprovalKind) -> Any:
    """Return what a person answers in favour, or what counts where nobody does."""
    match gate:
        case ApprovalKind.INPUT:
            return ANSWER
        case ApprovalKind.CHOOSE:
            return "behind" if node == "fork" else "left"
        case ApprovalKind.RESULT:
            return OWN
        case _:
            return None


def _block(fill: Fill) -> Block:
    block = Block()
    fill(block)
    return block


def _built(name: str, fill: Fill) -> Graph:
    builder = GraphBuilder(name, operators=APPROVER)
    fill(builder)
    return builder.build()
