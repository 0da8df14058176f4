"""A program that serves a gated graph and dies at a crash point; run by the recovery tests.

Arguments: the database's URL, the file of effects, and what to do: `start`, `approve RUN`,
`skip RUN` or `finish RUN`; the crash point comes from the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import open_store
from orchestrator.testing import CrashPoint


def make_graph(effects: Path, *, is_idempotent: bool) -> Graph:
    """Return write → review → publish; publish looks for its key before it writes."""

    def write(_context: Any) -> dict[str, str]:
        return {"draft": "text"}

    def publish(context: Any) -> None:
        lines = effects.read_text().splitlines() if effects.exists() else []
        if is_idempotent and context.idempotency_key in lines:
            return
        with effects.open("a") as file:
            file.write(context.idempotency_key + "\n")
            file.flush()
            os.fsync(file.fileno())

    return (
        GraphBuilder("gated")
        .task("write", write)
        .approval("review", approvers="BOB", rejection="write")
        .task("publish", publish, idempotent=is_idempotent)
        .edge("write", "review")
        .edge("review", "publish")
        .start("write")
        .ends("publish")
        .build()
    )


async def main(url: str, effects: Path, action: str, *reference: str) -> None:
    """Do one thing and print the run as JSON."""
    point = os.environ.get("CRASH_AT")
    hook = CrashPoint.parse(point) if point else lambda _name: None
    graph = make_graph(effects, is_idempotent=os.environ.get("IDEMPOTENT") == "1")
    clock = SystemClock()
    directory = StaticDirectory()
    async with (
        open_store(url, now=clock.now, hook=hook) as store,
        Engine(store, {"gated": graph}, directory=directory, clock=clock, hook=hook) as engine,
    ):
        if action == "start":
            run = await engine.start("gated", {}, requester="ALICE", surface="test")
            run = await engine.wait_until(run.id, lambda now: now.status == "waiting", timeout=30)
        elif action in ("approve", "skip"):
            (approval,) = await engine.list_pending(run=reference[0])
            await engine.decide(approval.id, action, by="BOB", surface="test", key="click")
            run = await engine.wait_until(reference[0], lambda now: now.finished_at is not None)
        else:
            run = await engine.wait_until(
                reference[0],
                lambda now: now.status in ("waiting", "completed", "failed"),
                timeout=30,
            )
        print(json.dumps({"id": run.id, "status": run.status}))  # noqa: T201 - its output


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
