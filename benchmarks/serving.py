"""One look at a database: serves it in a process of its own and says what everything took.

It is called as `main(file, clicks)` and prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.product import to_url
from benchmarks.wire import rss
from bot.slack.people.inbox import Inbox
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory, SystemClock, settle_memory
from orchestrator.store import open_store

PERSON = "BOB"
_TIMES = 9  # looks at a list, of which the median counts


async def _work(_context: Any) -> dict[str, bool]:
    return {"done": True}


def asked(timeout: str = "30d") -> Graph:
    """Return a graph that asks at once and then does one thing."""
    return (
        GraphBuilder("asked")
        .approval("gate", approvers=PERSON, timeout=timeout, on_timeout="expire")
        .task("work", _work)
        .sequence("gate", "work")
        .start("gate")
        .ends("work")
        .build()
    )


async def _median(action: Callable[[], Awaitable[Any]]) -> float:
    """Return the median of the milliseconds that something takes."""
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        await action()
        took.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took)


async def look(database: str, clicks: int) -> dict[str, float]:
    """Serve a database, and return milliseconds, and bytes, by what they are of."""
    found: dict[str, float] = {}
    # Typed loosely: any directory will do that knows members and outsiders.
    directory: Any = StaticDirectory()
    began = time.perf_counter()
    async with open_store(to_url(database), now=SystemClock().now) as store:
        engine = Engine(store, {"asked": asked()}, directory=directory)
        async with engine:
            await engine.tick()
            found["start-up, first look included, ms"] = (time.perf_counter() - began) * 1e3
            settle_memory()
            found["a tick of the scheduler, ms"] = await _median(engine.tick)
            found["the 50 most urgent open approvals, ms"] = await _median(
                lambda: engine.list_pending(limit=50)
            )
            found["the open approvals of one graph, ms"] = await _median(
                lambda: engine.list_pending(graph="asked", limit=50)
            )
            found["the 50 newest runs, ms"] = await _median(lambda: engine.list_runs(limit=50))
            inbox = Inbox(engine, directory)
            found["what waits for a person (App Home), ms"] = await _median(
                lambda: inbox.of(PERSON)
            )
            if clicks:
                found["a click until it is recorded, ms"] = await _click(engine, clicks)
            found["memory of the serving process, MB"] = rss() / 1e6
    return found


async def _click(engine: Engine, clicks: int) -> float:
    took = []
    for approval in await engine.list_pending(limit=clicks):
        began = time.perf_counter()
        await engine.decide(approval.id, "approve", by=PERSON, surface="bench")
        took.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took)


def main(database: str, clicks: str) -> None:
    """Look once and print."""
    found = asyncio.run(look(database, int(clicks)))
    print(json.dumps(found | {"database, MB": Path(database).stat().st_size / 1e6}))
