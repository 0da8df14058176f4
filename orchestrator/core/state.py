"""What a run is at one moment: the fold of its events, with references to where values are stored.

Only live places are kept, so that a state grows with the width of a run and not with its history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from orchestrator.core.events import ApprovalOpened, Pointer


class RunStatus(StrEnum):
    """The state of a run in one word."""

    PENDING = "pending"  #: stored, nothing has started yet
    RUNNING = "running"  #: some node is ready or running
    WAITING = "waiting"  #: for people or a timer only; nothing is held in memory
    CANCELLING = "cancelling"  #: asked to stop; nodes are being stopped
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


FINISHED = frozenset(
    {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMED_OUT}
)


class PlaceStatus(StrEnum):
    """What a live place of a run is doing."""

    READY = "ready"
    RUNNING = "running"
    RETRYING = "retrying"  #: waits for the timer of the next try
    WAITING = "waiting"  #: waits for an approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node being visited."""

    path: str
    node: str
    status: PlaceStatus = PlaceStatus.READY
    attempt: int = 0  #: number of the newest try, from 1
    failures: int = 0  #: tries that failed; lost ones do not count
    owner: str | None = None  #: the process that runs it
    approval_id: str | None = None
    questions: int = 0  #: approvals opened at this place so far
    feedback: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApproval:
    """A question that waits for its answer."""

    seq: int  #: number of its ApprovalOpened
    opened: ApprovalOpened
    opened_at: datetime
    due_at: datetime | None = None
    remind_at: datetime | None = None
    delivered_at: datetime | None = None
    is_deferred: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A value and the place in the log where it is stored."""

    pointer: Pointer
    value: Any


_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A run at one moment."""

    run_id: str
    seq: int  #: number of the newest event
    graph: str
    version: str
    requester: str
    surface: str
    started_at: datetime
    labels: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    input: Stored
    #: How the run ended; None while it has not.
    ending: RunStatus | None = None
    has_started: bool = False  #: some node was started or asked about
    cancel: tuple[str, str] | None = None  #: by whom, and why
    error: str | None = None
    places: Mapping[str, Place] = field(default_factory=lambda: _NOTHING)
    visits: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    visited: int = 0  #: visits of all nodes together
    keys: Mapping[str, Stored] = field(default_factory=lambda: _NOTHING)
    outputs: Mapping[str, Stored] = field(default_factory=lambda: _NOTHING)
    approvals: Mapping[str, OpenApproval] = field(default_factory=lambda: _NOTHING)
    asked: str | None = None  #: the approval that was resolved last

    @property
    def status(self) -> RunStatus:
        """The run's status, which follows from its places."""
        if self.ending is not None:
            return self.ending
        if self.cancel is not None:
            return RunStatus.CANCELLING
        if not self.has_started:
            return RunStatus.PENDING
        active = (PlaceStatus.READY, PlaceStatus.RUNNING)
        is_running = any(place.status in active for place in self.places.values())
        return RunStatus.RUNNING if is_running else RunStatus.WAITING

    @property
    def is_finished(self) -> bool:
        """Has the run ended?"""
        return self.ending is not None
