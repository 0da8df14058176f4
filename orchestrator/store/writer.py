"""The one writer of a process: a thread that commits what has queued up, together.

A caller is answered after its commit, with full durability. One unit that fails does not fail its
neighbours: when a batch breaks, its units are tried again one by one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    SQLAlchemyError,
)

from orchestrator.errors import StoreError, StoreUnavailableError
from orchestrator.store import sqlite
from orchestrator.store.batch import Unit, run_batch
from orchestrator.store.warm import WarmStates

MAX_BATCH = 32  # units a transaction
#: Let other processes have the lock: SQLite's busy handler is unfair to those who sleep in it.
YIELD = 0.002  # seconds
#: How long a batch may wait to become as large as the one before; a commit costs as much for many
#: as for one. One that follows a single unit does not wait.
PATIENCE = 0.006  # seconds
GATHERING = 0.001  # seconds in which nobody comes, after which it does not wait any longer

_Hook = Callable[[str], None]


def no_hook(_name: str) -> None:
    """Stand in for the crash points, which only tests set."""


@dataclass(slots=True)
class _Waiting:
    unit: Unit
    #: Who is told; None: nobody waits.
    caller: tuple[asyncio.AbstractEventLoop, asyncio.Future[Any]] | None = None


class Writer:
    """Owns the write connection; `submit` from any event loop."""

    def __init__(
        self,
        engine: Engine,
        *,
        now: Callable[[], datetime],
        has_chat: Callable[[], bool],
        hook: _Hook,
    ) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._now = now
        self._has_chat = has_chat
        self._hook = hook
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="signoff-writer", daemon=True)
        self._is_closed = False
        self._version: int | None = None
        self._has_neighbours = False
        #: Units of the newest batch.
        self._together = 1
        self._warm = WarmStates()
        self.commits = 0
        self.units = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def submit(self, unit: Unit) -> Any:
        """Have a unit carried out; return its result once it is committed.

        The commit goes on when the caller is cancelled.

        Raises:
            StoreUnavailableError: The database cannot be reached or is locked.
            Exception: What the unit's own step raised.
        """
        if self._is_closed:
            raise StoreUnavailableError("the store is closed; nothing was recorded")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._queue.put(_Waiting(unit, (loop, future)))
        return await future

    def post(self, unit: Unit) -> None:
        """Have a unit carried out, from any thread; whether it worked is not told."""
        if not self._is_closed:
            self._queue.put(_Waiting(unit))

    async def close(self) -> None:
        """Finish what is queued, then stop the thread and close the connection."""
        if self._is_closed:
            return
        self._is_closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._disconnect()
        self._engine.dispose()

    def _run(self) -> None:
        is_open = True
        while is_open:
            first = self._queue.get()
            self._let_gather()
            batch = [first] if first is not None else []
            is_open = first is not None
            while is_open and len(batch) < MAX_BATCH:
                try:
                    further = self._queue.get_nowait()
                except queue.Empty:
                    break
                if further is None:
                    is_open = False
                else:
                    batch.append(further)
            self._together = len(batch)
            if batch:
                self._commit_all([waiting.unit for waiting in batch])
                _answer(batch)

    def _let_gather(self) -> None:
        """Wait a moment for those whom the batch before has answered, as long as they come."""
        until = time.monotonic() + PATIENCE
        known, wanted = 0, self._together - 1
        while known < wanted and time.monotonic() < until:
            time.sleep(GATHERING)
            found = self._queue.qsize()
            if found == known:
                break
            known = found

    def _commit_all(self, units: list[Unit]) -> None:
        try:
            self._commit(units)
        except Exception as error:  # noqa: BLE001 - each caller is told
            if len(units) == 1 or _is_down(error):
                for unit in units:
                    unit.error = unit.error or _translate(error)
                return
            for unit in units:
                unit.result = unit.error = None
                self._commit_all([unit])

    def _commit(self, units: list[Unit]) -> None:
        if self._has_neighbours:
            time.sleep(YIELD)
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        try:
            sqlite.begin(connection)
            self._notice_neighbours(connection)
            warm = self._warm.find({unit.run_id for unit in units if unit.run_id})
            moved = run_batch(connection, units, self._now(), warm=warm, has_chat=self._has_chat())
            if moved:
                self._hook("before_commit")
            connection.commit()
        except BaseException:
            self._warm.forget()
            self._disconnect()
            raise
        self._warm.keep(moved)
        self.commits += 1
        self.units += len(units)
        if moved:
            self._hook("after_commit")

    def _disconnect(self) -> None:
        """Let go of the connection, and of what was not committed."""
        connection, self._connection = self._connection, None
        with suppress(SQLAlchemyError):
            if connection is not None:
                connection.close()

    def _notice_neighbours(self, connection: Connection) -> None:
        """Forget every state when another process has written since the last batch."""
        version = sqlite.data_version(connection)
        self._has_neighbours = self._version not in (None, version)
        if self._has_neighbours:
            self._warm.forget()
        self._version = version


def _answer(batch: list[_Waiting]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Unit, asyncio.Future[Any]]]] = {}
    for waiting in batch:
        if waiting.caller is not None:
            loop, future = waiting.caller
            loops.setdefault(loop, []).append((waiting.unit, future))
    for loop, group in loops.items():
        with suppress(RuntimeError):  # the loop was closed; the commit stands
            loop.call_soon_threadsafe(_set_results, group)


def _set_results(group: list[tuple[Unit, asyncio.Future[Any]]]) -> None:
    for unit, future in group:
        if future.done():
            continue
        if unit.error is not None:
            future.set_exception(unit.error)
        else:
            future.set_result(unit.result)


#: What says something about a unit's rows or values, and nothing about the database.
_OWN_FAULTS = (IntegrityError, DataError, InterfaceError, ProgrammingError)


def _is_down(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and not isinstance(error, _OWN_FAULTS)


def _translate(error: Exception) -> Exception:
    if isinstance(error, DBAPIError) and _is_down(error):
        reason = str(error.orig)
        return StoreUnavailableError(
            f"the database does not answer: {reason}; nothing was recorded"
        )
    if isinstance(error, SQLAlchemyError):
        return StoreError(f"the database refused: {error}")
    return error
