"""How far a running node is: one report at a time, and the newest when they come too fast."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any


class Progress:
    """Passes on what one attempt tells, until it is over; made on the event loop."""

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        """Send values one after the other; `send` must not raise."""
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._newest: list[Any] = []
        self._sending: asyncio.Task[None] | None = None
        self._is_closed = False

    def tell(self, value: Any) -> None:
        """Pass a JSON value on, from any thread; one that still waits is replaced by it."""
        with suppress(RuntimeError):  # the loop was closed; nobody listens any more
            self._loop.call_soon_threadsafe(self._put, value)

    def _put(self, value: Any) -> None:
        if self._is_closed:
            return
        self._newest = [value]
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all(), name="signoff-progress")

    async def _send_all(self) -> None:
        try:
            while self._newest:
                await self._send(self._newest.pop())
        finally:
            self._sending = None

    def drop(self) -> None:
        """Take nothing more, and forget what has not been sent."""
        self._is_closed = True
        self._newest.clear()

    async def finish(self) -> None:
        """Take nothing more; wait until what was told last is sent."""
        self._is_closed = True
        if self._sending is not None:
            await asyncio.shield(self._sending)
