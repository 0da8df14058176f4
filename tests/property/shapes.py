"""Graphs of any shape: nodes of every kind in bodies up to three deep, with gates of every kind.

A shape is plain data, so that what fails is printed and made smaller; a maker builds its graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from orchestrator.graph import (
    Block,
    Graph,
    GraphBuilder,
    Retry,
    in_order,
    quorum,
    tool,
)
from orchestrator.graph.kinds import ON_REJECT, ON_TIMEOUT, ApprovalKind, OnReject, OnTimeout

ANSWER = {"what": "answered"}
SCHEMA = {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]}
SIGNAL = "go"
#: Where rejections and deadlines lead to that go elsewhere.
ASIDE = "aside"
DEPTH = 3
#: Whether a task works: it does; not the first time; not at all.
MOODS = ("fine", "fine", "once", "never")
_K = ApprovalKind
_QUORUM = {
    "two": quorum(2, "BOB, CAROL, DAN"),
    "in order": in_order("BOB", "CAROL, DAN"),
    "not alone": quorum(1, "ANN, BOB, CAROL", four_eyes=True),
}
_PLAIN = ("task", "task", "task", "approval", "approval", "outside", "wait", "signal", "agent")
_WITH_BODIES = ("steps", "loop", "parallel", "map", "condition", "router", "subgraph")
_USUAL = (_K.CONFIRM, _K.INPUT, _K.REVIEW, _K.ERROR)
_GATES: Mapping[str, tuple[ApprovalKind, ...]] = {
    "approval": (_K.ERROR,),
    "wait": (_K.CONFIRM, _K.INPUT),
    "loop": (*_USUAL, _K.ITERATE, _K.ITERATE),
    "tool": (_K.TOOL, _K.TOOL, _K.INPUT, _K.REVIEW, _K.ERROR),
}
_BODIES = {"parallel": ("a", "b"), "router": ("a", "b"), "condition": ("then", "else")}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A node of a graph to be."""

    kind: str
    name: str
    gates: Mapping[ApprovalKind, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    bodies: Mapping[str, tuple[Shape, ...]] = field(default_factory=dict)
    mood: str = "fine"
    is_undoable: bool = False


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Shape, ...]:
    """Draw the nodes of a graph, in their order."""
    return _body(draw, "n", DEPTH, longest=3)


def _body(draw: st.DrawFn, prefix: str, depth: int, *, longest: int) -> tuple[Shape, ...]:
    count = draw(st.integers(1, longest))
    return tuple(_node(draw, f"{prefix}{index}", depth, index) for index in range(count))


def _node(draw: st.DrawFn, name: str, depth: int, index: int) -> Shape:  # noqa: C901 - by kind
    kinds = (*_PLAIN, *_WITH_BODIES) if depth else _PLAIN
    kind = draw(st.sampled_from(kinds))
    gates = {
        each: _gate(draw, each, kind, index)
        for each in sorted(set(_drawn_gates(draw, _GATES.get(kind, _USUAL))))
    }
    options: dict[str, Any] = {}
    bodies: dict[str, tuple[Shape, ...]] = {}
    match kind:
        case "task":
            options["idempotent"] = draw(st.booleans())
            if draw(st.booleans()):
                options["retry"] = Retry(attempts=2, jitter=0)
        case "approval":
            gates[_K.CONFIRM] = _gate(draw, _K.CONFIRM, kind, index)
        case "outside":
            gates[_K.RESULT] = _gate(draw, _K.RESULT, kind, index)
        case "wait":
            options["duration"] = timedelta(seconds=draw(st.sampled_from([1, 30])))
        case "signal":
            options["signal"] = SIGNAL
            if draw(st.booleans()):
                options["timeout"] = timedelta(minutes=30)
        case "agent":
            # In a branch, a key that several of them name would have to be merged.
            options["writes"] = draw(st.sampled_from(["*", "made"])) if depth == DEPTH else "*"
            inner = _GATES["tool"]
            given = {
                each: _gate(draw, each, "tool", index)
                for each in sorted(set(_drawn_gates(draw, inner)))
            }
            bodies["tool"] = (Shape(kind="tool", name="probe", gates=given),)
        case _:
            names = _BODIES.get(kind, ("",))
            if kind == "condition" and draw(st.booleans()):
                names = ("then",)
            if kind == "router":
                gates |= _chosen(draw, index)
            bodies = {each: _body(draw, f"{name}{each}", depth - 1, longest=2) for each in names}
            options |= _composite(draw, kind)
    if _K.ERROR not in gates and draw(st.integers(0, 3)) == 0:
        options["on_error"] = draw(st.sampled_from(["skip", "pause", "fail"]))
    return Shape(
        kind=kind,
        name=name,
        gates=gates,
        options=options,
        bodies=bodies,
        mood=draw(st.sampled_from(MOODS)) if kind == "task" else "fine",
        is_undoable=kind == "task" and draw(st.booleans()),
    )


