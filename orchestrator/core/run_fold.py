"""How the events of a run as a whole change a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.state import PlaceStatus, RunStatus, State
from orchestrator.core.values import Pointer


def _end(state: State, ending: RunStatus, error: str | None = None) -> None:
    state.ending = ending
    state.error = error
    state.places = {}
    state.joins = {}
    state.frames = {"": state.frames[""]}
    state.approvals = {}
    state.signals = {}
    state.held = None


def _stop_everything(state: State) -> None:
    """Leave only what is running at this moment."""
    state.places = {
        path: place for path, place in state.places.items() if place.status is PlaceStatus.RUNNING
    }
    state.joins = {}
    state.held = None


def _cancel_requested(state: State, record: e.Record, event: e.CancelRequested) -> None:
    state.cancel = (event.by, event.reason)
    state.paused = None
    _stop_everything(state)


def _ending_begun(state: State, record: e.Record, event: e.EndingBegun) -> None:
    state.closing = event
    _stop_everything(state)


def _run_paused(state: State, record: e.Record, event: e.RunPaused) -> None:
    state.paused = (event.by, event.reason)


def _run_resumed(state: State, record: e.Record, event: e.RunResumed) -> None:
    state.paused = None


def _run_held(state: State, record: e.Record, event: e.RunHeld) -> None:
    state.held = event.approval_id


def _version_adopted(state: State, record: e.Record, event: e.VersionAdopted) -> None:
    state.version = event.version
    state.held = None


def _run_completed(state: State, record: e.Record, event: e.RunCompleted) -> None:
    _end(state, RunStatus.COMPLETED)


def _run_failed(state: State, record: e.Record, event: e.RunFailed) -> None:
    _end(state, RunStatus.FAILED, f"{event.error.type}: {event.error.message}")


def _run_timed_out(state: State, record: e.Record, event: e.RunTimedOut) -> None:
    _end(state, RunStatus.TIMED_OUT)


def _run_cancelled(state: State, record: e.Record, event: e.RunCancelled) -> None:
    _end(state, RunStatus.CANCELLED)


def _signal_received(state: State, record: e.Record, event: e.SignalReceived) -> None:
    came = Pointer(record.seq)
    waiting = (*state.signals.get(event.name, ()), came)
    state.signals[event.name] = waiting


RUN_HANDLERS: Mapping[type, Callable[[State, e.Record, Any], None]] = {
    e.SignalReceived: _signal_received,
    e.CancelRequested: _cancel_requested,
    e.EndingBegun: _ending_begun,
    e.RunPaused: _run_paused,
    e.RunResumed: _run_resumed,
    e.RunHeld: _run_held,
    e.VersionAdopted: _version_adopted,
    e.RunCompleted: _run_completed,
    e.RunFailed: _run_failed,
    e.RunTimedOut: _run_timed_out,
    e.RunCancelled: _run_cancelled,
}
