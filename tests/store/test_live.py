"""Jobs and timers: rows for what is to be done, and for nothing else (rows T1, T6, P6, G7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.commands import TimerKind
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.store import Store, open_store, work
from orchestrator.store.live import RANKS, changes
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql
from tests.store.steps import (
    BOOM,
    HOUR,
    RUNS,
    answer,
    approve,
    ask,
    begin,
    commit,
    done,
    opening,
    shown,
    take,
)

RUN = RUNS[0]
MINUTE = timedelta(minutes=1)


def ready(*paths: str) -> tuple[Any, ...]:
    """Make nodes ready."""
    return tuple(e.NodeReady(path=path, node=path.partition("#")[0]) for path in paths)


async def jobs(store: Store) -> list[str]:
    """Return the paths that nobody has taken on."""
    return sorted(each.path for each in await store.ready_jobs(99))


def running(sql: Sql) -> list[tuple[Any, ...]]:
    """Return path, attempt and owner of what runs."""
    return sql("SELECT path, attempt, owner FROM jobs WHERE owner IS NOT NULL ORDER BY path")


def test_only_what_differs_is_looked_at():
    """By identity, for what a state holds is replaced and never changed."""
    one, two, three = object(), object(), object()

    assert list(changes({"a": one}, {"a": one})) == []
    assert list(changes({"a": one, "b": two}, {"a": one, "b": three, "c": one})) == [
        ("b", two, three),
        ("c", None, one),
    ]
    assert list(changes({"a": one}, {})) == [("a", one, None)]
    assert list(changes({"a": one}, {"a": one}, is_complete=True)) == [("a", one, one)]


def test_t6_every_kind_of_timer_has_its_rank():
    """Expiries before everything that would tell people of an open question."""
    assert sorted(TimerKind, key=RANKS.__getitem__) == [
        TimerKind.EXPIRY,
        TimerKind.RETRY,
        TimerKind.WAKE,
        TimerKind.CEILING,
        TimerKind.ESCALATION,
        TimerKind.REMINDER,
    ]


async def test_jobs_are_ready_then_leased_then_lost(store: Store, clock: FakeClock):
    """A ready node belongs to nobody; a running one to its owner, as long as its lease lasts."""
    for run_id in RUNS[:2]:
        await commit(store, run_id, begin())
        clock.advance(timedelta(seconds=1))
    before = [each.run_id for each in await store.ready_jobs(9)]
    await commit(store, RUNS[0], take("write", owner="p1"))
    left = [each.run_id for each in await store.ready_jobs(9)]

    assert (before, left) == ([RUNS[0], RUNS[1]], [RUNS[1]])
    assert await store.lost_jobs(clock.now(), 9) == []

    clock.advance(timedelta(seconds=4))
    store.renew_leases("p1", [(RUNS[0], "write")])
    store.renew_leases("p2", [(RUNS[0], "write")])
    await store.write(lambda *_: None)  # after the renewals, for nobody waits for those
    clock.advance(timedelta(seconds=4))

    assert await store.lost_jobs(clock.now(), 9) == []

    await store.release_leases("p2")

    assert await store.lost_jobs(clock.now(), 9) == []

    await store.release_leases("p1")

    assert await store.lost_jobs(clock.now(), 9) == [
        work.Job(run_id=RUNS[0], path="write", attempt=1)
    ]


async def test_news_of_a_running_node_does_not_touch_its_lease(
    store: Store, clock: FakeClock, sql: Sql
):
    """Only its owner says that it is alive."""
    await commit(store, RUN, begin(), take("write"))
    before = sql("SELECT * FROM jobs")
    clock.advance(timedelta(seconds=3))
    await commit(store, RUN, e.ProgressReported(path="write", attempt=1, value=0.5))
    await commit(store, RUN, ready("other"))

    assert sql("SELECT * FROM jobs WHERE path = 'write'") == before


async def test_p6_a_paused_run_has_no_ready_jobs_and_gets_them_back(store: Store, sql: Sql):
    """What runs goes on; what becomes ready during the pause is there after it."""
    await commit(store, RUN, begin(), ready("a", "b"), take("write"), take("a"))
    before = await jobs(store)
    await commit(store, RUN, e.RunPaused(by="OPS"))

    assert (before, await jobs(store)) == (["b"], [])
    assert [path for path, *_ in running(sql)] == ["a", "write"]

    await commit(store, RUN, (done("write"), *ready("c")))

    assert await jobs(store) == []

    await commit(store, RUN, e.RunResumed(by="OPS"))

    assert await jobs(store) == ["b", "c"]
    assert running(sql) == [("a", 1, "p1")]


async def test_p6_a_pause_and_its_end_in_one_commit_change_no_job(store: Store, sql: Sql):
    """The rows are those of the state at the end, whatever lay between."""
    await commit(store, RUN, begin(), ready("a"), take("a"))
    before = sql("SELECT * FROM jobs ORDER BY path")
    await commit(store, RUN, (e.RunPaused(by="OPS"), e.RunResumed(by="OPS")))

    assert sql("SELECT * FROM jobs ORDER BY path") == before


async def test_g9_a_run_that_is_held_has_no_ready_jobs(store: Store):
    """Until it follows another version."""
    asking = opening(RUN, "", kind=ApprovalKind.ERROR)
    held = e.RunHeld(approval_id=asking.approval_id, loaded="v2", differences=())
    await commit(store, RUN, begin(), (asking, held))

    assert await jobs(store) == []

    await commit(store, RUN, e.VersionAdopted(version="v2"))

    assert await jobs(store) == ["write"]


async def test_g8_undos_of_a_run_that_is_being_ended_are_jobs(store: Store, sql: Sql):
    """Also while it is paused; everything else that was ready is not done any more."""
    undo = e.NodeReady(path="write!undo", node="write", is_undo=True)
    await commit(store, RUN, begin(), ready("a", "b"), take("a"), e.RunPaused(by="OPS"))
    await commit(store, RUN, (e.EndingBegun(error=BOOM), undo))

    assert await jobs(store) == ["write!undo"]
    assert running(sql) == [("a", 1, "p1")]

    await commit(store, RUN, (e.RunFailed(error=BOOM)))

    assert sql("SELECT * FROM jobs") == []


async def test_attempts_of_cancelled_runs_are_told_to_their_owner(store: Store):
    """Another process may have cancelled the run; what takes things back goes on."""
    for run_id in RUNS[:2]:
        await commit(store, run_id, begin(), take("write", owner="p1"))
    undo = e.NodeReady(path="a!undo", node="a", is_undo=True)
    await commit(store, RUNS[1], e.CancelRequested(by="ANN"), undo, take("a!undo", owner="p1"))

    assert await store.stopped_jobs("p1") == [work.Job(run_id=RUNS[1], path="write", attempt=1)]
    assert await store.stopped_jobs("p2") == []


async def test_h20_a_body_that_is_closed_leaves_no_rows(store: Store, clock: FakeClock, sql: Sql):
    """Its timers and questions' timers go at once; what runs in it is to stop, and then goes."""
    entered = e.BodyEntered(path="write", keys=("a", "b"))
    frames = [e.FrameOpened(path=f"write[{key}]", place="write", key=key) for key in "ab"]
    paths = ("write[a]/x", "write[a]/y", "write[a]/z", "write[b]/x")
    inner = [e.NodeReady(path=path, node=path[-1]) for path in paths]
    later = clock.now() + HOUR
    asking = opening(RUN, "write[a]/y", times=e.Times(due_at=later, remind_at=later))
    failed = e.AttemptFailed(path="write[a]/z", attempt=1, error=BOOM, retry_at=later)
    await commit(store, RUN, (*begin(), entered, *frames, *inner))
    await commit(store, RUN, take("write[a]/x"), take("write[a]/z"), failed, asking)

    assert len(sql("SELECT * FROM timers")) == 3

    gone = e.ApprovalResolved(
        approval_id=asking.approval_id, outcome=e.Outcome.WITHDRAWN, action="withdraw"
    )
    await commit(store, RUN, (gone, e.FrameClosed(path="write[a]", error=BOOM)))

    assert sql("SELECT * FROM timers") == []
    assert sql("SELECT path, is_stopped FROM jobs ORDER BY path") == [
        ("write[a]/x", 1),
        ("write[b]/x", 0),
    ]
    assert [job.path for job in await store.stopped_jobs("p1")] == ["write[a]/x"]

    over = e.ResultIgnored(path="write[a]/x", attempt=1, reason="it stopped")
    await commit(store, RUN, over)

    assert sql("SELECT path FROM jobs") == [("write[b]/x",)]


