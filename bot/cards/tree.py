"""Where a run is and has been, as a tree of visits, read off its log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.ids import approval_ref
from orchestrator.core.state import frame_of


class VisitStatus(StrEnum):
    """What became of a visit."""

    READY = "ready"
    RUNNING = "running"
    RETRYING = "retrying"
    WAITING = "waiting"
    ACTIVE = "active"  #: nodes inside are at work
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    FAILED = "failed"
    LEFT = "left"  #: the run went on elsewhere
    STOPPED = "stopped"


_LIVE = frozenset(
    {
        VisitStatus.READY,
        VisitStatus.RUNNING,
        VisitStatus.RETRYING,
        VisitStatus.WAITING,
        VisitStatus.ACTIVE,
    }
)


@dataclass(slots=True, kw_only=True)
class Visit:
    """A node's visit, with what happened inside."""

    path: str
    status: VisitStatus = VisitStatus.READY
    attempt: int = 0
    began_at: datetime
    ended_at: datetime | None = None
    #: Why it was skipped, left or failed, or what its newest try failed of.
    reason: str = ""
    retry_at: datetime | None = None
    wake_at: datetime | None = None
    signal: str | None = None
    progress: Any = None
    #: References of the approvals that were opened here, and of those that wait.
    approvals: list[str] = field(default_factory=list)
    waits_for: list[str] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    #: How many bodies there will be; 0: that is not known.
    expected: int = 0
    items: list[Any] = field(default_factory=list)  #: of a map

    @property
    def is_live(self) -> bool:
        """Is it going on?"""
        return self.status in _LIVE


@dataclass(slots=True, kw_only=True)
class Body:
    """A branch, item, round or group inside a composite."""

    path: str
    key: str  #: empty: the composite has one body, and paths do not name it
    item: Any = None  #: of a map
    is_over: bool = False
    reason: str = ""  #: why it failed or was stopped
    visits: list[Visit] = field(default_factory=list)


def grow(records: Iterable[e.Record], live: Collection[str]) -> Body:
    """Return the body that is the run itself.

    Args:
        records: The run's log, from its first event on.
        live: Paths of the nodes that are being visited after it.
    """
    tree = _Tree()
    for record in records:
        tree.add(record)
    for visit in tree.visits.values():
        if visit.is_live and visit.path not in live:
            visit.status = VisitStatus.STOPPED
    return tree.root


def walk(body: Body, depth: int = 0) -> Iterator[tuple[int, Visit | Body]]:
    """Yield visits and named bodies, each with its depth, the outer before the inner."""
    for visit in body.visits:
        yield depth, visit
        for inner in visit.bodies:
            if inner.key:
                yield depth + 1, inner
            yield from walk(inner, depth + (2 if inner.key else 1))


