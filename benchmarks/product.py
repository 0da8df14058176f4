"""The candidate Signoff: the workload through the engine, as a program that uses it runs it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Any

from benchmarks import wire
from benchmarks.multiply import multiply
from orchestrator.core.ids import approval_id
from orchestrator.errors import ApprovalError
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import Run, migrate, open_store

#: Events that one round of a loop writes.
EVENTS_A_ROUND = 3


def to_url(database: str) -> str:
    """Return the URL of a database: of a file, or of PostgreSQL as the engine spells it."""
    if database.startswith("postgresql://"):
        return database.replace("postgresql://", "postgresql+asyncpg://", 1)
    return f"sqlite+aiosqlite:///{database}"


class Product(wire.Candidate):
    """Signoff's engine on a database."""

    async def open(self) -> None:
        """Migrate the database and serve it."""
        url = to_url(self.options.database)
        await migrate(url)
        self._stack = AsyncExitStack()
        store = await self._stack.enter_async_context(open_store(url, now=SystemClock().now))
        self._engine = Engine(store, {"workload": self.graph()}, directory=StaticDirectory())
        await self._stack.enter_async_context(self._engine)
        self._runs: dict[str, str] = {}

    async def fill(self, count: int) -> None:
        """Multiply one paused run."""
        await self.start("first")
        database, run = self.options.database, self._runs["first"]
        if database.startswith("postgresql://"):
            # asyncpg is installed only where PostgreSQL is used.
            from benchmarks import multiply_postgres  # noqa: PLC0415 - see above

            await multiply_postgres.multiply(database, run, count, gate="gate")
            return
        await asyncio.to_thread(multiply, database, run, count, gate="gate")

    def graph(self) -> Graph:
        """Return a → approval → b, behind as many automatic steps as are wanted."""
        size, history = self.options.state, self.options.history

        async def a(_context: Any) -> dict[str, str]:
            return wire.payload(size)

        async def b(_context: Any) -> dict[str, bool]:
            self.executions += 1
            return {"done": True}

        async def step(_context: Any) -> None:
            return None

        builder = GraphBuilder("workload", max_visits=max(100, history + 10))
        if history:
            builder.loop("steps", Block().task("step", step), max_rounds=history)
            builder.edge("steps", "a")
        return (
            builder.task("a", a)
            .approval("gate", approvers="BOB", timeout="1h", on_timeout="expire")
            .task("b", b)
            .edge("a", "gate")
            .edge("gate", "b")
            .start("steps" if history else "a")
            .ends("b")
            .build()
        )

    async def start(self, run: str) -> None:
        """Start a run; return when its question is stored."""
        found = await self._engine.start("workload", {}, requester="ALICE", surface="bench")
        self._runs[run] = found.id
        await self._engine.wait_until(found, lambda now: now.status == "waiting")

    async def approve(self, run: str) -> None:
        """Approve a run; return when it is stored as completed."""
        run_id = self._runs[run]
        gate = approval_id(run_id, "gate", 1)
        found: str | Run = run_id
        with suppress(ApprovalError):  # the other one of two clicks was first
            found = await self._engine.decide(gate, "approve", by="BOB", surface="bench")
        await self._engine.wait_until(found, lambda now: now.status == "completed")

    async def close(self) -> None:
        """Stop serving."""
        await self._stack.aclose()


if __name__ == "__main__":
    wire.run(Product)
