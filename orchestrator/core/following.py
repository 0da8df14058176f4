"""What a run does about the outcome of an approval."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from orchestrator.core import bodies, endings, gates, steps
from orchestrator.core import events as e
from orchestrator.core.questions import Resolution
from orchestrator.core.state import Frame, Place, frame_of
from orchestrator.core.turn import Turn
from orchestrator.core.values import NOTHING, Ref
from orchestrator.graph.composites import OTHERWISE, AgentNode, ConditionNode, LoopNode
from orchestrator.graph.gates import Gate
from orchestrator.graph.kinds import ApprovalKind, Decision, OnReject, OnTimeout

#: What running out of time is like.
_LIKE = {
    OnTimeout.REJECT: Decision.REJECT,
    OnTimeout.APPROVE: Decision.APPROVE,
    OnTimeout.SKIP: Decision.SKIP,
    OnTimeout.FAIL: Decision.FAIL,
    OnTimeout.ANSWER: Decision.ANSWER,
}
_LATE = "nobody answered in time"
#: How a gate that is not passed ended, where nobody rejected it.
_VERBS = {e.Outcome.WITHDRAWN: "withdrawn", e.Outcome.EXPIRED: "expired"}


def follow(turn: Turn, resolution: Resolution) -> None:
    """Move the run on after an approval was resolved."""
    opened = resolution.approval.opened
    place = turn.state.places.get(opened.path)
    if place is None:
        _follow_run(turn, resolution)
        return
    if resolution.outcome is e.Outcome.EXPIRED:
        _expire(turn, place, resolution)
        return
    if resolution.outcome is e.Outcome.WITHDRAWN:
        _reject(turn, place, resolution)
        return
    if resolution.decision is None:
        raise TypeError(f"approval {opened.approval_id} has an outcome without a decision")
    _decided(turn, place, resolution, resolution.decision)


def _follow_run(turn: Turn, resolution: Resolution) -> None:
    """Follow a question about the run as a whole: its graph has changed."""
    if resolution.decision is Decision.FAIL and turn.state.is_closing:
        endings.conclude(turn)
    elif resolution.decision is Decision.FAIL:
        error = resolution.approval.opened.error
        endings.fail_run(turn, error or e.ErrorFacts(type="GraphChanged", message=""))


def _expire(turn: Turn, place: Place, resolution: Resolution) -> None:
    opened = resolution.approval.opened
    action = OnTimeout(opened.on_timeout or OnTimeout.EXPIRE)
    if action is OnTimeout.EXPIRE and place.is_undo:
        error = e.ErrorFacts(type="TimedOut", message=_LATE)
        turn.later(steps.Fail(place.path, error, is_final=True))
    elif action is OnTimeout.EXPIRE:
        endings.time_out(turn, opened.approval_id)
    elif action is OnTimeout.ROUTE:
        gate = _gate(turn, place, opened.kind)
        if gate is None or gate.timeout_route is None:
            raise TypeError(f"{place.node} has no route for its timeout")
        turn.later(steps.Divert(place.path, gate.timeout_route, "timeout"))
    else:
        late = replace(resolution, by="timeout", comment=_LATE)
        _decided(turn, place, late, _LIKE[action])


def _decided(turn: Turn, place: Place, resolution: Resolution, decision: Decision) -> None:
    kind = resolution.approval.opened.kind
    match decision:
        case Decision.APPROVE if kind is ApprovalKind.ITERATE:
            bodies.leave_loop(turn, _round(turn, place), resolution.approval.edits or NOTHING)
        case Decision.APPROVE | Decision.EDIT | Decision.ANSWER | Decision.CHOOSE | Decision.RESULT:
            _pass(turn, place, kind)
        case Decision.REQUEST_CHANGES:
            _change(turn, place, resolution)
        case Decision.REJECT:
            _reject(turn, place, resolution)
        case Decision.RETRY:
            _retry(turn, place)
        case Decision.SKIP | Decision.FAIL:
            _give_up(turn, place, resolution, decision)
        case _:
            assert_never(decision)


def _give_up(turn: Turn, place: Place, resolution: Resolution, decision: Decision) -> None:
    by = resolution.by or "timeout"
    if decision is Decision.SKIP:
        reason = _LATE if by == "timeout" else f"skipped by {by}"
        turn.later(steps.Skip(place.path, reason))
        return
    message = resolution.comment or f"{place.node} was failed by {by}"
    error = resolution.approval.opened.error
    failed = error or e.ErrorFacts(type="TimedOut", message=message)
    turn.later(steps.Fail(place.path, failed, is_final=True))


def _pass(turn: Turn, place: Place, kind: ApprovalKind) -> None:
    """Go on behind a gate that was answered in favour of what is behind it."""
    if kind in (ApprovalKind.REVIEW, ApprovalKind.RESULT):
        turn.later(steps.Return(place.path, place.result or NOTHING))
    else:
        turn.later(steps.Proceed(place.path))


def _gate(turn: Turn, place: Place, kind: ApprovalKind) -> Gate | None:
    """Return the gate behind an approval; a graph without the node is not the run's."""
    return gates.gates_of(turn.graph.get_node(place.path)).get(kind)


