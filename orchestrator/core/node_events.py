"""What happened to a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.core.approval_events import ErrorFacts
from orchestrator.core.values import Ref
from orchestrator.graph.kinds import ApprovalKind


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
    """A result came for an attempt that was no longer the current one, or had been stopped."""

    path: str
    attempt: int
    reason: str
    #: What the node returned, if that can be taken back.
    output: Any = None
    has_undo: bool = False
    spent: Mapping[str, float] = field(default_factory=dict)

    @property
    def values(self) -> Any:
        """The output."""
        return self.output


#: The reason of an EdgeTaken that a rejection led to.
REJECTION = "rejection"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeTaken:
    """The run went from one node to another; conditions are evaluated once, and this is it."""

    path: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted:
    """A node waits for an instant, or for a signal until an instant."""

    path: str
    wake_at: datetime | None = None
    signal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTaken:
    """A waiting node got the oldest signal of its name."""

    path: str
    name: str


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
