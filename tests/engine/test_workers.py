"""Workers on PostgreSQL: ready nodes are jobs of a queue, which any process takes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from orchestrator.core.state import RunStatus
from orchestrator.errors import DeadLetterNotFoundError, StoreError
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory, SystemClock, worker
from orchestrator.store import Run, migrate, nodejobs, nodequeue, open_store
from tests.engine import working
from tests.postgres import Server

PATIENCE = 40.0
_JOBS = f"SELECT status::text, attempts, dedupe_key FROM {nodejobs.SETTINGS.queue_table}"  # noqa: S608


@pytest.fixture
def shared(postgres: Server) -> Iterator[str]:
    """Return the URL of a migrated database on PostgreSQL."""
    with postgres.database() as url:
        yield url


@asynccontextmanager
async def serve(
    url: str, *graphs: Graph, concurrency: int = 4, **extra: Any
) -> AsyncIterator[Engine]:
    """Have an engine that serves."""
    async with desk(url, *graphs, concurrency=concurrency, **extra) as engine, engine:
        yield engine


@asynccontextmanager
async def desk(url: str, *graphs: Graph, **extra: Any) -> AsyncIterator[Engine]:
    """Have an engine that only records."""
    clock = SystemClock()
    async with open_store(url, now=clock.now) as store:
        known = {graph.id: graph for graph in graphs}
        yield Engine(store, known, directory=StaticDirectory(), clock=clock, **extra)


async def sql(url: str, query: str, *values: Any) -> list[Any]:
    """Ask the database itself."""
    parsed = make_url(url)
    connection = await asyncpg.connect(
        host=parsed.host or parsed.query.get("host"),
        port=parsed.port,
        user=parsed.username,
        password=parsed.password,
        database=parsed.database,
    )
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def until(condition: Callable[[], Any]) -> None:
    """Wait for something that another process does."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.02)


async def start(engine: Engine, graph: str = "count", **values: Any) -> Run:
    """Start a run."""
    return await engine.start(graph, values, requester="ALICE", surface="test")


async def finished(engine: Engine, runs: list[Run]) -> list[Run]:
    """Wait until runs are over, whoever runs them."""

    async def are_over() -> bool:
        return all([(await engine.get_run(run.id)).finished_at is not None for run in runs])

    await until(are_over)
    return [await engine.get_run(run.id) for run in runs]


class Workers:
    """Worker processes of a test."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._started: list[asyncio.subprocess.Process] = []

    async def start(
        self, *, company: int = 1, concurrency: int = 4, crash_at: str = ""
    ) -> asyncio.subprocess.Process:
        """Start one."""
        arguments = [self._url, str(self._folder), str(company), str(concurrency)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            f"from {working.__name__} import run; run()",
            *arguments,
            env=os.environ | {"CRASH_AT": crash_at},
        )
        self._started.append(process)
        return process

    async def close(self) -> None:
        """Kill all of them."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def effects(self) -> list[tuple[str, str]]:
        """Return keys and processes, as nodes have written them."""
        path = self._folder / "effects"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(key, pid) for key, _, pid in (line.rpartition(" ") for line in lines)]


