"""Stopping on a signal, in time, whatever hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.cli.failures import INTERRUPTED

#: Seconds from the signal to the end of the process at the latest. Whoever stops processes
#: (systemd, Docker) kills them ten seconds after it asked them to stop.
LIMIT = 9.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _end_at_once(_number: int, _frame: object) -> None:
    os._exit(INTERRUPTED)


@asynccontextmanager
async def until_stopped(*, limit: float = LIMIT) -> AsyncIterator[asyncio.Event]:
    """Give an event that Ctrl-C or SIGTERM sets; a second signal ends the process at once.

    A thread cannot be stopped, and Python waits for some of them, such as one that looks up a
    name. So the process ends after the limit, whatever hangs; what it held is taken up again when
    its leases have run out.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            # Not by the loop, which a function that does not return may hold.
            signal.signal(number, _end_at_once)
        timer = threading.Timer(limit, os._exit, [0])
        timer.daemon = True
        timer.start()
        stopped.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    yield stopped
