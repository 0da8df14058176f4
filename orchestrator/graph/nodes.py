"""What a graph is made of: tasks, approvals, routers, ends, and the edges between them.

Plain frozen records; `builder` makes them, `checks` finds their problems.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from orchestrator.graph.policy import Approver

EVERYTHING: tuple[str, ...] = ("*",)
#: Keys of the state that hold an answer to an approval; only an answer sets them.
DECISION_KEY = "human_decision"
RESPONSE_KEY = "human_response"


class View(Protocol):
    """What a predicate, template or computed timeout may look at. Read only."""

    @property
    def state(self) -> Mapping[str, Any]:
        """The run's state: every key that a node has written."""

    @property
    def input(self) -> Any:
        """The run's input: an instance of the graph's model, or a dict without one."""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The newest output of every node that has finished, by node id."""

    @property
    def run(self) -> Mapping[str, Any]:
        """Facts of the run: `id`, `graph`, `requester`, `started_at`, `labels`."""


class Context(View, Protocol):
    """What a task gets: the view, narrowed to its `reads`, and the facts of this attempt."""

    @property
    def node(self) -> str:
        """The node's id."""

    @property
    def path(self) -> str:
        """The place in the run, such as `write#2`."""

    @property
    def attempt(self) -> int:
        """Which automatic try of this visit it is, from 1."""

    @property
    def idempotency_key(self) -> str:
        """The same text for every automatic try of this visit, and for no other."""

    @property
    def feedback(self) -> str | None:
        """What the person wrote who sent the run back to this node; None on the first visit."""

    @property
    def previous_output(self) -> Any:
        """What this node returned at its visit before; None on the first visit."""


TaskFunction = Callable[[Any], Any | Awaitable[Any]]
Predicate = Callable[[View], bool]
Text = Callable[[View], str]
Duration = timedelta | Callable[[View], timedelta]


class Backoff(StrEnum):
    """How the wait between tries grows."""

    FIXED = "fixed"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Automatic tries of a task. The first try counts: `attempts=1` means no retry."""

    attempts: int = 1
    backoff: Backoff = Backoff.EXPONENTIAL
    delay: timedelta = timedelta(seconds=1)
    factor: float = 2.0
    cap: timedelta = timedelta(minutes=5)
    #: Share of the wait that is random, 0 to 1: 0.1 makes 10 s into 9 to 10 s.
    jitter: float = 0.1
    #: Exception types that are not tried again, besides NonRetryableError.
    give_up_on: tuple[type[BaseException], ...] = ()


class OnTimeout(StrEnum):
    """What happens to a run when nobody answered in time. The outcome is `expired` in any case."""

    EXPIRE = "expire"  #: the run ends as timed out
    REJECT = "reject"  #: as if rejected
    APPROVE = "approve"  #: as if approved
    SKIP = "skip"  #: the approval is passed over and the run goes on
    ROUTE = "route"  #: the run goes on at `timeout_route`


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNode:
    """A function of the author's, run at least once, its result counted exactly once."""

    id: str
    function: TaskFunction
    reads: tuple[str, ...] = EVERYTHING
    writes: tuple[str, ...] = EVERYTHING
    retry: Retry = field(default_factory=Retry)
    timeout: timedelta | None = None
    #: May it run again when it is unknown whether it ran? None: yes, unless directly behind a gate.
    idempotent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalNode:
    """A question to people; the run waits here, in the database only."""

    id: str
    approvers: tuple[Approver, ...]
    #: The question, answerable with yes or no. Default: "Approve <node>?"
    title: Text | None = None
    #: A sentence or two under the title.
    prompt: Text | None = None
    #: Keys of the state to show, dotted keys reach inside; default: all that the node reads.
    review_keys: tuple[str, ...] = EVERYTHING
    reads: tuple[str, ...] = EVERYTHING
    #: State keys that an answer may set beside the decision.
    writes: tuple[str, ...] = ()
    timeout: Duration | None = None
    on_timeout: OnTimeout | None = None
    #: Where the run goes on when `on_timeout` is ROUTE.
    timeout_route: str | None = None
    #: How long before the deadline the one reminder comes; None: none is sent.
    remind_before: Duration | None = None
    #: Where the run goes on when rejected; None: the run is cancelled.
    rejection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterNode:
    """A fork: takes the first edge whose condition holds, or the one that `select` names."""

    id: str
    #: Returns the id of the node to go on at; None: the edges' conditions decide.
    select: Callable[[View], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndNode:
    """Where a run completes."""

    id: str
    #: State keys that make up the run's output.
    output: tuple[str, ...] = EVERYTHING


Node = TaskNode | ApprovalNode | RouterNode | EndNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A way from one node to another, taken when its condition holds."""

    source: str
    target: str
    #: A predicate over the view (CEL text is compiled into one); None: the default edge.
    when: Predicate | None = None
