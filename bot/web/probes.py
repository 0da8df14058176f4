"""Looks at the engine, its database and the chat surface, for the health routes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from bot.web.health import Check, Probe
from orchestrator.runtime import Engine
from orchestrator.store import Store

#: Seconds without a look of the scheduler after which it counts as stuck; it looks every second.
STUCK_AFTER = 15.0


class SurfaceStatistics(Protocol):
    """What a chat surface tells about itself."""

    @property
    def is_open(self) -> bool:
        """Has it begun to work?"""

    @property
    def is_identified(self) -> bool:
        """Was the bot's token accepted?"""

    @property
    def wanted_connections(self) -> int:
        """How many connections there should be; 0 when Slack calls the bot."""

    @property
    def connections(self) -> int:
        """How many there are."""

    @property
    def is_sending(self) -> bool:
        """Can the bot write to at least one workspace?"""

    @property
    def problems(self) -> Mapping[str, str]:
        """What is wrong with some workspaces, by their name."""


def database_probe(store: Store) -> Probe:
    """Look whether the database takes a write: an empty transaction through the one writer."""

    async def probe() -> Check:
        started = time.monotonic()
        await store.write(lambda _connection, _now: None)
        return Check(is_good=True, detail=f"took {time.monotonic() - started:.3f} s")

    return probe


def scheduler_probe(engine: Engine) -> Probe:
    """Look whether the scheduler still looks for due work."""
    ticks, changed_at = -1, time.monotonic()

    async def probe() -> Check:
        nonlocal ticks, changed_at
        found = engine.statistics()
        if found.ticks != ticks:
            ticks, changed_at = found.ticks, time.monotonic()
        idle = time.monotonic() - changed_at
        if not found.is_serving:
            return Check(is_good=False, detail="not serving")
        if idle > STUCK_AFTER:
            return Check(is_good=False, detail=f"stuck for {idle:.0f} s")
        return Check(is_good=True, detail=f"{found.running_attempts} nodes are running")

    return probe


def queue_probe(engine: Engine) -> Probe:
    """Look how many nodes no process could start; that is no fault of this one."""

    async def probe() -> Check:
        found = len(await engine.list_dead())
        return Check(is_good=True, detail=f"dead letters: {found}")

    return probe


def slack_probe(statistics: Callable[[], SurfaceStatistics]) -> Probe:
    """Look whether people can reach the bot in Slack."""

    async def probe() -> Check:
        found = statistics()
        if not found.is_open:
            return Check(is_good=False, detail="it is starting")
        if not found.is_identified:
            return Check(is_good=False, detail="Slack has not accepted the bot token yet")
        wrong = [f"{name}: {problem}" for name, problem in sorted(found.problems.items())]
        if not found.is_sending:
            return Check(is_good=False, detail="; ".join(wrong) or "nothing is sent")
        detail = f"{found.connections} of {found.wanted_connections} connections"
        if found.wanted_connections == 0:
            detail = "Slack calls the bot"
        is_reached = found.connections > 0 or found.wanted_connections == 0
        return Check(is_good=is_reached, detail="; ".join([detail, *wrong]))

    return probe
