"""How fast messages may be sent: one a second per channel, and not while Slack asks for patience.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: Seconds between two messages to one channel, edits included.
INTERVAL = 1.0


class Pacer:
    """Knows when the next call may be made."""

    def __init__(self, *, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._next: dict[str, float] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._blocked: dict[str, float] = {}

    @asynccontextmanager
    async def turn(self, channel: str) -> AsyncIterator[None]:
        """Wait until a message may go to the channel; send it inside.

        The distance counts from Slack's answer: a call that took long arrives late, and the next
        one after it would be early.
        """
        async with self._turns[channel]:
            # A sleep may end a little early.
            while (  # noqa: ASYNC110 - time is what it waits for
                wait := self._next.get(channel, 0.0) - time.monotonic()
            ) > 0:
                await asyncio.sleep(wait)
            try:
                yield
            finally:
                self._next[channel] = time.monotonic() + self._interval

    def block(self, method: str, seconds: float) -> None:
        """Remember that Slack wants no call of a method for a while; other methods go on."""
        until = time.monotonic() + seconds
        self._blocked[method] = max(self._blocked.get(method, 0.0), until)

    def blocked_for(self, method: str) -> float:
        """Return the seconds that a method still has to wait; 0 when it may be called."""
        return max(self._blocked.get(method, 0.0) - time.monotonic(), 0.0)
