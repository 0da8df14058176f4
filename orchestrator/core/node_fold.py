"""How the events of a node change a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.changing import changed
from orchestrator.core.folding import (
    SKIPPED,
    leave,
    repeat_call,
    seen_from,
    set_frame,
    set_place,
    settle_call,
    undo_path,
    write,
)
from orchestrator.core.state import Done, Place, PlaceStatus, Seen, State, frame_of, name_of
from orchestrator.core.values import NOTHING, Pointer, part_of

#: What a visit begins as; a copy is made faster than a place of more than twenty fields.
_BLANK = Place(path="", node="")


def _node_ready(state: State, record: e.Record, event: e.NodeReady) -> None:
    known = state.places.get(event.path)
    if known is not None:  # the same visit again: after a gate, a failed try or a lost one
        set_place(
            state,
            event.path,
            status=PlaceStatus.READY,
            owner=None,
            approval_id=None,
            retry_at=None,
        )
        return
    place = changed(
        _BLANK,
        path=event.path,
        node=event.node,
        feedback=event.feedback,
        previous=event.previous,
        rounds=event.rounds,
        answer=event.answer,
        is_undo=event.is_undo,
        seen=_seen_by_undo(state, event),
    )
    repeat_call(state, place)
    state.places[event.path] = place
    state.visited += 1
    if not event.is_undo:
        frame = state.frames[frame_of(event.path)]
        count = frame.visits.get(event.node, 0) + 1
        set_frame(state, frame.path, visits={**frame.visits, event.node: count})


def _seen_by_undo(state: State, event: e.NodeReady) -> Seen | None:
    if not event.is_undo:
        return None
    done = (each.seen for each in state.done if undo_path(each.path) == event.path)
    return next(done, None)


def _gate_passed(state: State, record: e.Record, event: e.GatePassed) -> None:
    place = state.places[event.path]
    set_place(state, event.path, passed=(*place.passed, event.kind))


def _attempt_started(state: State, record: e.Record, event: e.AttemptStarted) -> None:
    set_place(
        state,
        event.path,
        status=PlaceStatus.RUNNING,
        attempt=event.attempt,
        owner=event.owner,
        retry_at=None,
    )
    state.has_started = True


def _attempt_failed(state: State, record: e.Record, event: e.AttemptFailed) -> None:
    _spend(state, event.spent)
    set_place(
        state,
        event.path,
        status=PlaceStatus.RETRYING,
        owner=None,
        failures=state.places[event.path].failures + 1,
        retry_at=event.retry_at,
    )


def _attempt_lost(state: State, record: e.Record, event: e.AttemptLost) -> None:
    set_place(state, event.path, owner=None, lost=state.places[event.path].lost + 1)


def _spend(state: State, spent: Mapping[str, float]) -> None:
    if spent:
        state.spent = {
            name: state.spent.get(name, 0) + spent.get(name, 0) for name in {**state.spent, **spent}
        }


def _result_recorded(state: State, record: e.Record, event: e.ResultRecorded) -> None:
    _spend(state, event.spent)
    set_place(
        state,
        event.path,
        status=PlaceStatus.READY,
        owner=None,
        result=Pointer(record.seq),
    )


def _result_gathered(state: State, record: e.Record, event: e.ResultGathered) -> None:
    set_place(state, event.path, result=event.result)


def _node_succeeded(state: State, record: e.Record, event: e.NodeSucceeded) -> None:
    _spend(state, event.spent)
    place = state.places[event.path]
    ref = event.source or (NOTHING if event.output is None else Pointer(record.seq))
    del state.places[event.path]
    state.joins.pop(event.path, None)
    if place.is_undo:
        state.done = tuple(each for each in state.done if undo_path(each.path) != event.path)
        return
    frame = state.frames[frame_of(event.path)]
    set_frame(state, frame.path, outputs={**frame.outputs, place.node: ref})
    settle_call(state, place, ref, None)
    if event.written:
        write(state, frame.path, {key: part_of(ref, key) for key in event.written})
    if event.has_undo:
        seen = seen_from(state, frame.path)
        state.done = (*state.done, Done(path=event.path, node=place.node, output=ref, seen=seen))


def _node_skipped(state: State, record: e.Record, event: e.NodeSkipped) -> None:
    place = leave(state, event.path)
    if place.is_undo:
        state.done = tuple(each for each in state.done if undo_path(each.path) != event.path)
        return
    frame = state.frames[frame_of(event.path)]
    set_frame(state, frame.path, outputs={**frame.outputs, place.node: NOTHING})
    skipped = e.ErrorFacts(type=SKIPPED, message=event.reason)
    settle_call(state, place, Pointer(record.seq, ("reason",)), skipped)


def _node_failed(state: State, record: e.Record, event: e.NodeFailed) -> None:
    place = leave(state, event.path)
    if place.is_undo:
        state.done = tuple(each for each in state.done if undo_path(each.path) != event.path)
        return
    settle_call(state, place, Pointer(record.seq, ("message",)), event.error)


def _node_left(state: State, record: e.Record, event: e.NodeLeft) -> None:
    leave(state, event.path)


def _result_ignored(state: State, record: e.Record, event: e.ResultIgnored) -> None:
    _spend(state, event.spent)
    place = state.places.get(event.path)
    if place is None or not place.is_stopped or place.attempt != event.attempt:
        return
    del state.places[event.path]
    if event.has_undo:
        output = NOTHING if event.output is None else Pointer(record.seq)
        done = Done(path=event.path, node=place.node, output=output, seen=place.seen)
        state.done = (*state.done, done)


def _edge_taken(state: State, record: e.Record, event: e.EdgeTaken) -> None:
    if event.reason != e.REJECTION:
        return
    frame = state.frames[frame_of(event.path)]
    node = name_of(event.path)
    count = frame.rejections.get(node, 0) + 1
    set_frame(state, frame.path, rejections={**frame.rejections, node: count})


def _nothing(state: State, record: e.Record, event: Any) -> None:
    pass


def _wait_started(state: State, record: e.Record, event: e.WaitStarted) -> None:
    state.has_started = True
    set_place(
        state,
        event.path,
        status=PlaceStatus.WAITING,
        wake_at=event.wake_at,
        signal=event.signal,
    )


def _signal_taken(state: State, record: e.Record, event: e.SignalTaken) -> None:
    first, *rest = state.signals[event.name]
    if rest:
        state.signals[event.name] = tuple(rest)
    else:
        del state.signals[event.name]
    set_place(
        state,
        event.path,
        status=PlaceStatus.READY,
        wake_at=None,
        signal=None,
        result=first,
    )


NODE_HANDLERS: Mapping[type, Callable[[State, e.Record, Any], None]] = {
    e.NodeReady: _node_ready,
    e.GatePassed: _gate_passed,
    e.AttemptStarted: _attempt_started,
    e.ProgressReported: _nothing,
    e.AttemptFailed: _attempt_failed,
    e.AttemptLost: _attempt_lost,
    e.ResultRecorded: _result_recorded,
    e.ResultGathered: _result_gathered,
    e.NodeSucceeded: _node_succeeded,
    e.NodeSkipped: _node_skipped,
    e.NodeFailed: _node_failed,
    e.NodeLeft: _node_left,
    e.ResultIgnored: _result_ignored,
    e.EdgeTaken: _edge_taken,
    e.WaitStarted: _wait_started,
    e.SignalTaken: _signal_taken,
}
