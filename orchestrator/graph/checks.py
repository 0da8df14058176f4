"""What is wrong with a declared graph: every problem at once, each with its place and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.graph.nodes import Edge, Node
from orchestrator.graph.policy import Approver


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where it is, what is wrong, and what to do."""

    #: Such as `node 'write'`, `edge 'write' -> 'review'`, or `graph`.
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


def find_problems(declaration: Declaration) -> Iterable[Problem]:
    """List everything that keeps the declaration from being a graph."""
    del declaration
    return []
