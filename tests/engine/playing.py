"""Runs with several questions at once: who is asked where, and what ran at which place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.runtime import Engine
from orchestrator.store import Approval, Run
from tests.engine.test_gates import settle

BOB = "BOB"


@dataclass
class Places:
    """Where something ran, in order, counted outside of the run's state."""

    ran: list[str] = field(default_factory=list)

    def note(self, context: Any) -> str:
        """Note that a node runs; its output is its path."""
        self.ran.append(context.path)
        return str(context.path)


def graph_of(declare: Callable[[GraphBuilder], object], **options: Any) -> Graph:
    """Return a graph called `play` that begins at `unit`.

    `unit` leads to `behind` if there is one, and whichever has no edges ends the run.
    """
    builder = GraphBuilder("play", **options)
    declare(builder)
    last = "unit"
    if "behind" in [entry.id for entry in builder.entries]:
        builder.edge("unit", "behind")
        last = "behind"
    if all(edge.source != last for edge in builder.edges):
        builder.ends(last)
    return builder.start("unit").build()


def asking(places: Places) -> Block:
    """Return a body that asks, and then works."""
    return Block().approval("ask", approvers=BOB).task("work", places.note)


async def asked(engine: Engine, run: Run) -> dict[str, Approval]:
    """Return the open questions of a run by their paths, in the order of the paths."""
    pending = await engine.list_pending(run=run.id, limit=1_000)
    return {each.path: each for each in sorted(pending, key=lambda each: each.path)}


async def answer(
    engine: Engine, run: Run, path: str, decision: str = "approve", **more: Any
) -> Run:
    """Answer the question at a place, and let the run go on."""
    approval = (await asked(engine, run))[path]
    await engine.decide(approval.id, decision, by=BOB, surface="test", **more)
    return await settle(engine, run)


async def statuses(engine: Engine, run: Run) -> dict[str, str]:
    """Return how each question of a run stands, by its path."""
    return {each.path: each.status for each in await engine.list_approvals(run.id)}
