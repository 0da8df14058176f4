"""What an author's functions are called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

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
        """The newest output of every node that has finished, by node id.

        Inside a composite these are its own nodes and those around it.
        """

    @property
    def run(self) -> Mapping[str, Any]:
        """Facts of the run: `id`, `graph`, `requester`, `started_at`, `labels`."""

    @property
    def item(self) -> Any:
        """The item of the map, or the output of the loop's round before; None elsewhere."""

    @property
    def number(self) -> int | None:
        """Number of the map's item or the loop's round, from 1; None elsewhere."""


class Context(View, Protocol):
    """What a task gets: the view, narrowed to its `reads`, and the facts of this attempt."""

    @property
    def node(self) -> str:
        """The node's id."""

    @property
    def path(self) -> str:
        """The place in the run, such as `write#2` or `each[3]/write`."""

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

    @property
    def answer(self) -> Any:
        """The values that the node's input gate was answered with; None without one.

        An instance of the gate's model, or a dict. For a tool these are the call's arguments, as
        they were approved, in a dict.
        """

    @property
    def turn(self) -> Turn | None:
        """For an agent: the tool calls of the turn before and what came of them."""

    def spend(self, **amounts: float) -> None:
        """Count an attempt's use of a budget, such as `tokens=812, cost=0.02`."""


class Turn(Protocol):
    """What an agent is told when it is called again after its tool calls."""

    @property
    def number(self) -> int:
        """Which call of the agent this is, from 1."""

    @property
    def memory(self) -> Any:
        """What the agent returned as `ToolCalls.memory`; None at the first call."""

    @property
    def results(self) -> tuple[Any, ...]:
        """What came of the calls, in their order; see `ToolResult`."""


Predicate = Callable[[View], bool]
Text = Callable[[View], str]