class _Tree:
    """Grows by events."""

    def __init__(self) -> None:
        self.root = Body(path="", key="")
        self.visits: dict[str, Visit] = {}
        self._bodies = {"": self.root}
        self._paths: dict[str, str] = {}  # by approval

    def add(self, record: e.Record) -> None:
        event, at = record.event, record.at
        match event:
            case e.ApprovalOpened():
                self._open(event, at)
            case e.ApprovalResolved():
                self._resolve(event)
            case _:
                self._add_of_node(event, at)

    def _add_of_node(self, event: Any, at: datetime) -> None:
        name = type(event).__name__
        if name in _STEPS:
            _STEPS[name](self._visit(event.path, at), event)
        if name in _ENDS:
            visit = self._visit(event.path, at)
            visit.status, visit.ended_at = _ENDS[name], at
            visit.waits_for.clear()
        if name == "FrameOpened":
            self._begin(self._visit(event.place, at), event)
        elif name == "FrameClosed" and event.path in self._bodies:
            self._close(event, at)

    def _visit(self, path: str, at: datetime) -> Visit:
        if path not in self.visits:
            visit = Visit(path=path, began_at=at)
            self.visits[path] = visit
            self._bodies.get(frame_of(path), self.root).visits.append(visit)
        return self.visits[path]

    def _open(self, event: e.ApprovalOpened, at: datetime) -> None:
        if not event.path:
            return
        visit, ref = self._visit(event.path, at), approval_ref(event.approval_id)
        visit.status = VisitStatus.WAITING
        visit.approvals.append(ref)
        visit.waits_for.append(ref)
        self._paths[event.approval_id] = event.path

    def _resolve(self, event: e.ApprovalResolved) -> None:
        path = self._paths.get(event.approval_id)
        if path is None:
            return
        visit, ref = self.visits[path], approval_ref(event.approval_id)
        if ref in visit.waits_for:
            visit.waits_for.remove(ref)
        if visit.is_live and not visit.waits_for:
            visit.status = VisitStatus.ACTIVE if visit.bodies else VisitStatus.READY

    def _begin(self, visit: Visit, event: e.FrameOpened) -> None:
        body = Body(path=event.path, key=event.key)
        if event.number is not None and event.number <= len(visit.items):
            body.item = visit.items[event.number - 1]
        self._bodies[event.path] = body
        visit.bodies.append(body)

    def _close(self, event: Any, at: datetime) -> None:
        body = self._bodies[event.path]
        body.is_over = True
        body.reason = _said(event.error) if event.error else ""
        for _, inner in walk(body):
            if isinstance(inner, Visit) and inner.is_live:
                inner.status, inner.ended_at = VisitStatus.STOPPED, at


def _said(error: e.ErrorFacts) -> str:
    return f"{error.type}: {error.message}"


def _ready(visit: Visit, _event: Any) -> None:
    visit.status = VisitStatus.READY
    visit.retry_at = visit.wake_at = visit.signal = None


def _started(visit: Visit, event: e.AttemptStarted) -> None:
    visit.status, visit.attempt = VisitStatus.RUNNING, event.attempt
    visit.progress = visit.retry_at = None


def _progressed(visit: Visit, event: e.ProgressReported) -> None:
    visit.progress = event.value


def _try_failed(visit: Visit, event: e.AttemptFailed) -> None:
    visit.reason, visit.retry_at = _said(event.error), event.retry_at
    visit.status = VisitStatus.RETRYING if event.retry_at else VisitStatus.READY


def _lost(visit: Visit, event: e.AttemptLost) -> None:
    visit.reason = f"the process that ran try {event.attempt} is gone"


def _waits(visit: Visit, event: e.WaitStarted) -> None:
    visit.status = VisitStatus.WAITING
    visit.wake_at, visit.signal = event.wake_at, event.signal


def _works(visit: Visit, event: e.BodyEntered) -> None:
    visit.status = VisitStatus.ACTIVE
    visit.expected, visit.items = len(event.keys), list(event.items or ())


def _succeeded(visit: Visit, _event: Any) -> None:
    visit.reason = ""


def _explained(visit: Visit, event: Any) -> None:
    visit.reason = event.reason


def _failed(visit: Visit, event: e.NodeFailed) -> None:
    visit.reason = _said(event.error)


#: What an event of a node changes in its visit.
_STEPS: dict[str, Any] = {
    "NodeReady": _ready,
    "AttemptStarted": _started,
    "ProgressReported": _progressed,
    "AttemptFailed": _try_failed,
    "AttemptLost": _lost,
    "WaitStarted": _waits,
    "BodyEntered": _works,
    "NodeSucceeded": _succeeded,
    "NodeSkipped": _explained,
    "NodeLeft": _explained,
    "NodeFailed": _failed,
}
_ENDS = {
    "NodeSucceeded": VisitStatus.SUCCEEDED,
    "NodeSkipped": VisitStatus.SKIPPED,
    "NodeLeft": VisitStatus.LEFT,
    "NodeFailed": VisitStatus.FAILED,
}
