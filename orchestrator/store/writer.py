"""The one writer of a process: a thread that commits what has queued up, together.

A caller is answered after its commit, with full durability. One unit that fails does not fail its
neighbours: when a batch breaks, its units are tried again one by one.
"""

from __future__ import annotations

import asyncio
import math
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from orchestrator.errors import StoreError, StoreUnavailableError
from orchestrator.store.batch import Unit, run_batch
from orchestrator.store.database import Database, Fault
from orchestrator.store.ready import Queue
from orchestrator.store.warm import Loaded, WarmStates

MAX_BATCH = 32  # units a transaction
#: How long a batch may wait to become as large as the one before; a commit costs as much for many
#: as for one. One that follows a single unit does not wait.
PATIENCE = 0.006  # seconds
GATHERING = 0.001  # seconds in which nobody comes, after which it does not wait any longer
PAUSE = 0.03  # seconds between tries
MOST_TRIES = 8  # of a unit that others get in the way of

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
        database: Database,
        *,
        now: Callable[[], datetime],
        has_chat: Callable[[], bool],
        places: Callable[[], Queue | None],
        hook: _Hook,
    ) -> None:
        self._database = database
        self._now = now
        self._has_chat = has_chat
        self._places = places
        self._hook = hook
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="signoff-writer", daemon=True)
        self._is_closed = False
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
            if unit.then is not None:
                unit.then(None)
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
        """Finish what is queued, then stop the thread, which closes the connection."""
        if self._is_closed:
            return
        self._is_closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._database.close()

    def _work(self) -> None:
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
                units = [waiting.unit for waiting in batch]
                self._commit_all(units, time.monotonic() + self._database.patience)
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

    def _commit_all(self, units: list[Unit], until: float) -> None:
        """Commit units together, then again or one by one, as the error and the time let us."""
        tries = 0
        while True:
            try:
                self._commit(units)
            except Exception as error:  # noqa: BLE001 - each caller is told
                tries += 1
                fault = self._database.fault(error)
                for unit in units:
                    unit.result = None
                if time.monotonic() < until and tries < _most_tries(fault, len(units)):
                    time.sleep(PAUSE)
                    continue
                if len(units) == 1 or fault in (Fault.AWAY, Fault.DOUBT):
                    for unit in units:
                        unit.error = unit.error or self._translated(error, fault)
                    return
                for unit in units:
                    self._commit_all([unit], until)
            return

    def _commit(self, units: list[Unit]) -> None:
        for unit in units:
            unit.error = None

        def work(connection: Connection, is_alone: bool) -> Mapping[str, Loaded]:  # noqa: FBT001
            if not is_alone:
                self._warm.forget()
            moved = run_batch(
                connection,
                units,
                self._now(),
                warm=self._warm.find({unit.run_id for unit in units if unit.run_id}),
                has_chat=self._has_chat(),
                queue=self._places(),
            )
            if moved:
                self._hook("before_commit")
            return moved

        try:
            moved = self._database.transact(work)
        except BaseException:
            self._warm.forget()
            raise
        self._warm.keep(moved)
        self.commits += 1
        self.units += len(units)
        if moved:
            self._hook("after_commit")

    def _translated(self, error: Exception, fault: Fault) -> Exception:
        reason = self._database.reason(error)
        if fault in (Fault.AWAY, Fault.COLLISION):
            return StoreUnavailableError(
                f"the database does not answer: {reason}; nothing was recorded"
            )
        if fault is Fault.DOUBT:
            return StoreUnavailableError(
                f"the database was lost in a commit: {reason}; look whether this was recorded"
            )
        if fault in (Fault.OWN, Fault.TAKEN):
            return StoreError(f"the database refused: {reason}")
        return error


def _most_tries(fault: Fault, units: int) -> float:
    """Return how often a batch is tried; what is wrong with one unit does not harm the others."""
    if fault is Fault.AWAY:
        return math.inf
    if fault is Fault.COLLISION:
        return 2 if units > 1 else MOST_TRIES
    return 3 if fault is Fault.TAKEN and units == 1 else 1


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
        if unit.then is not None:
            try:
                unit.then(unit.result if unit.error is None else None)
            except Exception as error:  # noqa: BLE001 - the caller gets it
                unit.error = unit.error or error
        if future.done():
            continue
        if unit.error is not None:
            future.set_exception(unit.error)
        else:
            future.set_result(unit.result)
