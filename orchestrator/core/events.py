"""What happened to a run: the facts that are stored, in the past tense.

A run is the fold of its events; nothing else is true about it. Fields are JSON values, instants
and durations; an event never changes its meaning once it has been stored. Values that are stored
in an event are its `values`, to which references point.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
from orchestrator.core.frame_events import (
    BodyEntered,
    BranchesFailed,
    CallsMade,
    FrameClosed,
    FrameEvent,
    FrameOpened,
    RoundJudged,
    Sharing,
    StateMerged,
)
from orchestrator.core.node_events import (
    REJECTION,
    AttemptFailed,
    AttemptLost,
    AttemptStarted,
    EdgeTaken,
    GatePassed,
    NodeEvent,
    NodeFailed,
    NodeLeft,
    NodeReady,
    NodeSkipped,
    NodeSucceeded,
    ProgressReported,
    ResultGathered,
    ResultIgnored,
    ResultRecorded,
    SignalTaken,
    WaitStarted,
)
from orchestrator.core.run_events import (
    CancelRequested,
    EndingBegun,
    RunCancelled,
    RunCompleted,
    RunEvent,
    RunFailed,
    RunHeld,
    RunPaused,
    RunResumed,
    RunStarted,
    RunTimedOut,
    SignalReceived,
    VersionAdopted,
)
from orchestrator.core.values import Gather, Pointer, Ref
from orchestrator.graph.kinds import ApprovalKind, Decision

__all__ = [
    "REJECTION",
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
    "AttemptFailed",
    "AttemptLost",
    "AttemptStarted",
    "BodyEntered",
    "BranchesFailed",
    "CallsMade",
    "CancelRequested",
    "CommentAdded",
    "Decision",
    "DecisionRecorded",
    "EdgeTaken",
    "EndingBegun",
    "ErrorFacts",
    "EscalationFacts",
    "Event",
    "FrameClosed",
    "FrameEvent",
    "FrameOpened",
    "GatePassed",
    "Gather",
    "NodeEvent",
    "NodeFailed",
    "NodeLeft",
    "NodeReady",
    "NodeSkipped",
    "NodeSucceeded",
    "Outcome",
    "Pointer",
    "ProgressReported",
    "Record",
    "Ref",
    "ReminderFacts",
    "ReminderFired",
    "ResultGathered",
    "ResultIgnored",
    "ResultRecorded",
    "RoundJudged",
    "RuleGranted",
    "RuleRevoked",
    "RunCancelled",
    "RunCompleted",
    "RunEvent",
    "RunFailed",
    "RunHeld",
    "RunPaused",
    "RunResumed",
    "RunStarted",
    "RunTimedOut",
    "Sharing",
    "SignalReceived",
    "SignalTaken",
    "StageReached",
    "StateMerged",
    "Times",
    "VersionAdopted",
    "WaitStarted",
]

Event = RunEvent | NodeEvent | FrameEvent | ApprovalEvent


@dataclass(frozen=True, slots=True)
class Record:
    """An event in its place in a run's log."""

    seq: int  #: from 1, without gaps
    at: datetime  #: when the batch that stored it began, UTC
    event: Event
