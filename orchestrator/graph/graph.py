"""The built graph: checked, frozen, with an id and a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.graph.nodes import ApprovalNode, Edge, Node, RouterNode, TaskNode
from orchestrator.graph.policy import Approver

if TYPE_CHECKING:
    from orchestrator.graph.inputs import InputSchema


@dataclass(frozen=True, kw_only=True)
class Graph:
    """What a run follows. Made by `GraphBuilder.build()` or `load_yaml()`, never by hand."""

    id: str
    title: str
    description: str
    #: First 12 hexadecimal digits of the SHA-256 of the canonical definition.
    version: str
    start: str
    #: Ids of the nodes after which the run is completed.
    ends: frozenset[str]
    nodes: Mapping[str, Node]
    #: Outgoing edges by source, in the order of declaration; the default edge is last.
    edges: Mapping[str, tuple[Edge, ...]]
    input: InputSchema
    #: Who decides about nodes whose fate is unknown; default: all approvers of the graph.
    operators: tuple[Approver, ...]
    #: A run that visits more nodes than this has failed.
    max_visits: int = 1_000

    @cached_property
    def approvers(self) -> tuple[Approver, ...]:
        """Everybody who is named anywhere in the graph, each once."""
        named: dict[Approver, None] = {}
        for node in self.nodes.values():
            if isinstance(node, ApprovalNode):
                named.update(dict.fromkeys(node.approvers))
        named.update(dict.fromkeys(self.operators))
        return tuple(named)

    @cached_property
    def _behind_gates(self) -> frozenset[str]:
        """Nodes that a gate's edges lead to, also through routers, which do nothing themselves."""
        places = [node.id for node in self.nodes.values() if isinstance(node, ApprovalNode)]
        behind: set[str] = set()
        while places:
            targets = {edge.target for edge in self.edges.get(places.pop(), ())} - behind
            behind |= targets
            places += [each for each in targets if isinstance(self.nodes[each], RouterNode)]
        return frozenset(behind)

    def is_idempotent(self, node: TaskNode) -> bool:
        """May the task run again when nobody knows whether it ran?"""
        if node.idempotent is not None:
            return node.idempotent
        return node.id not in self._behind_gates
