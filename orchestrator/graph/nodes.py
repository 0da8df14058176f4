"""What a graph is made of: the nodes that do something by themselves, and the edges between them.

Plain frozen records; `builder` makes them, `checks` finds their problems. Nodes that have nodes
inside are in `composites`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from orchestrator.graph.gates import NO_GATES, Duration, Gate, Gates
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import OnError
from orchestrator.graph.views import EVERYTHING, Predicate, View

#: A plain or asynchronous function or generator of the context. Of a generator, what it yields is
#: progress; its result is what it returns, or else what it yielded last.
TaskFunction = Callable[[Any], Any | Awaitable[Any]]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNode:
    """A function of the author's, run at least once, its result counted exactly once."""

    id: str
    #: None: the work is done outside, and its result comes through the node's `result` gate.
    function: TaskFunction | None
    reads: tuple[str, ...] = EVERYTHING
    #: Keys of a returned dict that become keys of the state. Inside a branch of a parallel or an
    #: item of a map, keys that are not named here stay inside.
    writes: tuple[str, ...] = EVERYTHING
    retry: Retry = field(default_factory=Retry)
    timeout: timedelta | None = None
    #: May it run again when it is unknown whether it ran? None: yes, unless directly behind a gate.
    idempotent: bool | None = None
    #: Takes back what the function did, when the run is cancelled or fails later. Called with a
    #: context whose `previous_output` is what the function returned; must be repeatable. The keys
    #: of a branch that is over are gone by then: return what the undo needs.
    undo: TaskFunction | None = None
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalNode:
    """A question to people that stands by itself; the run waits here, in the database only."""

    id: str
    #: Has `confirm`, and may have `error`.
    gates: Gates
    on_error: OnError = OnError.FAIL

    @property
    def gate(self) -> Gate:
        """The question."""
        if self.gates.confirm is None:
            raise TypeError(f"approval {self.id!r} has no question")
        return self.gates.confirm


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitNode:
    """Waits for a time to pass, for an instant, or for a named signal: exactly one of the three."""

    id: str
    duration: Duration | None = None
    #: An aware instant, or a function of the view that computes it. One in the past is over.
    until: datetime | Callable[[View], datetime] | None = None
    #: Name of the signal; its payload is the node's output. One that came early counts.
    signal: str | None = None
    #: What the signal's payload must look like; None: any JSON.
    schema: InputSchema | None = None
    #: How long to wait for the signal; past it the node fails.
    timeout: Duration | None = None
    #: State keys that the payload may set.
    writes: tuple[str, ...] = ()
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class EndNode:
    """Where a run, or a body of a composite, completes."""

    id: str
    #: State keys that make up the output.
    output: tuple[str, ...] = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A way from one node to another, taken when its condition holds."""

    source: str
    target: str
    #: A predicate over the view (CEL text is compiled into one); None: the default edge.
    when: Predicate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """An agent's wish to have a tool called."""

    #: Name of one of the agent's tools.
    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    #: The model's own name for the call, handed back with its result.
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalls:
    """What an agent's function returns to have tools called; it is called again afterwards."""

    calls: tuple[ToolCall, ...]
    #: Any JSON that the agent wants back at its next call, such as the conversation so far.
    memory: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What came of a tool call."""

    tool: str
    arguments: Mapping[str, Any]
    id: str = ""
    #: What the tool returned; None if it was rejected or failed.
    output: Any = None
    #: Why the call was not made, in the words of the person who rejected it.
    rejected: str | None = None
    error: str | None = None
