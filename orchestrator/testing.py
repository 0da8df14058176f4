"""For the tests of Signoff, and of those who build on it.

A clock to set, points to crash at, scenarios, which are transcripts of what a graph does, and
ways to wait for an engine.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from difflib import ndiff
from typing import Any, Self

from orchestrator.core.advance import Advance, advance
from orchestrator.core.commands import Command
from orchestrator.core.effects import Effect
from orchestrator.core.events import Event, Record
from orchestrator.core.fold import apply, begin
from orchestrator.core.refusals import Refusal
from orchestrator.core.state import OpenApproval, RunStatus, State
from orchestrator.core.turn import Terms
from orchestrator.graph.graph import Graph
from orchestrator.runtime import Engine
from orchestrator.store import Run

#: Where a process may be killed and nothing may be lost.
CRASH_POINTS = (
    "before_commit",  # a batch that moves runs is written and not committed
    "after_commit",  # such a batch is committed and nobody has been told
    "after_attempt_started",  # a node is about to be run
    "after_dequeue",  # jobs of the queue are taken and their nodes are not started
    "after_effect",  # a node has returned and its result is not stored
    "after_decision",  # a decision is committed and its maker has not been answered
    "after_post",  # a question was posted in chat and its place is not stored
    "after_direct",  # a direct message was sent and that is not stored
)


class FakeClock:
    """A clock that stands still until it is moved; see `orchestrator.runtime.Clock`."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime(2030, 1, 1, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the instant that was set."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by


class CrashPoint:
    """Kills the process, as `kill -9` does, when a named point is reached for the nth time."""

    def __init__(self, name: str, count: int = 1) -> None:
        """Arm it.

        Raises:
            ValueError: There is no point of that name.
        """
        if name not in CRASH_POINTS:
            raise ValueError(f"no crash point {name!r}; there are {', '.join(CRASH_POINTS)}")
        self._name = name
        self._left = count

    @classmethod
    def parse(cls, text: str) -> CrashPoint:
        """Read `name` or `name:count`."""
        name, _, count = text.partition(":")
        return cls(name, int(count or 1))

    def __call__(self, name: str) -> None:
        """Say that a point was reached."""
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Scenario:
    """What a graph does, written down and checked as a transcript; nothing is run or stored.

    Each command is followed by what it leads to, as types or, where the fields matter, as values:

        scenario = Scenario(graph)
        scenario.when(StartRun(...)).then(RunStarted, NodeReady, ApprovalOpened)
        scenario.when(Decide(...)).refused(NotAllowed)

    A difference fails with both transcripts, line by line. After each step the log alone must lead
    to the state.
    """

    def __init__(
        self, graph: Graph, *, clock: FakeClock | None = None, terms: Terms | None = None
    ) -> None:
        """Begin with a run that does not exist.

        Args:
            graph: What the run follows.
            clock: Where instants come from; move it between the steps.
            terms: What the engine is set up with; default: no chat surface.
        """
        self.graph = graph
        self.clock = clock or FakeClock()
        self.terms = terms or Terms()
        self.log: tuple[Record, ...] = ()
        self._state: State | None = None
        self._answer: Advance | Refusal | None = None
        self._lines: list[str] = []

    @property
    def state(self) -> State:
        """The run as it is now."""
        if self._state is None:
            raise AssertionError("nothing has been started")
        return self._state

    @property
    def approval(self) -> OpenApproval:
        """The one approval that is open."""
        (approval,) = self.state.approvals.values()
        return approval

    @property
    def values(self) -> dict[str, Any]:
        """The state's keys with their values."""
        return {key: self.state.value(ref) for key, ref in self.state.frames[""].keys.items()}

    @property
    def outputs(self) -> dict[str, Any]:
        """The newest outputs of nodes outside composites."""
        outputs = self.state.frames[""].outputs
        return {node: self.state.value(ref) for node, ref in outputs.items()}

    def when(self, command: Command) -> Self:
        """Carry a command out; `then` or `refused` has to follow before the next one."""
        if self._answer is not None:
            raise AssertionError("what the command before led to has not been checked")
        self._lines.append(f">> {command!r}")
        self._answer = advance(
            self.graph, self._state, command, now=self.clock.now(), terms=self.terms
        )
        if isinstance(self._answer, Advance):
            self.log += self._answer.records
            self._state = self._answer.state
        self.check()
        return self

    def then(self, *expected: type[Event] | Event) -> Self:
        """Expect exactly these events, in this order, each as its type or as a value."""
        self._compare(expected, self._events())
        self._answer = None
        return self

    def refused(self, expected: type[Refusal] | Refusal) -> Self:
        """Expect a refusal, as its type or as a value."""
        self._compare([expected], self._events())
        self._answer = None
        return self

    def effects(self, *expected: type[Effect] | Effect) -> Self:
        """Expect exactly this work after the commit; to be said before `then`."""
        found = self._answer.effects if isinstance(self._answer, Advance) else ()
        self._compare(expected, found)
        return self

    def given(self, *commands: Command) -> Self:
        """Carry commands out that lead to the situation; each must be accepted."""
        for command in commands:
            self.when(command)
            found = self._events()
            are_events = isinstance(self._answer, Advance)
            self._compare([type(each) for each in found] if are_events else [Advance], found)
            self._answer = None
        return self

    def wait(self, by: timedelta) -> Self:
        """Let time pass."""
        self.clock.advance(by)
        self._lines.append(f".. {by}")
        return self

    def check(self) -> None:
        """Raise AssertionError unless the log leads to the state; override it to check more."""
        if not self.log:
            return
        first, *rest = self.log
        state = begin(self.state.run_id, first)
        for record in rest:
            apply(state, record)
        if state != self.state:
            raise AssertionError(f"the log leads to {state}, the state is {self.state}")

    def _events(self) -> list[Any]:
        if isinstance(self._answer, Advance):
            return [record.event for record in self._answer.records]
        return [self._answer]

    def _compare(self, expected: Sequence[Any], found: Sequence[Any]) -> None:
        is_same = len(expected) == len(found) and all(
            type(actual) is wanted if isinstance(wanted, type) else actual == wanted
            for wanted, actual in zip(expected, found, strict=True)
        )
        left = [_line(each) for each in expected]
        if not is_same:
            # Where no event of its type was given as a value, the type's name says enough.
            valued = {type(each) for each in expected}
            shown = [
                each if type(each) in valued or isinstance(each, Refusal) else type(each)
                for each in found
            ]
            right = [_line(each) for each in shown]
            difference = "\n".join(ndiff(self._lines + left, self._lines + right))
            raise AssertionError(f"expected (-) and actual (+) transcripts differ:\n{difference}")
        self._lines += left


def _line(step: object) -> str:
    return f"<< {step.__name__ if isinstance(step, type) else repr(step)}"


_MOVING = frozenset({RunStatus.PENDING, RunStatus.RUNNING, RunStatus.CANCELLING})


async def settle(engine: Engine, run: str, *, timeout: float = 10) -> Run:
    """Let a run go on until it waits, is paused, or is over; return it as it is then.

    Raises:
        RunNotFoundError: There is no such run.
        TimeoutError: It still moves after `timeout` seconds.
    """
    return await engine.wait_until(run, lambda now: now.status not in _MOVING, timeout=timeout)


async def pass_time(engine: Engine, clock: FakeClock, by: timedelta) -> None:
    """Move the clock of a serving engine on, and have everything done that is due then."""
    clock.advance(by)
    await engine.tick()
