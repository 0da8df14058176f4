"""What agents are called with, and what they may return to have tools called."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.graph import Graph, GraphBuilder, ToolCall, ToolCalls, ToolResult, tool
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import approve, settle, start
from tests.engine.test_nodes import of_type, one_task

#: As an author writes them who does not look at the types.
Call: Any = ToolCall
Calls: Any = ToolCalls


def assistant(function: Any, **tools: Any) -> Graph:
    """Return a graph of one agent."""
    return (
        GraphBuilder("assistant")
        .agent("helper", function, tools=tools)
        .start("helper")
        .ends("helper")
        .build()
    )


def add(context: Any) -> int:
    """Add two numbers."""
    return int(context.answer["a"]) + int(context.answer["b"])


async def test_h17_an_agent_gets_the_results_of_its_calls_and_its_memory(
    serve: EngineMaker,
) -> None:
    """In the order of the calls, turn after turn, until it returns something else."""
    turns: list[Any] = []

    def helper(context: Any) -> Any:
        turns.append(context.turn)
        if context.turn.number == 1:
            calls = (
                ToolCall(tool="add", arguments={"a": 1, "b": 2}, id="c1"),
                ToolCall(tool="fly", arguments={}, id="c2"),
                ToolCall(tool="add", arguments={"a": 1, "b": "x"}, id="c3"),
            )
            return ToolCalls(calls=calls, memory={"asked": 1})
        return {"sum": context.turn.results[0].output}

    async with serve(assistant(helper, add=add)) as engine:
        run = await start(engine, "assistant")
        first, second = turns

        assert (first.number, first.memory, first.results) == (1, None, ())
        assert (second.number, second.memory) == (2, {"asked": 1})
        good, unknown, failed = second.results
        assert good == ToolResult(tool="add", arguments={"a": 1, "b": 2}, id="c1", output=3)
        assert (unknown.tool, unknown.output, "'fly'" in unknown.error) == ("fly", None, True)
        assert (failed.id, failed.output, "invalid literal" in failed.error) == ("c3", None, True)
        assert (run.status, await engine.get_output(run.id)) == (
            RunStatus.COMPLETED,
            {"sum": 3},
        )


async def test_h17_what_a_person_says_about_a_call_reaches_the_agent(
    serve: EngineMaker,
) -> None:
    """Edited arguments are the tool's; a rejected call is not made, and its note is told."""
    made: list[Any] = []
    results: list[ToolResult] = []

    def pay(context: Any) -> str:
        made.append(context.answer)
        return "paid"

    def helper(context: Any) -> Any:
        if context.turn.number == 1:
            amounts = [{"amount": amount} for amount in (10, 5000)]
            return ToolCalls(calls=tuple(ToolCall(tool="pay", arguments=each) for each in amounts))
        results.extend(context.turn.results)
        return "done"

    graph = assistant(helper, pay=tool(pay, tool="BOB"))
    async with serve(graph) as engine:
        run = await start(engine, "assistant")
        questions = await engine.list_pending(run=run.id, kind="tool")
        for question in questions:
            if question.payload["amount"] == 10:
                await approve(engine, question, decision="edit", values={"amount": 9})
            else:
                await approve(engine, question, decision="reject", comment="Too much.")
        run = await settle(engine, run)

    assert (run.status, made) == (RunStatus.COMPLETED, [{"amount": 9}])
    assert [(each.arguments["amount"], each.output, each.rejected) for each in results] == [
        (9, "paid", None),
        (5000, None, "Too much."),
    ]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([ToolCall(tool="add")], "helper|turn.*wrap its calls in ToolCalls"),
        (ToolCall(tool="add"), "wrap its calls in ToolCalls"),
        (ToolCalls(calls=()), "return its output instead"),
        (Calls(calls=("add",)), "give a ToolCall"),
        (Calls(calls=(Call(tool=7),)), "which is a text"),
        (Calls(calls=(Call(tool="add", arguments=[1]),)), "by name"),
        (ToolCalls(calls=(ToolCall(tool="add", arguments={"a": object()}),)), "JSON cannot hold"),
        (ToolCalls(calls=(ToolCall(tool="add"),), memory=object()), "wants to remember"),
    ],
)
async def test_h17_calls_in_another_form_fail_the_agent_with_the_remedy(
    serve: EngineMaker, returned: Any, message: str
) -> None:
    """No tool is called."""
    async with serve(assistant(lambda _context: returned, add=add)) as engine:
        run = await start(engine, "assistant")
        failed = await of_type(engine, run, e.AttemptFailed)

        assert run.status == RunStatus.FAILED
        with pytest.raises(ValueError, match=message):
            raise ValueError(failed[0].error.message)


async def test_h17_only_agents_ask_for_tools(serve: EngineMaker) -> None:
    """A plain task that returns calls fails, and is told how to declare itself."""
    calls = ToolCalls(calls=(ToolCall(tool="add"),))
    async with serve(one_task(lambda _context: calls)) as engine:
        run = await start(engine, "one")

        assert run.status == RunStatus.FAILED
        assert "only an agent's own function may" in str(run.error)


async def test_h17_an_agent_reads_the_answer_to_its_own_input_gate(serve: EngineMaker) -> None:
    """At every turn, and a plain task has no turn."""
    seen: list[Any] = []

    def helper(context: Any) -> Any:
        seen.append((context.answer, context.turn.number))
        if context.turn.number == 1:
            return ToolCalls(calls=(ToolCall(tool="look"),))
        return "done"

    schema = {"type": "object", "properties": {"topic": {"type": "string"}}}
    graph = (
        GraphBuilder("assistant")
        .agent(
            "helper",
            helper,
            tools={"look": lambda context: seen.append(context.turn)},
            input={"approvers": "BOB", "schema": schema},
        )
        .start("helper")
        .ends("helper")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "assistant")
        (question,) = await engine.list_pending(run=run.id, kind="input")
        await approve(engine, question, decision="answer", values={"topic": "bees"})
        run = await settle(engine, run)

    assert run.status == RunStatus.COMPLETED
    assert seen == [({"topic": "bees"}, 1), None, ({"topic": "bees"}, 2)]


async def test_h17_an_agent_that_may_set_few_keys_still_asks_for_tools(serve: EngineMaker) -> None:
    """Its calls are no keys of the state; what it returns in the end is."""

    def helper(context: Any) -> Any:
        if context.turn.number == 1:
            return ToolCalls(calls=(ToolCall(tool="add", arguments={"a": 1, "b": 2}),))
        return {"sum": context.turn.results[0].output}

    graph = (
        GraphBuilder("assistant")
        .agent("helper", helper, tools={"add": add}, writes="sum")
        .start("helper")
        .ends("helper")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "assistant")

        assert (run.status, run.error) == (RunStatus.COMPLETED, None)
        assert await engine.get_output(run.id) == {"sum": 3}
