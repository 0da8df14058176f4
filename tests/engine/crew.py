"""Processes and engines that share one database, for the tests of workers."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from orchestrator.graph import Graph
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import Run, nodejobs, open_store
from tests.engine import working

PATIENCE = 40.0
JOBS = f"SELECT status::text, attempts, dedupe_key FROM {nodejobs.SETTINGS.queue_table}"  # noqa: S608


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