async def test_attempts_that_a_run_knows_nothing_of_any_more_have_vanished(
    store: Store, url: str, clock: FakeClock
):
    """Another process closed their body, or took them on after their lease had run out."""
    mine = [(run_id, "write", 1) for run_id in RUNS[:3]]
    for run_id in RUNS[:3]:
        await commit(store, run_id, begin(), take("write", owner="p1"))

    assert await store.vanished("p1", mine) == []

    async with open_store(url, now=clock.now) as other:
        await commit(other, RUNS[1], e.NodeLeft(path="write", reason="rejected"))
        lost = e.AttemptLost(path="write", attempt=1, owner="p1")
        await commit(other, RUNS[2], (lost, *ready("write")), take("write", "p2", 2))

    assert await store.vanished("p1", mine) == mine[1:]
    assert await store.vanished("p2", [(RUNS[2], "write", 2), mine[0]]) == [mine[0]]
    assert await store.vanished("p1", []) == []


async def test_t6_due_timers_come_expiries_first_and_oldest_first(store: Store, clock: FakeClock):
    """So that nobody is reminded of what has just expired."""
    start = clock.now()
    at = [start + number * MINUTE for number in range(10)]
    times = e.Times(due_at=at[9], remind_at=at[1], escalate_at=at[2])
    first = await ask(store, RUNS[0], times=times)
    second = await ask(store, RUNS[1], times=e.Times(due_at=at[8]))
    failed = e.AttemptFailed(path="write", attempt=1, error=BOOM, retry_at=at[5])
    await commit(store, RUNS[2], begin(), take("write"), failed)
    await commit(store, RUNS[3], begin(), e.WaitStarted(path="write", wake_at=at[4]))
    await commit(store, RUNS[4], begin(max_active=3 * MINUTE), take("write"))

    assert await store.due_timers(clock.now(), 10) == []
    assert await store.next_timer_at() == at[1]

    clock.advance(9 * MINUTE)
    found = await store.due_timers(clock.now(), 10)

    assert [(each.kind, each.subject, each.due_at) for each in found] == [
        (TimerKind.EXPIRY, second, at[8]),
        (TimerKind.EXPIRY, first, at[9]),
        (TimerKind.RETRY, "write", at[5]),
        (TimerKind.WAKE, "write", at[4]),
        (TimerKind.CEILING, "", at[3]),
        (TimerKind.ESCALATION, first, at[2]),
        (TimerKind.REMINDER, first, at[1]),
    ]
    assert [each.subject for each in await store.due_timers(clock.now(), 1)] == [second]


