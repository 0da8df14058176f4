"""Work that goes on after Slack has been answered: kept, watched, and waited for at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog

_log = structlog.get_logger(__name__)
T = TypeVar("T")


class TaskKeeper:
    """Holds a reference to every task, because the event loop does not.

    Bolt starts each listener as a task and forgets it, so such a task may be collected while it
    runs and nothing waits for it at the end (slack_bolt/listener/asyncio_runner.py). Listeners
    therefore register themselves with `held`.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Run `work` beside everything else; what it raises is logged."""
        # The keeper is the one place that starts tasks, so that none can be lost.
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    async def finish(self, work: Coroutine[Any, Any, T], *, seconds: float) -> T:
        """Wait for `work`; past `seconds` it goes on by itself, and only the waiting ends.

        So a commit that takes long is never torn from what has to follow it.

        Raises:
            TimeoutError: It takes longer.
        """
        task = asyncio.get_running_loop().create_task(work, name="slack-record")
        self._tasks.add(task)
        task.add_done_callback(self._recorded)
        async with asyncio.timeout(seconds):
            return await asyncio.shield(task)

    def _recorded(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has seen it; late ones concern nobody

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the current task, which somebody else has started, until the block ends."""
        task = asyncio.current_task()
        if task is None or task in self._tasks:
            yield
            return
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("slack_task_failed", task=task.get_name(), exc_info=error)

    async def drain(self, *, timeout: float) -> None:
        """Wait for all tasks, `timeout` seconds at most, then cancel what is left."""
        current = asyncio.current_task()
        tasks = {task for task in self._tasks if task is not current}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=timeout)
        for task in late:
            _log.warning("slack_task_cancelled", task=task.get_name())
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)
