"""The workload through the engine, as a program that uses it would run it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from orchestrator.core.ids import approval_id
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory, SystemClock, settle_memory
from orchestrator.store import migrate, open_store


async def _a(_context: Any) -> dict[str, str]:
    return {"text": "x" * 1_000}


async def _b(_context: Any) -> dict[str, bool]:
    return {"done": True}


def workload() -> Graph:
    """Return a → approval → b."""
    return (
        GraphBuilder("workload")
        .task("a", _a)
        .approval("gate", approvers="BOB", timeout="1h", on_timeout="expire")
        .task("b", _b)
        .edge("a", "gate")
        .edge("gate", "b")
        .start("a")
        .ends("b")
        .build()
    )


class Product:
    """Signoff's engine on SQLite; make it with `open`."""

    name = "signoff"

    def __init__(self, engine: Engine, stack: AsyncExitStack) -> None:
        self._engine = engine
        self._stack = stack
        self._runs: dict[str, str] = {}

    @classmethod
    async def open(cls, path: Path) -> Product:
        """Migrate a database and serve it."""
        url = f"sqlite+aiosqlite:///{path}"
        await migrate(url)
        stack = AsyncExitStack()
        store = await stack.enter_async_context(open_store(url, now=SystemClock().now))
        engine = Engine(store, {"workload": workload()}, directory=StaticDirectory())
        await stack.enter_async_context(engine)
        settle_memory()
        return cls(engine, stack)

    async def start(self, run_id: str) -> None:
        """Start a run; return when its question is stored."""
        run = await self._engine.start("workload", {}, requester="ALICE", surface="bench")
        self._runs[run_id] = run.id
        await self._engine.wait_until(run.id, lambda now: now.status == "waiting")

    async def approve(self, run_id: str) -> None:
        """Approve a run; return when it is stored as completed."""
        run = self._runs[run_id]
        gate = approval_id(run, "gate", 1)
        await self._engine.decide(gate, "approve", by="BOB", surface="bench")
        await self._engine.wait_until(run, lambda now: now.status == "completed")

    async def close(self) -> None:
        """Stop serving."""
        await self._stack.aclose()
