"""The floor on PostgreSQL: a task that writes up to 32 queued commits in one transaction.

The rows are those that Signoff writes on SQLite. Rows of one table go in one statement, as arrays
that `unnest` takes apart.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import asyncpg

from benchmarks import wire
from benchmarks.plan import Commit, Plan

MAX_BATCH = 32
_TYPES = {int: "bigint", bool: "boolean"}


class Grouped(wire.Candidate):
    """A task that commits what has queued up, together."""

    distribution = "asyncpg"

    async def open(self) -> None:
        """Make the tables and start the task."""
        self._plan = Plan(self.options.recording, placeholder="$")
        self._connection = await asyncpg.connect(self.options.database)
        for text in self._plan.schema:
            await self._connection.execute(re.sub(r"\bBOOLEAN\b", "BIGINT", text))
        self._queue: asyncio.Queue[tuple[Commit, asyncio.Future[None]]] = asyncio.Queue()
        self._task = asyncio.create_task(self._work())

    def prepare(self, runs: Sequence[str]) -> None:
        """Make the rows of these runs."""
        for run in runs:
            self._plan.prepare(run)

    async def start(self, run: str) -> None:
        """Write what starting a run writes."""
        await self._write(self._plan.take("start", run))

    async def approve(self, run: str) -> None:
        """Write what an approval writes."""
        await self._write(self._plan.take("approve", run))
        self.executions += 1

    async def _write(self, commits: list[Commit]) -> None:
        for commit in commits:
            future = asyncio.get_running_loop().create_future()
            self._queue.put_nowait((commit, future))
            await future

    async def _work(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            groups: dict[str, list[tuple[Any, ...]]] = {}
            for commit, _ in batch:
                for text, rows in commit:
                    groups.setdefault(text, []).extend(rows)
            async with self._connection.transaction():
                for text, rows in groups.items():
                    columns = list(zip(*rows, strict=True))
                    await self._connection.execute(_many(text, columns), *map(list, columns))
            for _, future in batch:
                future.set_result(None)

    async def close(self) -> None:
        """Stop the task and close the connection."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._connection.close()


def _many(text: str, columns: Sequence[Sequence[Any]]) -> str:
    """Return a statement for one row as one for many, whose parameters are columns."""
    arrays = ", ".join(
        f"${number}::{_type(values)}[]" for number, values in enumerate(columns, start=1)
    )
    names = ", ".join(f"c{number}" for number in range(1, len(columns) + 1))
    source = f"unnest({arrays}) AS given ({names})"
    if text.startswith("INSERT"):
        return f"{text.partition(' VALUES ')[0]} SELECT {names} FROM {source}"  # noqa: S608 - recorded
    numbered = re.sub(r"\$(\d+)", r"given.c\1", text)
    if text.startswith("DELETE"):
        return numbered.replace(" WHERE ", f" USING {source} WHERE ")
    return numbered.replace(" WHERE ", f" FROM {source} WHERE ")


def _type(values: Sequence[Any]) -> str:
    known = next((value for value in values if value is not None), "")
    return _TYPES.get(type(known), "text")


if __name__ == "__main__":
    wire.run(Grouped)
