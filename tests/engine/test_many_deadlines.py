"""Ten thousand deadlines in one second, two processes that serve, and one of them killed.

Run as a program it is one of those processes: URL, the first deadline, and how long until then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.store import open_store
from orchestrator.store.tables import to_instant
from orchestrator.testing import FakeClock
from tests.postgres import run

MANY = 10_000
HOUR = timedelta(hours=1)
#: Time for both processes to be there before the first deadline.
AHEAD = timedelta(seconds=3)
#: Deadlines lie this far apart, all in the same second.
APART = timedelta(microseconds=90)
PATIENCE = 60  # seconds


def make_graph() -> Graph:
    """Return one question that expires after an hour."""
    return (
        GraphBuilder("asking")
        .approval("review", approvers="BOB", timeout=HOUR, on_timeout="expire")
        .start("review")
        .ends("review")
        .build()
    )


class ShiftedClock:
    """The computer's clock, set so that it shows a given instant now."""

    def __init__(self, shows: datetime) -> None:
        self._shift = shows - datetime.fromtimestamp(time.time(), UTC)

    def now(self) -> datetime:
        """Return the instant that it shows."""
        return datetime.fromtimestamp(time.time(), UTC) + self._shift


async def serve(url: str, shows: datetime) -> None:
    """Serve until killed; say when it begins."""
    clock = ShiftedClock(shows)
    async with (
        open_store(url, now=clock.now) as store,
        Engine(store, {"asking": make_graph()}, directory=StaticDirectory(), clock=clock),
    ):
        print("serving", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.Event().wait()


async def populate(url: str) -> datetime:
    """Start the runs; return the first deadline."""
    clock = FakeClock()
    first = clock.now() + HOUR
    async with open_store(url, now=clock.now) as store:
        engine = Engine(store, {"asking": make_graph()}, directory=StaticDirectory(), clock=clock)
        for _ in range(MANY // 500):
            starts = [
                engine.start("asking", {}, requester="ANN", surface="python") for _ in range(500)
            ]
            await asyncio.gather(*starts)
            clock.advance(APART * 500)
    return first


@asynccontextmanager
async def serving(url: str, first: datetime) -> AsyncIterator[tuple[Process, Process]]:
    """Run two processes on the same file, whose clocks show the same."""
    began = time.time()

    async def begin() -> Process:
        shows = first - AHEAD + timedelta(seconds=time.time() - began)
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, url, shows.isoformat(), stdout=PIPE
        )

    processes = await begin(), await begin()
    try:
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"serving\n"
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.communicate()


def ask(database: str, query: str) -> Any:
    """Return a value out of the database, which others are writing."""
    if database.startswith("postgresql"):
        return run(database, query)[0][0]
    file = make_url(database).database
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(query).fetchone()[0]


async def until_fired(database: str, least: int) -> None:
    """Wait until so many deadlines have fired."""
    query = "SELECT count(*) FROM approvals WHERE status = 'expired'"
    async with asyncio.timeout(PATIENCE):
        while ask(database, query) < least:
            await asyncio.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_t5_all_deadlines_of_one_second_fire_once_though_a_process_is_killed(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is lost with the process that was firing it, and none fires twice."""
    first = await populate(database)

    assert ask(database, "SELECT count(*) FROM timers") == MANY

    async with serving(database, first) as (one, other):
        await until_fired(database, MANY // 5)
        fired = ask(database, "SELECT count(*) FROM approvals WHERE status = 'expired'")
        os.kill(one.pid, signal.SIGKILL)
        await one.wait()
        await until_fired(database, MANY)

        assert fired < MANY
        assert other.returncode is None

    resolved = "FROM events WHERE kind = 'ApprovalResolved'"

    assert ask(database, f"SELECT count(*) {resolved}") == MANY
    assert ask(database, f"SELECT count(DISTINCT run_id) {resolved}") == MANY
    assert ask(database, "SELECT count(*) FROM runs WHERE status = 'timed_out'") == MANY
    assert ask(database, "SELECT count(*) FROM timers") == 0
    took = to_instant(ask(database, f"SELECT max(at) {resolved}")) - first
    with capsys.disabled():
        print(f"\n{MANY:,} deadlines: {took.total_seconds():.1f} s from due to the last fired")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
