"""Values that are awkward to store: null, and texts that no JSON can hold."""

from __future__ import annotations

from typing import Any

from orchestrator.core.state import RunStatus
from orchestrator.graph import Graph, GraphBuilder, gate
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import approve, only_question, settle, start


def reviewed(function: Any) -> Graph:
    """Return a task whose output is reviewed."""
    return (
        GraphBuilder("reviewed")
        .task("write", function, review=gate(approvers="@editors"))
        .start("write")
        .ends("write")
        .build()
    )


def _nothing(_context: Any) -> None:
    return None


async def test_null_can_be_reviewed(serve: EngineMaker) -> None:
    """A task that brings nothing is asked about, too, and an edit may make something of it."""
    async with serve(reviewed(_nothing)) as engine:
        run = await start(engine, "reviewed")
        question = await only_question(engine, run)
        await approve(engine, question, decision="edit", values={"text": "new"})
        run = await settle(engine, run)

        assert (run.status, run.error) == (RunStatus.COMPLETED, None)
        assert await engine.get_output(run.id) == {"text": "new"}


async def test_a_signal_without_a_payload_wakes_who_waits(serve: EngineMaker) -> None:
    """Its payload is null, which is what the node brings."""
    graph = GraphBuilder("signal").wait("go", signal="go").start("go").ends("go").build()
    async with serve(graph) as engine:
        run = await start(engine, "signal")
        await engine.signal(run.id, "go", by="BOB", surface="test")
        run = await settle(engine, run)

        assert (run.status, run.error) == (RunStatus.COMPLETED, None)
        assert await engine.get_output(run.id) == {}
