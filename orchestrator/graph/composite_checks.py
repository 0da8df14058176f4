"""What is wrong with nodes that have nodes inside, beside what is wrong inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orchestrator.graph.composites import (
    TURN,
    AgentNode,
    LoopNode,
    MapNode,
    Node,
    ParallelNode,
    RouterNode,
    Scope,
    SubgraphNode,
    bodies,
)
from orchestrator.graph.exports import named_keys
from orchestrator.graph.node_checks import decision_keys, names
from orchestrator.graph.nodes import TaskNode
from orchestrator.graph.problems import Declaration, Declared
from orchestrator.graph.scope_checks import ID_RULE, is_id
from orchestrator.graph.views import EVERYTHING


def find_composite_problems(declared: Declared, scope: Declaration) -> Iterator[str]:
    """List what is wrong with the node's own options."""
    node = declared.node
    match node:
        case RouterNode():
            yield from _router(node, scope)
        case LoopNode():
            yield from _loop(node, declared.given)
        case ParallelNode():
            yield from _parallel(node)
        case MapNode():
            yield from _map(node)
        case AgentNode():
            yield from _agent(node)
        case _:
            pass


def _router(node: RouterNode, scope: Declaration) -> Iterator[str]:
    yield from _names("route", node.routes)
    if not node.routes and all(edge.source != node.id for edge in scope.edges):
        yield "has nothing to choose from; give it routes, or lead edges out of it"


def _parallel(node: ParallelNode) -> Iterator[str]:
    if not node.branches:
        yield "has no branches; give at least one"
    yield from _names("branch", node.branches)
    yield from _limit(node.limit)
    yield from _merge(node.merge, node.branches)
    yield from _clashes(node)


def _map(node: MapNode) -> Iterator[str]:
    yield from _limit(node.limit)
    yield from _merge(node.merge, {"": node.body})
    for key in sorted(named_keys(node.body) - node.merge.keys()):
        yield (
            f"its items all write {key!r}; add it to merge, such as "
            f'merge={{"{key}": "list"}}, or take it out of writes'
        )


def _agent(node: AgentNode) -> Iterator[str]:
    if node.max_turns < 1:
        yield f"max_turns is {node.max_turns}; make it at least 1"
    if TURN in node.tools:
        yield f"has a tool called {TURN!r}, which is the agent's own name; choose another"


def _names(what: str, bodies: Mapping[str, Scope]) -> Iterator[str]:
    for name in bodies:
        if not is_id(name):
            yield f"the name of {what} {name!r} cannot be used; {ID_RULE}"


def _loop(node: LoopNode, given: frozenset[str]) -> Iterator[str]:
    if node.max_rounds < 1:
        yield f"max_rounds is {node.max_rounds}; make it at least 1"
    iterate = node.gates.iterate
    if node.until is not None and iterate is not None and iterate.when is None:
        yield (
            "has until, which is never looked at, because people are asked after every round; take "
            "it out, or say with the gate's `when` in which rounds they are asked"
        )
    if node.until is None and iterate is None and "max_rounds" not in given:
        yield "says nowhere when it is left; give until, a gate `iterate`, or max_rounds"


def _limit(limit: int | None) -> Iterator[str]:
    if limit is not None and limit < 1:
        yield f"limit is {limit}; make it at least 1, or take it out"


def _merge(merge: Mapping[str, object], inside: Mapping[str, Scope]) -> Iterator[str]:
    yield from names("merge", tuple(merge))
    yield from decision_keys(tuple(merge))
    if any(_writes_anything(scope) for scope in inside.values()):
        return
    written = frozenset[str]().union(*(named_keys(scope) for scope in inside.values()))
    for key in merge:
        if key not in written:
            yield f"merges {key!r}, which no node inside writes; add it to writes, or take it out"


def _clashes(node: ParallelNode) -> Iterator[str]:
    by_key: dict[str, list[str]] = {}
    for name, body in node.branches.items():
        for key in sorted(named_keys(body) - node.merge.keys()):
            by_key.setdefault(key, []).append(name)
    for key, branches in by_key.items():
        if len(branches) > 1:
            yield (
                f"branches {_and(branches)} both write {key!r}; say how to merge it, such as "
                f'merge={{"{key}": "list"}}, or let them write different keys'
            )


def _writes_anything(scope: Scope) -> bool:
    """Could a node in the scope set keys that it does not name?"""
    return any(_is_open(node) for node in scope.nodes.values())


def _is_open(node: Node) -> bool:
    if isinstance(node, SubgraphNode):
        return node.writes == EVERYTHING
    if isinstance(node, TaskNode) and node.writes == EVERYTHING:
        return True
    if any(gate.writes == EVERYTHING for _, gate in getattr(node, "gates", ())):
        return True
    return any(_writes_anything(inner) for inner in bodies(node).values())


def _and(names: Iterable[str]) -> str:
    return " and ".join(repr(name) for name in names)
