"""Agents inside composites: several at once, over restarts, and how far they may go."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder, ToolCall, ToolCalls, tool
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked, graph_of, statuses
from tests.engine.test_gates import start

SCHEMA = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}


def calling(*names: str, amount: int = 5) -> Any:
    """Return an agent that has tools called once, and then tells what came of it."""

    def helper(context: Any) -> Any:
        if context.turn.number == 1:
            calls = tuple(
                ToolCall(tool=name, arguments={"amount": amount}, id=str(number))
                for number, name in enumerate(names)
            )
            return ToolCalls(calls=calls, memory=[context.item])
        results = [each.output or each.rejected or each.error for each in context.turn.results]
        return {"told": results, "memory": context.turn.memory}

    return helper


def paying(places: Places, *names: str, **gates: Any) -> Graph:
    """Return an agent for each of two items, whose tool asks, and a node behind them."""
    body = Block().agent("helper", calling(*names), tools={"pay": tool(places.note, **gates)})
    return graph_of(
        lambda make: make.map("unit", lambda _view: ["x", "y"], body).task("behind", places.note)
    )


CALLS = [f"unit[{item}]/helper/{call}" for item in (1, 2) for call in ("pay", "pay#2")]


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5], ids=str)
async def test_h17_h20_calls_of_several_agents_are_answered_in_any_order(
    serve: EngineMaker, order: tuple[int, ...]
) -> None:
    """Each agent goes on when its own calls are answered, with its own item and results."""
    places = Places()
    async with serve(paying(places, "pay", "pay", tool=BOB)) as engine:
        run = await start(engine, "play")
        assert list(await asked(engine, run)) == CALLS
        for done, number in enumerate(order):
            assert len(places.ran) == done
            run = await answer(engine, run, CALLS[number])
        state = await engine.get_state_at(run.id, (await engine.get_run(run.id)).seq)
        output = state.value(state.frames[""].outputs["unit"])

    assert places.ran == [*(CALLS[number] for number in order), "behind"]
    assert run.status == RunStatus.COMPLETED
    assert output == [
        {"told": CALLS[:2], "memory": ["x"]},
        {"told": CALLS[2:], "memory": ["y"]},
    ]


async def test_h17_an_agent_goes_on_in_another_process(serve: EngineMaker) -> None:
    """With one of its calls answered here and the other one there; its first turn runs once."""
    places, turns = Places(), list[int]()

    def helper(context: Any) -> Any:
        turns.append(context.turn.number)
        return calling("pay", "pay")(context)

    body = Block().agent("helper", helper, tools={"pay": tool(places.note, tool=BOB)})
    graph = graph_of(lambda make: make.steps("unit", body))
    first, second = "unit/helper/pay", "unit/helper/pay#2"
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, second)
    async with serve(graph) as engine:
        assert (list(await asked(engine, run)), turns) == ([first], [1])
        run = await answer(engine, run, first, "reject", comment="Too much.")

        told = {"told": ["Too much.", second], "memory": [None]}
        assert await engine.get_output(run.id) == told
    assert (run.status, turns, places.ran) == (RunStatus.COMPLETED, [1, 2], [second])


async def test_h17_a_tool_asks_for_its_arguments_and_for_a_result_from_outside(
    serve: EngineMaker,
) -> None:
    """Both questions show what the agent calls with; a result is stored when it fits."""
    places, given = Places(), list[Any]()

    def pay(context: Any) -> str:
        places.note(context)
        given.append(context.answer)
        return "paid"

    tools = {
        "pay": tool(pay, input={"approvers": BOB, "schema": SCHEMA}),
        "post": tool(None, result={"approvers": BOB, "schema": SCHEMA}),
    }
    body = Block().agent("helper", calling("pay", "post"), tools=tools)
    graph = graph_of(lambda make: make.parallel("unit", {"a": body}))
    async with serve(graph) as engine:
        run = await start(engine, "play")
        questions = await asked(engine, run)
        kinds = {path: each.kind for path, each in questions.items()}
        shown = {path: each.payload for path, each in questions.items()}
        assert kinds == {"unit[a]/helper/pay": "input", "unit[a]/helper/post": "result"}
        assert shown == {path: {"amount": 5} for path in kinds}
        assert places.ran == []
        run = await answer(engine, run, "unit[a]/helper/pay", "answer", values={"amount": 3})
        run = await answer(engine, run, "unit[a]/helper/post", "result", values={"amount": 4})

        told = {"told": ["paid", {"amount": 4}], "memory": [None]}
        assert await engine.get_output(run.id) == {"a": told}
    assert (given, places.ran) == ([{"amount": 3}], ["unit[a]/helper/pay"])


@pytest.mark.parametrize("decision", ["retry", "skip", "fail"])
async def test_h17_a_tool_that_fails_asks_people_and_the_agent_is_told(
    serve: EngineMaker, decision: str
) -> None:
    """Tried again, passed over or left as it is: the agent gets its next turn."""
    places = Places()

    def pay(context: Any) -> str:
        places.note(context)
        if len(places.ran) == 1:
            raise ValueError("no money")
        return "paid"

    body = Block().agent("helper", calling("pay"), tools={"pay": tool(pay, error=BOB)})
    graph = graph_of(lambda make: make.steps("unit", body))
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit/helper/pay", decision)
        told = {"retry": "paid", "skip": "skipped by BOB", "fail": "ValueError: no money"}[decision]

        assert await engine.get_output(run.id) == {"told": [told], "memory": [None]}
    assert (run.status, len(places.ran)) == ("completed", 2 if decision == "retry" else 1)


async def test_h17_a_sibling_that_fails_fast_withdraws_an_agents_calls(
    serve: EngineMaker,
) -> None:
    """No tool is called, and the agent gets no other turn."""
    places = Places()
    strict: Any = {"approvers": BOB, "on_reject": "fail"}
    bodies = {
        "a": Block().agent("helper", calling("pay"), tools={"pay": tool(places.note, tool=BOB)}),
        "b": Block().task("work", places.note, confirm=strict),
    }
    graph = graph_of(lambda make: make.parallel("unit", bodies, on_branch_error="fail-fast"))
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[b]/work", "reject")

        found = await statuses(engine, run)
        assert found == {"unit[a]/helper/pay": "withdrawn", "unit[b]/work": "rejected"}
    assert (run.status, places.ran) == (RunStatus.FAILED, [])


async def test_g11_h17_an_agent_that_never_stops_fails_after_its_last_turn(
    serve: EngineMaker,
) -> None:
    """The tools of its last turn are not called; the item it was in is named."""
    places = Places()

    def helper(context: Any) -> Any:
        places.note(context)
        return ToolCalls(calls=(ToolCall(tool="look"),))

    body = Block().agent("helper", helper, tools={"look": places.note}, max_turns=3)
    graph = graph_of(lambda make: make.map("unit", lambda _view: [1], body))
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert run.status == RunStatus.FAILED
    assert run.error == (
        "TooManyTurns: unit[1]: helper still asks for tools after 3 turns, its max_turns"
    )
    assert [path.rpartition("/")[2] for path in places.ran] == [
        "turn",
        "look",
        "turn#2",
        "look#2",
        "turn#3",
    ]


async def test_h17_an_agent_that_is_visited_again_begins_anew(serve: EngineMaker) -> None:
    """Its first turn is number one, without the results of the visit before."""
    turns: list[tuple[str, int, int]] = []

    def helper(context: Any) -> Any:
        turns.append((context.path, context.turn.number, len(context.turn.results)))
        return calling("look")(context)

    graph = graph_of(
        lambda make: (
            make.agent("unit", helper, tools={"look": lambda _context: 1})
            .approval("behind", approvers=BOB, rejection="unit")
            .end("done")
            .edge("behind", "done")
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "behind", "reject")
        run = await answer(engine, run, "behind#2")

    assert run.status == RunStatus.COMPLETED
    assert turns == [
        ("unit/turn", 1, 0),
        ("unit/turn#2", 2, 1),
        ("unit#2/turn", 1, 0),
        ("unit#2/turn#2", 2, 1),
    ]


async def test_g4_what_tools_name_and_what_the_agent_returns_become_the_states(
    serve: EngineMaker,
) -> None:
    """What else a tool returns is for the agent alone; a tool sees the state and the item."""
    seen: list[Any] = []

    def look(context: Any) -> dict[str, Any]:
        seen.append((context.item, dict(context.state)))
        return {"noise": 1}

    def keep(context: Any) -> dict[str, Any]:
        return {"kept": context.answer["amount"]}

    body = (
        GraphBuilder("play")
        .task("before", lambda _context: {"base": 1})
        .steps(
            "unit",
            Block().agent(
                "helper",
                calling("look", "keep"),
                tools={"look": look, "keep": tool(keep, writes="kept")},
            ),
        )
        .task("behind", lambda context: seen.append(dict(context.state)))
    )
    graph = body.sequence("before", "unit", "behind").start("before").ends("behind").build()
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert run.status == RunStatus.COMPLETED
    assert seen[0] == (None, {"base": 1})
    assert seen[1] == {
        "base": 1,
        "kept": 5,
        "told": [{"noise": 1}, {"kept": 5}],
        "memory": [None],
    }
