"""Waiting for a run to change, for callers in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orchestrator.store import Run


class Watch:
    """What one caller waits with."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._latest: Run | None = None

    def tell(self, run: Run) -> None:
        """Say that the run changed."""
        self._latest = run
        self._changed.set()

    def nudge(self) -> None:
        """Say that the run may have changed."""
        self._latest = None
        self._changed.set()

    async def next(self, patience: float) -> Run | None:
        """Return the run as soon as it changes; None: look, or `patience` seconds have passed."""
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            return None
        self._changed.clear()
        return self._latest


class Watchers:
    """Those who wait, by run; nothing is kept for a run that nobody waits for."""

    def __init__(self) -> None:
        self._watches: dict[str, set[Watch]] = {}
        self._observers: list[Callable[[str, bool], None]] = []

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._watches

    @contextmanager
    def watch(self, run_id: str) -> Iterator[Watch]:
        """Give a watch that is told about each change of the run."""
        watch = Watch()
        self._watches.setdefault(run_id, set()).add(watch)
        try:
            yield watch
        finally:
            watches = self._watches[run_id]
            watches.discard(watch)
            if not watches:
                del self._watches[run_id]

    def observe(self, observer: Callable[[str, bool], None]) -> None:
        """Have a function told of every change of any run, and whether people are told of it."""
        self._observers.append(observer)

    def touch(self, run_id: str, *, is_news: bool) -> None:
        """Say that a run changed, to those who look at all."""
        for observer in self._observers:
            observer(run_id, is_news)

    def tell(self, run: Run) -> None:
        """Say that a run changed."""
        for watch in self._watches.get(run.id, ()):
            watch.tell(run)

    def nudge(self, run_id: str) -> None:
        """Say that another process may have changed a run."""
        for watch in self._watches.get(run_id, ()):
            watch.nudge()
