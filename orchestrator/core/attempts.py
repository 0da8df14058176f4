"""Tries of a node: started, finished, failed, lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, assert_never

from orchestrator.core import commands as c
from orchestrator.core import endings, gates, steps
from orchestrator.core import events as e
from orchestrator.core.ids import fraction
from orchestrator.core.refusals import NotCurrent, Refusal
from orchestrator.core.state import Place, PlaceStatus
from orchestrator.core.turn import Turn
from orchestrator.core.values import Pointer
from orchestrator.core.walk import RESERVED, written
from orchestrator.graph.nodes import Backoff, Retry, TaskNode
from orchestrator.graph.views import EVERYTHING

#: How often a node's process may be lost before the node is no longer run by itself.
MOST_LOST = 3


def start(turn: Turn, command: c.StartAttempt) -> Refusal | None:
    """Let a process take a ready node on."""
    place = turn.state.places.get(command.path)
    if place is None or place.status is not PlaceStatus.READY:
        return NotCurrent(reason=f"{command.path} is not ready to be run")
    if turn.state.is_held_back and not place.is_undo:
        return NotCurrent(reason="the run is paused")
    turn.emit(e.AttemptStarted(path=place.path, attempt=place.attempt + 1, owner=command.owner))
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


def _let_go(
    turn: Turn,
    place: Place,
    reason: str,
    command: c.FinishAttempt | c.FailAttempt | None = None,
) -> None:
    """Record how an attempt ended that had to stop; what it did can still be taken back."""
    node = turn.graph.find_node(place.path)
    is_done = isinstance(command, c.FinishAttempt) and endings.has_undo(node)
    turn.emit(
        e.ResultIgnored(
            path=place.path,
            attempt=place.attempt,
            reason=reason,
            output=command.output if is_done and isinstance(command, c.FinishAttempt) else None,
            has_undo=is_done,
            spent=command.spent if command is not None else {},
        )
    )
    endings.settle(turn)


def report(turn: Turn, command: c.ReportProgress) -> Refusal | None:
    """Note how far a running node is."""
    if _running(turn, command.path, command.attempt) is None:
        return NotCurrent(reason=f"attempt {command.attempt} of {command.path} is not running")
    turn.emit(e.ProgressReported(path=command.path, attempt=command.attempt, value=command.value))
    return None


def finish(turn: Turn, command: c.FinishAttempt) -> Refusal | None:
    """Accept what a node returned."""
    place = _running(turn, command.path, command.attempt)
    if place is None:
        return _ignore(turn, command.path, command.attempt)
    if place.is_stopped:
        _let_go(turn, place, "what is around it is over", command)
        return None
    if place.is_undo or turn.state.is_closing:
        _finish_closing(turn, place, command)
        return None
    node = turn.graph.get_node(place.path)
    outside = [] if command.is_calls else _outside(node, command.output)
    if outside:
        names = ", ".join(map(repr, outside))
        message = f"{place.node!r} wrote {names}, which its writes do not name"
        turn.later(steps.Fail(place.path, e.ErrorFacts(type="WritesError", message=message)))
        return None
    if gates.gates_of(node).review is not None:
        seq = turn.emit(
            e.ResultRecorded(
                path=place.path,
                attempt=command.attempt,
                output=command.output,
                spent=command.spent,
            )
        )
        turn.later(steps.Return(place.path, Pointer(seq)))
    else:
        turn.emit(
            e.NodeSucceeded(
                path=place.path,
                attempt=command.attempt,
                output=command.output,
                written=_kept(turn, place, command),
                is_calls=command.is_calls,
                has_undo=endings.has_undo(node),
                spent=command.spent,
            )
        )
        turn.later(steps.Leave(place.path, place.node))
    _check_budget(turn, place.path)
    return None


def _kept(turn: Turn, place: Place, command: c.FinishAttempt) -> tuple[str, ...]:
    node = turn.graph.find_node(place.path)
    if node is None or command.is_calls:
        return ()
    return written(turn, place.path, node, command.output)


def _finish_closing(turn: Turn, place: Place, command: c.FinishAttempt) -> None:
    """Accept a result of a run that is being ended: it counts, but nothing follows from it."""
    node = turn.graph.find_node(place.path)
    kept = () if place.is_undo else _kept(turn, place, command)
    turn.emit(
        e.NodeSucceeded(
            path=place.path,
            attempt=command.attempt,
            output=command.output,
            written=kept,
            has_undo=not place.is_undo and endings.has_undo(node),
            spent=command.spent,
        )
    )
    endings.settle(turn)


def _outside(node: Any, output: object) -> list[str]:
    """Return the keys that a node may not set."""
    if not isinstance(output, Mapping) or not isinstance(node, TaskNode):
        return []
    allowed = node.writes
    if allowed == EVERYTHING:
        return [key for key in output if key in RESERVED]
    return [key for key in output if key in RESERVED or key not in allowed]


def _check_budget(turn: Turn, path: str) -> None:
    for name, most in turn.graph.budget.items():
        spent = turn.state.spent.get(name, 0)
        if spent > most:
            message = f"the run has spent {spent:g} {name}, its graph allows {most:g}"
            turn.agenda.clear()
            endings.fail_run(turn, e.ErrorFacts(type="BudgetExceeded", message=message), path)
            return


def fail(turn: Turn, command: c.FailAttempt) -> Refusal | None:
    """Try a node again that failed, or fail it for good."""
    place = _running(turn, command.path, command.attempt)
    if place is None:
        return _ignore(turn, command.path, command.attempt)
    if place.is_stopped:
        _let_go(turn, place, f"{command.error.type}: {command.error.message}", command)
        return None
    node = turn.graph.find_node(place.path)
    is_stopping = turn.state.is_closing and not place.is_undo
    retry = node.retry if isinstance(node, TaskNode) else Retry()
    failures = place.failures + 1
    retry_at = None
    if command.is_retryable and failures < retry.attempts and not is_stopping:
        retry_at = turn.now + backoff(retry, failures, turn.run_id, place.path)
    turn.emit(
        e.AttemptFailed(
            path=place.path,
            attempt=command.attempt,
            error=command.error,
            retry_at=retry_at,
            spent=command.spent,
        )
    )
    if is_stopping:
        turn.emit(e.NodeFailed(path=place.path, error=command.error))
        endings.settle(turn)
        return None
    if retry_at is None:
        turn.later(steps.Fail(place.path, command.error))
    _check_budget(turn, place.path)
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


def retry(turn: Turn, path: str) -> Refusal | None:
    """Make a node ready again whose wait between tries is over."""
    place = turn.state.places.get(path)
    if place is None or place.retry_at is None or place.retry_at > turn.now:
        return NotCurrent(reason=f"no retry of {path} is due")
    turn.emit(e.NodeReady(path=path, node=place.node))
    return None


def lose(turn: Turn, command: c.LoseAttempt) -> Refusal | None:
    """Run a node again whose process is gone, or ask people about it."""
    place = _running(turn, command.path, command.attempt)
    if place is None:
        return NotCurrent(reason=f"attempt {command.attempt} of {command.path} is not running")
    turn.emit(e.AttemptLost(path=place.path, attempt=place.attempt, owner=place.owner or ""))
    if place.is_stopped:
        _let_go(turn, place, "the process that ran it is gone")
        return None
    if turn.state.is_closing and not place.is_undo:
        gone = e.ErrorFacts(type="Lost", message="the process that ran it is gone")
        turn.emit(e.NodeFailed(path=place.path, error=gone))
        endings.settle(turn)
        return None
    node = turn.graph.find_node(place.path)
    is_idempotent = place.is_undo or (
        isinstance(node, TaskNode) and turn.graph.is_idempotent(node, place.path)
    )
    lost = place.lost + 1
    if is_idempotent and lost < MOST_LOST:
        turn.emit(e.NodeReady(path=place.path, node=place.node))
        return None
    message = f"{place.node} was started and the process that ran it is gone; " + (
        f"that happened {lost} times, so it may be what ends the process"
        if is_idempotent
        else "whether it did its work is unknown, and it is not declared idempotent"
    )
    error = e.ErrorFacts(type="Lost" if is_idempotent else "FateUnknown", message=message)
    gates.ask_operators(turn, turn.state.places[place.path], node, error)
    return None
