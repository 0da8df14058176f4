"""Who looks at the Home tab or a window about a question, so that it can be kept up to date."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Seconds after its opening that a Home tab is kept up to date.
HOME = 4 * 3600.0
#: Seconds after its opening that a window is.
WINDOW = 3600.0
_MOST = 200  # people, and windows


@dataclass(slots=True, kw_only=True)
class Viewer:
    """Somebody who has opened their Home tab."""

    person: str
    opened_at: float
    #: The page that each section is at.
    pages: Mapping[str, int] = field(default_factory=dict)
    #: Behind which open question the section of those that wait begins.
    after: str = ""
    #: The runs that are shown.
    runs: frozenset[str] = frozenset()
    #: What was published last.
    shown: str = ""
    is_dirty: bool = False
    #: One publishing at a time, or an older state might come out on top.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window about a question."""

    id: str
    approval: str
    run: str
    opened_at: float


class Viewers:
    """Remembers them for a while, in this process only: whoever opens again is known again."""

    def __init__(self) -> None:
        self._viewers: dict[str, Viewer] = {}
        self._windows: dict[str, Window] = {}
        #: Is somebody at work to bring them up to date?
        self.is_refreshing = False
        self.is_told = False

    def open_home(self, person: str) -> Viewer:
        """Remember that somebody opened their Home tab, at its first pages."""
        viewer = Viewer(person=person, opened_at=time.monotonic())
        self._viewers.pop(person, None)
        self._viewers[person] = viewer
        while len(self._viewers) > _MOST:
            del self._viewers[next(iter(self._viewers))]
        return viewer

    def find(self, person: str) -> Viewer | None:
        """Return what is known of somebody's Home tab."""
        return self._viewers.get(person)

    def open_window(self, window: Window) -> None:
        """Remember a window."""
        self._windows[window.id] = window
        while len(self._windows) > _MOST:
            del self._windows[next(iter(self._windows))]

    def windows_of(self, run: str) -> list[Window]:
        """Return the windows about a run's questions; they are told once and forgotten."""
        now = time.monotonic()
        found = [each for each in self._windows.values() if each.run == run]
        for each in found:
            del self._windows[each.id]
        return [each for each in found if each.opened_at + WINDOW > now]

    def touch(self, run: str, *, is_news: bool) -> bool:
        """Note that a run changed; say whether anybody may be looking at it."""
        concerned = False
        for viewer in self._viewers.values():
            if is_news or run in viewer.runs:
                viewer.is_dirty = concerned = True
        return concerned or any(each.run == run for each in self._windows.values())

    def dirty(self) -> list[Viewer]:
        """Return those whose Home tab may be out of date."""
        return [each for each in self._viewers.values() if each.is_dirty]

    def next_dirty(self) -> Viewer | None:
        """Return somebody whose Home tab may be out of date; those who left are forgotten."""
        oldest = time.monotonic() - HOME
        for person in [each.person for each in self._viewers.values() if each.opened_at < oldest]:
            del self._viewers[person]
        found = next((each for each in self._viewers.values() if each.is_dirty), None)
        if found is not None:
            found.is_dirty = False
            # Whoever was looked after goes to the end of the queue.
            del self._viewers[found.person]
            self._viewers[found.person] = found
        return found
