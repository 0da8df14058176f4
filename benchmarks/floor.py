"""The floors on SQLite: the rows that Signoff writes, with nothing around them.

- `blocking`: sqlite3, a transaction for each of Signoff's commits, one after the other;
- `grouped`: a writer's thread that commits what has queued up, up to 32 together;
- `single`: aiosqlite, all rows of a phase in one transaction.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import sys
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import aiosqlite

from benchmarks import wire
from benchmarks.plan import Commit, Plan

MAX_BATCH = 32
_PRAGMAS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")


class Floor(wire.Candidate):
    """A floor: it has a plan of rows, and a database of the same tables."""

    async def open(self) -> None:
        """Make the tables."""
        self.plan = Plan(self.options.recording)
        self.connection = sqlite3.connect(
            self.options.database, isolation_level=None, check_same_thread=False
        )
        for text in (*_PRAGMAS, *self.plan.schema):
            self.connection.execute(text)

    async def fill(self, count: int) -> None:
        """Write the rows of so many paused runs."""
        self.connection.execute("BEGIN IMMEDIATE")
        for number in range(count):
            run = f"stored-{number}"
            self.plan.prepare(run)
            for commit in self.plan.take("start", run):
                _write(self.connection, commit)
            self.plan.take("approve", run)
        self.connection.execute("COMMIT")

    def prepare(self, runs: Sequence[str]) -> None:
        """Make the rows of these runs."""
        for run in runs:
            self.plan.prepare(run)

    async def start(self, run: str) -> None:
        """Write what starting a run writes."""
        await self.write(self.plan.take("start", run))

    async def approve(self, run: str) -> None:
        """Write what an approval writes."""
        await self.write(self.plan.take("approve", run))
        self.executions += 1

    async def write(self, commits: list[Commit]) -> None:
        """Write a phase's commits."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the database."""
        self.connection.close()


def _write(connection: sqlite3.Connection, commit: Commit) -> None:
    for text, rows in commit:
        connection.executemany(text, rows)


class Blocking(Floor):
    """A transaction for each commit, one after the other."""

    async def write(self, commits: list[Commit]) -> None:
        """See Floor."""
        for commit in commits:
            self.connection.execute("BEGIN IMMEDIATE")
            _write(self.connection, commit)
            self.connection.execute("COMMIT")


class Grouped(Floor):
    """A thread that commits what has queued up, together."""

    async def open(self) -> None:
        """Start the thread as well."""
        await super().open()
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    async def write(self, commits: list[Commit]) -> None:
        """See Floor."""
        for commit in commits:
            future = self._loop.create_future()
            self._queue.put((commit, future))
            await future

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            self.connection.execute("BEGIN IMMEDIATE")
            for commit, _ in batch:
                _write(self.connection, commit)
            self.connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [future for _, future in batch])

    async def close(self) -> None:
        """Stop the thread and close the database."""
        self._queue.put(None)
        self._thread.join()
        await super().close()


def _answer(futures: Iterable[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


class Single(Floor):
    """All rows of a phase in one transaction through aiosqlite."""

    async def open(self) -> None:
        """Open the connection that writes as well."""
        await super().open()
        self._lock = asyncio.Lock()
        self._asynchronous = await aiosqlite.connect(self.options.database, isolation_level=None)
        for text in _PRAGMAS:
            await self._asynchronous.execute(text)

    async def write(self, commits: list[Commit]) -> None:
        """See Floor."""
        async with self._lock:
            await self._asynchronous.execute("BEGIN IMMEDIATE")
            for commit in commits:
                for text, rows in commit:
                    await self._asynchronous.executemany(text, rows)
            await self._asynchronous.commit()

    async def close(self) -> None:
        """Close both connections."""
        await self._asynchronous.close()
        await super().close()


KINDS = {"blocking": Blocking, "grouped": Grouped, "single": Single}

if __name__ == "__main__":
    wire.run(KINDS[sys.argv[1]])
