"""What happened to an approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from orchestrator.core.values import Ref
from orchestrator.graph.formats import Format
from orchestrator.graph.kinds import ApprovalKind, Decision, Risk
from orchestrator.graph.policy import Approver, Policy


class Outcome(StrEnum):
    """How an approval ended. Expired is never rejected."""

    APPROVED = "approved"
    REJECTED = "rejected"
    EDITED = "edited"
    CHANGES_REQUESTED = "changes-requested"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFacts:
    """What went wrong in a node."""

    type: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderFacts:
    """When the approvers are reminded; see `orchestrator.graph.gates.Reminders`."""

    after: timedelta | None = None
    every: timedelta | None = None
    most: int = 3
    before: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationFacts:
    """Who may decide, too, after a time."""

    after: timedelta
    to: tuple[Approver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The instants at which something happens to an approval by itself."""

    due_at: datetime | None = None
    remind_at: datetime | None = None
    escalate_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ApprovalOpened:
    """A question to people is open."""

    approval_id: str
    path: str  #: empty for a question about the run as a whole
    node: str
    kind: ApprovalKind
    title: str
    prompt: str
    #: What is shown: label to the place where the value is stored.
    shows: Mapping[str, Ref]
    #: SHA-256 of the canonical JSON of what is shown.
    digest: str
    decisions: tuple[Decision, ...]
    policy: Policy
    timeout: timedelta | None = None
    on_timeout: str | None = None
    #: The answer that counts when `on_timeout` is answer.
    default: Any = None
    reminders: ReminderFacts | None = None
    escalations: tuple[EscalationFacts, ...] = ()
    times: Times = field(default_factory=Times)
    #: JSON schema of the values that an answer, a result or an edit brings; None: any.
    schema: Mapping[str, Any] | None = None
    #: Routes that may be chosen.
    choices: tuple[str, ...] = ()
    is_multiple: bool = False
    #: What an edit replaces: the output, or the arguments of a call.
    edits: Ref | None = None
    #: What went wrong, for a question of kind error.
    error: ErrorFacts | None = None
    #: How values are shown, by label or by a dotted key inside one.
    formats: Mapping[str, Format] = field(default_factory=dict)
    risk: Risk = Risk.NORMAL
    #: Where it is asked; None: where the workspace asks everything.
    channel: str | None = None
    #: Who is called when it is asked.
    notify: tuple[Approver, ...] = ()
    #: Does each approver get it as a direct message, too?
    direct: bool = False

    @property
    def values(self) -> Any:
        """The default answer, to which the outcome of an expired question refers."""
        return self.default

    @property
    def approvers(self) -> tuple[str, ...]:
        """Names of the approvers as the graph gives them: user ids, e-mails, `@handles`."""
        return tuple(map(str, self.policy.approvers()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDelivered:
    """The question reached people for the first time; its clock runs from here."""

    approval_id: str
    surface: str
    times: Times = field(default_factory=Times)
    #: When they could see it, a moment before this was recorded; None: at the same time.
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDeferred:
    """The deadline passed before the question reached anybody; it was put off once."""

    approval_id: str
    times: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderFired:
    """The approvers are being reminded."""

    approval_id: str
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEscalated:
    """Nobody answered for a while; further people may decide and are told."""

    approval_id: str
    to: tuple[Approver, ...]
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded:
    """An approver answered."""

    approval_id: str
    decision: Decision
    by: str
    #: The entries of the policy through which the person may decide.
    via: tuple[str, ...]
    surface: str
    comment: str = ""
    #: What the answer brought: values, routes, a result, or the edited output.
    values: Any = None
    #: Further state keys that are set once the approval is resolved with this decision's help.
    updates: Mapping[str, Any] = field(default_factory=dict)
    #: Whose place the person takes, after a delegation.
    instead_of: str | None = None
    #: Members of the entries that everybody must approve of, as they were at this moment.
    roster: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Decided alone, against the policy, for the reason in the comment.
    breaks_glass: bool = False
    #: The standing rule that decided on behalf of the person.
    rule: str | None = None
    #: Who typed it, where that is not the approver: the user of the operating system.
    recorded_by: str | None = None
    #: The same text for every delivery of this decision.
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReached:
    """All slots of the stage before are filled; the next people are asked."""

    approval_id: str
    stage: int  #: from 0
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRevised:
    """What is asked about was edited: a new revision, for which only the editor has voted.

    The edit itself is the DecisionRecorded before it, to whose values `edits` refers.
    """

    approval_id: str
    by: str
    revision: int  #: from 1; the question as it was opened is 0
    edits: Ref
    shows: Mapping[str, Ref]
    digest: str
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalResolved:
    """The approval has its outcome."""

    approval_id: str
    outcome: Outcome
    #: What the run did about it: approve, reject, expire, skip, route, retry, fail, withdraw …
    action: str
    by: str | None = None
    #: State keys that the outcome sets.
    values: Mapping[str, Any] = field(default_factory=dict)
    #: Where the values of the answer are stored: an input, a result, or what an edit made.
    answer: Ref | None = None
    #: The routes that were chosen.
    chosen: tuple[str, ...] | None = None
    #: Why it was withdrawn.
    reason: str = ""
    #: The same text for every delivery of the request to withdraw it.
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReassigned:
    """Other people are asked; all votes are void."""

    approval_id: str
    by: str
    policy: Policy
    reason: str = ""
    times: Times = field(default_factory=Times)
    #: The same text for every delivery of the request.
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDelegated:
    """One approver lets another person answer in their place."""

    approval_id: str
    by: str
    to: str
    #: The entries of the policy through which the one who delegates may decide.
    via: tuple[str, ...]
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSnoozed:
    """One person is not reminded for a while."""

    approval_id: str
    by: str
    until: datetime
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExtended:
    """The deadline was moved."""

    approval_id: str
    by: str
    times: Times
    reason: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAdded:
    """Somebody wrote something beside a decision; `wants_answer` asks the requester."""

    approval_id: str
    by: str
    text: str
    surface: str
    wants_answer: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGranted:
    """An approver approves questions like this one in advance, for this run or for a time."""

    approval_id: str
    rule: str  #: the rule's id
    by: str
    surface: str
    expires_at: datetime | None = None  #: None: it holds for this run


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRevoked:
    """A standing rule holds no longer."""

    rule: str
    by: str
    surface: str


ApprovalEvent = (
    ApprovalOpened
    | ApprovalDelivered
    | ApprovalDeferred
    | ReminderFired
    | ApprovalEscalated
    | DecisionRecorded
    | StageReached
    | ApprovalRevised
    | ApprovalResolved
    | ApprovalReassigned
    | ApprovalDelegated
    | ApprovalSnoozed
    | ApprovalExtended
    | CommentAdded
    | RuleGranted
    | RuleRevoked
)
