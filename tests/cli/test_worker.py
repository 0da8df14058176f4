"""`signoff worker` as a process: it runs nodes, keeps deadlines, and stops in time."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.simulator import Simulator
from orchestrator.graph import load_graphs
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import migrate, open_store
from tests.cli.shell import call, free_port, process, until
from tests.cli.test_serve import settings_for
from tests.postgres import Server

#: A node that says who runs it, and goes on when it may.
HELD = """
from __future__ import annotations

import asyncio
import os
from pathlib import Path

from orchestrator import GraphBuilder


async def hold(context):
    Path(f"entered-{context.idempotency_key.partition('/')[0]}").write_text(str(os.getpid()))
    while not Path("leave").exists():
        await asyncio.sleep(0.01)


graph = GraphBuilder("held").task("hold", hold).start("hold").ends("hold").build()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'signoff.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
def settings(database: str, tmp_path: Path) -> dict[str, str]:
    """Return what a worker needs."""
    (tmp_path / "held.py").write_text(HELD)
    return {
        "SIGNOFF_DATABASE_URL": database,
        "SIGNOFF_GRAPHS": str(tmp_path / "held.py"),
        "SIGNOFF_LOG": "json",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SIGNOFF_CHANNEL": "C0APPROVALS",
    }


@asynccontextmanager
async def desk(settings: dict[str, str]) -> AsyncIterator[Engine]:
    """Have an engine that only records, on a migrated database."""
    url, clock = settings["SIGNOFF_DATABASE_URL"], SystemClock()
    graphs = load_graphs([Path(settings["SIGNOFF_GRAPHS"])], allow=())
    await migrate(url)
    async with open_store(url, now=clock.now) as store:
        yield Engine(store, graphs, directory=StaticDirectory(), clock=clock, has_chat=True)


async def start(engine: Engine) -> str:
    """Start a run, which nobody serves here; return its id."""
    return (await engine.start("held", {}, requester="U0ALICE", surface="test")).id


async def until_over(engine: Engine, run: str) -> None:
    """Wait until a run is over."""

    async def is_over() -> bool:
        return (await engine.get_run(run)).finished_at is not None

    await until(is_over)


async def until_entered(folder: Path, run: str) -> str:
    """Wait until the node of a run is being run; return by which process."""
    path = folder / f"entered-{run}"

    async def is_there() -> bool:
        return path.exists() and bool(path.read_text())

    await until(is_there)
    return path.read_text()


@pytest.mark.slow
async def test_w1_a_worker_that_is_told_to_stop_lets_its_nodes_end(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """It takes nothing more; what it has not taken is there for others."""
    async with (
        desk(settings) as engine,
        process(tmp_path, "worker", "--concurrency", "1", **settings) as worker,
    ):
        first = await start(engine)
        line = await worker.line(lambda line: line.startswith("Working. "))
        await until_entered(tmp_path, first)
        second = await start(engine)
        worker.signal(signal.SIGTERM)
        await worker.error(lambda line: "the worker stops" in line)
        (tmp_path / "leave").touch()
        answer = await worker.ended()
        statuses = [(await engine.get_run(run)).status for run in (first, second)]

    events = [json.loads(line)["event"] for line in answer.lines]
    assert line == "Working. Nodes at once: 1. Graphs: held. Stop with Ctrl-C."
    assert answer.code == 0
    assert statuses == ["completed", "pending"]
    assert not (tmp_path / f"entered-{second}").exists()
    assert [event for event in events if event.startswith("the worker")] == [
        "the worker stops",
        "the worker has stopped",
    ]


@pytest.mark.slow
async def test_w1_what_does_not_end_within_the_grace_goes_to_another_worker(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """At once, for the lease is given back."""
    async with (
        desk(settings) as engine,
        process(tmp_path, "worker", "--grace", "2", **settings) as first,
        process(tmp_path, "worker", "--grace", "2", **settings) as second,
    ):
        run = await start(engine)
        before = await until_entered(tmp_path, run)
        stopping, other = (first, second) if before == str(first.pid) else (second, first)
        (tmp_path / f"entered-{run}").unlink()
        stopping.signal(signal.SIGTERM)
        after = await until_entered(tmp_path, run)
        (tmp_path / "leave").touch()
        await until_over(engine, run)
        other.signal(signal.SIGTERM)
        answer = await stopping.ended()

    assert answer.code == 0
    assert {before, after} == {str(first.pid), str(second.pid)}


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_w1_a_second_signal_ends_a_worker_at_once(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """Whatever still runs."""
    async with (
        desk(settings) as engine,
        process(tmp_path, "worker", **settings) as worker,
    ):
        run = await start(engine)
        await until_entered(tmp_path, run)
        worker.signal(signal.SIGTERM)
        await worker.error(lambda line: "the worker stops" in line)
        worker.signal(signal.SIGTERM)
        answer = await worker.ended()

    assert answer.code == 130


@pytest.mark.slow
async def test_w1_a_server_may_leave_nodes_to_workers(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """Then it talks to Slack only."""
    async with Simulator() as simulator:
        port = free_port()
        known = settings_for(simulator, tmp_path, port=port) | {
            "SIGNOFF_DATABASE_URL": settings["SIGNOFF_DATABASE_URL"],
            "SIGNOFF_GRAPHS": settings["SIGNOFF_GRAPHS"],
        }
        async with (
            desk(known) as engine,
            process(tmp_path, "serve", "--no-nodes", **known) as server,
        ):
            await server.line(lambda line: line.startswith("Serving at "))
            run = await start(engine)
            async with process(tmp_path, "worker", **known) as worker:
                ran_by = await until_entered(tmp_path, run)
                (tmp_path / "leave").touch()
                working = worker.pid

    assert ran_by == str(working)


async def test_w1_a_worker_without_graphs_says_what_to_set(tmp_path: Path) -> None:
    """Code 2, one line."""
    answer = await call(tmp_path, "worker")

    assert answer.code == 2
    assert answer.lines == [
        "signoff: SIGNOFF_GRAPHS is not set; set it to the files or folders of your graphs"
    ]
