"""What a run is at one moment: the fold of its events, with references to where values are stored.

Only what is alive is kept, so that a state grows with the width of a run and not with its history.
What a state holds is immutable; `apply` changes the state it is given, and `copy` makes one that
can be changed without the other being. What changes all the time has no slots, for `changed` to
copy it in one go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from orchestrator.core.events import (
    ApprovalOpened,
    Decision,
    EndingBegun,
    ErrorFacts,
    Pointer,
    Ref,
    Sharing,
    Times,
)
from orchestrator.core.values import NOTHING, Stored, numbers, resolve
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.policy import Policy


class RunStatus(StrEnum):
    """The state of a run in one word."""

    PENDING = "pending"  #: stored, nothing has started yet
    RUNNING = "running"  #: some node is ready or running
    WAITING = "waiting"  #: for people, a timer or a signal only; nothing is held in memory
    PAUSED = "paused"  #: by an operator: no new node starts
    CANCELLING = "cancelling"  #: asked to stop; nodes are being stopped, what was done is undone
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
    WAITING = "waiting"  #: waits for an approval, an instant or a signal
    ACTIVE = "active"  #: a composite whose bodies are at work


_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Which item or round of the body around it a visit sees."""

    number: int
    item: Ref | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A node being visited."""

    path: str
    node: str
    status: PlaceStatus = PlaceStatus.READY
    attempt: int = 0  #: number of the newest try, from 1
    failures: int = 0  #: tries that failed since a person last said to try again; lost ones not
    lost: int = 0  #: tries whose process was lost, in the same time
    owner: str | None = None  #: the process that runs it
    approval_id: str | None = None
    questions: int = 0  #: approvals opened at this place so far
    #: Gates of this visit that have been answered, or did not ask.
    passed: tuple[ApprovalKind, ...] = ()
    feedback: str | None = None
    previous: Ref | None = None  #: output of the visit that this one repeats
    seen: Seen | None = None  #: kept for when the body around it is over
    rounds: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    answer: Ref | None = None  #: values of the input gate, or a call's arguments
    chosen: tuple[str, ...] | None = None  #: routes that people chose
    is_confirmed: bool = False  #: people said yes to it, so a condition is not evaluated
    result: Ref | None = None  #: what the node brought, while it is under review
    is_undo: bool = False
    #: What is around it is over; it runs only until it has stopped, and its result is ignored.
    is_stopped: bool = False
    retry_at: datetime | None = None
    wake_at: datetime | None = None
    signal: str | None = None  #: the name of the signal that it waits for


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What a body of a composite came to."""

    output: Ref = NOTHING
    error: ErrorFacts | None = None
    keys: Mapping[str, Ref] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, kw_only=True)
