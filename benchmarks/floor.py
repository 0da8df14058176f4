"""The floors: the workload's rows written with sqlite3 and nothing around it."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from pathlib import Path
from typing import Any

MAX_BATCH = 32
_TEXT = "x" * 1_000
_STATE = "s" * 400
_SCHEMA = """
CREATE TABLE runs (id TEXT PRIMARY KEY, status TEXT, seq INTEGER, state TEXT);
CREATE TABLE events (run_id TEXT, seq INTEGER, body TEXT, PRIMARY KEY (run_id, seq));
CREATE TABLE approvals (id TEXT PRIMARY KEY, run_id TEXT, status TEXT, due_at TEXT);
CREATE TABLE timers (run_id TEXT PRIMARY KEY, due_at TEXT);
CREATE INDEX due ON timers (due_at);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open a database with full durability."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(_SCHEMA)
    return connection


def start(connection: sqlite3.Connection, run_id: str) -> None:
    """Store a run that has started."""
    connection.execute("INSERT INTO runs VALUES (?, 'running', 1, ?)", (run_id, _STATE))
    _events(connection, run_id, range(1, 4), "{}")


def pause(connection: sqlite3.Connection, run_id: str) -> None:
    """Store a node's result and the question behind it."""
    _events(connection, run_id, range(4, 8), _TEXT)
    connection.execute("INSERT INTO approvals VALUES (?, ?, 'open', 'later')", (run_id, run_id))
    connection.execute("INSERT INTO timers VALUES (?, 'later')", (run_id,))
    connection.execute("UPDATE runs SET status='waiting', seq=7 WHERE id=?", (run_id,))


def decide(connection: sqlite3.Connection, run_id: str) -> None:
    """Store a decision by compare-and-set."""
    connection.execute(
        "UPDATE approvals SET status='approved' WHERE id=? AND status='open'", (run_id,)
    )
    connection.execute("DELETE FROM timers WHERE run_id=?", (run_id,))
    _events(connection, run_id, range(8, 14), "{}")
    connection.execute("UPDATE runs SET status='running', seq=13 WHERE id=?", (run_id,))


def complete(connection: sqlite3.Connection, run_id: str) -> None:
    """Store the end of a run."""
    _events(connection, run_id, range(14, 16), "{}")
    connection.execute("UPDATE runs SET status='completed', seq=15 WHERE id=?", (run_id,))


def _events(connection: sqlite3.Connection, run_id: str, seqs: range, body: str) -> None:
    rows = [(run_id, seq, body if seq == seqs.start else "{}") for seq in seqs]
    connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)


class Blocking:
    """A transaction a step, one after the other."""

    name = "sqlite3"

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)

    async def start(self, run_id: str) -> None:
        """Start a run and pause it."""
        self._step(start, run_id)
        self._step(pause, run_id)

    async def approve(self, run_id: str) -> None:
        """Approve a run and complete it."""
        self._step(decide, run_id)
        self._step(complete, run_id)

    def _step(self, step: Any, run_id: str) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        step(self._connection, run_id)
        self._connection.execute("COMMIT")

    async def close(self) -> None:
        """Close the database."""
        self._connection.close()


class Grouped:
    """A writer thread that commits what has queued up, together."""

    name = "group commit"

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    async def start(self, run_id: str) -> None:
        """Start a run and pause it."""
        await self._step(start, run_id)
        await self._step(pause, run_id)

    async def approve(self, run_id: str) -> None:
        """Approve a run and complete it."""
        await self._step(decide, run_id)
        await self._step(complete, run_id)

    async def _step(self, step: Any, run_id: str) -> None:
        future = self._loop.create_future()
        self._queue.put((step, run_id, future))
        await future

    def _write(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            self._connection.execute("BEGIN IMMEDIATE")
            for step, run_id, _ in batch:
                step(self._connection, run_id)
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [future for _, _, future in batch])

    async def close(self) -> None:
        """Stop the thread and close the database."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()


def _answer(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)
