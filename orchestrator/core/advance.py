"""`advance`: the whole of the engine's decisions, as one pure function.

No I/O, no clock, no randomness: the instant and every fact from outside come in as arguments. What
the author's predicates and templates raise fails the node that they belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.core import (
    attempts,
    endings,
    following,
    operators,
    questions,
    steps,
    upkeep,
    waiting,
    walk,
)
from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core.effects import Effect
from orchestrator.core.questions import Resolution
from orchestrator.core.refusals import AlreadyStarted, Finished, NotCurrent, Refusal
from orchestrator.core.state import OpenApproval, State
from orchestrator.core.turn import Terms, Turn
from orchestrator.graph.graph import Graph


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
        state: The run, None before its first event; it is not changed.
        command: What is asked.
        now: The instant that counts, UTC: deadlines at or before it have passed.
        terms: What the engine was set up with.

    Raises:
        LookupError: The run has no events, or the graph does not have what the run needs.
    """
    if isinstance(command, c.StartRun):
        if state is not None:
            return AlreadyStarted(run_id=command.run_id)
        run_id = command.run_id
    elif state is None:
        raise LookupError(f"{type(command).__name__} names a run that has no events")
    elif state.is_finished and not isinstance(command, c.RevokeRule):
        return Finished(status=state.status.value)
    else:
        run_id = state.run_id
    current = state.copy() if state is not None else None
    turn = Turn(graph=graph, now=now, terms=terms, current=current, run_id=run_id)
    refusal = _HANDLERS[type(command)](turn, command)
    if refusal is not None:
        return refusal
    walk.finish(turn)
    return Advance(tuple(turn.records), tuple(turn.effects), turn.state)


def _start(turn: Turn, command: c.StartRun) -> None:
    turn.emit(
        e.RunStarted(
            graph=turn.graph.id,
            version=turn.graph.version,
            input=command.input,
            requester=command.requester,
            surface=command.surface,
            labels=command.labels,
            max_active=turn.graph.max_active,
            workspace=command.workspace,
        )
    )
    turn.later(steps.Enter(frame="", node=turn.graph.start))


def _decide(turn: Turn, command: c.Decide) -> Refusal | None:
    return _resolved(turn, questions.answer(turn, command))


def _withdraw(turn: Turn, command: c.Withdraw) -> Refusal | None:
    return _resolved(turn, upkeep.withdraw(turn, command))


def _resolved(turn: Turn, result: Refusal | Resolution | None) -> Refusal | None:
    if isinstance(result, Resolution):
        following.follow(turn, result)
        return None
    return result


def _report_unanswerable(turn: Turn, command: c.ReportUnanswerable) -> Refusal | None:
    """Ask the operators in place of people who are not there any more."""
    return operators.ask_instead(turn, command)


def _fire(turn: Turn, command: c.FireTimer) -> Refusal | None:
    match command.kind:
        case c.TimerKind.RETRY:
            return attempts.retry(turn, command.subject)
        case c.TimerKind.WAKE:
            return waiting.wake(turn, command.subject)
        case c.TimerKind.CEILING:
            return _too_long(turn)
        case _:
            pass
    approval = questions.find_due(turn, command)
    if not isinstance(approval, OpenApproval):
        return approval
    if command.kind is c.TimerKind.REMINDER:
        questions.remind(turn, approval)
    elif command.kind is c.TimerKind.ESCALATION:
        questions.escalate(turn, approval)
    elif not questions.defer(turn, approval):
        following.follow(turn, questions.expire(turn, approval))
    return None


def _too_long(turn: Turn) -> Refusal | None:
    ceiling_at = turn.state.ceiling_at
    if ceiling_at is None or ceiling_at > turn.now:
        return NotCurrent(reason="the run has not been active for too long")
    message = f"the run has been active for {turn.state.max_active}, which is its max_active"
    endings.fail_run(turn, e.ErrorFacts(type="TooLong", message=message))
    return None


def _pause(turn: Turn, command: c.PauseRun) -> Refusal | None:
    if turn.state.paused is not None:
        return NotCurrent(reason="it is paused already")
    if turn.state.is_closing:
        return NotCurrent(reason="it is being ended")
    turn.emit(e.RunPaused(by=command.by, reason=command.reason))
    return None


def _resume(turn: Turn, command: c.ResumeRun) -> Refusal | None:
    if turn.state.paused is None:
        return NotCurrent(reason="it is not paused")
    turn.emit(e.RunResumed(by=command.by))
    return None


def _hold(turn: Turn, command: c.HoldRun) -> Refusal | None:
    if turn.state.held is not None:
        return NotCurrent(reason="it is held already")
    differences = "; ".join(command.differences)
    message = (
        f"it follows version {turn.state.version} of its graph, {command.loaded} is loaded: "
        f"{differences}"
    )
    error = e.ErrorFacts(type="GraphChanged", message=message)
    approval_id = operators.ask_about_graph(turn, error)
    turn.emit(
        e.RunHeld(approval_id=approval_id, loaded=command.loaded, differences=command.differences)
    )
    return None


def _adopt(turn: Turn, command: c.AdoptVersion) -> Refusal | None:
    if turn.state.held is not None:
        operators.close(turn, turn.state.held)
    turn.emit(e.VersionAdopted(version=command.version))
    return None


def _cancel(turn: Turn, command: c.CancelRun) -> Refusal | None:
    if turn.state.cancel is not None:
        return NotCurrent(reason="it is being cancelled already")
    if turn.state.closing is not None:
        return NotCurrent(reason="it is being ended already")
    endings.cancel_run(turn, command.by, command.reason)
    return None


_HANDLERS: Mapping[type, Callable[[Turn, Any], Refusal | None]] = {
    c.StartRun: _start,
    c.StartAttempt: attempts.start,
    c.ReportProgress: attempts.report,
    c.FinishAttempt: attempts.finish,
    c.FailAttempt: attempts.fail,
    c.LoseAttempt: attempts.lose,
    c.Decide: _decide,
    c.Withdraw: _withdraw,
    c.Reassign: upkeep.reassign,
    c.Delegate: upkeep.delegate,
    c.Snooze: upkeep.snooze,
    c.Extend: upkeep.extend,
    c.Comment: upkeep.comment,
    c.RevokeRule: upkeep.revoke_rule,
    c.ReportUnanswerable: _report_unanswerable,
    c.MarkDelivered: questions.deliver,
    c.FireTimer: _fire,
    c.Signal: waiting.receive,
    c.PauseRun: _pause,
    c.ResumeRun: _resume,
    c.HoldRun: _hold,
    c.AdoptVersion: _adopt,
    c.CancelRun: _cancel,
}
