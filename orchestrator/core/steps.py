"""What is still to be done within one call of `advance`.

The parts of the core that move a run do not call each other: they put steps on the turn's agenda,
and `walk` does them one after the other. So no chain of nodes is too long for the stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.core.events import ErrorFacts, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """Visit a node of a frame."""

    frame: str
    node: str
    feedback: str | None = None
    previous: Ref | None = None
    rounds: Mapping[str, int] = field(default_factory=dict)
    answer: Ref | None = None


@dataclass(frozen=True, slots=True)
class Proceed:
    """Do what comes next at a place: ask its next gate, or go to work."""

    path: str


@dataclass(frozen=True, slots=True)
class Return:
    """The node at a place has brought something: have it reviewed, or be done."""

    path: str
    result: Ref


@dataclass(frozen=True, slots=True)
class Skip:
    """Pass the node at a place over; its output is null."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fail:
    """The node at a place has failed."""

    path: str
    error: ErrorFacts
    #: Has it been decided that it stays so, whatever the node's `on_error` says?
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """Go on from a node that is done."""

    path: str
    node: str


@dataclass(frozen=True, slots=True)
class Divert:
    """Go on at a named node of the same frame instead of along the edges."""

    path: str
    target: str
    reason: str
    feedback: str | None = None


@dataclass(frozen=True, slots=True)
class CloseFrame:
    """A body of a composite has reached its end, or the run has."""

    frame: str
    output: Ref
    #: The place that ended it.
    path: str


@dataclass(frozen=True, slots=True)
class FailFrame:
    """A node has failed, and so the body that it is in."""

    frame: str
    error: ErrorFacts
    #: The place that failed.
    path: str


Step = Enter | Proceed | Return | Skip | Fail | Leave | Divert | CloseFrame | FailFrame
