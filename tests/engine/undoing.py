"""A program that cancels a run with something to take back; run by the tests of undos.

Arguments: the database's URL, the file of effects, and `start` or `cancel RUN`; the crash point
comes from the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestrator.errors import RunFinishedError
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import open_store
from orchestrator.testing import CrashPoint


def make_graph(effects: Path) -> Graph:
    """Return flight → hotel → confirm; what is done or undone is noted once."""

    def note(text: str) -> None:
        line = json.dumps(text)
        if effects.exists() and line in effects.read_text().splitlines():
            return
        with effects.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def do(context: Any) -> None:
        note(f"do {context.node}")

    def undo(context: Any) -> None:
        note(f"undo {context.node}")

    return (
        GraphBuilder("trip")
        .task("flight", do, undo=undo)
        .task("hotel", do, undo=undo)
        .approval("confirm", approvers="BOB")
        .edge("flight", "hotel")
        .edge("hotel", "confirm")
        .start("flight")
        .ends("confirm")
        .build()
    )


async def main(url: str, effects: Path, action: str, *reference: str) -> None:
    """Do one thing and print the run as JSON."""
    point = os.environ.get("CRASH_AT")
    hook = CrashPoint.parse(point) if point else lambda _name: None
    clock = SystemClock()
    graphs = {"trip": make_graph(effects)}
    async with (
        open_store(url, now=clock.now, hook=hook) as store,
        Engine(store, graphs, directory=StaticDirectory(), clock=clock, hook=hook) as engine,
    ):
        if action == "start":
            run = await engine.start("trip", {}, requester="ALICE", surface="test")
            run = await engine.wait_until(run.id, lambda now: now.status == "waiting", timeout=30)
        else:
            with suppress(RunFinishedError):
                await engine.cancel(reference[0], by="ALICE", surface="test")
            run = await engine.wait_until(
                reference[0], lambda now: now.finished_at is not None, timeout=60
            )
        print(json.dumps({"id": run.id, "status": run.status}))  # noqa: T201 - its output


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