class Join:
    """The bodies of a composite that is at work."""

    keys: tuple[str, ...]  #: all of them in their order; empty for a loop
    items: int = 0  #: number of the event that stores a map's items
    is_list: bool = False  #: of a router whose routes were given as a list
    opened: int = 0  #: how many have begun
    closed: Mapping[str, Closed] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A body of a composite at work; the outermost one, with the path "", is the run itself."""

    path: str
    place: str = ""
    key: str = ""
    sharing: Sharing = Sharing.APART
    number: int | None = None
    item: Ref | None = None
    input: Ref | None = None
    #: Keys of the state that it wrote for itself; empty where it shares.
    keys: Mapping[str, Ref] = field(default_factory=lambda: _NOTHING)
    #: The newest output of each of its nodes that has finished.
    outputs: Mapping[str, Ref] = field(default_factory=lambda: _NOTHING)
    visits: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    #: How often a rejection at a node has sent the run elsewhere.
    rejections: Mapping[str, int] = field(default_factory=lambda: _NOTHING)

    @property
    def around(self) -> str:
        """The path of the frame around this one."""
        return frame_of(self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A person's newest answer to an open approval, in one stage and revision."""

    seat: str  #: whose place it takes: the person's own, or of the one who delegated
    by: str
    decision: Decision
    via: tuple[str, ...]
    stage: int
    at: datetime
    comment: str = ""
    breaks_glass: bool = False
    roster: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOTHING)
    updates: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Somebody answers in another one's place."""

    seat: str
    via: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OpenApproval:
    """A question that waits for its answer."""

    seq: int  #: number of its ApprovalOpened
    opened: ApprovalOpened
    opened_at: datetime
    #: As it is now: reassigned, or wider after an escalation.
    policy: Policy
    times: Times
    delivered_at: datetime | None = None
    is_deferred: bool = False
    extended_to: datetime | None = None  #: the deadline that a person has set
    reminded: int = 0  #: reminders so far
    escalated: int = 0  #: escalations so far
    stage: int = 0
    stage_at: datetime | None = None  #: when the stage began; None: when the approval opened
    #: As it is now: what an edit made of it.
    revision: int = 0
    digest: str
    shows: Mapping[str, Ref]
    edits: Ref | None = None
    editor: str | None = None
    votes: tuple[Vote, ...] = ()
    #: Keys of what people did, by which one that comes twice is known.
    keys: tuple[str, ...] = ()
    #: By the person who may answer in another one's place.
    delegations: Mapping[str, Delegation] = field(default_factory=lambda: _NOTHING)
    #: Until when a person is not reminded.
    snoozed: Mapping[str, datetime] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A visit whose work can be taken back."""

    path: str
    node: str
    output: Ref
    seen: Seen | None = None


@dataclass(kw_only=True)
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
    input: Ref
    #: How the run ended; None while it has not.
    ending: RunStatus | None = None
    #: How it is going to end, once everything has been taken back.
    closing: EndingBegun | None = None
    has_started: bool = False  #: some node was started or asked about
    cancel: tuple[str, str] | None = None  #: by whom, and why
    paused: tuple[str, str] | None = None  #: by whom, and why
    held: str | None = None  #: the approval about a changed graph
    error: str | None = None
    places: dict[str, Place] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    #: By path of the composite.
    joins: dict[str, Join] = field(default_factory=dict)
    visited: int = 0  #: visits of all nodes together
    approvals: dict[str, OpenApproval] = field(default_factory=dict)
    asked: str | None = None  #: the approval that was resolved last
    #: Signals that came before anybody waited for them, by name, oldest first.
    signals: dict[str, tuple[Ref, ...]] = field(default_factory=dict)
    #: What can be taken back, oldest first.
    done: tuple[Done, ...] = ()
    spent: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    max_active: timedelta | None = None
    workspace: str = ""
    active_for: timedelta = timedelta(0)  #: up to `active_since`
    active_since: datetime | None = None  #: None: it waits
    #: Values by the number of the event that stores them. Shared between copies, because an event
    #: never changes.
    memory: dict[int, Any] = field(default_factory=dict, compare=False, repr=False)

    def copy(self) -> State:
        """Return a state that `apply` can change without changing this one."""
        new = State.__new__(State)
        new.__dict__.update(self.__dict__)
        for name in _CHANGED_IN_PLACE:
            new.__dict__[name] = dict(new.__dict__[name])
        return new

    @property
    def status(self) -> RunStatus:
        """The run's status, which follows from its places."""
        if self.ending is not None:
            return self.ending
        if self.cancel is not None:
            return RunStatus.CANCELLING
        if self.paused is not None:
            return RunStatus.PAUSED
        if not self.has_started:
            return RunStatus.PENDING
        return RunStatus.RUNNING if self.is_active else RunStatus.WAITING

    @property
    def is_active(self) -> bool:
        """Is a node running, or free to be run?"""
        active = _RUNNING if self.is_held_back else _ACTIVE
        for place in self.places.values():  # noqa: SIM110 - a generator costs more than the loop
            if place.status in active:
                return True
        return False

    @property
    def is_held_back(self) -> bool:
        """May no new node start for now?"""
        return self.paused is not None or self.held is not None

    @property
    def is_finished(self) -> bool:
        """Has the run ended?"""
        return self.ending is not None

    @property
    def is_closing(self) -> bool:
        """Is it being cancelled, or taken back before it ends?"""
        return self.cancel is not None or self.closing is not None

    @property
    def ceiling_at(self) -> datetime | None:
        """When the run will have been active for too long, if it goes on being active."""
        if self.max_active is None or self.active_since is None or self.is_closing:
            return None
        return self.active_since + max(self.max_active - self.active_for, timedelta(0))

    def value(self, ref: Ref) -> Any:
        """Return the value behind a reference."""
        return resolve(ref, self.memory.__getitem__)

    def stored(self, ref: Ref) -> Stored:
        """Return the value behind a reference, together with it."""
        return Stored(ref, self.value(ref))

    def references(self) -> set[int]:
        """Return the numbers of the events whose values the state refers to."""
        refs = self._refs()
        refs += self._asked_refs()
        found: set[int] = set()
        for ref in refs:
            if type(ref) is Pointer:
                found.add(ref.seq)
            elif ref is not None:
                found.update(numbers(ref))
        found.discard(NOTHING.seq)
        return found

    def _refs(self) -> list[Ref | None]:
        """Return what places, frames and their joins refer to; in lists, as it is asked often."""
        refs: list[Ref | None] = [self.input]
        for frame in self.frames.values():
            refs += frame.keys.values()
            refs += frame.outputs.values()
            refs += (frame.item, frame.input)
        for place in self.places.values():
            refs += (place.previous, place.answer, place.result)
            refs.append(place.seen.item if place.seen else None)
        for join in self.joins.values():
            refs.append(Pointer(join.items))
            for closed in join.closed.values():
                refs.append(closed.output)
                refs += closed.keys.values()
        return refs

    def _asked_refs(self) -> list[Ref | None]:
        """Return what questions, signals and what can be taken back refer to."""
        refs: list[Ref | None] = []
        for approval in self.approvals.values():
            refs += approval.shows.values()
            refs.append(approval.edits)
            if approval.opened.default is not None:
                refs.append(Pointer(approval.seq))
        for signals in self.signals.values():
            refs += signals
        for each in self.done:
            refs.append(each.output)
            refs.append(each.seen.item if each.seen else None)
        return refs


_CHANGED_IN_PLACE = ("places", "frames", "joins", "approvals", "signals")
_RUNNING = frozenset({PlaceStatus.RUNNING})
_ACTIVE = frozenset({PlaceStatus.READY, PlaceStatus.RUNNING})


def frame_of(path: str) -> str:
    """Return the path of the frame that a place is in."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the node's id in a path, without its visit."""
    return path.rpartition("/")[2].partition("#")[0]
