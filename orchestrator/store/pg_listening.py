"""Hearing from other processes on PostgreSQL: one connection that listens, and comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import asyncpg

from orchestrator.store.database import News

CHANNEL = "signoff"
#: A payload has 8,000 bytes at most.
_MOST_RUNS = 100
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0  # seconds between tries to connect
_LOOK = 15.0  # seconds after which a silent connection is tried
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def to_payload(news: News) -> str:
    """Write news as the payload of a notification."""
    told = {"d": news.has_deliveries, "w": news.has_work, "r": sorted(news.runs)[:_MOST_RUNS]}
    return json.dumps({name: value for name, value in told.items() if value})


def to_notice(news: News) -> str:
    """Return the statement by which a transaction tells news; nothing where there is none."""
    if not news:
        return ""
    payload = to_payload(news).replace("'", "''")
    return f"NOTIFY {CHANNEL}, '{payload}'; "


def from_payload(payload: str) -> News:
    """Read a payload; what is not understood may mean anything."""
    try:
        told = json.loads(payload)
        return News(bool(told.get("d")), bool(told.get("w")), set(told.get("r", ())))
    except (AttributeError, TypeError, ValueError):
        return EVERYTHING


#: What may have been missed while nobody listened.
EVERYTHING = News(has_deliveries=True, has_work=True)


async def listen(
    options: Mapping[str, Any], tell: Callable[[News], None], *, is_own: Callable[[int], bool]
) -> None:
    """Tell what is notified, until cancelled; connect again when the connection was lost.

    Args:
        options: How to connect.
        tell: Called on the event loop.
        is_own: Says of a server's process whether it is this process that notifies through it.
    """

    def heard(_connection: Any, pid: int, _channel: str, payload: str) -> None:
        if not is_own(pid):
            tell(from_payload(payload))

    wait = _FIRST_WAIT
    while True:
        try:
            connection = await asyncpg.connect(
                **options, server_settings={"application_name": "signoff listens"}
            )
        except _AWAY:
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
            continue
        wait = _FIRST_WAIT
        try:
            with suppress(*_AWAY):
                await connection.add_listener(CHANNEL, heard)
                tell(EVERYTHING)
                await _watch(connection)
        finally:
            connection.terminate()


async def _watch(connection: Any) -> None:
    """Return when a connection is lost."""
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _connection: lost.set())
    while not lost.is_set():
        try:
            async with asyncio.timeout(_LOOK):
                await lost.wait()
        except TimeoutError:
            await connection.fetchval("SELECT 1", timeout=_LOOK)
