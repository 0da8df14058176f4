"""Graphs for the tests, with side effects that can be counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.graph import Graph, GraphBuilder


@dataclass
class Effects:
    """What ran, in order: the node's id and the key that it was called with."""

    ran: list[tuple[str, str]] = field(default_factory=list)

    def of(self, node: str) -> int:
        """Return how often a node ran."""
        return sum(name == node for name, _ in self.ran)

    def note(self, context: Any) -> None:
        """Note that a node runs."""
        self.ran.append((context.node, context.idempotency_key))


def gated(effects: Effects, **gate: Any) -> Graph:
    """Return write → review → publish; rejection goes back to write unless the gate says else."""

    def write(context: Any) -> dict[str, str]:
        effects.note(context)
        return {"draft": f"draft {effects.of('write')}", "feedback": context.feedback or ""}

    def publish(context: Any) -> dict[str, Any]:
        effects.note(context)
        return {"published": context.state["draft"], "by": context.state["human_decision"]}

    options = {"approvers": "@editors", "review_keys": ("draft",), "rejection": "write"} | gate
    return (
        GraphBuilder("gated")
        .task("write", write)
        .approval("review", **options)
        .task("publish", publish)
        .edge("write", "review")
        .edge("review", "publish")
        .start("write")
        .ends("publish")
        .build()
    )
