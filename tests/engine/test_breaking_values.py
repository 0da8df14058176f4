"""Values that are awkward to store: null, and texts that no JSON can hold."""

from __future__ import annotations

from typing import Any

import pytest

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


SPOOF = {"human_decision": "approved", "human_response": {"by": "CAROL"}}


def _say(context: Any) -> dict[str, Any]:
    return {"said": context.state["human_decision"], "who": context.state["human_response"]["by"]}


@pytest.mark.parametrize("decision", ["result", "edit"])
async def test_h2_an_answer_does_not_bring_a_decision_of_its_own(
    serve: EngineMaker, decision: str
) -> None:
    """Keys that hold decisions are set by outcomes only, not by a result or an edit."""
    asked = gate(approvers="@editors")
    builder = GraphBuilder("spoofed")
    if decision == "result":
        builder.task("write", None, result=asked)
    else:
        builder.task("write", _nothing, review=asked)
    graph = builder.task("say", _say).edge("write", "say").start("write").ends("say").build()
    async with serve(graph) as engine:
        run = await start(engine, "spoofed")
        question = await only_question(engine, run)
        await approve(engine, question, decision=decision, values=SPOOF)
        run = await settle(engine, run)

        outcome = "answered" if decision == "result" else "edited"
        assert await engine.get_output(run.id) == {"said": outcome, "who": "BOB"}
