"""Where a run goes on: edges, routers, conditions. Each is looked at once; the answer is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.plain import message_of
from orchestrator.core.state import Place
from orchestrator.core.turn import Turn
from orchestrator.core.view import RunView
from orchestrator.errors import NoMatchingEdgeError
from orchestrator.graph.composites import OTHERWISE, THEN, ConditionNode, RouterNode, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """The routes that a router runs."""

    names: tuple[str, ...]  #: in their order
    is_list: bool  #: they were given as a list, so what they bring is told by name, however many
    reason: str


def facts(error: BaseException) -> e.ErrorFacts:
    """Describe an exception for the log: its type's name and its message."""
    return e.ErrorFacts(type=type(error).__name__, message=message_of(error))


def next_node(turn: Turn, frame: str, scope: Scope, node_id: str) -> tuple[str, str]:
    """Return the node that the first edge that holds leads to, and why.

    Raises:
        NoMatchingEdgeError: None holds. What the author's predicates raise is passed on.
    """
    view = RunView(turn.graph, turn.state, frame=frame)
    for edge in scope.edges.get(node_id, ()):
        if edge.when is None:
            return edge.target, "default"
        if edge.when(view):
            return edge.target, "condition"
    raise NoMatchingEdgeError(f"no edge of {node_id!r} holds and it has no default edge")


def fork(turn: Turn, frame: str, scope: Scope, node: RouterNode, place: Place) -> tuple[str, str]:
    """Return the node that a router without routes goes on at, and why."""
    if place.chosen:
        return place.chosen[0], "chosen"
    if node.select is None:
        return next_node(turn, frame, scope, node.id)
    chosen = node.select(RunView(turn.graph, turn.state, frame=frame))
    targets = [edge.target for edge in scope.edges.get(node.id, ())]
    if chosen not in targets:
        raise NoMatchingEdgeError(
            f"router {node.id!r} chose {chosen!r}, its edges lead to {', '.join(targets)}"
        )
    return str(chosen), "selected"


def routes(turn: Turn, frame: str, node: RouterNode, place: Place) -> Routes:
    """Return the routes that a router runs, as people chose them or its function selects them."""
    choose = node.gates.choose
    if place.chosen is not None:
        is_list = choose is not None and choose.multiple
        return Routes(names=place.chosen, is_list=is_list, reason="chosen")
    if node.select is None:
        raise NoMatchingEdgeError(f"router {node.id!r} has nobody to choose a route")
    selected: Any = node.select(RunView(turn.graph, turn.state, frame=frame))
    is_list = isinstance(selected, list | tuple)
    several = selected if is_list else [selected]
    known = set(node.routes)
    if not several or any(not isinstance(each, str) or each not in known for each in several):
        raise NoMatchingEdgeError(
            f"router {node.id!r} chose {selected!r}, its routes are {', '.join(node.routes)}"
        )
    return Routes(names=tuple(dict.fromkeys(several)), is_list=is_list, reason="selected")


def branch(turn: Turn, frame: str, node: ConditionNode, place: Place) -> tuple[str, str]:
    """Return which body a condition runs, and why; a yes of people replaces the condition."""
    if place.is_confirmed:
        return THEN, "approved"
    holds = node.when(RunView(turn.graph, turn.state, frame=frame))
    return (THEN if holds else OTHERWISE), "condition"
