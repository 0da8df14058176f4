"""Whatever happens to a run, its jobs and timers are those of its state, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core import events as e
from orchestrator.core.fold import apply
from orchestrator.core.fold import begin as first
from orchestrator.core.state import PlaceStatus, State
from orchestrator.store.live import LiveRows
from orchestrator.testing import FakeClock
from tests.store.steps import BOOM, HOUR, RUNS, begin, done, opening, resolved, take

NOW = FakeClock().now()
_S = PlaceStatus


def _at_place(state: State, path: str, later: Any) -> Iterator[Any]:
    """Yield what may happen at a place, as its status allows."""
    place = state.places[path]
    match place.status:
        case _S.READY:
            yield take(path, attempt=place.attempt + 1)
            yield e.WaitStarted(path=path, wake_at=later)
            number = place.questions + 1
            times = e.Times(due_at=later, remind_at=later)
            yield opening(state.run_id, path, number=number, times=times)
            yield e.NodeSkipped(path=path, reason="no")
        case _S.RUNNING:
            yield done(path, attempt=place.attempt)
            yield e.AttemptFailed(path=path, attempt=place.attempt, error=BOOM, retry_at=later)
            yield e.NodeFailed(path=path, error=BOOM)
        case _S.RETRYING | _S.WAITING if place.approval_id is None:
            yield e.NodeReady(path=path, node=place.node)
        case _:
            pass


def possible(state: State, later: Any) -> list[Any]:
    """Return the events that may come next."""
    if state.is_finished:
        return []
    found: list[Any] = []
    if state.is_closing:
        undo = f"undo{state.seq}!undo"
        found += [e.NodeReady(path=undo, node="write", is_undo=True), e.RunFailed(error=BOOM)]
    else:
        is_paused = state.paused is not None
        found.append(e.RunResumed(by="OPS") if is_paused else e.RunPaused(by="OPS"))
        found.append(e.NodeReady(path=f"n{state.seq}", node="write"))
    for path in state.places:
        found += _at_place(state, path, later)
    for approval_id in state.approvals:
        times = e.Times(due_at=later, escalate_at=later)
        found.append(e.ReminderFired(approval_id=approval_id, times=times))
        found.append(resolved(approval_id))
    if not state.is_closing:
        found += [e.EndingBegun(error=BOOM), e.CancelRequested(by="ANN")]
    return found


def picture(timers: Any, jobs: Any) -> tuple[Any, Any]:
    """Return what matters of the rows: when timers are due, and who has jobs."""
    return (
        {key: row["due_at"] for key, row in timers.items() if row is not None},
        {key: (row["attempt"], row["owner"]) for key, row in jobs.items() if row is not None},
    )


def store(table: dict[Any, Any], rows: dict[Any, Any]) -> None:
    """Write rows as a batch does."""
    for key, row in rows.items():
        if row is None:
            table.pop(key, None)
        else:
            table[key] = row


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_p6_rows_follow_from_the_state_alone(data: st.DataObject):
    """Commits of one or several advances, each of one or several events, in any order."""
    started, ready = begin(max_active=HOUR)
    state: State | None = None
    timers: dict[Any, Any] = {}
    jobs: dict[Any, Any] = {}
    for commit in range(data.draw(st.integers(2, 8), label="commits")):
        batch, at = LiveRows(), NOW + commit * timedelta(minutes=1)
        for _ in range(data.draw(st.integers(1, 2), label="advances")):
            before = state
            if before is None:
                state = first(RUNS[0], e.Record(1, at, started))
                apply(state, e.Record(2, at, ready))
            else:
                state = before.copy()
            for _ in range(data.draw(st.integers(1, 3), label="events")):
                later = at + data.draw(st.integers(1, 3)) * HOUR
                events = possible(state, later)
                if events:
                    apply(state, e.Record(state.seq + 1, at, data.draw(st.sampled_from(events))))
            batch.add(before, state, at)
        store(timers, batch.timers)
        store(jobs, batch.jobs)
        fresh = LiveRows()
        fresh.add(None, state, at)

        assert picture(timers, jobs) == picture(fresh.timers, fresh.jobs)
