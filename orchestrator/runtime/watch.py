"""Waiting for a run to change, for callers in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Watchers:
    """Events by run, kept only while somebody waits."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watch(self, run_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set at each change of the run."""
        event = asyncio.Event()
        self._events.setdefault(run_id, set()).add(event)
        try:
            yield event
        finally:
            waiting = self._events[run_id]
            waiting.discard(event)
            if not waiting:
                del self._events[run_id]

    def tell(self, run_id: str) -> None:
        """Say that the run changed."""
        for event in self._events.get(run_id, ()):
            event.set()
