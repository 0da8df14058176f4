"""Everything that crossed the wire, for people who look and for checkers."""

from __future__ import annotations

import copy
import json
import os
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_KEPT = 5000
"""Entries held in memory; older ones are dropped."""


@dataclass(slots=True, kw_only=True)
class LogEntry:
    """One API call, envelope, acknowledgement or socket event."""

    n: int
    at: float
    kind: str
    """`api`, `envelope`, `ack` or `socket`."""
    name: str
    status: str = "ok"
    """`ok`, `error`, `pending` or `timeout`."""
    ms: float | None = None
    """How long the answer or the acknowledgement took."""
    summary: str = ""
    request: Any = None
    response: Any = None

    def as_json(self) -> dict[str, Any]:
        """Return the entry for the page."""
        return asdict(self)


class Log:
    """The newest entries, and optionally a file of JSON lines with every exchange."""

    def __init__(self, clock: Callable[[], float], notify: Callable[[int], None]) -> None:
        self._clock = clock
        self._notify = notify
        self._entries: deque[LogEntry] = deque(maxlen=_KEPT)
        self._count = 0
        self._recording: Path | None = None

    @property
    def entries(self) -> list[LogEntry]:
        """All kept entries, the oldest first."""
        return list(self._entries)

    def after(self, number: int) -> list[LogEntry]:
        """Return the entries with a higher number."""
        return [entry for entry in self._entries if entry.n > number]

    def add(self, kind: str, name: str, *, request: Any = None, **fields: Any) -> LogEntry:
        """Append an entry with a copy of its request, and tell the page."""
        self._count += 1
        entry = LogEntry(
            n=self._count,
            at=self._clock(),
            kind=kind,
            name=name,
            request=copy.deepcopy(request),
            **fields,
        )
        self._entries.append(entry)
        self._notify(entry.n)
        return entry

    def settle(
        self,
        entry: LogEntry,
        *,
        status: str,
        ms: float | None = None,
        response: Any = None,
        summary: str | None = None,
    ) -> None:
        """Complete a pending entry."""
        entry.status = status
        entry.ms = None if ms is None else round(ms, 1)
        entry.response = copy.deepcopy(response)
        if summary is not None:
            entry.summary = summary
        self._notify(entry.n)

    def record_to(self, path: Path | None) -> None:
        """Append every later exchange to `path` as JSON lines; None stops it."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._recording = path

    def record(self, line: dict[str, Any]) -> None:
        """Append one exchange to the recording, if there is one.

        One write per line, so that several processes may share a file.
        """
        if self._recording is None:
            return
        encoded = (json.dumps(line) + "\n").encode()
        descriptor = os.open(self._recording, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, encoded)
        finally:
            os.close(descriptor)
