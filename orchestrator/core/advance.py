"""`advance`: the whole of the engine's decisions, as one pure function.

No I/O, no clock, no randomness: the instant and every fact from outside come in as arguments. What
the author's predicates and templates raise ends the run as failed and is in its log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import questions, walk
from orchestrator.core.effects import Effect
from orchestrator.core.ids import fraction
from orchestrator.core.refusals import AlreadyStarted, Finished, NotCurrent, Refusal
from orchestrator.core.state import OpenApproval, Place, PlaceStatus, State
from orchestrator.core.turn import Terms, Turn
from orchestrator.graph.graph import Graph
from orchestrator.graph.nodes import (
    DECISION_KEY,
    RESPONSE_KEY,
    ApprovalNode,
    Backoff,
    OnTimeout,
    Retry,
    TaskNode,
)

#: How often a node's process may be lost before the node is no longer run by itself.
MOST_LOST = 3


@dataclass(frozen=True, slots=True)
class Advance:
    """What a command leads to: the facts, the work, and the state after them."""

    records: tuple[e.Record, ...]
    effects: tuple[Effect, ...]
    state: State


def advance(
    graph: Graph, state: State | None, command: c.Command, *, now: datetime, terms: Terms
) -> Advance | Refusal:
    """Carry a command out on a run, or say why not.

    Args:
        graph: The definition that the run follows.
        state: The run, None before its first event.
        command: What is asked.
        now: The instant that counts, UTC: deadlines at or before it have passed.
        terms: What the engine was set up with.
    """
    if isinstance(command, c.StartRun):
        if state is not None:
            return AlreadyStarted(run_id=command.run_id)
        run_id = command.run_id
    elif state is None:
        raise LookupError(f"{type(command).__name__} names a run that has no events")
    elif state.is_finished:
        return Finished(status=state.status.value)
    else:
        run_id = state.run_id
    turn = Turn(graph=graph, now=now, terms=terms, current=state, run_id=run_id)
    refusal = _dispatch(turn, command)
    if refusal is not None:
        return refusal
    return Advance(tuple(turn.records), tuple(turn.effects), turn.state)


def _dispatch(turn: Turn, command: c.Command) -> Refusal | None:
    match command:
        case c.StartRun():
            _start(turn, command)
            return None
        case c.StartAttempt():
            return _start_attempt(turn, command)
        case c.FinishAttempt():
            return _finish_attempt(turn, command)
        case c.FailAttempt():
            return _fail_attempt(turn, command)
        case c.LoseAttempt():
            return _lose_attempt(turn, command)
        case c.Decide():
            return _decide(turn, command)
        case c.MarkDelivered():
            return questions.deliver(turn, command)
        case c.FireTimer():
            return _fire(turn, command)
        case c.CancelRun():
            return _cancel(turn, command)
        case _:
            assert_never(command)


def _start(turn: Turn, command: c.StartRun) -> None:
    turn.emit(
        e.RunStarted(
            graph=turn.graph.id,
            version=turn.graph.version,
            input=command.input,
            requester=command.requester,
            surface=command.surface,
            labels=command.labels,
        )
    )
    walk.enter(turn, turn.graph.start)


def _start_attempt(turn: Turn, command: c.StartAttempt) -> Refusal | None:
    place = turn.state.places.get(command.path)
    if place is None or place.status is not PlaceStatus.READY:
        return NotCurrent(reason=f"{command.path} is not ready to be run")
    attempt = place.attempt + 1
    turn.emit(e.AttemptStarted(path=place.path, attempt=attempt, owner=command.owner))
    return None


def _running(turn: Turn, path: str, attempt: int) -> Place | None:
    place = turn.state.places.get(path)
    is_current = (
        place is not None and place.status is PlaceStatus.RUNNING and place.attempt == attempt
    )
    return place if is_current else None


def _ignore(turn: Turn, path: str, attempt: int) -> Refusal | None:
    """Record a result that came too late, once the place is somebody else's."""
    if path not in turn.state.places:
        return NotCurrent(reason=f"{path} is not being visited")
    turn.emit(e.ResultIgnored(path=path, attempt=attempt, reason="another attempt took its place"))
    return None


