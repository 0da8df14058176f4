"""What happened to a run: the facts that are stored, in the past tense.

A run is the fold of its events; nothing else is true about it. Fields are JSON values, instants
and durations; an event never changes its meaning once it has been stored. Values that are stored
in an event are its `values`, to which references point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from orchestrator.core.approval_events import (
    ApprovalDeferred,
    ApprovalDelegated,
    ApprovalDelivered,
    ApprovalEscalated,
    ApprovalEvent,
    ApprovalExtended,
    ApprovalOpened,
    ApprovalReassigned,
    ApprovalResolved,
    ApprovalRevised,
    ApprovalSnoozed,
    CommentAdded,
    DecisionRecorded,
    ErrorFacts,
    EscalationFacts,
    Outcome,
    ReminderFacts,
    ReminderFired,
    RuleGranted,
    RuleRevoked,
    StageReached,
    Times,
)
from orchestrator.core.values import Gather, Pointer, Ref
from orchestrator.graph.kinds import ApprovalKind, Decision

__all__ = [
    "ApprovalDeferred",
    "ApprovalDelegated",
    "ApprovalDelivered",
    "ApprovalEscalated",
    "ApprovalEvent",
    "ApprovalExtended",
    "ApprovalKind",
    "ApprovalOpened",
    "ApprovalReassigned",
    "ApprovalResolved",
    "ApprovalRevised",
    "ApprovalSnoozed",
    "CommentAdded",
    "Decision",
    "DecisionRecorded",
    "ErrorFacts",
    "EscalationFacts",
    "Gather",
    "Outcome",
    "Pointer",
    "Ref",
    "ReminderFacts",
    "ReminderFired",
    "RuleGranted",
    "RuleRevoked",
    "StageReached",
    "Times",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The run exists."""

    graph: str
    version: str
    input: Mapping[str, Any]
    requester: str
    surface: str
    labels: Mapping[str, str] = field(default_factory=dict)
    #: How long the run may be active; waiting does not count. None: no limit.
    max_active: timedelta | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """The input."""
        return self.input


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReady:
    """A node was reached, or is ready again after a gate, a retry or a lost process."""

    path: str
    node: str
    feedback: str | None = None
    #: What the node brought at the visit that this one repeats.
    previous: Ref | None = None
    #: How often people have sent this node round, by kind of gate.
    rounds: Mapping[str, int] = field(default_factory=dict)
    #: Values that the visit begins with: the arguments of a tool call.
    answer: Ref | None = None
    #: The visit takes back what the node did; see `TaskNode.undo`.
    is_undo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePassed:
    """A gate did not ask, because its condition did not hold."""

    path: str
    kind: ApprovalKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """A process took the node on."""

    path: str
    attempt: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReported:
    """A running node told how far it is."""

    path: str
    attempt: int
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """One automatic try failed; it is tried again at `retry_at`, if that is set."""

    path: str
    attempt: int
    error: ErrorFacts
    retry_at: datetime | None = None
    spent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLost:
    """The process that ran the node is gone; whether the node did its work is unknown."""

    path: str
    attempt: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecorded:
    """The node's result was accepted and is under review; it is not the node's output yet."""

    path: str
    attempt: int
    output: Any
    spent: Mapping[str, float] = field(default_factory=dict)

    @property
    def values(self) -> Any:
        """The result."""
        return self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultGathered:
    """What a composite or a wait brought is under review."""

    path: str
    result: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSucceeded:
    """The node is done. A value that no other event stores lives here."""

    path: str
    attempt: int
    output: Any
    #: Where the output is stored, if not here.
    source: Ref | None = None
    #: Keys of the output that became keys of the state.
    written: tuple[str, ...] = ()
    #: The output asks for tools to be called; see `AgentNode`.
    is_calls: bool = False
    #: What the node did can be taken back.
    has_undo: bool = False
    spent: Mapping[str, float] = field(default_factory=dict)

    @property
    def values(self) -> Any:
        """The output."""
        return self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSkipped:
    """The node was passed over; its output is null."""

    path: str
    reason: str

    @property
    def values(self) -> Mapping[str, str]:
        """Why, for an agent whose tool was not called."""
        return {"reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFailed:
    """The node failed for good."""

    path: str
    error: ErrorFacts

    @property
    def values(self) -> Mapping[str, str]:
        """What went wrong, for an agent whose tool failed."""
        return {"message": f"{self.error.type}: {self.error.message}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLeft:
    """The run goes on elsewhere without the node having run: a rejection or a deadline."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultIgnored:
    """A result came for an attempt that was no longer the current one."""

    path: str
    attempt: int
    reason: str


#: The reason of an EdgeTaken that a rejection led to.
REJECTION = "rejection"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeTaken:
    """The run went from one node to another; conditions are evaluated once, and this is it."""

    path: str
    target: str
    reason: str


class Sharing(StrEnum):
    """Whose state a frame reads and writes."""

    SHARED = "shared"  #: that of the frame around it
    OWN = "own"  #: reads that of the frame around it, writes its own
    APART = "apart"  #: reads and writes its own, and has its own input


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyEntered:
    """A composite goes to work: which bodies it will run, and on what."""

    path: str
    #: Names of branches or routes, or numbers of items; empty where that is not known beforehand.
    keys: tuple[str, ...]
    reason: str = ""
    #: The items of a map.
    items: list[Any] | None = None

    @property
    def values(self) -> Any:
        """The items."""
        return self.items


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOpened:
    """A body of a composite begins: a branch, an item, a round."""

    path: str  #: such as `each[3]`, `checks[lint]`, or `prepare`
    place: str  #: path of the composite
    key: str
    sharing: Sharing = Sharing.SHARED
    number: int | None = None
    item: Ref | None = None
    #: Input of a graph inside the graph.
    input: Mapping[str, Any] | None = None

    @property
    def values(self) -> Any:
        """The input."""
        return self.input


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameClosed:
    """A body of a composite is over; what was still going on inside has been stopped."""

    path: str
    output: Ref | None = None
    error: ErrorFacts | None = None
    #: Keys that the frame wrote for itself and hands over.
    exports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundJudged:
    """A loop's condition was looked at after a round."""

    path: str
    number: int
    is_last: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMerged:
    """What branches wrote for themselves became the run's."""

    path: str
    #: Keys that a reducer made, with their values.
    values: Mapping[str, Any] = field(default_factory=dict)
    #: Keys that one branch wrote, with the places of their values.
    taken: Mapping[str, Ref] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchesFailed:
    """A composite succeeded although some of its branches failed; their outputs are null."""

    path: str
    #: What went wrong, each with `key`, `type` and `message`.
    errors: list[Any]

    @property
    def values(self) -> Any:
        """The errors, which stand among the outputs as `<node>.errors`."""
        return self.errors


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsMade:
    """An agent asked for tools; each call became a visit of the tool."""

    path: str  #: the agent's
    #: Where the calls are stored.
    calls: Ref
    #: The visits, in the order of the calls; empty for a tool that there is not.
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted:
    """A node waits for an instant, or for a signal until an instant."""

    path: str
    wake_at: datetime | None = None
    signal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalReceived:
    """A named signal came; nodes that wait for it, or will, get its payload."""

    name: str
    payload: Any
    by: str
    surface: str

    @property
    def values(self) -> Any:
        """The payload."""
        return self.payload


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTaken:
    """A waiting node got the oldest signal of its name."""

    path: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """Somebody asked for the run to be cancelled; nothing new starts."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingBegun:
    """The run is going to end as failed or timed out; what can be taken back is taken back."""

    error: ErrorFacts | None = None
    path: str | None = None
    #: The approval whose deadline ends the run.
    approval_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaused:
    """An operator holds new nodes back; decisions and deadlines go on."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed:
    """The run goes on after a pause."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeld:
    """The graph at hand differs where the run is going; the operators are asked."""

    approval_id: str
    loaded: str  #: version of the graph at hand
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionAdopted:
    """The run follows another version of its graph, which is the same where the run is going."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted:
    """The run reached an end."""

    path: str
    #: What the run brought, by name, and where it is stored.
    output: Mapping[str, Ref] = field(default_factory=dict)


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


NodeEvent = (
    NodeReady
    | GatePassed
    | AttemptStarted
    | ProgressReported
    | AttemptFailed
    | AttemptLost
    | ResultRecorded
    | ResultGathered
    | NodeSucceeded
    | NodeSkipped
    | NodeFailed
    | NodeLeft
    | ResultIgnored
    | EdgeTaken
    | WaitStarted
    | SignalTaken
)
FrameEvent = (
    BodyEntered | FrameOpened | FrameClosed | RoundJudged | StateMerged | BranchesFailed | CallsMade
)
RunEvent = (
    SignalReceived
    | CancelRequested
    | EndingBegun
    | RunPaused
    | RunResumed
    | RunHeld
    | VersionAdopted
    | RunCompleted
    | RunFailed
    | RunTimedOut
    | RunCancelled
)
Event = RunStarted | NodeEvent | FrameEvent | ApprovalEvent | RunEvent


@dataclass(frozen=True, slots=True)
class Record:
    """An event in its place in a run's log."""

    seq: int  #: from 1, without gaps
    at: datetime  #: when the batch that stored it began, UTC
    event: Event
