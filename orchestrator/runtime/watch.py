"""Waiting for a run to change, for callers in this process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from orchestrator.core.state import State
from orchestrator.runtime.summary import to_run
from orchestrator.store import Run

#: Runs whose newest change is remembered for a moment, for those who begin to wait just after it.
MOST = 64


class Watch:
    """What one caller waits with."""

    def __init__(self) -> None:
        self._has_changed = False
        self._latest: Run | None = None
        self._change: asyncio.Future[None] | None = None

    def tell(self, run: Run | None) -> None:
        """Say that the run changed; None: that it may have."""
        self._has_changed = True
        self._latest = run
        _set(self._change)

    async def next(self, patience: float) -> Run | None:
        """Return the run as soon as it changes; None: look, or `patience` seconds have passed."""
        if not self._has_changed:
            loop = asyncio.get_running_loop()
            self._change = loop.create_future()
            timer = loop.call_later(patience, _set, self._change)
            try:
                await self._change
            finally:
                timer.cancel()
                self._change = None
        latest, self._latest, self._has_changed = self._latest, None, False
        return latest


def _set(change: asyncio.Future[None] | None) -> None:
    if change is not None and not change.done():
        change.set_result(None)


class Watchers:
    """Those who wait, by run; nothing is kept for a run that nobody waits for, but for a moment."""

    def __init__(self) -> None:
        self._watches: dict[str, set[Watch]] = {}
        self._observers: list[Callable[[str, bool], None]] = []
        self._newest: OrderedDict[str, tuple[State, datetime]] = OrderedDict()

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

    def tell(self, state: State, at: datetime) -> None:
        """Say what a run is since an instant."""
        known = self._newest.pop(state.run_id, None)
        if known is not None and known[0].seq > state.seq:  # followed up after a later commit
            state, at = known
        self._newest[state.run_id] = state, at
        if len(self._newest) > MOST:
            self._newest.popitem(last=False)
        watches = self._watches.get(state.run_id)
        if watches:
            run = to_run(state, at)
            for watch in watches:
                watch.tell(run)

    def nudge(self, run_id: str) -> None:
        """Say that another process may have changed a run."""
        self._newest.pop(run_id, None)
        for watch in self._watches.get(run_id, ()):
            watch.tell(None)

    def newer(self, run: Run) -> Run | None:
        """Return a run as it was last heard of, at or after this; None: nothing was heard."""
        known = self._newest.get(run.id)
        if known is None or known[0].seq < run.seq:
            return None
        return run if known[0].seq == run.seq else to_run(*known)
