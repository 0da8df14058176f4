"""Taking ready nodes on from the queue, where there is one: as many as there is room for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from orchestrator.core import commands as c
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.errors import StoreUnavailableError
from orchestrator.runtime.kernel import Kernel
from orchestrator.store import Step, Then

if TYPE_CHECKING:
    from orchestrator.store.nodejobs import QueuedNode
    from orchestrator.store.nodequeue import NodeQueue

#: Seconds between looks when nobody tells of anything: for jobs that a dead process has taken.
POLL = 5.0
STOPPING = 1.0  # seconds that what was taken gets at the end; past that others take it
RECONNECT = 1.0  # seconds until the database is tried again
BATCH = 32  # jobs taken at once; the store's writer commits as many together
#: How long a node waits that could not be started: a process that knows its graph may come.
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=1)
TRIES = 10
_log = structlog.get_logger(__name__)


class Worker:
    """Starts an attempt for each job that it takes; the job is done in the same commit.

    From then on the attempt's lease says that it is being run, as for nodes that never were jobs.
    """

    def __init__(self, kernel: Kernel, queue: NodeQueue) -> None:
        """Set up.

        Args:
            kernel: What carries everything out, and runs nodes.
            queue: Where the jobs are.
        """
        self._kernel = kernel
        self._queue = queue
        self._woken = asyncio.Event()
        #: There may be jobs that nobody has been able to take.
        self._may_wait = True
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None
        kernel.executor.on_room = self._use_room

    def wake(self) -> None:
        """Look again, now."""
        self._may_wait = True
        self._woken.set()

    def _use_room(self) -> None:
        if self._may_wait:
            self._woken.set()

    def start(self) -> None:
        """Begin to take nodes on."""
        self._is_stopping = False
        self._task = asyncio.create_task(self._run(), name="signoff-worker")

    async def stop(self) -> None:
        """Take nothing more; what was taken is started or given back."""
        self._is_stopping = True
        self.wake()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=STOPPING)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._is_stopping:
            try:
                async with self._queue.listening(self.wake):
                    await self._work()
            except StoreUnavailableError as error:
                _log.warning("the queue is away", reason=str(error))
                await self._rest(RECONNECT)
            except Exception:  # noqa: BLE001 - one bad job must not stop every node
                _log.exception("the worker stumbled and goes on")
                await self._rest(RECONNECT)

    async def _work(self) -> None:
        self._may_wait = True
        while not self._is_stopping:
            # Both before the look, so that a wake-up during it is not lost.
            self._woken.clear()
            room = min(self._kernel.executor.room, BATCH)
            nodes = await self._take(room) if room else []
            if nodes:
                self._kernel.hook("after_dequeue")
                await asyncio.gather(*(self._begin(node) for node in nodes))
            if not room or len(nodes) < room:
                await self._rest(await self._time_to_next() if room else POLL)

    async def _take(self, room: int) -> list[QueuedNode]:
        self._may_wait = False
        nodes = await self._queue.take(room)
        self._may_wait |= len(nodes) == room
        return nodes

    async def _time_to_next(self) -> float:
        wait = await self._queue.next_in()
        return POLL if wait is None else min(POLL, max(0.0, wait.total_seconds()))

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _begin(self, node: QueuedNode) -> None:
        """Start a node, or see to it that it is tried again."""
        is_over = False

        async def through(step: Step, then: Then) -> Advance | r.Refusal:
            nonlocal is_over
            answer = await self._queue.start(node, step, then=then)
            is_over = True
            return answer

        command = c.StartAttempt(path=node.path, owner=self._kernel.owner)
        try:
            if not self._is_stopping:
                await self._kernel.commit(node.run_id, command, through=through)
        except StoreUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - it is kept with the job, for the operator
            await self._put_off(node, error)
            return
        if not is_over:  # another commit has taken the room, or there is none any more
            await self._queue.release(node)

    async def _put_off(self, node: QueuedNode, error: Exception) -> None:
        if not await self._queue.is_ready(node):
            await self._queue.drop(node)  # its run was held, or is over
            return
        where = {"run_id": node.run_id, "path": node.path, "reason": str(error)}
        if node.failures + 1 >= TRIES:
            _log.error("a node was given up on; see `signoff dead`", **where)
            await self._queue.hold(node, error)
            return
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2**node.failures)
        _log.warning("a node could not be started yet", **where, again_in=delay.total_seconds())
        await self._queue.put_off(node, delay, error)
