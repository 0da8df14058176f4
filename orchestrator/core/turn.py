"""One call of `advance` in the making: the events and effects so far, and the state after them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestrator.core.effects import Effect
from orchestrator.core.events import Event, Record
from orchestrator.core.fold import apply, begin
from orchestrator.core.state import State
from orchestrator.core.steps import Step
from orchestrator.graph.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the engine was set up with and the core must know."""

    #: How long a question may take to reach people before its clock runs anyway. None: there is
    #: no chat surface, so a question counts as delivered when it is committed.
    delivery_grace: timedelta | None = None


@dataclass(slots=True)
class Turn:
    """Collects what a command leads to. Lives only inside one call of `advance`.

    Attributes:
        graph: The definition that the run follows.
        now: The instant that counts.
        terms: What the engine was set up with.
        current: The run, which is this turn's own to change; None before its first event.
        run_id: The run's id.
        agenda: What is still to be done; see `steps`.
    """

    graph: Graph
    now: datetime
    terms: Terms
    current: State | None
    run_id: str
    records: list[Record] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    agenda: deque[Step] = field(default_factory=deque)

    @property
    def state(self) -> State:
        """The state after the events so far."""
        if self.current is None:
            raise LookupError(f"run {self.run_id} has no event yet")
        return self.current

    def emit(self, event: Event) -> int:
        """Add an event and fold it into the state; return its number."""
        seq = self.current.seq + 1 if self.current else 1
        record = Record(seq, self.now, event)
        self.records.append(record)
        if self.current:
            apply(self.current, record)
        else:
            self.current = begin(self.run_id, record)
        return seq

    def request(self, effect: Effect) -> None:
        """Add an effect."""
        self.effects.append(effect)

    def later(self, step: Step) -> None:
        """Have something done once what is being done now is done."""
        self.agenda.append(step)
