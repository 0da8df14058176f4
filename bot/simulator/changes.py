"""What changed, told to everybody who waits for it.

Nothing is stored here: a subscriber that comes late reads the world first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

_BACKLOG = 1000
"""Notices kept for a slow page; a page that is further behind reloads everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One change. `user` limits it to that person's page, None means everybody."""

    body: dict[str, Any]
    user: str | None = None


class Changes:
    """A place to wait for changes of the world, without polling."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()
        self._queues: set[asyncio.Queue[Notice | None]] = set()

    def publish(self, body: dict[str, Any], *, user: str | None = None) -> None:
        """Tell pages about a change and wake everybody who waits in `until`."""
        notice = Notice(body=body, user=user)
        for queue in self._queues:
            if queue.full():
                _ = queue.get_nowait()
            queue.put_nowait(notice)
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, predicate: Callable[[], T], *, timeout: float = 5.0) -> T:
        """Return the first true value of `predicate`, re-evaluated at every change.

        Raises:
            TimeoutError: It stayed false for `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            while not (value := predicate()):
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiters.add(waiter)
                await waiter
            return value

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[Notice | None]]:
        """Yield a queue of all notices from now on; None means the simulator stops."""
        queue: asyncio.Queue[Notice | None] = asyncio.Queue(_BACKLOG)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def close(self) -> None:
        """End all subscriptions."""
        for queue in self._queues:
            if queue.full():
                _ = queue.get_nowait()
            queue.put_nowait(None)
