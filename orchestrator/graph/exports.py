"""Which keys of the state a body may set, as far as its nodes name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.graph.composites import MapNode, Node, ParallelNode, Scope, SubgraphNode, bodies
from orchestrator.graph.views import EVERYTHING


def named_keys(scope: Scope) -> frozenset[str]:
    """Return the keys that the nodes of a scope name in `writes` and the like, at any depth.

    A node that may write everything names nothing: what it writes in a branch stays in there.
    """
    return frozenset(key for node in scope.nodes.values() for key in _keys(node))


def _keys(node: Node) -> Iterator[str]:
    options: Any = node
    if (writes := getattr(options, "writes", ())) != EVERYTHING:
        yield from writes
    for _, gate in getattr(options, "gates", ()):
        yield from () if gate.writes == EVERYTHING else gate.writes
        if gate.save_as:
            yield gate.save_as
    match node:
        case SubgraphNode():
            return
        case MapNode():
            yield from node.merge
        case _:
            if isinstance(node, ParallelNode):
                yield from node.merge
            for scope in bodies(node).values():
                yield from named_keys(scope)
