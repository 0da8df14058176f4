"""How the events of a composite change a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.changing import changed
from orchestrator.core.folding import drop_frames, drop_places, set_frame, set_place, write
from orchestrator.core.state import Closed, Frame, Join, PlaceStatus, State, frame_of
from orchestrator.core.values import NOTHING, Pointer


def _nothing(state: State, record: e.Record, event: Any) -> None:
    pass


def _body_entered(state: State, record: e.Record, event: e.BodyEntered) -> None:
    set_place(state, event.path, status=PlaceStatus.ACTIVE, approval_id=None, result=None)
    items = record.seq if event.items is not None else 0
    state.joins[event.path] = Join(keys=event.keys, items=items, is_list=event.is_list)
    frame = state.frames[frame_of(event.path)]
    stale = _errors_of(state, event.path)
    if stale in frame.outputs:  # of the visit before
        kept = {name: ref for name, ref in frame.outputs.items() if name != stale}
        set_frame(state, frame.path, outputs=kept)


def _errors_of(state: State, path: str) -> str:
    return f"{state.places[path].node}.errors"


def _frame_opened(state: State, record: e.Record, event: e.FrameOpened) -> None:
    state.has_started = True
    frame = Frame(
        path=event.path,
        place=event.place,
        key=event.key,
        sharing=event.sharing,
        number=event.number,
        item=event.item,
        input=None if event.input is None else Pointer(record.seq),
    )
    state.frames[event.path] = frame
    join = state.joins[event.place]
    state.joins[event.place] = changed(join, opened=join.opened + 1)
    set_place(state, event.place, status=PlaceStatus.ACTIVE, approval_id=None)


def _frame_closed(state: State, record: e.Record, event: e.FrameClosed) -> None:
    frame = state.frames[event.path]
    join = state.joins[frame.place]
    closed = Closed(
        output=event.output or NOTHING,
        error=event.error,
        keys={key: frame.keys[key] for key in event.exports if key in frame.keys},
    )
    inner = (event.path + "/",)
    drop_places(state, (), inner)
    drop_frames(state, (event.path,), inner)
    # A frame without a key has the path of its place, whose join outlives it. Of a loop's rounds,
    # which are not among its keys, nothing is kept, or a state would grow with every round.
    if frame.key in join.keys:
        join = changed(join, closed={**join.closed, frame.key: closed})
    state.joins[frame.place] = join


def _calls_made(state: State, record: e.Record, event: e.CallsMade) -> None:
    join = state.joins[event.path]
    state.joins[event.path] = changed(join, keys=event.paths, closed={})


def _branches_failed(state: State, record: e.Record, event: e.BranchesFailed) -> None:
    frame = state.frames[frame_of(event.path)]
    name = _errors_of(state, event.path)
    set_frame(state, frame.path, outputs={**frame.outputs, name: Pointer(record.seq)})


def _state_merged(state: State, record: e.Record, event: e.StateMerged) -> None:
    made = {key: Pointer(record.seq, (key,)) for key in event.values}
    write(state, frame_of(event.path), {**event.taken, **made})


FRAME_HANDLERS: Mapping[type, Callable[[State, e.Record, Any], None]] = {
    e.BodyEntered: _body_entered,
    e.FrameOpened: _frame_opened,
    e.FrameClosed: _frame_closed,
    e.StateMerged: _state_merged,
    e.CallsMade: _calls_made,
    e.BranchesFailed: _branches_failed,
    e.RoundJudged: _nothing,
}
