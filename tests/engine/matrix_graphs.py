"""A graph for every cell of the matrix, with everything in it counted outside the run's state."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from orchestrator.graph import Block, Graph, GraphBuilder, ToolCall, ToolCalls, tool
from orchestrator.graph.kinds import ApprovalKind, OnReject, OnTimeout
from tests.engine.matrix import Cell

APPROVER = "BOB"
HOUR = timedelta(hours=1)
OWN = {"made": "own"}
ANSWER = {"what": "answered"}
SCHEMA = {
    "type": "object",
    "properties": {"what": {"type": "string"}},
    "required": ["what"],
}
#: Stands for an output that is not there.
MISSING = "missing"
_VISIT = re.compile(r"#\d+")
_K = ApprovalKind
Scope = GraphBuilder | Block
Fill = Callable[[Scope], object]

#: Where the work of a node is done, below it.
WORK = {
    "tool": ("unit/probe",),
    "outside-tool": ("unit/probe",),
    "agent": ("unit/turn",),
    "router": ("unit[left]/work",),
    "condition": ("unit[then]/work",),
    "condition-else": ("unit[then]/work",),
    "steps": ("unit/work",),
    "subgraph": ("unit/work",),
    "loop": ("unit[1]/work", "unit[2]/work", "unit[3]/work"),
    "parallel": ("unit[a]/work", "unit[b]/work"),
    "map": ("unit[1]/work", "unit[2]/work"),
}
#: Where else something is counted.
NAMED = {
    "else": "unit[else]/otherwise",
    "right": "unit[right]/elsewhere",
    "other": "other",
    "evaluated": "evaluated",
}


@dataclass
class Tally:
    """What ran, by run and path without visits, and which output of the cell's node was seen."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seen: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def note(self, view: Any, path: str) -> int:
        """Count something; return how often it has happened now."""
        place = _VISIT.sub("", path)
        self.counts[view.run["id"]][place] += 1
        return self.counts[view.run["id"]][place]

    def note_here(self, view: Any, name: str) -> int:
        """Count something of the cell that does not know its path."""
        return self.note(view, view.state["here"] + name)


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
        self.tally.seen[context.run["id"]][_VISIT.sub("", context.path)] = seen

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


@dataclass(frozen=True)
class Spots:
    """Where a cell stands in its graph, and what is beside and after it."""

    core: str
    beside: tuple[str, ...]
    after: tuple[str, ...]
    #: Further places of the cell itself: the other items of maps.
    copies: tuple[str, ...]


_INSIDE = {
    "parallel": "[core]",
    "map": "[1]",
    "loop": "[1]",
    "condition": "[then]",
    "router": "[core]",
}


def spots(nest: Sequence[str]) -> Spots:
    """Return the paths of a cell inside composites."""
    frames = [("", True)]
    beside: list[str] = []
    after: list[str] = []
    for name, composite in zip(("outer", "inner"), nest, strict=False):
        inner: list[tuple[str, bool]] = []
        for prefix, is_core in frames:
            (after if is_core else beside).append(f"{prefix}beyond")
            inner.append((f"{prefix}{name}{_INSIDE.get(composite, '')}/", is_core))
            if composite == "map":
                inner.append((f"{prefix}{name}[2]/", False))
            elif composite == "parallel":
                beside.append(f"{prefix}{name}[sibling]/sibling")
        frames = inner
    copies = tuple(prefix for prefix, is_core in frames if not is_core)
    (core,) = (prefix for prefix, is_core in frames if is_core)
    return Spots(core, (*beside, *(f"{copy}behind" for copy in copies)), tuple(after), copies)
