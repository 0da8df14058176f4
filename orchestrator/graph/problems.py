"""What the checks speak about: a declaration, and the problems found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.graph.nodes import ApprovalNode, Edge, EndNode, Node
from orchestrator.graph.policy import Approver


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where it is, what is wrong, and what to do."""

    #: Such as `node 'write'`, `edge 'write' -> 'review'`, `input`, `operators` or `graph`.
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A graph as its author declared it, with every mistake still in it."""

    id: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    start: str | None
    ends: tuple[str, ...]
    operators: tuple[Approver, ...]
    max_visits: int

    def by_id(self) -> Mapping[str, Node]:
        """Return the nodes by id; of several with one id, the first."""
        known: dict[str, Node] = {}
        for node in self.nodes:
            known.setdefault(node.id, node)
        return known

    def all_ends(self) -> frozenset[str]:
        """Return the ids of end nodes, and of nodes that are marked as ends."""
        made = (node.id for node in self.nodes if isinstance(node, EndNode))
        return frozenset(made) | frozenset(self.ends)

    def ways(self) -> Mapping[str, frozenset[str]]:
        """Return where a run can go on from each node: by edge, rejection or deadline."""
        found: dict[str, set[str]] = {node.id: set() for node in self.nodes}
        for edge in self.edges:
            found.setdefault(edge.source, set()).add(edge.target)
        for node in self.nodes:
            if isinstance(node, ApprovalNode):
                routes = {node.rejection, node.timeout_route} - {None}
                found[node.id] |= {route for route in routes if route is not None}
        return {source: frozenset(targets) for source, targets in found.items()}


def node_place(node: str) -> str:
    """Name a node as problems do."""
    return f"node {node!r}"


def edge_place(source: str, target: str) -> str:
    """Name an edge as problems do."""
    return f"edge {source!r} -> {target!r}"
