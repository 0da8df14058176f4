"""Runs for the tests of the store: commands of the core, committed without an engine."""

from __future__ import annotations

from typing import Any

from orchestrator.core import commands as c
from orchestrator.core.advance import Advance, advance
from orchestrator.core.turn import Terms
from orchestrator.graph import Graph
from orchestrator.store import Step, Store
from tests.unit.core.flows import CHAT, publishing, run_through, start

#: Run ids whose last 35 bits, and so whose short references, differ.
RUNS = tuple(f"0191d0c0a5b07cc08a0f{number:012x}" for number in range(1, 100))


def step(graph: Graph, command: c.Command, terms: Terms = CHAT) -> Step:
    """Return the step that carries a command out."""
    return lambda state, now: advance(graph, state, command, now=now, terms=terms)


async def commit(
    store: Store, run_id: str, graph: Graph, *commands: c.Command, terms: Terms = CHAT
) -> Advance:
    """Commit commands that must be accepted, one transaction each."""
    answer: Any = None
    for command in commands:
        answer = await store.commit(run_id, step(graph, command, terms))

        assert isinstance(answer, Advance), answer
    assert answer is not None
    return answer


def begin(run_id: str, **values: Any) -> c.StartRun:
    """Start a run."""
    given = start(**values)
    return c.StartRun(
        run_id=run_id, input=given.input, requester=given.requester, surface=given.surface
    )


async def ask(store: Store, run_id: str, graph: Graph | None = None, **gate: Any) -> str:
    """Bring a run to its review; return the open approval's id."""
    graph = graph or publishing(**gate)
    answer = await commit(
        store, run_id, graph, begin(run_id, topic="cats"), *run_through("write", {"draft": "one"})
    )
    (approval_id,) = answer.state.approvals
    return approval_id


def answer(approval_id: str, decision: str = "approve", **options: Any) -> c.Decide:
    """Decide an approval."""
    given = {"by": "BOB", "surface": "slack", "via": "@editors"} | options
    return c.Decide(approval_id=approval_id, decision=decision, **given)


def shown(approval_id: str, at: Any) -> c.MarkDelivered:
    """Say that a question was shown."""
    return c.MarkDelivered(approval_id=approval_id, surface="slack", at=at)