@pytest.fixture
async def workers(shared: str, tmp_path: Path) -> AsyncIterator[Workers]:
    """Start worker processes; they are killed at the end."""
    started = Workers(shared, tmp_path)
    yield started
    await started.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process wait for nothing that takes seconds."""
    monkeypatch.setattr(nodequeue, "KEPT", timedelta(seconds=0.3))
    monkeypatch.setattr(worker, "POLL", 0.1)
    monkeypatch.setattr(worker, "FIRST_DELAY", timedelta(milliseconds=10))
    monkeypatch.setattr(worker, "TRIES", 3)


@pytest.mark.slow
async def test_w1_two_workers_share_the_nodes(
    shared: str, workers: Workers, tmp_path: Path
) -> None:
    """Each node runs once, and both processes take part: the first ones wait for that."""
    graph = working.make_graph(tmp_path)
    async with desk(shared, graph) as engine:
        runs = [await start(engine) for _ in range(40)]
        waiting = await sql(shared, _JOBS)
        first, second = await workers.start(company=2), await workers.start(company=2)
        ended = await finished(engine, runs)

    assert Counter(row[0] for row in waiting) == {"queued": 40}
    assert {run.status for run in ended} == {RunStatus.COMPLETED}
    assert sorted(key for key, _ in workers.effects()) == sorted(f"{run.id}/count" for run in runs)
    assert {pid for _, pid in workers.effects()} == {str(first.pid), str(second.pid)}
    assert await sql(shared, _JOBS) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "effects"),
    [
        ("after_dequeue", 1),  # taken, and not started
        ("before_commit", 1),  # started, and not committed
        ("after_commit", 1),  # started, and nothing run
        ("after_effect", 2),  # run, and its result not stored
    ],
)
@pytest.mark.usefixtures("impatient")
async def test_w1_w3_what_a_killed_worker_has_taken_is_run_by_another(
    shared: str, workers: Workers, tmp_path: Path, point: str, effects: int
) -> None:
    """Once where it had not been run, and again with the same key where that is not known."""
    graph = working.make_graph(tmp_path)
    async with desk(shared, graph) as engine:
        run = await start(engine)
    killed = await workers.start(crash_at=point)
    code = await killed.wait()
    async with serve(shared, graph) as engine:
        (ended,) = await finished(engine, [run])
        verification = await engine.verify(run.id)

    assert code == -signal.SIGKILL
    assert (ended.status, verification.problem) == (RunStatus.COMPLETED, None)
    assert [key for key, _ in workers.effects()] == [f"{run.id}/count"] * effects
    assert await sql(shared, _JOBS) == []


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

    assert await sql(shared, _JOBS) == []
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

    assert await sql(shared, _JOBS) == []


def gated(where: list[str]) -> Graph:
    """Return ask → note, where `note` says which process ran it."""

    def note(_context: Any) -> None:
        where.append("ran")

    return (
        GraphBuilder("gated")
        .approval("ask", approvers="BOB")
        .task("note", note)
        .edge("ask", "note")
        .start("ask")
        .ends("note")
        .build()
    )


async def test_w1_decided_in_one_process_and_run_in_another(
    shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is told of the job: it does not look by itself in this test."""
    monkeypatch.setattr(worker, "POLL", 3600.0)
    here: list[str] = []
    there: list[str] = []
    async with (
        serve(shared, gated(here), concurrency=0) as server,
        serve(shared, gated(there)) as other,
    ):
        run = await start(server, "gated")
        run = await server.wait_until(run.id, lambda now: now.status is RunStatus.WAITING)
        (approval,) = await server.list_pending(run=run.id)
        jobs = await sql(shared, _JOBS)
        await server.decide(approval.id, "approve", by="BOB", surface="test", key="click")
        ended = await other.wait_until(run.id, lambda now: now.finished_at is not None)

    assert ended.status is RunStatus.COMPLETED
    assert (here, there) == ([], ["ran"])
    assert jobs == []  # who waits for people holds no slot and is no job


def held(entered: list[str], leave: asyncio.Event) -> Graph:
    """Return a graph whose one node waits."""

    async def hold(context: Any) -> None:
        entered.append(context.idempotency_key)
        await leave.wait()

    return GraphBuilder("held").task("hold", hold).start("hold").ends("hold").build()


async def test_w1_a_worker_takes_no_more_than_it_has_room_for(shared: str) -> None:
    """The rest stays in the queue for others, and is taken when there is room."""
    entered: list[str] = []
    leave = asyncio.Event()
    graph = held(entered, leave)
    async with serve(shared, graph, concurrency=1) as engine:
        runs = [await start(engine, "held") for _ in range(3)]

        async def is_one_running() -> bool:
            return len(entered) == 1

        await until(is_one_running)
        waiting = await sql(shared, _JOBS)
        leave.set()
        ended = await finished(engine, runs)

    assert [row[0] for row in waiting] == ["queued", "queued"]
    assert sorted(entered) == sorted(f"{run.id}/hold" for run in runs)
    assert {run.status for run in ended} == {RunStatus.COMPLETED}


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


async def test_w1_migrating_twice_leaves_the_queue_as_it_is(shared: str, tmp_path: Path) -> None:
    """Jobs included."""
    async with desk(shared, working.make_graph(tmp_path)) as engine:
        await start(engine)
    before = await sql(shared, _JOBS)
    await asyncio.gather(migrate(shared), migrate(shared))

    assert len(before) == 1
    assert await sql(shared, _JOBS) == before
