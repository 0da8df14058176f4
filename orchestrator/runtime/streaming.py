"""A run as it happens: its log, and at which levels it pauses and continues."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from orchestrator.core import events as e
from orchestrator.core.state import FINISHED, RunStatus, frame_of
from orchestrator.runtime.desk import Desk
from orchestrator.store import Run

#: How long a stream waits before it looks at what other processes have written.
PATIENCE = 0.25  # seconds
#: In which a question that is open is all that a run is about; in cancelling, one about an undo.
_STILL = frozenset({RunStatus.WAITING, RunStatus.PAUSED, RunStatus.CANCELLING})


@dataclass(frozen=True, slots=True)
class Paused:
    """A question is open at a place, or inside a body of a composite or the run: the path ""."""

    path: str
    seq: int  #: number of the event with which it began


@dataclass(frozen=True, slots=True)
class Continued:
    """No question is open at a place, body or run any more."""

    path: str
    seq: int  #: number of the event with which it ended


@dataclass(slots=True)
class Levels:
    """Which levels of a run are paused, read off its log."""

    _paths: dict[str, str] = field(default_factory=dict)
    _open: dict[str, int] = field(default_factory=dict)

    @property
    def is_paused(self) -> bool:
        """Is any question of the run open?"""
        return bool(self._paths)

    def follow(self, record: e.Record) -> Iterator[Paused | Continued]:
        """Yield what an event means for the levels, the innermost first."""
        event = record.event
        if isinstance(event, e.ApprovalOpened):
            self._paths[event.approval_id] = event.path
            for level in levels_of(event.path):
                self._open[level] = self._open.get(level, 0) + 1
                if self._open[level] == 1:
                    yield Paused(level, record.seq)
        elif isinstance(event, e.ApprovalResolved) and event.approval_id in self._paths:
            for level in levels_of(self._paths.pop(event.approval_id)):
                self._open[level] -= 1
                if self._open[level] == 0:
                    del self._open[level]
                    yield Continued(level, record.seq)


def levels_of(path: str) -> Iterator[str]:
    """Yield a place and the frames around it, the run as the last: `each[2]/ask`, `each[2]`, ``."""
    yield path
    while path:
        path = frame_of(path)
        yield path


class Streaming(Desk):
    """The part of the engine that tells what happens."""

    async def stream(
        self, run: str, *, after: int = 0, follow: bool = True, until_pause: bool = False
    ) -> AsyncIterator[e.Record | Paused | Continued]:
        """Yield a run's events as they are stored, whichever process stores them.

        Behind an event that opens or resolves a question come `Paused` or `Continued` for its
        place, each body of a composite around it, and the run, as far as that changes them. A
        level is paused as long as a question in it is open, whatever goes on beside that.

        Args:
            run: The run.
            after: Number of the last event that was seen; the stream goes on behind it.
            follow: Wait for what is to come, until the run is over; otherwise the stream ends
                with what is stored.
            until_pause: End also when the run waits for people and nothing of it is going on.

        Raises:
            RunNotFoundError: There is no such run.
            StoreUnavailableError: The database cannot be reached.
        """
        run_id = await self._store.find_run_id(run)
        levels = Levels()
        if after:
            for record in await self._store.get_events(run_id):
                if record.seq <= after:
                    list(levels.follow(record))
        seen = after
        with self._kernel.watchers.watch(run_id) as watch:
            while True:
                found = await self._store.get_run(run_id)
                for record in await self._store.get_events(run_id, after=seen):
                    seen = record.seq
                    yield record
                    for change in levels.follow(record):
                        yield change
                is_behind = seen < found.seq
                if not is_behind and (_is_over(found, seen) or not follow):
                    return
                if until_pause and seen == found.seq and _waits(found, levels):
                    return
                await watch.next(patience=PATIENCE)


def _is_over(run: Run, seen: int) -> bool:
    return run.status in FINISHED and seen >= run.seq


def _waits(run: Run, levels: Levels) -> bool:
    return levels.is_paused and run.status in _STILL
