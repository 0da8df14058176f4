"""What may be asked of a run. `advance` answers with events, or with a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from orchestrator.core.events import ErrorFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun:
    """Start a run with an input that the graph's schema has accepted."""

    run_id: str
    input: Mapping[str, Any]
    requester: str
    surface: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAttempt:
    """A process takes a ready node on."""

    path: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishAttempt:
    """The node returned."""

    path: str
    attempt: int
    output: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FailAttempt:
    """The node raised, timed out, or was cancelled."""

    path: str
    attempt: int
    error: ErrorFacts
    is_retryable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseAttempt:
    """The lease of the process that ran the node has run out."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """One approver's answer; who may answer was looked up by the shell and comes as `via`."""

    approval_id: str
    decision: str
    by: str
    surface: str
    #: The entry of the approver list that lets the person decide; None: none does.
    via: str | None
    comment: str = ""
    #: Further state keys to set, inside the gate's `writes`.
    updates: Mapping[str, Any] = field(default_factory=dict)
    #: Digest of the payload that the person saw; None where the surface cannot tell.
    digest: str | None = None
    recorded_by: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDelivered:
    """A surface has shown the question to people."""

    approval_id: str
    surface: str
    at: datetime


class TimerKind(StrEnum):
    """What a timer does when it is due."""

    EXPIRY = "expiry"
    REMINDER = "reminder"
    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTimer:
    """A timer is due."""

    kind: TimerKind
    #: The approval's id, or the path of the node to try again.
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRun:
    """Stop the run."""

    by: str
    reason: str = ""


Command = (
    StartRun
    | StartAttempt
    | FinishAttempt
    | FailAttempt
    | LoseAttempt
    | Decide
    | MarkDelivered
    | FireTimer
    | CancelRun
)
