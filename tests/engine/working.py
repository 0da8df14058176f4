"""A program that runs nodes of a queue, and dies at a crash point; run by the tests of workers.

Arguments: the database's URL, the folder of what its nodes leave behind, how many processes a node
waits for before it goes on, and how many nodes run at once. The crash point comes from the
environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import open_store
from orchestrator.testing import CrashPoint


def make_graph(folder: Path, *, company: int = 1) -> Graph:
    """Return a graph of one node, which writes its key and process once there is company."""

    async def count(context: Any) -> int:
        (folder / f"{os.getpid()}.process").touch()
        while len(list(folder.glob("*.process"))) < company:
            await asyncio.sleep(0.01)
        with (folder / "effects").open("a") as file:
            file.write(f"{context.idempotency_key} {os.getpid()}\n")
        return os.getpid()

    return GraphBuilder("count").task("count", count).start("count").ends("count").build()


async def main(url: str, folder: Path, company: int, concurrency: int) -> None:
    """Serve until killed."""
    point = os.environ.get("CRASH_AT")
    hook = CrashPoint.parse(point) if point else lambda _name: None
    clock = SystemClock()
    graph = make_graph(folder, company=company)
    async with (
        open_store(url, now=clock.now, hook=hook) as store,
        Engine(
            store,
            {graph.id: graph},
            directory=StaticDirectory(),
            clock=clock,
            concurrency=concurrency,
            hook=hook,
        ),
    ):
        await asyncio.Event().wait()


def run() -> None:
    """Begin; imported, so that the functions of nodes are called what they are in the tests."""
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
