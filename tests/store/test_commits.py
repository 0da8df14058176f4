"""Commits of the store: grouped, atomic, one unit's failure its own (design: group commit)."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Self

import pytest
from sqlalchemy import insert

from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.state import RunStatus
from orchestrator.errors import StoreError, StoreUnavailableError
from orchestrator.store import Store, open_store, tables
from orchestrator.store.writer import MAX_BATCH
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql
from tests.store.steps import (
    HOUR,
    RUNS,
    answer,
    approve,
    ask,
    commit,
    done,
    opening,
    start,
    step,
    take,
)

LATER = FakeClock().now() + HOUR


class Gate:
    """Holds the writer's thread up, so that what is submitted meanwhile queues."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open = threading.Event()
        self._reached = threading.Event()

    async def __aenter__(self) -> Self:
        """Wait until the thread is held up."""

        def side(_connection, _now):
            self._reached.set()
            assert self._open.wait(10)

        self._task = asyncio.create_task(self._store.write(side))
        await asyncio.to_thread(self._reached.wait, 10)
        return self

    async def __aexit__(self, *_error) -> None:
        """Let it go on."""
        self._open.set()
        await self._task


async def queued(store: Store, *writes):
    """Return the results of writes that wait for the writer at the same time, and commits."""
    tasks = []
    async with Gate(store):
        for write in writes:
            tasks.append(asyncio.create_task(write))
            await asyncio.sleep(0)  # the task runs up to where it has submitted
        before = store.commits
    results = await asyncio.gather(*tasks, return_exceptions=True)
    return results, store.commits - before - 1  # the gate's own commit


async def test_what_has_queued_up_is_one_commit(store: Store):
    """As many as fit; each caller has its own result."""
    results, commits = await queued(
        store, *(store.commit(run_id, start(run_id)) for run_id in RUNS[:MAX_BATCH])
    )

    assert [each.state.run_id for each in results] == list(RUNS[:MAX_BATCH])
    assert commits == 1
    assert len(await store.list_runs()) == MAX_BATCH


async def test_a_batch_is_bounded(store: Store):
    """A caller never waits behind an endless transaction."""
    _, commits = await queued(store, *(store.commit(run_id, start(run_id)) for run_id in RUNS[:80]))

    assert commits == 3  # 32, 32 and 16
    assert store.units == 81


async def test_steps_of_one_run_in_one_commit_follow_each_other(store: Store, sql: Sql):
    """Each sees what the one before it led to, although nothing has been committed between."""
    asking = opening(RUNS[0], "review", times=e.Times(due_at=LATER), timeout=HOUR)
    steps = [
        start(RUNS[0]),
        step(take("write")),
        step(done("write"), e.NodeReady(path="review", node="review"), asking),
        step(e.CancelRequested(by="ANN"), e.RunCancelled(by="ANN")),
    ]
    results, commits = await queued(store, *(store.commit(RUNS[0], each) for each in steps))

    assert commits == 1
    assert [type(each) for each in results] == [Advance] * 4
    assert (await store.get_run(RUNS[0])).status == RunStatus.CANCELLED
    assert (await store.verify(RUNS[0])).problem is None
    assert sql("SELECT * FROM timers") == []
    assert sql("SELECT * FROM jobs") == []


async def test_h6_of_two_decisions_in_one_commit_the_first_wins(store: Store, sql: Sql):
    """The other one is refused, although both saw an open approval."""
    approval_id = await ask(store, RUNS[0])
    results, commits = await queued(
        store,
        store.commit(RUNS[0], answer(approval_id, by="BOB")),
        store.commit(RUNS[0], answer(approval_id, decision="reject", by="CAROL")),
    )

    assert commits == 1
    assert isinstance(results[0], Advance)
    assert results[1] == r.NotOpen(approval_id=approval_id)
    assert sql("SELECT by, decision FROM decisions") == [("BOB", "approve")]


async def test_a_step_that_raises_fails_alone(store: Store):
    """Its neighbours are in the same commit."""

    def broken(_state, _now):
        raise ZeroDivisionError("a bug")

    results, commits = await queued(
        store,
        store.commit(RUNS[0], start(RUNS[0])),
        store.commit(RUNS[1], broken),
        store.commit(RUNS[2], start(RUNS[2])),
    )

    assert commits == 1
    assert isinstance(results[1], ZeroDivisionError)
    assert [run.id for run in await store.list_runs()] == [RUNS[2], RUNS[0]]


async def test_a_refused_step_stores_nothing(store: Store, sql: Sql):
    """A refusal is an answer, not a fact."""
    approval_id = await ask(store, RUNS[0])
    before = sql("SELECT count(*) FROM events")
    result = await store.commit(RUNS[0], answer("f" * 32))

    assert result == r.NotOpen(approval_id="f" * 32)
    assert [each.id for each in await store.list_pending()] == [approval_id]
    assert sql("SELECT count(*) FROM events") == before
    assert sql("SELECT * FROM decisions") == []


