"""What the database tells about runs, approvals and deliveries, as plain values for reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orchestrator.core.effects import Purpose
from orchestrator.core.events import ApprovalKind, Decision, ErrorFacts
from orchestrator.core.ids import approval_ref, rule_ref, run_ref
from orchestrator.core.state import Delegation, RunStatus, Vote
from orchestrator.graph.formats import Format
from orchestrator.graph.kinds import Risk
from orchestrator.graph.policy import Approver, Policy

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
    paused_by: str | None = None
    pause_reason: str | None = None
    #: The open approval about a graph that has changed under the run.
    held: str | None = None
    #: What the nodes have spent so far, such as tokens or cost.
    spent: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, str]
    input: Mapping[str, Any]
    #: Paths of the nodes that are being visited.
    places: tuple[str, ...] = ()
    #: Number of the newest event.
    seq: int = 0
    #: Which chat workspace it belongs to; "" where there is only one.
    workspace: str = ""

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
    #: The entries of the policy through which the person decided.
    via: tuple[str, ...] = ()
    #: What the answer brought: values, routes, a result, or the edited output.
    values: Any = None
    instead_of: str | None = None  #: who delegated
    breaks_glass: bool = False
    rule: str | None = None  #: the standing rule that decided on the person's behalf
    recorded_by: str | None = None  #: who typed it, where that is not the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody wrote beside a decision."""

    by: str
    text: str
    surface: str
    at: datetime
    wants_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval with everything that a message about it shows.

    What may change while it is open is as it is now, or was when it was resolved.
    """

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
    #: What is shown; of the newest revision.
    payload: Mapping[str, Any]
    digest: str
    decisions: tuple[Decision, ...]
    policy: Policy
    requester: str
    opened_at: datetime
    timeout: timedelta | None = None
    on_timeout: str | None = None
    #: The answer that counts when `on_timeout` is answer.
    default: Any = None
    due_at: datetime | None = None
    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    delivered_at: datetime | None = None
    reminded_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    #: What the run did about the outcome: approve, reject, expire, skip, route, retry …
    action: str | None = None
    reason: str = ""  #: why it was withdrawn
    error: ErrorFacts | None = None
    #: JSON schema of the values that an answer, a result or an edit brings; None: any.
    schema: Mapping[str, Any] | None = None
    choices: tuple[str, ...] = ()  #: routes that may be chosen
    is_multiple: bool = False
    #: What an edit replaces; of the newest revision.
    edits: Any = None
    revision: int = 0  #: how often it was edited
    editor: str | None = None
    #: What was shown before the first edit; None if there was none.
    before_edit: Mapping[str, Any] | None = None
    stage: int = 0  #: of the policy's stages, from 0
    #: The newest answer of each person that counts, in the newest revision.
    votes: tuple[Vote, ...] = ()
    #: By the person who may answer in another one's place.
    delegations: Mapping[str, Delegation] = field(default_factory=dict)
    #: Until when a person is not reminded.
    snoozed: Mapping[str, datetime] = field(default_factory=dict)
    reminders_sent: int = 0
    escalated: int = 0  #: escalations so far
    #: All decisions that were recorded, oldest first; `votes` has those that count.
    answers: tuple[Answer, ...] = ()
    comments: tuple[Comment, ...] = ()
    #: How values of the payload are shown, by label or by a dotted key inside one.
    formats: Mapping[str, Format] = field(default_factory=dict)
    risk: Risk = Risk.NORMAL
    channel: str | None = None  #: where it is asked; None: where the workspace asks everything
    notify: tuple[Approver, ...] = ()  #: who is called when it is asked
    direct: bool = False  #: does each approver get it as a direct message, too?
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

    @property
    def approvers(self) -> tuple[str, ...]:
        """Names of the approvers: user ids, e-mails, `@handles`, `#channels`."""
        return tuple(map(str, self.policy.approvers()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Where a run stands: what it waits for, and what people have answered so far."""

    run: Run
    pending: tuple[Approval, ...] = ()
    resolved: tuple[Approval, ...] = ()

    @property
    def status(self) -> RunStatus:
        """The run's status."""
        return self.run.status

    def select(
        self, kind: str | None = None, *, node: str | None = None, path: str | None = None
    ) -> tuple[Approval, ...]:
        """Return the open approvals of a kind, at a node, at a path."""
        return tuple(
            each
            for each in self.pending
            if kind in (None, each.kind) and node in (None, each.node) and path in (None, each.path)
        )

    def to_json(self) -> str:
        """Write it as JSON text, from which `from_json` makes an equal one."""
        return _pauses().dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Pause:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The text is something else.
        """
        try:
            return _pauses().validate_json(text)
        except ValidationError as error:
            raise ValueError(
                f"the text is no pause, it has {error.error_count()} problems; take what "
                "`to_json` wrote"
            ) from error


@cache
def _pauses() -> TypeAdapter[Pause]:
    return TypeAdapter(Pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What must be known of an approval before a decision on it can be tried."""

    approval_id: str
    run_id: str
    graph: str
    version: str
    path: str
    kind: ApprovalKind
    #: As it is now, or was when the approval was resolved.
    policy: Policy
    #: By the person who may answer in another one's place.
    delegations: Mapping[str, Delegation] = field(default_factory=dict)
    digest: str
    is_open: bool = True
    workspace: str = ""  #: of its run
    #: Of what people did about it: each the same text however often that was delivered.
    keys: tuple[str, ...] = ()

    @property
    def approvers(self) -> tuple[str, ...]:
        """Names of the approvers, as `Approval.approvers`."""
        return tuple(map(str, self.policy.approvers()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An approval that somebody gave in advance for questions of one kind at one node."""

    id: str
    graph: str
    #: Path of the node, without the numbers of visits, items and rounds.
    node: str
    kind: ApprovalKind
    #: The one run that it holds for; None: any run, until `expires_at`.
    run_id: str | None = None
    by: str
    surface: str
    granted_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    #: Where it was granted.
    approval_id: str
    granted_in: str  #: the run in whose log it stands, and in which it is revoked

    @property
    def ref(self) -> str:
        """The short form of the id, for people."""
        return rule_ref(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something that a chat surface is to show; claimed by one sender at a time."""

    id: int
    purpose: Purpose
    approval_id: str  #: what it is about; the run where it is told of that itself
    run_id: str
    seq: int | None = None  #: number of the event that a reminder or notice is about
    attempts: int  #: how often it was claimed, this time included
    created_at: datetime
    workspace: str = ""
    #: Whom a direct message, or the edit of one, is for; None: it is for the question's channel.
    person: str | None = None
    #: What kind of direct message it is, which thread is told, or why a question is posted anew.
    detail: str | None = None
    channel: str | None = None  #: where it is to be said; None: where it always is


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Where the message about an approval stands, or a copy of it."""

    approval_id: str
    channel: str
    ts: str
    person: str | None = None  #: whose copy it is; None: the question itself
    reason: str | None = None  #: why it stands elsewhere than where it was to be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The deliveries that wait to be sent."""

    waiting: int
    oldest_at: datetime | None = None  #: when the oldest of them came up


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
