"""For the tests of Signoff, and of those who build on it: a clock to set, points to crash at."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta

#: Where a process may be killed and nothing may be lost.
CRASH_POINTS = (
    "before_commit",  # a batch is written and not committed
    "after_commit",  # a batch is committed and nobody has been told
    "after_attempt_started",  # a node is about to be run
    "after_effect",  # a node has returned and its result is not stored
    "after_decision",  # a decision is committed and its maker has not been answered
    "after_post",  # a chat message was posted and its place is not stored
)


class FakeClock:
    """A clock that stands still until it is moved; see `orchestrator.runtime.Clock`."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime(2030, 1, 1, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the instant that was set."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by


class CrashPoint:
    """Kills the process, as `kill -9` does, when a named point is reached for the nth time."""

    def __init__(self, name: str, count: int = 1) -> None:
        """Arm it.

        Raises:
            ValueError: There is no point of that name.
        """
        if name not in CRASH_POINTS:
            raise ValueError(f"no crash point {name!r}; there are {', '.join(CRASH_POINTS)}")
        self._name = name
        self._left = count

    @classmethod
    def parse(cls, text: str) -> CrashPoint:
        """Read `name` or `name:count`."""
        name, _, count = text.partition(":")
        return cls(name, int(count or 1))

    def __call__(self, name: str) -> None:
        """Say that a point was reached."""
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
