"""Values that are awkward to store: null, and texts that no JSON can hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.core.state import RunStatus
from orchestrator.errors import InputError, NotPossibleError, ResponseError
from orchestrator.graph import Graph, GraphBuilder, InputSchema, gate
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


class Limit(BaseModel):
    """What a task needs to know."""

    most: float | None = None


@pytest.mark.parametrize("schema", [Limit, Limit.model_json_schema()])
@pytest.mark.parametrize("most", [float("nan"), float("inf")])
async def test_h14_what_is_no_number_is_not_taken_for_null(
    serve: EngineMaker, schema: Any, most: float
) -> None:
    """A limit that is none is refused and stays unanswered; it is not read as no limit."""
    asked = gate(approvers="@editors", schema=schema)
    graph = GraphBuilder("limit").task("work", _nothing, input=asked).start("work").ends("work")
    async with serve(graph.build()) as engine:
        run = await start(engine, "limit")
        question = await only_question(engine, run)
        with pytest.raises(ResponseError, match="finite"):
            await approve(engine, question, decision="answer", values={"most": most})
        assert (await only_question(engine, run)).id == question.id


def test_a_text_that_reads_as_infinite_is_refused_by_a_model() -> None:
    """JSON could not hold it, so another value would be there after a restart."""
    schema = InputSchema(Limit)
    with pytest.raises(InputError, match="most: has a number in it that JSON cannot hold"):
        schema.dump(schema.parse({"most": "1e999"}))


async def test_an_instant_past_all_calendars_is_refused(serve: EngineMaker) -> None:
    """It says so, whoever computes it, and changes nothing."""
    graph = (
        GraphBuilder("timed")
        .approval("ask", approvers="BOB", timeout="1h", on_timeout="reject")
        .start("ask")
        .ends("ask")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "timed")
        question = await only_question(engine, run)
        with pytest.raises(NotPossibleError, match="no calendar reaches"):
            await engine.extend(question.id, by="BOB", until=timedelta.max)
        with pytest.raises(NotPossibleError, match="no calendar reaches"):
            await engine.snooze(question.id, by="BOB", until=timedelta.max)
        with pytest.raises(ResponseError, match="no calendar reaches"):
            await approve(engine, question, rule=timedelta.max)
        assert (await only_question(engine, run)).due_at == question.due_at
