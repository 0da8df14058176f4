"""What may be asked of a run. `advance` answers with events, or with a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from orchestrator.core.events import ErrorFacts
from orchestrator.graph.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun:
    """Start a run with an input that the graph's schema has accepted."""

    run_id: str
    input: Mapping[str, Any]
    requester: str
    surface: str
    labels: Mapping[str, str] = field(default_factory=dict)
    workspace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAttempt:
    """A process takes a ready node on."""

    path: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportProgress:
    """A running node tells how far it is."""

    path: str
    attempt: int
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishAttempt:
    """The node returned."""

    path: str
    attempt: int
    output: Any
    #: The output asks for tools: `{"calls": [{"tool", "arguments", "id"}], "memory": …}`.
    is_calls: bool = False
    spent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailAttempt:
    """The node raised, timed out, or was cancelled."""

    path: str
    attempt: int
    error: ErrorFacts
    is_retryable: bool = True
    spent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseAttempt:
    """The lease of the process that ran the node has run out."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks for something about an approval, with what the shell found out about them."""

    id: str
    surface: str
    #: Entries of the approval's policy that the person belongs to, veto and break-glass included.
    via: tuple[str, ...] = ()
    is_operator: bool = False
    #: A bot, guest, or somebody of another organisation.
    is_outsider: bool = False
    #: Who typed it, where that is not the person: the user of the operating system.
    recorded_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """One approver's answer."""

    approval_id: str
    decision: str
    by: Person
    comment: str = ""
    #: Values, routes, a result, or the edited output.
    values: Any = None
    #: Further state keys to set, inside the gate's `writes`.
    updates: Mapping[str, Any] = field(default_factory=dict)
    #: Digest of the payload that the person saw; None where the surface cannot tell.
    digest: str | None = None
    #: Members of the entries that everybody must approve of.
    roster: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Decide alone, against the policy; the comment is the reason.
    breaks_glass: bool = False
    #: Standing rule that decides on behalf of the person.
    rule: str | None = None
    #: Grant a rule of this id for this run, or until `rule_expires_at`, with the approval.
    grants_rule: str | None = None
    rule_expires_at: datetime | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take a question back: by the requester or an operator. The run goes on as if rejected."""

    approval_id: str
    by: Person
    reason: str = ""
    #: The same text for every delivery of this request.
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassign:
    """Ask other people: by an approver or an operator."""

    approval_id: str
    by: Person
    policy: Policy
    reason: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """Let another person answer in one's place."""

    approval_id: str
    by: Person
    to: str
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """Be not reminded for a while."""

    approval_id: str
    by: Person
    until: datetime
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """Move the deadline: by an approver or an operator."""

    approval_id: str
    by: Person
    until: datetime
    reason: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Write something beside a decision; `wants_answer` asks the requester."""

    approval_id: str
    by: Person
    text: str
    wants_answer: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRule:
    """Note in the log of the run where a rule was granted that it holds no longer."""

    rule: str
    by: str
    surface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUnanswerable:
    """Nobody stands behind an approval's names any more; the operators are asked instead."""

    approval_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDelivered:
    """A surface has shown the question to people."""

    approval_id: str
    surface: str
    at: datetime


class TimerKind(StrEnum):
    """What a timer does when it is due."""

    EXPIRY = "expiry"
    RETRY = "retry"
    WAKE = "wake"  #: a wait is over
    CEILING = "ceiling"  #: the run has been active for too long
    ESCALATION = "escalation"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTimer:
    """A timer is due."""

    kind: TimerKind
    #: The approval's id, the path of the node, or empty for the run's ceiling.
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Send a named signal with a payload to the nodes that wait for it, or will."""

    name: str
    payload: Any
    by: str
    surface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRun:
    """Hold new nodes back."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRun:
    """Go on after a pause."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRun:
    """Stop before a graph that differs where the run is going."""

    loaded: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptVersion:
    """Follow another version, which is the same where the run is going."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRun:
    """Stop the run."""

    by: str
    reason: str = ""


Command = (
    StartRun
    | StartAttempt
    | ReportProgress
    | FinishAttempt
    | FailAttempt
    | LoseAttempt
    | Decide
    | Withdraw
    | Reassign
    | Delegate
    | Snooze
    | Extend
    | Comment
    | RevokeRule
    | ReportUnanswerable
    | MarkDelivered
    | FireTimer
    | Signal
    | PauseRun
    | ResumeRun
    | HoldRun
    | AdoptVersion
    | CancelRun
)
