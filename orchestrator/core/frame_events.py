"""What happened to a composite and its bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orchestrator.core.approval_events import ErrorFacts
from orchestrator.core.values import Ref


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
    #: A router was given its routes as a list.
    is_list: bool = False

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


FrameEvent = (
    BodyEntered | FrameOpened | FrameClosed | RoundJudged | StateMerged | BranchesFailed | CallsMade
)
