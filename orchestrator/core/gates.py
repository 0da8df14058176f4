"""When a gate asks, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.core import events as e
from orchestrator.core import questions, steps
from orchestrator.core.choosing import facts
from orchestrator.core.plain import message_of
from orchestrator.core.state import Place, frame_of
from orchestrator.core.turn import Turn
from orchestrator.core.values import Ref, Stored
from orchestrator.core.view import RunView, parts, select
from orchestrator.errors import UnanswerableError
from orchestrator.graph.composites import LoopNode, Node, RouterNode
from orchestrator.graph.gates import NO_GATES, Gate, Gates
from orchestrator.graph.kinds import DECISIONS, ApprovalKind, Decision
from orchestrator.graph.nodes import ApprovalNode
from orchestrator.graph.views import EVERYTHING

#: Asked before a node goes to work, in this order.
BEFORE = (ApprovalKind.CONFIRM, ApprovalKind.INPUT, ApprovalKind.CHOOSE, ApprovalKind.TOOL)
_TITLES = {
    ApprovalKind.CONFIRM: "May {} run?",
    ApprovalKind.INPUT: "What does {} need?",
    ApprovalKind.CHOOSE: "Which way at {}?",
    ApprovalKind.TOOL: "May {} be called?",
    ApprovalKind.RESULT: "What came of {}?",
    ApprovalKind.REVIEW: "Is what {} brought good?",
}


def gates_of(node: Node) -> Gates:
    """Return the gates of a node; an end has none."""
    gates: Gates = getattr(node, "gates", NO_GATES)
    return gates


def ask_before(turn: Turn, place: Place, node: Node) -> bool:
    """Ask the next gate before a node goes to work; say whether the run waits for it."""
    gates = gates_of(node)
    if gates is NO_GATES:
        return False
    for kind in BEFORE:
        gate = gates.get(kind)
        if gate is None or kind in place.passed:
            continue
        if _asks(turn, gate, frame_of(place.path)):
            about = place.answer if kind is ApprovalKind.TOOL else None
            _ask(
                turn,
                _Question(
                    place=place,
                    node=node,
                    kind=kind,
                    gate=gate,
                    frame=frame_of(place.path),
                    about=about,
                ),
            )
            return True
        _pass(turn, place, kind)
    return False


def ask_result(turn: Turn, place: Place, node: Node, gate: Gate) -> None:
    """Ask what came of work that is done outside; this question cannot be passed over."""
    frame = frame_of(place.path)
    _ask(
        turn,
        _Question(place=place, node=node, kind=ApprovalKind.RESULT, gate=gate, frame=frame),
    )


def ask_review(turn: Turn, place: Place, node: Node) -> bool:
    """Ask about what a node brought; say whether the run waits for it."""
    gate = gates_of(node).review
    if gate is None or ApprovalKind.REVIEW in place.passed:
        return False
    frame = frame_of(place.path)
    if _asks(turn, gate, frame):
        kind = ApprovalKind.REVIEW
        _ask(
            turn,
            _Question(
                place=place, node=node, kind=kind, gate=gate, frame=frame, about=place.result
            ),
        )
        return True
    _pass(turn, place, ApprovalKind.REVIEW)
    return False


def ask_round(turn: Turn, place: Place, node: LoopNode, frame: str, output: Ref) -> bool:
    """Ask about a round of a loop; say whether the run waits for it."""
    gate = node.gates.iterate
    if gate is None:
        return False
    if _asks(turn, gate, frame):
        kind = ApprovalKind.ITERATE
        _ask(
            turn,
            _Question(place=place, node=node, kind=kind, gate=gate, frame=frame, about=output),
        )
        return True
    _pass(turn, place, ApprovalKind.ITERATE)
    return False


def _asks(turn: Turn, gate: Gate, frame: str) -> bool:
    """Look at a gate's condition. One that raises or says nothing asks: it lets nothing through."""
    if gate.when is None:
        return True
    try:
        holds: object = gate.when(RunView(turn.graph, turn.state, frame=frame))
        return holds is None or bool(holds)
    except Exception:  # noqa: BLE001 - an author's predicate may raise anything
        return True


def _pass(turn: Turn, place: Place, kind: ApprovalKind) -> None:
    turn.emit(e.GatePassed(path=place.path, kind=kind, reason="its condition does not hold"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A gate about to ask."""

    place: Place
    node: Node
    kind: ApprovalKind
    gate: Gate
    #: From where the gate looks at the run.
    frame: str
    #: The output or the arguments that it is about.
    about: Ref | None = None


def _ask(turn: Turn, question: _Question) -> None:
    place, node, kind = question.place, question.node, question.kind
    try:
        questions.ask(
            turn,
            place.path,
            node.id,
            kind,
            question.gate,
            shows=_shown(turn, question),
            title=_title(turn, question),
            frame=question.frame,
            number=place.questions + 1,
            edits=question.about,
            choices=_choices(turn, question) if kind is ApprovalKind.CHOOSE else (),
        )
    except UnanswerableError as error:
        ask_operators(turn, place, node, facts(error))


def _title(turn: Turn, question: _Question) -> str:
    node, kind = question.node, question.kind
    if isinstance(node, ApprovalNode):
        return f"Approve {node.id}?"
    if kind is ApprovalKind.ITERATE:
        number = turn.state.frames[question.frame].number
        return f"Is round {number} of {node.id} good enough?"
    return _TITLES[kind].format(node.id)


def _shown(turn: Turn, question: _Question) -> Mapping[str, Stored]:
    """Return what a question shows: the output or arguments, or the keys that the gate names."""
    gate, about = question.gate, question.about
    if question.kind in (ApprovalKind.INPUT, ApprovalKind.RESULT):
        about = question.place.answer  # whoever works outside has to know what with
    if about is not None and gate.review_keys == EVERYTHING:
        return parts(question.node.id, turn.state.stored(about))
    view = RunView(turn.graph, turn.state, gate.reads, frame=question.frame)
    return select(view, turn.state, gate.review_keys)


def _choices(turn: Turn, question: _Question) -> tuple[str, ...]:
    node = question.node
    if isinstance(node, RouterNode) and node.routes:
        return tuple(node.routes)
    scope = turn.graph.get_scope(question.frame)
    return tuple(edge.target for edge in scope.edges.get(node.id, ()))


def ask_operators(turn: Turn, place: Place, node: Any, error: e.ErrorFacts) -> None:
    """Ask what to do about a node that failed; with nobody to ask it stays failed."""
    gate = getattr(node, "gates", NO_GATES).error
    if gate is None and not (turn.graph.operators or turn.graph.approvers):
        turn.later(steps.Fail(place.path, error, is_final=True))
        return
    number = place.questions + 1
    title = f"What should happen to {place.node}?"
    try:
        questions.ask_operators(
            turn,
            place.path,
            place.node,
            error,
            number=number,
            title=title,
            decisions=_ways_out(node),
            gate=gate,
        )
    except Exception as problem:  # noqa: BLE001 - an author's template may raise anything
        both = f"{error.message}; the question about it failed, too: {message_of(problem)}"
        turn.later(
            steps.Fail(place.path, e.ErrorFacts(type=error.type, message=both), is_final=True)
        )


def _ways_out(node: Any) -> tuple[Decision, ...]:
    """Return what may be decided about a failed node: a fork that is skipped leads nowhere."""
    known = DECISIONS[ApprovalKind.ERROR]
    if isinstance(node, RouterNode) and not node.routes:
        return tuple(each for each in known if each is not Decision.SKIP)
    return known
