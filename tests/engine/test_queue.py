"""Jobs of the queue on PostgreSQL: in one transaction with what they are for, and never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.errors import DeadLetterNotFoundError, StoreError
from orchestrator.graph import GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory, SystemClock, worker
from orchestrator.store import migrate, nodejobs, open_store
from orchestrator.store.nodequeue import NodeQueue
from tests.engine import working
from tests.engine.crew import JOBS, PATIENCE, desk, finished, serve, sql, start, until


async def test_w1_a_transaction_that_is_taken_back_leaves_no_job(shared: str) -> None:
    """Neither does it leave the run."""
    graph = GraphBuilder("one").task("one", int).start("one").ends("one").build()

    def fail(name: str) -> None:
        if name == "before_commit":
            raise StoreError("taken back")

    clock = SystemClock()
    async with open_store(shared, now=clock.now, hook=fail) as store:
        engine = Engine(store, {"one": graph}, directory=StaticDirectory(), clock=clock)
        with pytest.raises(StoreError, match="taken back"):
            await start(engine, "one")

    assert await sql(shared, JOBS) == []
    assert await sql(shared, "SELECT id FROM runs") == []


async def test_w1_a_job_outside_of_a_transaction_is_refused(shared: str) -> None:
    """It would be there at once, and stay when all the rest is taken back."""

    def write(connection: Any, _now: Any) -> None:
        driver = connection.connection.driver_connection
        nodejobs.await_only(driver.execute("COMMIT"))
        try:
            nodejobs.enqueue(connection, [("run", "path")])
        finally:
            nodejobs.await_only(driver.execute("BEGIN"))

    async with open_store(shared, now=SystemClock().now) as store:
        with pytest.raises(StoreError, match="inside a transaction"):
            await store.write(write)

    assert await sql(shared, JOBS) == []


async def test_w1_a_job_that_is_given_back_is_no_failure(shared: str) -> None:
    """It is there for others at once, and counts as if nobody had tried."""
    async with desk(shared, working.make_graph(Path())) as engine:
        await start(engine)
        queue = engine._store.queue
        assert queue is not None
        woken = asyncio.Event()
        async with queue.listening(woken.set):
            (node,) = await queue.take(5)
            assert await queue.take(5) == []
            await queue.release(node)
            await asyncio.wait_for(woken.wait(), PATIENCE)
            (again,) = await queue.take(5)

    assert (again.run_id, again.path, again.failures) == (node.run_id, node.path, 0)


@pytest.mark.usefixtures("impatient")
async def test_w1_a_node_that_no_process_can_start_is_a_dead_letter(
    shared: str, tmp_path: Path
) -> None:
    """It is listed with its reason, and runs when its graph is loaded and it is put back."""
    graph = working.make_graph(tmp_path)
    async with desk(shared, graph) as engine:
        run = await start(engine)
    async with serve(shared) as ignorant:

        async def is_dead() -> bool:
            return bool(await ignorant.list_dead())

        await until(is_dead)
        (letter,) = await ignorant.list_dead()
    async with serve(shared, graph) as engine:
        with pytest.raises(DeadLetterNotFoundError):
            await engine.retry_dead([letter.id + 1])
        still = await engine.get_run(run.id)
        put_back = await engine.retry_dead([letter.id])
        (ended,) = await finished(engine, [run])
        left = await engine.list_dead()

    assert (letter.run_id, letter.path, letter.tries) == (run.id, "count", 3)
    assert "count" in letter.reason
    assert still.finished_at is None
    assert put_back == [letter]
    assert (ended.status, left) == (RunStatus.COMPLETED, [])


@pytest.mark.usefixtures("impatient")
async def test_w1_a_dead_letter_whose_run_was_cancelled_is_gone(
    shared: str, tmp_path: Path
) -> None:
    """Nobody has to look at it any more."""
    graph = working.make_graph(tmp_path)
    async with desk(shared, graph) as engine:
        run = await start(engine)
    async with serve(shared) as ignorant:

        async def is_dead() -> bool:
            return bool(await ignorant.list_dead())

        await until(is_dead)
        await ignorant.cancel(run.id, by="ALICE", surface="test")

        assert await ignorant.list_dead() == []


async def test_w1_a_node_whose_job_was_lost_gets_another_one(
    shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes that are ready and have no job are looked for from time to time."""
    monkeypatch.setattr("orchestrator.runtime.scheduler.FORGOTTEN", timedelta(0))
    graph = working.make_graph(tmp_path)
    async with desk(shared, graph) as engine:
        run = await start(engine)
        await sql(shared, f"DELETE FROM {nodejobs.SETTINGS.queue_table}")  # noqa: S608
    async with serve(shared, graph) as engine:
        (ended,) = await finished(engine, [run])

    assert ended.status is RunStatus.COMPLETED


async def test_w1_who_has_room_looks_for_jobs_only_where_there_are_some(
    shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as a slot is free while jobs wait, and not at all while there are none."""
    monkeypatch.setattr(worker, "POLL", PATIENCE)
    graph, looks = working.make_graph(tmp_path), []
    take = NodeQueue.take

    async def looking(queue: NodeQueue, most: int) -> list[Any]:
        looks.append(most)
        return await take(queue, most)

    monkeypatch.setattr(NodeQueue, "take", looking)
    async with desk(shared, graph) as recording, serve(shared, graph, concurrency=2) as engine:
        await until(lambda: asyncio.sleep(0, bool(looks)))
        for _ in range(8):
            await finished(engine, [await start(engine)])
        in_vain = len(looks)
        crowd = await asyncio.gather(*(start(recording) for _ in range(12)))
        ended = await finished(engine, list(crowd))

    assert in_vain == 1
    assert {run.status for run in ended} == {RunStatus.COMPLETED}
    assert await sql(shared, JOBS) == []


async def test_w1_migrating_twice_leaves_the_queue_as_it_is(shared: str, tmp_path: Path) -> None:
    """Jobs included."""
    async with desk(shared, working.make_graph(tmp_path)) as engine:
        await start(engine)
    before = await sql(shared, JOBS)
    await asyncio.gather(migrate(shared), migrate(shared))

    assert len(before) == 1
    assert await sql(shared, JOBS) == before