def _change(turn: Turn, place: Place, resolution: Resolution) -> None:
    """Send a node or a loop round again, with what was written."""
    kind = resolution.approval.opened.kind
    if kind is ApprovalKind.ITERATE:
        frame = _round(turn, place)
        node = turn.graph.get_node(place.path)
        if not isinstance(node, LoopNode):
            raise TypeError(f"{place.node} is no loop")
        if (frame.number or 0) >= node.max_rounds:
            message = f"changes were requested after the last of {node.max_rounds} rounds"
            bodies.stop(turn, place.path)
            turn.later(steps.Fail(place.path, e.ErrorFacts(type="TooManyRounds", message=message)))
            return
        output = resolution.approval.edits or NOTHING
        bodies.next_round(turn, frame, node, output, resolution.comment or None)
        return
    _again(turn, place, kind, resolution)


def _again(turn: Turn, place: Place, kind: ApprovalKind, resolution: Resolution) -> None:
    """Visit a reviewed node once more, with the feedback, as often as its gate allows."""
    gate = _gate(turn, place, kind)
    done = place.rounds.get(kind.value, 0)
    if gate is None or done >= gate.max_retries:
        reason = f"{place.node} was sent back {done + 1} times, more than its max_retries"
        endings.cancel_run(turn, resolution.by or "timeout", reason)
        return
    turn.emit(e.NodeLeft(path=place.path, reason="again"))
    turn.later(
        steps.Enter(
            frame=frame_of(place.path),
            node=place.node,
            feedback=resolution.comment or None,
            previous=place.result,
            rounds={**place.rounds, kind.value: done + 1},
            answer=_arguments(turn, place),
        )
    )


def _reject(turn: Turn, place: Place, resolution: Resolution) -> None:
    kind = resolution.approval.opened.kind
    gate = _gate(turn, place, kind)
    by, comment = resolution.by or "timeout", resolution.comment
    verb = _VERBS.get(resolution.outcome, "rejected")
    reason = f"{place.node} {verb}" if verb == "expired" else f"{place.node} was {verb}"
    reason += f": {comment}" if comment else ""
    action = gate.on_reject if gate is not None else OnReject.CANCEL
    if kind in (ApprovalKind.ERROR, ApprovalKind.RESULT):
        action = OnReject.FAIL
    if action is OnReject.CANCEL:
        endings.cancel_run(turn, by, reason)
        return
    bodies.stop(turn, place.path)
    match action:
        case OnReject.SKIP | OnReject.NOTE:
            text = comment if action is OnReject.NOTE and comment else reason
            turn.later(steps.Skip(place.path, text))
        case OnReject.FAIL:
            error = e.ErrorFacts(type=verb.capitalize(), message=reason)
            turn.later(steps.Fail(place.path, error, is_final=True))
        case OnReject.ELSE:
            _take_else(turn, place, verb)
        case OnReject.RETRY:
            _send_back(turn, place, gate, resolution)
        case OnReject.ROUTE:
            target = gate.rejection if gate else None
            turn.later(steps.Divert(place.path, target or "", e.REJECTION, comment or None))
        case _:
            assert_never(action)


def _take_else(turn: Turn, place: Place, reason: str) -> None:
    node = turn.graph.get_node(place.path)
    if not isinstance(node, ConditionNode):
        raise TypeError(f"{place.node} is no condition")
    bodies.take_branch(turn, place, node, OTHERWISE, reason)


def _send_back(turn: Turn, place: Place, gate: Gate | None, resolution: Resolution) -> None:
    """Go back to the node before, with the feedback, as often as the gate allows.

    What is before a review is the reviewed node itself.
    """
    kind = resolution.approval.opened.kind
    if kind is ApprovalKind.REVIEW:
        _again(turn, place, kind, resolution)
        return
    done = turn.state.frames[frame_of(place.path)].rejections.get(place.node, 0)
    if gate is None or gate.rejection is None or done >= gate.max_retries:
        reason = f"{place.node} sent the run back {done + 1} times, more than its max_retries"
        endings.cancel_run(turn, resolution.by or "timeout", reason)
        return
    turn.later(steps.Divert(place.path, gate.rejection, e.REJECTION, resolution.comment or None))


def _retry(turn: Turn, place: Place) -> None:
    """Try a node again; one with bodies begins anew, as another visit."""
    if place.is_undo or place.path not in turn.state.joins:
        turn.later(steps.Proceed(place.path))
        return
    turn.emit(e.NodeLeft(path=place.path, reason="again"))
    turn.later(
        steps.Enter(
            frame=frame_of(place.path),
            node=place.node,
            feedback=place.feedback,
            previous=place.previous,
            rounds=dict(place.rounds),
            answer=_arguments(turn, place),
        )
    )


def _arguments(turn: Turn, place: Place) -> Ref | None:
    """Return what an agent calls a tool with; other nodes are asked for their input anew."""
    owner = turn.graph.find_node(frame_of(place.path))
    return place.answer if isinstance(owner, AgentNode) else None


def _round(turn: Turn, place: Place) -> Frame:
    """Return the newest round of a loop."""
    number = turn.state.joins[place.path].opened
    return turn.state.frames[f"{place.path}[{number}]"]
