"""What a commit tells by itself: the run as it is now, and whether there is more to do at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestrator.core.advance import Advance
from orchestrator.core.state import PlaceStatus, State
from orchestrator.store import Run

#: What is due later than this is seen in time by the scheduler, which looks once a second.
SOON = timedelta(seconds=2)


def to_run(state: State, at: datetime) -> Run:
    """Return a run as a commit at an instant left it."""
    cancel, paused = state.cancel or (None, None), state.paused or (None, None)
    return Run(
        id=state.run_id,
        graph=state.graph,
        version=state.version,
        status=state.status,
        requester=state.requester,
        surface=state.surface,
        started_at=state.started_at,
        updated_at=at,
        finished_at=at if state.is_finished else None,
        error=state.error,
        cancelled_by=cancel[0],
        cancel_reason=cancel[1],
        paused_by=paused[0],
        pause_reason=paused[1],
        held=state.held,
        spent=state.spent,
        labels=state.labels,
        input=state.value(state.input),
        places=tuple(state.places),
        seq=state.seq,
        workspace=state.workspace,
    )


def is_urgent(done: Advance) -> bool:
    """Did a commit leave work that cannot wait for the scheduler's next look?"""
    now = done.records[-1].at
    state = done.state
    is_free = not state.is_held_back
    return (
        any(
            (is_free and place.status is PlaceStatus.READY)
            or _is_soon(place.retry_at, now)
            or _is_soon(place.wake_at, now)
            for place in state.places.values()
        )
        or any(
            _is_soon(at, now)
            for approval in state.approvals.values()
            for at in (
                approval.times.due_at,
                approval.times.remind_at,
                approval.times.escalate_at,
            )
        )
        or _is_soon(state.ceiling_at, now)
    )


def _is_soon(at: datetime | None, now: datetime) -> bool:
    return at is not None and at - now < SOON
