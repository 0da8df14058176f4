"""Workers on PostgreSQL: ready nodes are jobs of a queue, which any process takes on."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.runtime import worker
from tests.engine import working
from tests.engine.crew import JOBS, Workers, desk, finished, serve, sql, start, until


@pytest.fixture
async def workers(shared: str, tmp_path: Path) -> AsyncIterator[Workers]:
    """Start worker processes; they are killed at the end."""
    started = Workers(shared, tmp_path)
    yield started
    await started.close()


@pytest.mark.slow
async def test_w1_two_workers_share_the_nodes(
    shared: str, workers: Workers, tmp_path: Path
) -> None:
    """Each node runs once, and both processes take part: the first ones wait for that."""
    graph = working.make_graph(tmp_path)
    async with desk(shared, graph) as engine:
        runs = [await start(engine) for _ in range(40)]
        waiting = await sql(shared, JOBS)
        first, second = await workers.start(company=2), await workers.start(company=2)
        ended = await finished(engine, runs)

    assert Counter(row[0] for row in waiting) == {"queued": 40}
    assert {run.status for run in ended} == {RunStatus.COMPLETED}
    assert sorted(key for key, _ in workers.effects()) == sorted(f"{run.id}/count" for run in runs)
    assert {pid for _, pid in workers.effects()} == {str(first.pid), str(second.pid)}
    assert await sql(shared, JOBS) == []


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
    assert await sql(shared, JOBS) == []


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
        jobs = await sql(shared, JOBS)
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
        waiting = await sql(shared, JOBS)
        leave.set()
        ended = await finished(engine, runs)

    assert [row[0] for row in waiting] == ["queued", "queued"]
    assert sorted(entered) == sorted(f"{run.id}/hold" for run in runs)
    assert {run.status for run in ended} == {RunStatus.COMPLETED}


async def test_w1_what_a_commit_makes_ready_beyond_its_room_others_run(shared: str) -> None:
    """The nodes of one run are shared, too: one is taken on at once, the others are jobs."""
    here: list[str] = []
    there: list[str] = []
    leave = asyncio.Event()

    async def is_shared() -> bool:
        return (len(here), len(there)) == (1, 5)

    async with serve(shared, wide(here, leave), concurrency=1) as first:
        run = await start(first, "wide")

        async def is_one_running() -> bool:
            return len(here) == 1

        await until(is_one_running)
        async with serve(shared, wide(there, leave), concurrency=8) as second:
            await until(is_shared)
            leave.set()
            (ended,) = await finished(second, [run])

    assert ended.status is RunStatus.COMPLETED
    assert len({*here, *there}) == 6


def wide(entered: list[str], leave: asyncio.Event) -> Graph:
    """Return a graph of six nodes side by side, which wait."""

    async def hold(context: Any) -> None:
        entered.append(context.idempotency_key)
        await leave.wait()

    return (
        GraphBuilder("wide")
        .map("each", lambda _view: list(range(6)), Block().task("hold", hold))
        .start("each")
        .ends("each")
        .build()
    )


async def test_w1_a_worker_whose_connection_was_lost_comes_back(
    shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks for what it was not told of meanwhile."""
    monkeypatch.setattr(worker, "POLL", 3600.0)
    monkeypatch.setattr(worker, "RECONNECT", 0.01)
    graph = working.make_graph(tmp_path)
    listening = "FROM pg_stat_activity WHERE application_name = 'signoff takes nodes on'"
    async with desk(shared, graph) as recorder, serve(shared, graph):

        async def is_listening() -> bool:
            return bool(await sql(shared, f"SELECT pid {listening}"))

        await until(is_listening)
        await sql(shared, f"SELECT pg_terminate_backend(pid) {listening}")
        run = await start(recorder)
        (ended,) = await finished(recorder, [run])

    assert ended.status is RunStatus.COMPLETED
