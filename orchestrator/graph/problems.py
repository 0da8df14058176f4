"""What the checks speak about: declarations with every mistake still in them, and problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from orchestrator.graph.composites import Node, Scope
from orchestrator.graph.gates import NO_GATES, Gates
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.nodes import ApprovalNode, Edge, EndNode
from orchestrator.graph.policy import Approver


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where it is, what is wrong, and what to do."""

    #: Such as `node 'write'`, `node 'each/write'`, `edge 'write' -> 'review'`, `body 'each'`,
    #: `input`, `operators`, `starters` or `graph`.
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Place:
    """A node, an edge, or, when both names are empty, all of a scope whose place is not known."""

    node: str = ""
    target: str | None = None

    def within(self, frame: str) -> str:
        """Name the place as problems do."""
        if self.target is not None:
            return edge_place(self.node, self.target, frame)
        return node_place(self.node, frame) if self.node else scope_place(frame)


class Role(Enum):
    """What a scope is for."""

    GRAPH = "graph"
    BODY = "body"
    TOOLS = "tools"  #: functions beside each other, called by an agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A node, and what its author wrote out, where a default means something else."""

    node: Node
    given: frozenset[str] = frozenset()
    gates: Mapping[ApprovalKind, frozenset[str]] = field(default_factory=dict)
    inside: Mapping[str, Declaration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A scope as its author declared it."""

    #: Its address: empty for the graph, else such as `each` or `ab[a]`.
    frame: str
    role: Role
    declared: tuple[Declared, ...]
    edges: tuple[Edge, ...]
    start: str | None
    ends: tuple[str, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, in the order of declaration."""
        return tuple(each.node for each in self.declared)

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
            for _, gate in gates_of(node):
                routes = {gate.rejection, gate.timeout_route}
                found[node.id] |= {route for route in routes if route is not None}
        return {source: frozenset(targets) for source, targets in found.items()}

    def place(self, node: str) -> str:
        """Name a node of the scope as problems do."""
        return node_place(node, self.frame)

    def scope(self) -> Scope:
        """Return the frozen scope; of several nodes with one id, the first is in it."""
        return Scope(
            start=self.start or "",
            ends=self.all_ends(),
            nodes=self.by_id(),
            edges=by_source(self.edges),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDeclaration:
    """A whole graph as its author declared it."""

    id: str
    scope: Declaration
    operators: tuple[Approver, ...]
    max_visits: int
    max_active: timedelta | None
    budget: Mapping[str, float]


def gate_prefix(node: Node, kind: ApprovalKind) -> str:
    """Return what problems of a gate begin with; the question of an approval is the node itself."""
    is_own = isinstance(node, ApprovalNode) and kind is ApprovalKind.CONFIRM
    return "" if is_own else f"{kind}: "


def gates_of(node: Node) -> Gates:
    """Return the node's gates; an end has none."""
    return NO_GATES if isinstance(node, EndNode) else node.gates


def by_source(edges: tuple[Edge, ...]) -> dict[str, tuple[Edge, ...]]:
    """Group the edges by source in their order, the default edge last."""
    grouped: dict[str, list[Edge]] = {}
    for edge in sorted(edges, key=lambda edge: edge.when is None):
        grouped.setdefault(edge.source, []).append(edge)
    return {source: tuple(out) for source, out in grouped.items()}


def inner_frame(frame: str, node: str, name: str) -> str:
    """Return the address of a scope inside a node, such as `each`, `ab[a]` or `each/ab[b]`."""
    path = f"{frame}/{node}" if frame else node
    return f"{path}[{name}]" if name else path


def node_place(node: str, frame: str = "") -> str:
    """Name a node as problems do."""
    return f"node {_path(node, frame)!r}"


def edge_place(source: str, target: str, frame: str = "") -> str:
    """Name an edge as problems do."""
    return f"edge {_path(source, frame)!r} -> {_path(target, frame)!r}"


def scope_place(frame: str) -> str:
    """Name a whole scope as problems do."""
    return f"body {frame!r}" if frame else "graph"


def _path(node: str, frame: str) -> str:
    return f"{frame}/{node}" if frame else node