def _finish_attempt(turn: Turn, command: c.FinishAttempt) -> Refusal | None:
    place = _running(turn, command.path, command.attempt)
    if place is None:
        return _ignore(turn, command.path, command.attempt)
    node = turn.graph.nodes[place.node]
    written = tuple(command.output) if isinstance(command.output, Mapping) else ()
    outside = _outside(node, written)
    if turn.state.cancel is not None:
        written = tuple(key for key in written if key not in outside)
    elif outside:
        names = ", ".join(map(repr, outside))
        message = f"{place.node!r} wrote {names}, which its writes do not name"
        walk.fail_node(turn, place, e.ErrorFacts(type="WritesError", message=message))
        return None
    turn.emit(
        e.NodeSucceeded(
            path=place.path, attempt=command.attempt, output=command.output, written=written
        )
    )
    if turn.state.cancel is not None:
        walk.settle_cancel(turn)
    else:
        walk.proceed(turn, place.path, place.node)
    return None


def _outside(node: Any, written: tuple[str, ...]) -> list[str]:
    reserved = {DECISION_KEY, RESPONSE_KEY}
    allowed = node.writes if isinstance(node, TaskNode) else ()
    return [key for key in written if key in reserved or not ("*" in allowed or key in allowed)]


def _fail_attempt(turn: Turn, command: c.FailAttempt) -> Refusal | None:
    place = _running(turn, command.path, command.attempt)
    if place is None:
        return _ignore(turn, command.path, command.attempt)
    node = turn.graph.nodes[place.node]
    retry = node.retry if isinstance(node, TaskNode) else Retry()
    failures = place.failures + 1
    is_tried_again = (
        command.is_retryable and failures < retry.attempts and turn.state.cancel is None
    )
    retry_at = None
    if is_tried_again:
        retry_at = turn.now + backoff(retry, failures, turn.run_id, place.path)
    turn.emit(
        e.AttemptFailed(
            path=place.path, attempt=command.attempt, error=command.error, retry_at=retry_at
        )
    )
    if retry_at is not None:
        return None
    if turn.state.cancel is not None:
        turn.emit(e.NodeFailed(path=place.path, error=command.error))
        walk.settle_cancel(turn)
    else:
        walk.fail_node(turn, place, command.error)
    return None


def backoff(retry: Retry, failures: int, *seed: object) -> timedelta:
    """Return the wait after the `failures`-th failed try; `seed` decides the random part."""
    cap = retry.cap.total_seconds()
    wait = retry.delay.total_seconds()
    match retry.backoff:
        case Backoff.FIXED:
            pass
        case Backoff.LINEAR:
            wait *= failures
        case Backoff.EXPONENTIAL:
            # Step by step, because a power of many tries overflows long after the cap is reached.
            for _ in range(failures - 1):
                if not 0 < wait < cap or retry.factor == 1:
                    break
                wait *= retry.factor
        case _:
            assert_never(retry.backoff)
    return timedelta(seconds=min(wait, cap) * (1 - retry.jitter * fraction(*seed, failures)))


def _lose_attempt(turn: Turn, command: c.LoseAttempt) -> Refusal | None:
    place = _running(turn, command.path, command.attempt)
    if place is None:
        return NotCurrent(reason=f"attempt {command.attempt} of {command.path} is not running")
    owner = place.owner or ""
    turn.emit(e.AttemptLost(path=place.path, attempt=place.attempt, owner=owner))
    if turn.state.cancel is not None:
        message = "the process that ran it is gone"
        gone = e.ErrorFacts(type="Lost", message=message)
        turn.emit(e.NodeFailed(path=place.path, error=gone))
        walk.settle_cancel(turn)
        return None
    node = turn.graph.nodes[place.node]
    is_idempotent = isinstance(node, TaskNode) and turn.graph.is_idempotent(node)
    lost = place.attempt - place.failures
    if is_idempotent and lost < MOST_LOST:
        turn.emit(e.NodeReady(path=place.path, node=place.node))
        return None
    message = f"{place.node} was started and the process that ran it is gone; " + (
        f"that happened {lost} times, so it may be what ends the process"
        if is_idempotent
        else "whether it did its work is unknown, and it is not declared idempotent"
    )
    error = e.ErrorFacts(type="Lost" if is_idempotent else "FateUnknown", message=message)
    if turn.graph.operators or turn.graph.approvers:
        questions.open_error(turn, place, error)
    else:
        walk.fail_node(turn, place, error)
    return None


