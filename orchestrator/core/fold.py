"""`apply`: the one way in which an event changes a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.approval_fold import APPROVAL_HANDLERS
from orchestrator.core.frame_fold import FRAME_HANDLERS
from orchestrator.core.ids import visit_path
from orchestrator.core.node_fold import NODE_HANDLERS
from orchestrator.core.run_fold import RUN_HANDLERS
from orchestrator.core.state import Frame, State
from orchestrator.core.values import Pointer

_HANDLERS: Mapping[type, Callable[[State, e.Record, Any], None]] = {
    **NODE_HANDLERS,
    **FRAME_HANDLERS,
    **APPROVAL_HANDLERS,
    **RUN_HANDLERS,
}


_NO_VALUES = object()


def begin(run_id: str, record: e.Record) -> State:
    """Make the state of a run from its first event, which is a RunStarted."""
    event = record.event
    if not isinstance(event, e.RunStarted):
        raise TypeError(f"a run begins with RunStarted, not {type(event).__name__}")
    given = Pointer(record.seq)
    return State(
        run_id=run_id,
        seq=record.seq,
        graph=event.graph,
        version=event.version,
        requester=event.requester,
        surface=event.surface,
        started_at=record.at,
        labels=event.labels,
        input=given,
        frames={"": Frame(path="", input=given)},
        max_active=event.max_active,
        workspace=event.workspace,
        memory={record.seq: event.input},
    )


def apply(state: State, record: e.Record) -> None:
    """Change a state as an event says. Events of another run, or out of order, are a bug."""
    event = record.event
    handler = _HANDLERS.get(type(event))
    if handler is None:
        raise ValueError("a run starts once")
    handler(state, record, event)
    values = getattr(event, "values", _NO_VALUES)
    if values is not _NO_VALUES:  # null is a value, too, and may be referred to
        state.memory[record.seq] = values
    state.seq = record.seq
    if state.max_active is not None:
        _measure(state, record)


def _measure(state: State, record: e.Record) -> None:
    """Keep count of how long the run has been active."""
    is_active = state.is_active and not state.is_finished
    if is_active and state.active_since is None:
        state.active_since = record.at
    elif not is_active and state.active_since is not None:
        state.active_for += record.at - state.active_since
        state.active_since = None


def next_path(state: State, frame: str, node: str) -> str:
    """Return the path that the next visit of a node in a frame has."""
    return visit_path(frame, node, state.frames[frame].visits.get(node, 0) + 1)
