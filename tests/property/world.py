"""A database file, the processes on it, which may die, and what their nodes have done."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from orchestrator.graph import Graph, ToolCall, ToolCalls
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.store import Store, open_store
from orchestrator.testing import FakeClock
from tests.property.shapes import Maker, Shape

DIRECTORY = StaticDirectory({"pair": frozenset({"BOB", "CAROL"})})
T = TypeVar("T")
_OWNER: ContextVar[Process | None] = ContextVar("owner", default=None)
_owners: WeakKeyDictionary[asyncio.Task[Any], Process | None] = WeakKeyDictionary()


class Died(Exception):  # noqa: N818 - what happened, and no error
    """The process that was asked has died; nobody knows what it still did."""


class _Killed(BaseException):
    """Ends the task that reached the point at which its process dies."""


def own_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Have each task of a loop remember for which process it was made."""

    def make(loop: Any, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **options)
        _owners[task] = _OWNER.get()
        return task

    loop.set_task_factory(make)


class Process:
    """An engine with a store of its own, which stops properly, or dies as if it were killed."""

    def __init__(self, file: Path, graphs: dict[str, Graph], clock: FakeClock) -> None:
        self._url = f"sqlite+aiosqlite:///{file}"
        self._graphs = graphs
        self._clock = clock
        self._stack = AsyncExitStack()
        self._died = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._point: tuple[str, int] | None = None
        self.is_dead = False
        self.store: Store
        self.engine: Engine

    async def open(self, *, has_chat: bool) -> None:
        """Serve."""
        token = _OWNER.set(self)
        try:
            self.store = await self._stack.enter_async_context(
                open_store(self._url, now=self._clock.now, hook=self._reached)
            )
            self.engine = Engine(
                self.store,
                self._graphs,
                directory=DIRECTORY,
                clock=self._clock,
                has_chat=has_chat,
                hook=self._reached,
            )
            await self.engine.__aenter__()
        finally:
            _OWNER.reset(token)

    def arm(self, point: str, count: int) -> None:
        """Die when a point is reached for the nth time."""
        self._point = point, count

    def disarm(self) -> None:
        """Live on."""
        self._point = None

    def _reached(self, name: str) -> None:
        if not self.is_dead and self._point is not None and self._point[0] == name:
            left = self._point[1] - 1
            self._point = name, left
            if left == 0:
                self.is_dead = True
                self._loop.call_soon_threadsafe(self._died.set)
        if self.is_dead:
            # A thread that leaves by SystemExit leaves quietly; see `threading.excepthook`.
            raise _Killed if threading.get_ident() == self._thread else SystemExit

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        """Have the process do something.

        Raises:
            Died: It died meanwhile.
        """
        token = _OWNER.set(self)
        try:
            task = asyncio.ensure_future(action())
            died = asyncio.ensure_future(self._died.wait())
        finally:
            _OWNER.reset(token)
        await asyncio.wait({task, died}, return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if self.is_dead:
            if task.done():
                task.exception()
            raise Died
        return task.result()

    async def stop(self) -> None:
        """Stop serving and close the database."""
        await self.engine.stop()
        await self._stack.aclose()

    async def die(self) -> None:
        """Be gone: whatever was under way ends where it is, and nothing more is written."""
        self.is_dead = True
        self._died.set()
        self.engine._scheduler.stop_heartbeat()
        mine = [task for task in asyncio.all_tasks() if _owners.get(task) is self]
        for task in mine:
            task.cancel()
        writer = self.store._writer
        writer._is_closed = True
        while True:
            try:
                writer._queue.get_nowait()
            except queue.Empty:
                break
        writer._queue.put(None)
        await asyncio.gather(*mine, return_exceptions=True)
        while writer._thread.is_alive():
            await asyncio.sleep(0.001)
        await self._stack.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """That the function of a node was called."""

    run_id: str
    path: str
    attempt: int
    at: datetime
    #: Position among everything that was clicked and run.
    number: int


class Outside:
    """What is outside of the engine: side effects, and clicks, in the order they happened."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._tries: Counter[tuple[str, str]] = Counter()
        self._count = 0
        self.ran: list[Ran] = []
        #: By approval: when somebody first tried to answer it.
        self.clicked: dict[str, int] = {}

    def far(self) -> datetime:
        """Return an instant by which everything is due."""
        return self._clock.now() + timedelta(days=30)

    @property
    def maker(self) -> Maker:
        """Makes graphs whose nodes leave their traces here."""
        return Maker(work=self._work, undo=self._undo, agent=self._agent)

    def click(self, approval_id: str) -> None:
        """Note that somebody is about to answer."""
        self._count += 1
        self.clicked.setdefault(approval_id, self._count)

    def _note(self, context: Any) -> int:
        self._count += 1
        self.ran.append(
            Ran(
                run_id=context.run["id"],
                path=context.path,
                attempt=context.attempt,
                at=self._clock.now(),
                number=self._count,
            )
        )
        key = context.run["id"], context.path
        self._tries[key] += 1
        return self._tries[key]

    def _work(self, shape: Shape) -> Any:
        async def work(context: Any) -> dict[str, str]:
            tries = self._note(context)
            await asyncio.sleep(0)
            if shape.mood == "never" or (shape.mood == "once" and tries == 1):
                raise RuntimeError(shape.mood)
            return {"made": context.path}

        return work

    def _undo(self, shape: Shape) -> Any:
        async def undo(context: Any) -> None:
            if self._note(context) == 1 and shape.mood == "once":
                raise RuntimeError("not taken back")

        return undo

    def _agent(self, _shape: Shape) -> Any:
        async def agent(context: Any) -> Any:
            self._note(context)
            if context.turn.number > 1:
                return {"made": "told"}
            calls = tuple(ToolCall(tool="probe", arguments={"what": each}) for each in "ab")
            return ToolCalls(calls=calls)

        return agent