def _decide(turn: Turn, command: c.Decide) -> Refusal | None:
    refusal = questions.refuse(turn, command)
    if refusal is not None:
        return refusal
    approval = turn.state.approvals[command.approval_id]
    questions.record(turn, command)
    decision = e.Decision(command.decision)
    opened = approval.opened
    place = turn.state.places[opened.path]
    outcomes = {e.Decision.APPROVE: e.Outcome.APPROVED, e.Decision.REJECT: e.Outcome.REJECTED}
    questions.resolve(
        turn,
        approval,
        outcomes.get(decision, e.Outcome.ANSWERED),
        decision.value,
        by=command.by,
        comment=command.comment,
        updates=command.updates,
    )
    match decision:
        case e.Decision.APPROVE:
            _pass(turn, place)
        case e.Decision.REJECT:
            _reject(turn, place, command.by, command.comment)
        case e.Decision.RETRY:
            turn.emit(e.NodeReady(path=place.path, node=place.node))
        case e.Decision.SKIP:
            turn.emit(e.NodeSkipped(path=place.path, reason=f"skipped by {command.by}"))
            walk.proceed(turn, place.path, place.node)
        case e.Decision.FAIL:
            error = opened.error or e.ErrorFacts(type="Failed", message=command.comment)
            walk.fail_node(turn, place, error)
    return None


def _pass(turn: Turn, place: Place) -> None:
    turn.emit(e.NodeSucceeded(path=place.path, attempt=0, output=None))
    walk.proceed(turn, place.path, place.node)


def _reject(turn: Turn, place: Place, by: str, comment: str) -> None:
    node = turn.graph.nodes[place.node]
    rejection = node.rejection if isinstance(node, ApprovalNode) else None
    if rejection is None:
        reason = f"{place.node} was rejected" + (f": {comment}" if comment else "")
        walk.cancel_run(turn, by, reason)
        return
    turn.emit(e.NodeSucceeded(path=place.path, attempt=0, output=None))
    walk.divert(turn, place.path, rejection, "rejection", comment or None)


def _fire(turn: Turn, command: c.FireTimer) -> Refusal | None:
    if command.kind is c.TimerKind.RETRY:
        return _retry(turn, command.subject)
    approval = questions.find_due(turn, command)
    if not isinstance(approval, OpenApproval):
        return approval
    if command.kind is c.TimerKind.REMINDER:
        questions.remind(turn, approval)
    elif not questions.defer(turn, approval):
        _expire(turn, approval)
    return None


def _retry(turn: Turn, path: str) -> Refusal | None:
    place = turn.state.places.get(path)
    if place is None or place.retry_at is None or place.retry_at > turn.now:
        return NotCurrent(reason=f"no retry of {path} is due")
    turn.emit(e.NodeReady(path=path, node=place.node))
    return None


def _expire(turn: Turn, approval: OpenApproval) -> None:
    opened = approval.opened
    place = turn.state.places[opened.path]
    action = OnTimeout(opened.on_timeout or OnTimeout.EXPIRE)
    questions.resolve(turn, approval, e.Outcome.EXPIRED, action.value)
    match action:
        case OnTimeout.EXPIRE:
            walk.end(turn, e.RunTimedOut(approval_id=opened.approval_id))
        case OnTimeout.REJECT:
            _reject(turn, place, "timeout", "nobody answered in time")
        case OnTimeout.APPROVE:
            _pass(turn, place)
        case OnTimeout.SKIP:
            turn.emit(e.NodeSkipped(path=place.path, reason="nobody answered in time"))
            walk.proceed(turn, place.path, place.node)
        case OnTimeout.ROUTE:
            node = turn.graph.nodes[place.node]
            if not isinstance(node, ApprovalNode) or node.timeout_route is None:
                raise TypeError(f"{place.node} has no route for its timeout")
            turn.emit(e.NodeSucceeded(path=place.path, attempt=0, output=None))
            walk.divert(turn, place.path, node.timeout_route, "timeout")


def _cancel(turn: Turn, command: c.CancelRun) -> Refusal | None:
    if turn.state.cancel is not None:
        return NotCurrent(reason="it is being cancelled already")
    walk.cancel_run(turn, command.by, command.reason)
    return None