def _drawn_gates(draw: st.DrawFn, known: tuple[ApprovalKind, ...]) -> list[ApprovalKind]:
    count = draw(st.sampled_from([0, 0, 0, 1, 1, 2]))
    return [draw(st.sampled_from(known)) for _ in range(count)]


def _chosen(draw: st.DrawFn, index: int) -> dict[ApprovalKind, dict[str, Any]]:
    if not draw(st.booleans()):
        return {}
    gate = {**_gate(draw, _K.CHOOSE, "router", index), "multiple": draw(st.booleans())}
    return {_K.CHOOSE: gate}


def _composite(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    match kind:
        case "loop":
            options["max_rounds"] = draw(st.integers(1, 3))
            options["until"] = draw(st.booleans())
        case "condition":
            options["when"] = draw(st.booleans())
        case "map":
            options["over"] = draw(st.integers(0, 2))
        case _:
            pass
    if kind in ("parallel", "map"):
        options["on_branch_error"] = draw(st.sampled_from(["wait", "fail-fast", "best-effort"]))
        options["limit"] = draw(st.sampled_from([None, 1]))
    return options


def _gate(draw: st.DrawFn, kind: ApprovalKind, node: str, index: int) -> dict[str, Any]:
    gate: dict[str, Any] = {"approvers": draw(st.sampled_from(["BOB", "BOB, CAROL", "@pair"]))}
    if kind in (_K.CONFIRM, _K.REVIEW, _K.ITERATE) and draw(st.integers(0, 3)) == 0:
        gate = {"policy": _QUORUM[draw(st.sampled_from(sorted(_QUORUM)))]}
    if kind is _K.INPUT:
        gate["schema"] = SCHEMA
    if kind not in (_K.CHOOSE, _K.RESULT, _K.ERROR) and draw(st.integers(0, 4)) == 0:
        gate["when"] = draw(st.sampled_from(["no", "raises"]))
    _reject(draw, gate, kind, node, index)
    if draw(st.booleans()):
        _time(draw, gate, kind, node)
    return gate


def _reject(
    draw: st.DrawFn, gate: dict[str, Any], kind: ApprovalKind, node: str, index: int
) -> None:
    known = [None, *ON_REJECT[kind]]
    if node != "condition":
        known.remove(OnReject.ELSE) if OnReject.ELSE in known else None
    if node == "approval" and OnReject.SKIP in known:
        known.remove(OnReject.SKIP)
    if kind is not _K.REVIEW and OnReject.RETRY in known and (index == 0 or node == "tool"):
        known.remove(OnReject.RETRY)
    if node == "tool" and OnReject.ROUTE in known:
        known.remove(OnReject.ROUTE)
    chosen = draw(st.sampled_from(known))
    if chosen is not None:
        gate["on_reject"] = chosen
    if chosen is OnReject.ROUTE:
        gate["rejection"] = ASIDE
    if chosen is OnReject.RETRY:
        gate["max_retries"] = 1


def _time(draw: st.DrawFn, gate: dict[str, Any], kind: ApprovalKind, node: str) -> None:
    known = list(ON_TIMEOUT[kind])
    if node == "tool" and OnTimeout.ROUTE in known:
        known.remove(OnTimeout.ROUTE)
    chosen = draw(st.sampled_from(known))
    gate["timeout"] = timedelta(minutes=draw(st.sampled_from([1, 10])))
    gate["on_timeout"] = chosen
    if chosen is OnTimeout.ROUTE:
        gate["timeout_route"] = ASIDE
    if chosen is OnTimeout.ANSWER:
        gate["default"] = {_K.CHOOSE: "a", _K.INPUT: ANSWER}.get(kind, {"made": "by default"})
    match draw(st.integers(0, 3)):
        case 0:
            gate["remind_before"] = timedelta(seconds=20)
        case 1:
            gate["escalation"] = {"after": timedelta(seconds=30), "to": "DAN"}
        case _:
            pass


#: Makes the function of a task, or the one that takes it back, from its shape.
Make = Callable[[Shape], Any]


def _no_work(_shape: Shape) -> Any:
    return lambda _context: None


@dataclass(frozen=True)
class Maker:
    """Makes graphs of shapes."""

    work: Make = _no_work
    undo: Make = _no_work
    agent: Make = _no_work

    def build(self, name: str, shapes: tuple[Shape, ...]) -> Graph:
        """Build a graph whose operators are OPS."""
        builder = GraphBuilder(name, operators="OPS", max_visits=150)
        self._fill(builder, shapes)
        return builder.build()

    def _block(self, shapes: tuple[Shape, ...]) -> Block:
        block = Block()
        self._fill(block, shapes)
        return block

    def _fill(self, scope: GraphBuilder | Block, shapes: tuple[Shape, ...]) -> None:
        for shape in shapes:
            self._add(scope, shape)
        names = [shape.name for shape in shapes]
        scope.sequence(*names).start(names[0]).ends(names[-1])
        if any(_goes_aside(gate) for shape in shapes for gate in shape.gates.values()):
            aside = Shape(kind="task", name=ASIDE)
            scope.task(ASIDE, self.work(aside)).ends(ASIDE)

    def _add(self, scope: GraphBuilder | Block, shape: Shape) -> None:  # noqa: C901 - a case a kind
        options = dict(shape.options)
        given = {kind.value: _options(gate) for kind, gate in shape.gates.items()}
        inside = {name: self._block(body) for name, body in shape.bodies.items() if name != "tool"}
        match shape.kind:
            case "task":
                if shape.is_undoable:
                    options["undo"] = self.undo(shape)
                scope.task(shape.name, self.work(shape), **options, **given)
            case "outside":
                scope.task(shape.name, None, **options, **given)
            case "approval":
                scope.approval(shape.name, **given.pop("confirm"), **options, **given)
            case "wait" | "signal":
                scope.wait(shape.name, **options, **given)
            case "agent":
                (probe,) = shape.bodies["tool"]
                own = {kind.value: _options(gate) for kind, gate in probe.gates.items()}
                tools = {"probe": tool(self.work(probe), **own)}
                agent = self.agent(shape)
                scope.agent(shape.name, agent, tools=tools, **options, **given)
            case "steps":
                scope.steps(shape.name, inside[""], **options, **given)
            case "loop":
                options["until"] = _until(shape)
                scope.loop(shape.name, inside[""], **options, **given)
            case "parallel":
                scope.parallel(shape.name, inside, **options, **given)
            case "map":
                items = list(range(options.pop("over")))
                scope.map(shape.name, lambda _view: items, inside[""], **options, **given)
            case "condition":
                holds = options.pop("when")
                scope.condition(
                    shape.name,
                    lambda _view: holds,
                    inside["then"],
                    inside.get("else"),
                    **options,
                    **given,
                )
            case "router":
                select = None if _K.CHOOSE in shape.gates else (lambda _view: "a")
                scope.router(shape.name, select, inside, **options, **given)
            case "subgraph":
                inner = self.build(f"{shape.name}-graph", shape.bodies[""])
                scope.subgraph(shape.name, inner, **options, **given)
            case _:
                raise LookupError(shape.kind)


def _until(shape: Shape) -> Any:
    """Return the condition of a loop, unless people are asked after every round."""
    iterate = shape.gates.get(_K.ITERATE)
    is_enough = shape.options["until"]
    return None if iterate is not None and "when" not in iterate else (lambda _view: is_enough)


def _goes_aside(gate: Mapping[str, Any]) -> bool:
    return ASIDE in (gate.get("rejection"), gate.get("timeout_route"))


def _options(gate: Mapping[str, Any]) -> Any:
    options = dict(gate)
    match options.get("when"):
        case "no":
            options["when"] = lambda _view: False
        case "raises":
            options["when"] = lambda view: view.state["nothing of this name"]
        case _:
            pass
    return options
