"""What happened to a run: the facts that are stored, in the past tense.

A run is the fold of its events; nothing else is true about it. Fields are JSON values, instants
and durations; an event never changes its meaning once it has been stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class ApprovalKind(StrEnum):
    """What an approval asks for."""

    CONFIRM = "confirm"  #: may the run go on?
    ERROR = "error"  #: a node's fate is unknown, or it keeps losing its process: what now?


class Decision(StrEnum):
    """What an approver may answer."""

    APPROVE = "approve"
    REJECT = "reject"
    RETRY = "retry"
    SKIP = "skip"
    FAIL = "fail"


class Outcome(StrEnum):
    """How an approval ended. Expired is never rejected."""

    APPROVED = "approved"
    REJECTED = "rejected"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFacts:
    """What went wrong in a node."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a value is stored: the event's number in the run's log, and keys inside it."""

    seq: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The run exists."""

    graph: str
    version: str
    input: Mapping[str, Any]
    requester: str
    surface: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> Mapping[str, Any]:
        """The input."""
        return self.input


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReady:
    """A node was reached and waits to be run or asked about."""

    path: str
    node: str
    feedback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """A process took the node on."""

    path: str
    attempt: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """One automatic try failed; it is tried again at `retry_at`, if that is set."""

    path: str
    attempt: int
    error: ErrorFacts
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLost:
    """The process that ran the node is gone; whether the node did its work is unknown."""

    path: str
    attempt: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSucceeded:
    """The node's result was accepted. Values live here and nowhere else."""

    path: str
    attempt: int
    output: Any
    #: Keys of `output` that became keys of the state.
    written: tuple[str, ...] = ()

    @property
    def values(self) -> Any:
        """The output."""
        return self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSkipped:
    """The node was passed over by a decision; its output is null."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFailed:
    """The node failed for good."""

    path: str
    error: ErrorFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultIgnored:
    """A result came for an attempt that was no longer the current one."""

    path: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeTaken:
    """The run went from one node to another; conditions are evaluated once, and this is it."""

    path: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOpened:
    """A question to people is open."""

    approval_id: str
    path: str
    node: str
    kind: ApprovalKind
    title: str
    prompt: str
    #: What is shown: label to the place where the value is stored.
    shows: Mapping[str, Pointer]
    #: SHA-256 of the canonical JSON of what is shown.
    digest: str
    decisions: tuple[Decision, ...]
    #: Names of the approvers as the graph gives them: user ids, e-mails, `@handles`.
    approvers: tuple[str, ...]
    timeout: timedelta | None = None
    on_timeout: str | None = None
    remind_before: timedelta | None = None
    due_at: datetime | None = None
    remind_at: datetime | None = None
    #: What went wrong, for a question of kind error.
    error: ErrorFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDelivered:
    """The question reached people for the first time; its clock runs from here."""

    approval_id: str
    surface: str
    due_at: datetime | None = None
    remind_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDeferred:
    """The deadline passed before the question reached anybody; it was put off once."""

    approval_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderFired:
    """The approvers are being reminded."""

    approval_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded:
    """An approver answered."""

    approval_id: str
    decision: Decision
    by: str
    #: The entry of the approver list through which the person may decide.
    via: str
    surface: str
    comment: str = ""
    #: Who typed it, where that is not the approver: the user of the operating system.
    recorded_by: str | None = None
    #: The same text for every delivery of this decision.
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalResolved:
    """The approval has its outcome."""

    approval_id: str
    outcome: Outcome
    #: What the run did about it: approve, reject, expire, skip, route, retry, fail, withdraw.
    action: str
    by: str | None = None
    #: State keys that the outcome sets.
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """Somebody asked for the run to be cancelled; nothing new starts."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted:
    """The run reached an end."""

    path: str
    #: What the run brought, by name, and where it is stored.
    output: Mapping[str, Pointer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """The run failed."""

    error: ErrorFacts
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTimedOut:
    """Nobody answered in time and the graph says that this ends the run."""

    approval_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelled:
    """The run was cancelled and nothing of it is running any more."""

    by: str
    reason: str = ""


Event = (
    RunStarted
    | NodeReady
    | AttemptStarted
    | AttemptFailed
    | AttemptLost
    | NodeSucceeded
    | NodeSkipped
    | NodeFailed
    | ResultIgnored
    | EdgeTaken
    | ApprovalOpened
    | ApprovalDelivered
    | ApprovalDeferred
    | ReminderFired
    | DecisionRecorded
    | ApprovalResolved
    | CancelRequested
    | RunCompleted
    | RunFailed
    | RunTimedOut
    | RunCancelled
)


@dataclass(frozen=True, slots=True)
class Record:
    """An event in its place in a run's log."""

    seq: int  #: from 1, without gaps
    at: datetime  #: when the batch that stored it began, UTC
    event: Event