@pytest.mark.parametrize(
    ("event", "due"),
    [
        (e.ApprovalDeferred, 2),
        (e.ReminderFired, 3),
        (lambda **facts: e.ApprovalEscalated(to=(), **facts), 4),
        (lambda **facts: e.StageReached(stage=1, **facts), 5),
    ],
    ids=["deferred", "reminded", "escalated", "stage"],
)
async def test_t4_timers_move_with_what_happens_to_the_question(
    store: Store, clock: FakeClock, event, due: int
):
    """Deadline, reminder and escalation are those that the newest event says."""
    start = clock.now()
    approval_id = await ask(store, RUN, times=e.Times(due_at=start + HOUR, remind_at=start))
    times = e.Times(due_at=start + due * HOUR, escalate_at=start + MINUTE)
    await commit(store, RUN, event(approval_id=approval_id, times=times))
    found = await store.due_timers(start + 9 * HOUR, 9)
    (pending,) = await store.list_pending()

    assert [(each.kind, each.due_at) for each in found] == [
        (TimerKind.EXPIRY, start + due * HOUR),
        (TimerKind.ESCALATION, start + MINUTE),
    ]
    assert (pending.due_at, pending.remind_at) == (times.due_at, None)
    assert pending.escalate_at == times.escalate_at


async def test_a_timer_lives_as_long_as_its_reason(store: Store, clock: FakeClock, sql: Sql):
    """It moves with its deadline, and is gone with the answer."""
    later = clock.now() + HOUR
    approval_id = await ask(store, RUN, times=e.Times(due_at=later))
    await store.commit(RUN, shown(approval_id, later + HOUR))
    (moved,) = await store.due_timers(clock.now() + 9 * HOUR, 9)

    assert moved.due_at == later + HOUR
    assert sql("SELECT due_at FROM approvals") == [
        (moved.due_at.isoformat(timespec="microseconds"),)
    ]

    await store.commit(RUN, answer(approval_id))

    assert sql("SELECT * FROM timers") == []
    assert await store.next_timer_at() is None


async def test_g11_the_ceiling_counts_while_a_run_is_active_only(store: Store, clock: FakeClock):
    """No timer while it waits for people, and a later one afterwards."""
    start = clock.now()
    await commit(store, RUN, begin(max_active=HOUR), take("write"))

    assert await store.next_timer_at() == start + HOUR

    clock.advance(10 * MINUTE)
    asking = opening(RUN, "review")
    await commit(store, RUN, (done("write"), *ready("review"), asking))

    assert await store.next_timer_at() is None

    clock.advance(5 * HOUR)
    await approve(store, RUN, asking.approval_id)

    assert await store.next_timer_at() == clock.now() + 50 * MINUTE


async def test_dropping_a_timer_leaves_one_that_was_moved(store: Store, clock: FakeClock):
    """It may have been moved since it was read."""
    approval_id = await ask(store, RUN, times=e.Times(due_at=clock.now() + HOUR))
    (timer,) = await store.due_timers(clock.now() + 2 * HOUR, 9)
    await store.commit(RUN, shown(approval_id, clock.now() + 2 * HOUR))
    await store.drop_timer(timer)
    (moved,) = await store.due_timers(clock.now() + 2 * HOUR, 9)

    assert moved.due_at > timer.due_at

    await store.drop_timer(moved)

    assert await store.next_timer_at() is None


async def test_p6_a_retry_that_was_dropped_during_a_pause_is_back_after_it(
    store: Store, clock: FakeClock
):
    """Else the run would wait for ever."""
    failed = e.AttemptFailed(path="write", attempt=1, error=BOOM, retry_at=clock.now() + MINUTE)
    await commit(store, RUN, begin(), take("write"), failed, e.RunPaused(by="OPS"))
    (timer,) = await store.due_timers(clock.now() + HOUR, 9)
    await store.drop_timer(timer)
    await commit(store, RUN, e.RunResumed(by="OPS"))

    assert await store.due_timers(clock.now() + HOUR, 9) == [timer]
