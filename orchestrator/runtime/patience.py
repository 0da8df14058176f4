"""Trying again while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from orchestrator.errors import StoreUnavailableError

FIRST_WAIT = 0.05  # seconds
LONGEST_WAIT = 2.0  # seconds
_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


async def persist(action: Callable[[], Awaitable[_T]]) -> _T:
    """Do something until the database lets it; the wait doubles up to two seconds.

    Only for what must be stored and whose caller can wait: an attempt's result, a sent message.
    """
    wait = FIRST_WAIT
    while True:
        try:
            return await action()
        except StoreUnavailableError as error:
            _log.warning("the database is away, trying again", wait=wait, reason=str(error))
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
