"""The rows that say what is to be done, read off the difference between two states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from orchestrator.core.commands import TimerKind
from orchestrator.core.state import Place, PlaceStatus, State

Row = dict[str, Any]
_V = TypeVar("_V")
#: How long a process may be silent before its attempts count as lost.
LEASE = timedelta(seconds=5)
#: Order among timers that are due at the same look.
RANKS = {
    TimerKind.EXPIRY: 0,
    TimerKind.RETRY: 1,
    TimerKind.WAKE: 2,
    TimerKind.CEILING: 3,
    TimerKind.ESCALATION: 4,
    TimerKind.REMINDER: 5,
}
_PLACE_TIMERS = ((TimerKind.RETRY, "retry_at"), (TimerKind.WAKE, "wake_at"))
_APPROVAL_TIMERS = (
    (TimerKind.EXPIRY, "due_at"),
    (TimerKind.REMINDER, "remind_at"),
    (TimerKind.ESCALATION, "escalate_at"),
)
#: Number of an attempt, 0 while nobody has taken the node on; who runs it; is it to be stopped?
_Job = tuple[int, str | None, bool]
_NOBODY: Mapping[str, Any] = {}


def changes(
    old: Mapping[str, _V], new: Mapping[str, _V], *, is_complete: bool = False
) -> Iterator[tuple[str, _V | None, _V | None]]:
    """Yield key, value before and value after wherever two mappings hold different objects.

    Args:
        old: What was there before.
        new: What is there now.
        is_complete: Yield every key.
    """
    for key, before in old.items():
        after = new.get(key)
        if is_complete or after is not before:
            yield key, before, after
    for key, after in new.items():
        if key not in old:
            yield key, None, after


@dataclass(slots=True)
class LiveRows:
    """Timers and jobs of one batch, by key; None deletes the row."""

    timers: dict[tuple[str, str, str], Row | None] = field(default_factory=dict)
    jobs: dict[tuple[str, str], Row | None] = field(default_factory=dict)

    def add(self, old: State | None, new: State, at: datetime) -> None:
        """Add what has changed between two states of a run.

        Args:
            old: The state before, None for a new run.
            new: The state after.
            at: When the batch began.
        """
        # A pause, its end, or the run's end says something about places that stay the same.
        is_sweep = _sweep(old) != _sweep(new)
        places = old.places if old else _NOBODY
        for path, before, after in changes(places, new.places, is_complete=is_sweep):
            for kind, name in _PLACE_TIMERS:
                was, is_ = getattr(before, name, None), getattr(after, name, None)
                known = None if is_sweep and is_ is not None else was
                self._add_timer(new.run_id, kind, path, known, is_)
            self._add_job(new, path, _job(old, before), _job(new, after), at)
        approvals = old.approvals if old else _NOBODY
        for approval_id, asked, asks in changes(approvals, new.approvals):
            for kind, name in _APPROVAL_TIMERS:
                was = getattr(asked.times, name) if asked else None
                is_ = getattr(asks.times, name) if asks else None
                self._add_timer(new.run_id, kind, approval_id, was, is_)
        ceiling = old.ceiling_at if old else None
        self._add_timer(new.run_id, TimerKind.CEILING, "", ceiling, new.ceiling_at)

    def _add_job(
        self, state: State, path: str, before: _Job | None, after: _Job | None, at: datetime
    ) -> None:
        if after == before:
            return
        row: Row | None = None
        if after is not None:
            attempt, owner, is_stopped = after
            row = {
                "run_id": state.run_id,
                "path": path,
                "attempt": attempt,
                "owner": owner,
                "lease_until": at + LEASE if owner is not None else None,
                "ready_at": at,
                "is_stopped": is_stopped,
            }
        self.jobs[state.run_id, path] = row

    def _add_timer(
        self,
        run_id: str,
        kind: TimerKind,
        subject: str,
        before: datetime | None,
        after: datetime | None,
    ) -> None:
        if after == before:
            return
        self.timers[run_id, kind.value, subject] = (
            None
            if after is None
            else {
                "run_id": run_id,
                "kind": kind.value,
                "subject": subject,
                "rank": RANKS[kind],
                "due_at": after,
            }
        )


def _sweep(state: State | None) -> tuple[bool, bool]:
    return (False, False) if state is None else (state.is_held_back, state.is_closing)


def _job(state: State | None, place: Place | None) -> _Job | None:
    """Return what is to be done at a place of a run."""
    if state is None or place is None:
        return None
    if place.status is PlaceStatus.RUNNING:
        is_over = state.is_closing and not place.is_undo
        return place.attempt, place.owner, place.is_stopped or is_over
    if place.status is PlaceStatus.READY and (place.is_undo or not state.is_held_back):
        return 0, None, False
    return None
