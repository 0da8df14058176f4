"""The scheduler: fires timers, takes ready nodes on, and recovers what dead processes left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from orchestrator.core import commands as c
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.state import RunStatus
from orchestrator.errors import GraphError, OrchestratorError, StoreUnavailableError
from orchestrator.runtime.kernel import Kernel
from orchestrator.runtime.ports import Clock
from orchestrator.store.work import Job, Timer

POLL = 1.0  # seconds between looks at what other processes have written
HEARTBEAT = 1.5  # seconds between renewals of this process's leases
PAGE = 500  # timers or jobs looked at in one go
#: Where ready nodes are jobs of a queue: how long one may be ready until it is put there again.
FORGOTTEN = timedelta(seconds=30)
_log = structlog.get_logger(__name__)


class Scheduler:
    """Looks for due work at every wake-up, at the next deadline, and once a second."""

    def __init__(
        self, kernel: Kernel, clock: Clock, on_tick: Callable[[], None] = lambda: None
    ) -> None:
        """Set up.

        Args:
            kernel: What carries everything out.
            clock: Where instants come from.
            on_tick: Called at every look.
        """
        self._kernel = kernel
        self._clock = clock
        self._on_tick = on_tick
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._ending = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="signoff-heartbeat", daemon=True)
        self._complained: set[str] = set()
        self._looked_at: datetime | None = None
        self._swept_at: datetime | None = None
        self.ticks = 0

    def wake(self) -> None:
        """Look again, now."""
        self._wake.set()

    def start_heartbeat(self) -> None:
        """Keep this process's leases alive, even while its event loop is busy."""
        self._heart.start()

    def stop_heartbeat(self) -> None:
        """Let the leases run out."""
        self._ending.set()

    def _beat(self) -> None:
        while not self._ending.wait(HEARTBEAT):
            if running := self._kernel.executor.places():
                self._kernel.store.renew_leases(self._kernel.owner, running)

    async def run(self) -> None:
        """Look for work until cancelled."""
        while True:
            # Cleared before the look, so that a wake-up during it is not lost.
            self._wake.clear()
            try:
                await self.tick()
                wait = await self._time_to_next()
            except StoreUnavailableError as error:
                _log.warning("the database is away", reason=str(error))
                wait = POLL
            except Exception:  # noqa: BLE001 - one bad row must not stop every deadline
                _log.exception("the scheduler stumbled and goes on")
                wait = POLL
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def tick(self) -> None:
        """Do everything that is due now; after a look that is under way, there is another one."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        self.ticks += 1
        store, now = self._kernel.store, self._clock.now()
        self._looked_at = now
        for job in await store.lost_jobs(now, PAGE):
            # After the machine has slept, leases are old; what this process runs still runs.
            if not self._kernel.executor.is_running(job.run_id, job.path, job.attempt):
                await self._try(job.run_id, self._lose(job))
        await self._fire_due(now)
        await self._take_ready(now)
        await self._stop_vanished()
        self._on_tick()

    async def _stop_vanished(self) -> None:
        """Stop the attempts that other processes have left no place for."""
        executor, store = self._kernel.executor, self._kernel.store
        running = executor.attempts()
        if not running:
            return
        for run_id, path, _ in await store.vanished(self._kernel.owner, running):
            executor.cancel(run_id, path)
        for job in await store.stopped_jobs(self._kernel.owner):
            executor.cancel(job.run_id, job.path)

    async def _time_to_next(self) -> float:
        # What was due at the last look and is still there cannot fire now.
        due_at = await self._kernel.store.next_timer_at(after=self._looked_at)
        if due_at is None:
            return POLL
        return min(POLL, max(0.0, (due_at - self._clock.now()).total_seconds()))

    async def _fire_due(self, now: datetime) -> None:
        stuck = 0
        while timers := await self._kernel.store.take_timers(now, PAGE, skip=stuck):
            ranks = dict.fromkeys(timer.kind for timer in timers)
            for kind in ranks:  # one kind after the other: no reminder for what just expired
                group = [timer for timer in timers if timer.kind is kind]
                fired = await asyncio.gather(*(self._fire(timer) for timer in group))
                stuck += fired.count(False)

    async def _fire(self, timer: Timer) -> bool:
        """Fire a timer; say whether it is done with."""
        command = c.FireTimer(kind=timer.kind, subject=timer.subject)
        try:
            answer = await self._kernel.commit(timer.run_id, command)
        except GraphError as error:
            return await self._fire_without_graph(timer, command, error)
        except StoreUnavailableError:
            raise
        except OrchestratorError as error:
            self._complain(timer.run_id, error)
            return False
        return await self._is_done(timer, answer)

    async def _is_done(self, timer: Timer, answer: Advance | r.Refusal) -> bool:
        if isinstance(answer, r.NotCurrent):
            return False  # it was moved, or the clock was set back since it was looked up
        if not isinstance(answer, Advance):
            await self._kernel.store.drop_timer(timer)
        return True

    async def _fire_without_graph(
        self, timer: Timer, command: c.FireTimer, error: GraphError
    ) -> bool:
        """Expire a question whose graph is gone or changed, where the graph is not needed."""
        run = await self._kernel.store.get_run(timer.run_id)
        graph = self._kernel.versions.skeleton(run.graph, run.version)
        try:
            answer = await self._kernel.commit(timer.run_id, command, graph)
        except (LookupError, TypeError):
            self._complain(timer.run_id, error)
            return False
        return await self._is_done(timer, answer)

    async def _lose(self, job: Job) -> None:
        command = c.LoseAttempt(path=job.path, attempt=job.attempt)
        _log.warning("an attempt was lost", run_id=job.run_id, path=job.path, attempt=job.attempt)
        try:
            await self._kernel.commit(job.run_id, command)
        except GraphError:
            run = await self._kernel.store.get_run(job.run_id)
            if run.status is not RunStatus.CANCELLING:
                raise
            # To be done with a run that was cancelled for this takes no graph.
            graph = self._kernel.versions.skeleton(run.graph, run.version)
            await self._kernel.commit(job.run_id, command, graph)

    async def _take_ready(self, now: datetime) -> None:
        queue = self._kernel.store.queue
        if queue is None:
            for job in await self._kernel.store.ready_jobs(PAGE):
                if not await self._take(job):
                    break
        elif self._swept_at is None or not self._swept_at <= now < self._swept_at + FORGOTTEN:
            if forgotten := await queue.sweep(now - FORGOTTEN, PAGE):
                _log.warning("ready nodes had no job and have one now", nodes=forgotten)
            self._swept_at = now

    async def _take(self, job: Job) -> bool:
        """Take a ready node on; say whether there was room."""
        if self._kernel.executor.is_full:
            return False
        command = c.StartAttempt(path=job.path, owner=self._kernel.owner)
        await self._try(job.run_id, self._kernel.commit(job.run_id, command))
        return True

    async def _try(self, run_id: str, action: Awaitable[object]) -> None:
        try:
            await action
        except StoreUnavailableError:
            raise
        except OrchestratorError as error:
            self._complain(run_id, error)

    def _complain(self, run_id: str, error: Exception) -> None:
        """Tell the operator once about a run that cannot go on."""
        if run_id not in self._complained:
            self._complained.add(run_id)
            _log.error("a run cannot go on", run_id=run_id, reason=str(error))