async def test_rows_that_the_database_refuses_fail_alone(store: Store):
    """A broken constraint takes the batch apart, and each unit is tried again by itself."""

    def clash(connection, now):
        values = {"approval_id": "a" * 32, "channel": "C1", "ts": "1.0", "posted_at": now}
        connection.execute(insert(tables.messages).values(values))
        connection.execute(insert(tables.messages).values(values))

    results, commits = await queued(
        store,
        store.commit(RUNS[0], start(RUNS[0])),
        store.write(clash),
        store.commit(RUNS[1], start(RUNS[1])),
    )

    assert [type(each) for each in results] == [Advance, StoreError, Advance]
    assert commits == 2
    assert await store.find_message("a" * 32) is None
    assert {run.id for run in await store.list_runs()} == {RUNS[0], RUNS[1]}


async def test_values_that_the_driver_cannot_take_fail_alone(store: Store):
    """They are no sign that the database is away, so nobody is told to try again."""

    def nonsense(connection, _now):
        connection.exec_driver_sql("SELECT ?", (object(),))

    results, _ = await queued(
        store,
        store.commit(RUNS[0], start(RUNS[0])),
        store.write(nonsense),
        store.commit(RUNS[1], start(RUNS[1])),
    )

    assert [isinstance(each, Advance) for each in results] == [True, False, True]
    assert isinstance(results[1], StoreError)
    assert not isinstance(results[1], StoreUnavailableError)


@pytest.mark.parametrize("comment", ["half a letter: \ud83d", None, 5])
async def test_an_event_that_could_not_be_read_again_is_not_stored(store: Store, comment):
    """Else the run could never be loaded again; its neighbours and the run go on."""
    approval_id = await ask(store, RUNS[0])
    results, _ = await queued(
        store,
        store.commit(RUNS[1], start(RUNS[1])),
        store.commit(RUNS[0], answer(approval_id, comment=comment)),
        store.commit(RUNS[2], start(RUNS[2])),
    )
    after = await approve(store, RUNS[0], approval_id, comment="🙂 fine")

    assert [isinstance(each, Advance) for each in results] == [True, False, True]
    assert isinstance(results[1], StoreError)
    assert after.state.status == RunStatus.RUNNING
    assert (await store.verify(RUNS[0])).is_sound


async def test_a_cancelled_caller_does_not_undo_its_commit(store: Store):
    """What was submitted is stored; only the answer has nobody to go to."""
    async with Gate(store):
        task = asyncio.create_task(store.commit(RUNS[0], start(RUNS[0])))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await commit(store, RUNS[0], take("write"))

    assert (await store.get_run(RUNS[0])).status == RunStatus.RUNNING


async def test_close_stores_what_was_submitted(url: str, clock: FakeClock):
    """Nothing in the queue is dropped; afterwards nothing is taken."""
    async with open_store(url, now=clock.now) as store:
        async with Gate(store):
            task = asyncio.create_task(store.commit(RUNS[0], start(RUNS[0])))
            await asyncio.sleep(0)
            closing = asyncio.create_task(store.close())
            await asyncio.sleep(0)
        await closing
        await task
        with pytest.raises(StoreUnavailableError, match="closed; nothing was recorded"):
            await store.commit(RUNS[1], start(RUNS[1]))
        with pytest.raises(StoreUnavailableError):
            await store.list_runs()
    async with open_store(url, now=clock.now) as store:
        assert [run.id for run in await store.list_runs()] == [RUNS[0]]


async def test_the_instant_of_a_commit_is_when_its_batch_begins(store: Store, clock: FakeClock):
    """Not when the caller asked: what waited for the lock is judged by the time it got it."""
    tasks = []
    async with Gate(store):
        tasks.append(asyncio.create_task(store.commit(RUNS[0], start(RUNS[0]))))
        await asyncio.sleep(0)
        clock.advance(timedelta(seconds=1))
    await asyncio.gather(*tasks)

    assert (await store.get_run(RUNS[0])).started_at == clock.now()


async def test_runs_of_one_store_do_not_see_each_other(store: Store):
    """Equal paths and nodes are told apart by the run."""
    first = await ask(store, RUNS[0])
    second = await ask(store, RUNS[1])
    await approve(store, RUNS[0], first)

    assert [each.status for each in await store.list_approvals(RUNS[0])] == ["approved"]
    assert [each.id for each in await store.list_pending()] == [second]
    assert (await store.get_run(RUNS[1])).status == RunStatus.WAITING


async def test_a_step_that_raises_what_no_future_takes_is_told_to_its_caller(store: Store):
    """A StopIteration would otherwise be lost, and its caller would wait for ever."""

    def broken(_state, _now):
        return next(iter(()))

    with pytest.raises(StoreError, match="StopIteration"):
        await store.commit(RUNS[0], broken)
    assert await store.list_runs() == []
