"""What happened to a run as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from orchestrator.core.approval_events import ErrorFacts
from orchestrator.core.values import Ref


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
    #: Which chat workspace the run belongs to; "" where there is only one.
    workspace: str = ""

    @property
    def values(self) -> Mapping[str, Any]:
        """The input."""
        return self.input


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


RunEvent = (
    RunStarted
    | SignalReceived
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
