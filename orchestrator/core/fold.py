"""`apply`: the one way in which an event changes a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar, assert_never

from orchestrator.core import events as e
from orchestrator.core.ids import visit_path
from orchestrator.core.state import (
    OpenApproval,
    Place,
    PlaceStatus,
    RunStatus,
    State,
    Stored,
)

_V = TypeVar("_V")


def _with(mapping: Mapping[str, _V], key: str, value: _V) -> Mapping[str, _V]:
    return {**mapping, key: value}


def _without(mapping: Mapping[str, _V], key: str) -> Mapping[str, _V]:
    return {name: value for name, value in mapping.items() if name != key}


def begin(run_id: str, record: e.Record) -> State:
    """Make the state of a run from its first event, which is a RunStarted."""
    event = record.event
    if not isinstance(event, e.RunStarted):
        raise TypeError(f"a run begins with RunStarted, not {type(event).__name__}")
    return State(
        run_id=run_id,
        seq=record.seq,
        graph=event.graph,
        version=event.version,
        requester=event.requester,
        surface=event.surface,
        started_at=record.at,
        labels=event.labels,
        input=Stored(e.Pointer(record.seq), event.input),
    )


def _set_place(state: State, seq: int, path: str, **changes: Any) -> State:
    place = replace(state.places[path], **changes)
    return replace(state, seq=seq, places=_with(state.places, path, place))


def _leave(state: State, seq: int, path: str, **changes: Any) -> State:
    return replace(state, seq=seq, places=_without(state.places, path), **changes)


def _end(state: State, seq: int, ending: RunStatus, error: str | None = None) -> State:
    return replace(state, seq=seq, ending=ending, error=error, places={}, approvals={})


def _enter(state: State, seq: int, event: e.NodeReady) -> State:
    known = state.places.get(event.path)
    if known is not None:  # the same visit again: a try after a failed or lost one
        return _set_place(
            state,
            seq,
            event.path,
            status=PlaceStatus.READY,
            owner=None,
            approval_id=None,
            retry_at=None,
        )
    place = Place(path=event.path, node=event.node, feedback=event.feedback)
    return replace(
        state,
        seq=seq,
        places=_with(state.places, event.path, place),
        visits=_with(state.visits, event.node, state.visits.get(event.node, 0) + 1),
        visited=state.visited + 1,
    )


def _succeed(state: State, seq: int, event: e.NodeSucceeded) -> State:
    node = state.places[event.path].node
    stored = Stored(e.Pointer(seq), event.output)
    keys = {key: Stored(e.Pointer(seq, (key,)), event.output[key]) for key in event.written}
    return _leave(
        state,
        seq,
        event.path,
        outputs=_with(state.outputs, node, stored),
        keys={**state.keys, **keys} if keys else state.keys,
    )


def _skip(state: State, seq: int, event: e.NodeSkipped) -> State:
    node = state.places[event.path].node
    nothing = Stored(e.Pointer(0), None)
    return _leave(state, seq, event.path, outputs=_with(state.outputs, node, nothing))


def _open(state: State, record: e.Record, event: e.ApprovalOpened) -> State:
    approval = OpenApproval(
        seq=record.seq,
        opened=event,
        opened_at=record.at,
        due_at=event.due_at,
        remind_at=event.remind_at,
    )
    place = state.places[event.path]
    state = _set_place(
        state,
        record.seq,
        event.path,
        status=PlaceStatus.WAITING,
        owner=None,
        approval_id=event.approval_id,
        questions=place.questions + 1,
    )
    return replace(
        state, has_started=True, approvals=_with(state.approvals, event.approval_id, approval)
    )


def _set_approval(state: State, seq: int, approval_id: str, **changes: Any) -> State:
    approval = replace(state.approvals[approval_id], **changes)
    return replace(state, seq=seq, approvals=_with(state.approvals, approval_id, approval))


def _resolve(state: State, seq: int, event: e.ApprovalResolved) -> State:
    if event.approval_id not in state.approvals:
        raise LookupError(f"approval {event.approval_id} is not open")
    keys = {key: Stored(e.Pointer(seq, (key,)), value) for key, value in event.values.items()}
    return replace(
        state,
        seq=seq,
        approvals=_without(state.approvals, event.approval_id),
        keys={**state.keys, **keys} if keys else state.keys,
        asked=event.approval_id,
    )


def _start_attempt(state: State, seq: int, event: e.AttemptStarted) -> State:
    state = _set_place(
        state,
        seq,
        event.path,
        status=PlaceStatus.RUNNING,
        attempt=event.attempt,
        owner=event.owner,
        retry_at=None,
    )
    return state if state.has_started else replace(state, has_started=True)


def _fail_attempt(state: State, seq: int, event: e.AttemptFailed) -> State:
    return _set_place(
        state,
        seq,
        event.path,
        status=PlaceStatus.RETRYING,
        owner=None,
        failures=state.places[event.path].failures + 1,
        retry_at=event.retry_at,
    )


def _apply_to_approval(state: State, record: e.Record) -> State:
    seq, event = record.seq, record.event
    match event:
        case e.ApprovalOpened():
            return _open(state, record, event)
        case e.ApprovalDelivered():
            return _set_approval(
                state,
                seq,
                event.approval_id,
                delivered_at=record.at,
                due_at=event.due_at,
                remind_at=event.remind_at,
            )
        case e.ApprovalDeferred():
            return _set_approval(
                state, seq, event.approval_id, due_at=event.due_at, is_deferred=True
            )
        case e.ReminderFired():
            return _set_approval(state, seq, event.approval_id, remind_at=None)
        case e.ApprovalResolved():
            return _resolve(state, seq, event)
        case _:
            raise TypeError(f"{type(event).__name__} is no event of an approval")


def _apply_to_run(state: State, record: e.Record) -> State:
    seq, event = record.seq, record.event
    match event:
        case e.RunCompleted():
            return _end(state, seq, RunStatus.COMPLETED)
        case e.RunFailed(error=error):
            return _end(state, seq, RunStatus.FAILED, f"{error.type}: {error.message}")
        case e.RunTimedOut():
            return _end(state, seq, RunStatus.TIMED_OUT)
        case e.RunCancelled():
            return _end(state, seq, RunStatus.CANCELLED)
        case e.CancelRequested():
            running = {
                path: place
                for path, place in state.places.items()
                if place.status is PlaceStatus.RUNNING
            }
            return replace(state, seq=seq, cancel=(event.by, event.reason), places=running)
        case _:
            raise TypeError(f"{type(event).__name__} is no event of a run as a whole")


def apply(state: State, record: e.Record) -> State:  # noqa: C901 - one case an event
    """Return the state after an event. Pure; events of another run or order are a bug."""
    seq, event = record.seq, record.event
    match event:
        case e.RunStarted():
            raise ValueError("a run starts once")
        case e.NodeReady():
            return _enter(state, seq, event)
        case e.AttemptStarted():
            return _start_attempt(state, seq, event)
        case e.AttemptFailed():
            return _fail_attempt(state, seq, event)
        case e.AttemptLost():
            return _set_place(state, seq, event.path, owner=None)
        case e.NodeSucceeded():
            return _succeed(state, seq, event)
        case e.NodeSkipped():
            return _skip(state, seq, event)
        case e.NodeFailed():
            return _leave(state, seq, event.path)
        case e.ResultIgnored() | e.DecisionRecorded() | e.EdgeTaken():
            return replace(state, seq=seq)
        case (
            e.ApprovalOpened()
            | e.ApprovalDelivered()
            | e.ApprovalDeferred()
            | e.ReminderFired()
            | e.ApprovalResolved()
        ):
            return _apply_to_approval(state, record)
        case (
            e.RunCompleted()
            | e.RunFailed()
            | e.RunTimedOut()
            | e.RunCancelled()
            | e.CancelRequested()
        ):
            return _apply_to_run(state, record)
        case _:
            assert_never(event)


def next_path(state: State, node: str) -> str:
    """Return the path that the next visit of a node has."""
    return visit_path("", node, state.visits.get(node, 0) + 1)
