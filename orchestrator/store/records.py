"""What the database tells about runs, approvals and deliveries, as plain values for reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orchestrator.core.effects import Purpose
from orchestrator.core.events import ApprovalKind, Decision, ErrorFacts
from orchestrator.core.ids import approval_ref, run_ref
from orchestrator.core.state import RunStatus

#: The status of an approval that waits; any other status is its outcome.
OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as lists and messages show it."""

    id: str
    graph: str
    version: str
    status: RunStatus
    requester: str
    surface: str  #: where it was started: slack, cli, python …
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None = None
    error: str | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    labels: Mapping[str, str]
    input: Mapping[str, Any]
    #: Paths of the nodes that are being visited.
    places: tuple[str, ...] = ()
    #: Number of the newest event.
    seq: int = 0

    @property
    def ref(self) -> str:
        """The short form of the id, for people."""
        return run_ref(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A decision that was recorded."""

    approval_id: str
    decision: Decision
    by: str
    comment: str
    surface: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval with everything that a message about it shows."""

    id: str
    run_id: str
    graph: str
    node: str
    path: str
    kind: ApprovalKind
    #: `open`, or the outcome: approved, rejected, answered, expired, withdrawn.
    status: str
    title: str
    prompt: str
    payload: Mapping[str, Any]
    digest: str
    decisions: tuple[Decision, ...]
    approvers: tuple[str, ...]
    requester: str
    opened_at: datetime
    timeout: timedelta | None = None
    on_timeout: str | None = None
    due_at: datetime | None = None
    delivered_at: datetime | None = None
    reminded_at: datetime | None = None
    resolved_at: datetime | None = None
    #: What the run did about the outcome: approve, reject, expire, skip, route, retry …
    action: str | None = None
    error: ErrorFacts | None = None
    answers: tuple[Answer, ...] = ()
    #: The run as it is now.
    run: Run

    @property
    def ref(self) -> str:
        """The short form of the id, for people."""
        return approval_ref(self.id)

    @property
    def is_open(self) -> bool:
        """Does it wait for an answer?"""
        return self.status == OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What must be known of an approval before a decision on it can be tried."""

    approval_id: str
    run_id: str
    graph: str
    version: str
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something that a chat surface is to show; claimed by one sender at a time."""

    id: int
    purpose: Purpose
    approval_id: str
    run_id: str
    attempts: int  #: how often it was claimed, this time included
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Where the message about an approval stands."""

    approval_id: str
    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What checking a run's log found."""

    run_id: str
    events: int
    problem: str | None = None

    @property
    def is_sound(self) -> bool:
        """Is the chain unbroken, and does the log lead to what is stored?"""
        return self.problem is None
