"""LangGraph, with its savers for SQLite and PostgreSQL.

Arguments: how durable (`async`, its default, or `exit`), then the options.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import AsyncExitStack
from typing import Any, TypedDict

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from benchmarks import wire

_POOL = 16  # connections
_TABLES = {
    "sqlite": ("checkpoints", "writes"),
    "postgresql": ("checkpoints", "checkpoint_blobs", "checkpoint_writes"),
}


class State(TypedDict, total=False):
    """What a run carries."""

    count: int
    out: dict[str, str]
    decision: str
    done: bool


class LangGraph(wire.Candidate):
    """A compiled graph with a checkpointer."""

    distribution = "langgraph"

    async def open(self) -> None:
        """Open the saver and compile the graph."""
        self._stack = AsyncExitStack()
        self._is_postgres = self.options.database.startswith("postgresql")
        saver = await (self._postgres() if self._is_postgres else self._sqlite())
        await saver.setup()
        self._graph = self._builder().compile(checkpointer=saver)
        self._durability: Any = sys.argv[1]

    async def _postgres(self) -> Any:
        settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        pool = AsyncConnectionPool(
            self.options.database, min_size=_POOL, max_size=_POOL, kwargs=settings, open=False
        )
        await self._stack.enter_async_context(pool)
        return AsyncPostgresSaver(pool)

    async def _sqlite(self) -> Any:
        saver = AsyncSqliteSaver.from_conn_string(self.options.database)
        return await self._stack.enter_async_context(saver)

    def _builder(self) -> Any:
        history = self.options.history

        async def step(state: State) -> State:
            return {"count": state.get("count", 0) + 1}

        async def a(_state: State) -> State:
            return {"out": wire.payload(self.options.state)}

        async def gate(_state: State) -> State:
            return {"decision": interrupt("Go on?")}

        async def b(_state: State) -> State:
            self.executions += 1
            return {"done": True}

        builder = StateGraph(State)
        for name, node in (("step", step), ("a", a), ("gate", gate), ("b", b)):
            builder.add_node(name, node)
        builder.add_edge(START, "step" if history else "a")
        builder.add_conditional_edges(
            "step", lambda state: "step" if state["count"] < history else "a"
        )
        for source, target in (("a", "gate"), ("gate", "b"), ("b", END)):
            builder.add_edge(source, target)
        return builder

    async def fill(self, count: int) -> None:
        """Copy the rows of one paused thread."""
        await self.start("first")
        if self._is_postgres:
            with psycopg.connect(self.options.database, autocommit=True) as connection:
                for table in _TABLES["postgresql"]:
                    connection.execute(self._copying(connection, table, count))
            return
        with sqlite3.connect(self.options.database, timeout=60) as connection:
            for table in _TABLES["sqlite"]:
                connection.execute(self._copying(connection, table, count))

    def _copying(self, connection: Any, table: str, count: int) -> str:
        found = connection.execute(f"SELECT * FROM {table} LIMIT 0").description  # noqa: S608
        names = [column[0] for column in found if column[0] != "thread_id"]
        columns = ", ".join(names)
        if self._is_postgres:
            numbers = f"generate_series(1, {count}) AS numbers(n)"
        else:
            series = f"SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}"  # noqa: S608
            numbers = f"(WITH RECURSIVE numbers AS ({series}) SELECT n FROM numbers) AS numbers"  # noqa: S608
        return (
            f"INSERT INTO {table} (thread_id, {columns}) "  # noqa: S608 - its own tables
            f"SELECT 'stored-' || n, {columns} FROM {table} CROSS JOIN {numbers} "
            "WHERE thread_id = 'first'"
        )

    async def start(self, run: str) -> None:
        """See Candidate."""
        await self._invoke({}, run)

    async def approve(self, run: str) -> None:
        """See Candidate."""
        await self._invoke(Command(resume="yes"), run)

    async def _invoke(self, given: Any, run: str) -> None:
        config = {"configurable": {"thread_id": run}, "recursion_limit": self.options.history + 50}
        await self._graph.ainvoke(given, config, durability=self._durability)

    async def close(self) -> None:
        """See Candidate."""
        await self._stack.aclose()


if __name__ == "__main__":
    wire.run(LangGraph)
