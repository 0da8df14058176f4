"""What a task is called with."""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orchestrator.core.folding import undo_path
from orchestrator.core.ids import idempotency_key
from orchestrator.core.state import Place, Seen, State, frame_of
from orchestrator.core.view import RunView
from orchestrator.graph.composites import TURN, AgentNode
from orchestrator.graph.gates import NO_GATES
from orchestrator.graph.graph import Graph
from orchestrator.graph.nodes import TaskNode, ToolResult
from orchestrator.graph.views import EVERYTHING

#: What the path of a visit ends with that takes back what was done.
UNDO = undo_path("")


def declared_path(path: str) -> str:
    """Return the path under which a graph knows the node of a visit, an undo's included."""
    return path.removesuffix(UNDO)


def find_task(graph: Graph, place: Place) -> TaskNode | None:
    """Return the task that a place runs; None: the graph has no task there."""
    node = graph.find_node(declared_path(place.path))
    return node if isinstance(node, TaskNode) else None


def is_agent_turn(graph: Graph, path: str) -> bool:
    """Is this a call of an agent's own function, which may ask for tools?"""
    is_agent = isinstance(graph.find_node(frame_of(path)), AgentNode)
    return is_agent and graph.get_node(path).id == TURN


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTurn:
    """What an agent is told when it is called; see `orchestrator.graph.views.Turn`."""

    number: int
    memory: Any = None
    results: tuple[ToolResult, ...] = ()


class NodeContext(RunView):
    """The run as one attempt of a node may see it; see `orchestrator.graph.views.Context`.

    What it hands out are copies, which the node may change as it likes.
    """

    def __init__(self, graph: Graph, state: State, place: Place) -> None:
        """Look at a run from one of its places; the state must not change any more."""
        node = graph.get_node(declared_path(place.path))
        frame = nearest_frame(state, place.path)
        super().__init__(graph, state, getattr(node, "reads", EVERYTHING), frame=frame)
        self._place = place
        self._is_turn = is_agent_turn(graph, declared_path(place.path))
        self._spent: dict[str, float] = {}
        self._lock = threading.Lock()
        self.node = place.node
        self.path = place.path
        self.attempt = place.attempt
        self.feedback = place.feedback
        self.idempotency_key = idempotency_key(state.run_id, place.path)

    @cached_property
    def state(self) -> Mapping[str, Any]:
        """The state's keys that may be read."""
        return copy.deepcopy(dict(super().state))

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """The newest output of each finished node."""
        return copy.deepcopy(dict(super().outputs))

    @cached_property
    def _seen(self) -> Seen | None:
        return self._place.seen or super()._seen

    @cached_property
    def item(self) -> Any:
        """The map's item, or the output of the loop's round before."""
        return copy.deepcopy(super().item)

    @cached_property
    def previous_output(self) -> Any:
        """What this node returned at its visit before; for an undo, what is to be taken back."""
        if self._place.previous is not None:
            return copy.deepcopy(self._state.value(self._place.previous))
        # A node of the same name around this one is another node.
        ref = self._state.frames[self._frame].outputs.get(self.node)
        return None if ref is None else copy.deepcopy(self._state.value(ref))

    @cached_property
    def answer(self) -> Any:
        """What the node's input gate was answered with; for a tool, the call's arguments.

        As `input` it is an instance of the gate's model, or a dict. An agent's function gets the
        answer that its agent got.
        """
        path = frame_of(self.path) if self._is_turn else declared_path(self.path)
        place = self._state.places.get(path)
        if place is None or place.answer is None:
            return None
        value = self._state.value(place.answer)
        is_call = isinstance(self._graph.find_node(frame_of(path)), AgentNode)
        gate = getattr(self._graph.get_node(path), "gates", NO_GATES).input
        if is_call or gate is None or gate.schema is None:
            return copy.deepcopy(value)
        return gate.schema.load(value)

    @cached_property
    def turn(self) -> AgentTurn | None:
        """For an agent: the tool calls of the turn before and what came of them."""
        if not self._is_turn:
            return None
        given = None if self._place.answer is None else self._state.value(self._place.answer)
        told = copy.deepcopy(given) if isinstance(given, Mapping) else {}
        return AgentTurn(
            number=_visit(self.path),
            memory=told.get("memory"),
            results=tuple(_result(each) for each in told.get("results", ())),
        )

    def spend(self, **amounts: float) -> None:
        """Count an attempt's use of a budget, such as `tokens=812, cost=0.02`.

        Raises:
            ValueError: An amount is no number, or less than nothing.
        """
        for name, amount in amounts.items():
            if not _is_amount(amount):
                raise ValueError(
                    f"{self.node} spends {name}={amount!r}; give a number of 0 or more"
                )
        with self._lock:
            for name, amount in amounts.items():
                self._spent[name] = self._spent.get(name, 0) + amount

    @property
    def spent(self) -> Mapping[str, float]:
        """What the attempt has spent so far, by name."""
        with self._lock:
            return dict(self._spent)


def _is_amount(given: object) -> bool:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return False
    return math.isfinite(given) and given >= 0


def _visit(path: str) -> int:
    """Return which visit of a node a path names, from 1."""
    _, _, number = path.rpartition("/")[2].partition("#")
    return int(number or 1)


def _result(told: Mapping[str, Any]) -> ToolResult:
    """Return what came of a call, as the core tells it."""
    known = {name: each for name, each in told.items() if name != "unknown"}
    if "unknown" in told:
        known["error"] = f"there is no tool {told['unknown']!r}"
    return ToolResult(**known)


def nearest_frame(state: State, path: str) -> str:
    """Return the innermost frame around a path that is still open.

    What a closed branch did is taken back from outside of it.
    """
    frame = frame_of(path)
    while frame not in state.frames:
        frame = frame_of(frame)
    return frame
