"""Other processes on the same file: locks, writers, crashes (rows W3, W5)."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from orchestrator.core.advance import Advance
from orchestrator.errors import StoreUnavailableError
from orchestrator.store import Store, open_store
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql, connected
from tests.store.steps import RUNS, answer, approve, ask, begin, commit, start

ROOT = Path(__file__).parents[2]
#: Starts runs in another process until it has done as many as it was told to.
OTHER = """
import asyncio, sys
from orchestrator.store import open_store
from orchestrator.testing import FakeClock
from tests.store.steps import begin, commit

async def main(url, prefix, count):
    async with open_store(url, now=FakeClock().now) as store:
        print("ready", flush=True)
        for number in range(int(count)):
            await commit(store, prefix + f"{number:028x}", begin())

asyncio.run(main(*sys.argv[1:]))
"""


@contextmanager
def locked(file: Path) -> Iterator[sqlite3.Connection]:
    """Hold the write lock, as another process in a long transaction would."""
    with connected(file) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("ROLLBACK")


@asynccontextmanager
async def other_process(
    url: str, prefix: str, count: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start another process that writes; go on once it has opened the store, kill it at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, url, prefix, str(count), stdout=PIPE, cwd=ROOT
    )
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.slow
async def test_w5_a_locked_database_is_unavailable_soon_and_nothing_is_recorded(
    store: Store, file: Path
):
    """A click has two seconds in all, so its caller is told within that; reading goes on."""
    approval_id = await ask(store, RUNS[0])
    with locked(file):
        began = time.monotonic()
        results = await asyncio.gather(
            store.commit(RUNS[0], answer(approval_id)),
            store.commit(RUNS[1], start(RUNS[1])),
            return_exceptions=True,
        )
        took = time.monotonic() - began
        pending = await store.list_pending()

    assert [type(each) for each in results] == [StoreUnavailableError] * 2
    assert str(results[0]) == (
        "the database does not answer: database is locked; nothing was recorded"
    )
    assert 0.9 < took < 4.5  # a second for each batch, and a busy machine
    assert [each.id for each in pending] == [approval_id]
    assert [run.id for run in await store.list_runs()] == [RUNS[0]]


@pytest.mark.slow
async def test_w5_the_store_recovers_by_itself(store: Store, file: Path):
    """The first write after the lock is gone is stored."""
    approval_id = await ask(store, RUNS[0])
    with locked(file), pytest.raises(StoreUnavailableError):
        await store.commit(RUNS[0], answer(approval_id))
    await approve(store, RUNS[0], approval_id)

    assert (await store.verify(RUNS[0])).is_sound


async def test_a_short_lock_is_waited_for(store: Store, file: Path):
    """Another process that commits quickly is nobody's problem."""
    with locked(file):
        task = asyncio.create_task(store.commit(RUNS[0], start(RUNS[0])))
        done, _ = await asyncio.wait([task], timeout=0.1)

        assert not done
    assert isinstance(await task, Advance)


async def test_what_another_process_wrote_is_seen_at_once(store: Store, url: str):
    """State is loaded in the transaction that changes it, never from memory."""
    approval_id = await ask(store, RUNS[0])
    async with open_store(url, now=FakeClock().now) as other:
        await approve(other, RUNS[0], approval_id, by="CAROL")
    refused = await store.commit(RUNS[0], answer(approval_id))

    assert not isinstance(refused, Advance)
    assert (await store.get_approval(approval_id)).answers[0].by == "CAROL"


async def test_h6_two_stores_decide_at_once_and_one_wins(store: Store, url: str, sql: Sql):
    """Whichever process comes first; the other one is refused."""
    ids = [await ask(store, run_id) for run_id in RUNS[:10]]
    async with open_store(url, now=FakeClock().now) as other:
        results = await asyncio.gather(
            *(
                each.commit(run_id, answer(approval_id, by=by))
                for each, by in ((store, "BOB"), (other, "CAROL"))
                for run_id, approval_id in zip(RUNS, ids, strict=False)
            )
        )
    decided = sql("SELECT approval_id, count(*) FROM decisions GROUP BY approval_id")

    assert sum(isinstance(each, Advance) for each in results) == len(ids)
    assert sorted(decided) == sorted((each, 1) for each in ids)


@pytest.mark.slow
async def test_a_second_process_that_writes_at_the_same_time_loses_nothing(store: Store, url: str):
    """Both get through, and every run of both is sound."""
    mine = [f"{'b' * 4}{number:028x}" for number in range(60)]
    async with other_process(url, "a" * 4, 60) as process:
        for run_id in mine:
            await commit(store, run_id, begin())
        code = await process.wait()
    found = {run.id for run in await store.list_runs(limit=1000)}
    theirs = {f"{'a' * 4}{number:028x}" for number in range(60)}
    problems = [(await store.verify(run_id)).problem for run_id in sorted(found)]

    assert code == 0
    assert found == theirs | set(mine)
    assert set(problems) == {None}


@pytest.mark.slow
async def test_w3_a_process_that_is_killed_while_writing_leaves_whole_runs(store: Store, url: str):
    """Each commit is there or it is not, and the lock is free."""
    async with other_process(url, "a" * 4, 100_000), asyncio.timeout(20):
        while len(await store.list_runs(limit=100)) < 20:
            await asyncio.sleep(0)
    await commit(store, RUNS[0], begin())
    found = await store.list_runs(limit=10_000)
    problems = {(await store.verify(run.id)).problem for run in found}

    assert len(found) > 20
    assert problems == {None}
