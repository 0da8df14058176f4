"""The built graph: checked, frozen, with an id and a version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestrator.graph.composites import LoopNode, Node, Scope, bodies
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.mermaid import draw
from orchestrator.graph.nodes import ApprovalNode, TaskNode
from orchestrator.graph.policy import Approver

if TYPE_CHECKING:
    from orchestrator.graph.inputs import InputSchema

#: What a path has and a declaration has not: the visit, the number of an item or round, and that
#: the visit takes back what another one did.
_NUMBERS = re.compile(r"#\d+|\[\d+\]|!undo$")
_BEFORE = frozenset(
    {ApprovalKind.CONFIRM, ApprovalKind.INPUT, ApprovalKind.CHOOSE, ApprovalKind.TOOL}
)
_AFTER = frozenset({ApprovalKind.REVIEW, ApprovalKind.ITERATE})


@dataclass(frozen=True, kw_only=True)
class Graph(Scope):
    """What a run follows. Made by `GraphBuilder.build()` or `load_yaml()`, never by hand."""

    id: str
    title: str
    description: str
    #: First 12 hexadecimal digits of the SHA-256 of the canonical definition.
    version: str
    #: The canonical definition, JSON-ready; what `version` is the hash of.
    definition: Mapping[str, Any] = field(default_factory=dict)
    input: InputSchema
    #: Who decides about nodes that failed or whose fate is unknown; default: all approvers.
    operators: tuple[Approver, ...]
    #: Who may start runs; nobody named: everybody but bots, guests and people from outside.
    starters: tuple[Approver, ...] = ()
    #: A run that visits more nodes than this has failed.
    max_visits: int = 1_000
    #: A run that has been active for longer has failed; waiting does not count. None: no limit.
    max_active: timedelta | None = None
    #: The most that the run's nodes may spend, by name, such as tokens or cost.
    budget: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def scopes(self) -> Mapping[str, Scope]:
        """Every scope by its address, which is a frame's path without numbers: `each`, `ab[a]`."""
        return dict(_scopes(self, ""))

    @cached_property
    def _nodes_by_address(self) -> Mapping[str, Node]:
        return {
            join(address, node_id): node
            for address, scope in self.scopes.items()
            for node_id, node in scope.nodes.items()
        }

    def find_node(self, path: str) -> Node | None:
        """Return the node at a path, such as `each[3]/review#2`; None if there is none."""
        return self._nodes_by_address.get(address_of(path))

    def get_node(self, path: str) -> Node:
        """Return the node at a path; raises LookupError."""
        node = self.find_node(path)
        if node is None:
            raise LookupError(f"the graph at hand has no node at {path!r}")
        return node

    def get_scope(self, frame: str) -> Scope:
        """Return the scope that a frame runs, by the frame's path; raises LookupError."""
        scope = self.scopes.get(address_of(frame))
        if scope is None:
            raise LookupError(f"the graph at hand has no body at {frame!r}")
        return scope

    def every_node(self) -> Iterator[Node]:
        """Yield all nodes at every depth."""
        return iter(self._nodes_by_address.values())

    @cached_property
    def approvers(self) -> tuple[Approver, ...]:
        """Everybody who is named anywhere in the graph, each once."""
        named: dict[Approver, None] = {}
        for node in self.every_node():
            for _, gate in getattr(node, "gates", ()):
                named.update(dict.fromkeys(gate.named()))
        named.update(dict.fromkeys(self.operators))
        return tuple(named)

    @cached_property
    def _behind_gates(self) -> frozenset[str]:
        """Addresses of nodes that do the first work after a gate."""
        behind: set[str] = set()
        for address, node in self._nodes_by_address.items():
            kinds = {kind for kind, _ in getattr(node, "gates", ())}
            if kinds & _BEFORE and not isinstance(node, ApprovalNode):
                self._enter(address, behind, set())
            if kinds & _AFTER or isinstance(node, ApprovalNode):
                self._leave(address, behind, set())
        return frozenset(behind)

    def _enter(self, address: str, behind: set[str], seen: set[str]) -> None:
        """Find where work begins in a node: itself, or the first nodes of its bodies."""
        if address in seen:
            return
        seen.add(address)
        node = self._nodes_by_address[address]
        inside = bodies(node)
        for name, scope in inside.items():
            self._enter(join(_frame_address(address, name), scope.start), behind, seen)
        if isinstance(node, TaskNode):
            behind.add(address)
        elif not inside:
            self._leave(address, behind, seen)

    def _leave(self, address: str, behind: set[str], seen: set[str]) -> None:
        """Find where work goes on after a node: along its edges, or around the composite."""
        frame, _, node_id = address.rpartition("/")
        scope = self.scopes[frame]
        for edge in scope.edges.get(node_id, ()):
            self._enter(join(frame, edge.target), behind, seen)
        if frame and node_id in scope.ends:
            owner = frame.removesuffix("]").rpartition("[")[0] if frame.endswith("]") else frame
            if isinstance(self._nodes_by_address[owner], LoopNode):
                self._enter(join(frame, scope.start), behind, seen)
            self._leave(owner, behind, seen)

    def mermaid(self, at: Iterable[str] = ()) -> str:
        """Return a picture as a Mermaid flowchart; places at the given paths are marked."""
        return draw(self, map(address_of, at))

    def is_idempotent(self, node: TaskNode, path: str) -> bool:
        """May the task at a path run again when nobody knows whether it ran?"""
        if node.idempotent is not None:
            return node.idempotent
        return address_of(path) not in self._behind_gates


def join(frame: str, name: str) -> str:
    """Return the path of something inside a frame."""
    return f"{frame}/{name}" if frame else name


def address_of(path: str) -> str:
    """Return a path without its numbers, which is what a declaration knows."""
    is_plain = "#" not in path and "[" not in path and "!" not in path
    return path if is_plain else _NUMBERS.sub("", path)


def _frame_address(address: str, name: str) -> str:
    return f"{address}[{name}]" if name else address


def _scopes(scope: Scope, address: str) -> Iterator[tuple[str, Scope]]:
    yield address, scope
    for node_id, node in scope.nodes.items():
        for name, body in bodies(node).items():
            yield from _scopes(body, _frame_address(join(address, node_id), name))
