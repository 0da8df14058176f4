"""Several gates on one node: in which order they ask, how often, and when they do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.errors import GraphValidationError
from orchestrator.graph import Block, Graph, GraphBuilder, Retry, ToolCall, ToolCalls, tool
from orchestrator.runtime import Engine
from orchestrator.store import Run
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import settle, start

BOB = "BOB"
SCHEMA = {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]}
INPUT = {"approvers": BOB, "schema": SCHEMA}
#: What is answered in favour, by kind, with what it brings.
FAVOUR = {
    "input": ("answer", {"what": "answered"}),
    "choose": ("choose", ["b", "a"]),
    "result": ("result", {"made": "outside"}),
    "error": ("retry", None),
}


class Log:
    """What was asked and what ran, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def work(self, name: str) -> Callable[[Any], Any]:
        """Return a task's function that notes that it ran."""

        async def work(context: Any) -> dict[str, str]:
            self.lines.append(name)
            return {"made": context.feedback or "work"}

        return work


def graph_of(declare: Callable[[GraphBuilder], object]) -> Graph:
    """Return a graph whose only node is `unit`."""
    builder = GraphBuilder("order", operators=BOB)
    declare(builder)
    return builder.start("unit").ends("unit").build()


async def answer(engine: Engine, run: Run, log: Log, script: dict[str, list[str]]) -> Run:
    """Answer all questions as they come: by the script of their kind, then in favour."""
    while run.status == "waiting":
        asked = sorted(await engine.list_pending(run=run.id), key=lambda each: each.path)
        if not asked:  # it waits for the next try, which is due
            await engine.tick()
            run = await settle(engine, run)
            continue
        kind = asked[0].kind.value
        log.lines.append(f"{kind}?")
        decision, values = FAVOUR.get(kind, ("approve", None))
        if script.get(kind):
            decision, values = script[kind].pop(0), None
        run = await engine.decide(
            asked[0].id, decision, by=BOB, surface="test", comment="Again.", values=values
        )
        run = await settle(engine, run)
    return run


async def play(serve: EngineMaker, graph: Graph, log: Log, **script: list[str]) -> list[str]:
    """Run a graph to its end; return what was asked and what ran."""
    async with serve(graph) as engine:
        run = await answer(engine, await start(engine, "order"), log, script)

        assert run.status == "completed"
    return log.lines


async def test_h8_a_task_is_confirmed_then_asked_for_input_then_reviewed(
    serve: EngineMaker,
) -> None:
    """The order is the engine's, not that of the declaration."""
    log = Log()
    graph = graph_of(
        lambda make: make.task("unit", log.work("work"), review=BOB, input=INPUT, confirm=BOB)
    )

    assert await play(serve, graph, log) == ["confirm?", "input?", "work", "review?"]


async def test_h8_work_done_outside_comes_between_input_and_review(serve: EngineMaker) -> None:
    """The question for the result is put once the node may run."""
    log = Log()
    graph = graph_of(
        lambda make: make.task("unit", None, review=BOB, result=BOB, input=INPUT, confirm=BOB)
    )

    assert await play(serve, graph, log) == ["confirm?", "input?", "result?", "review?"]


async def test_h12_a_router_is_confirmed_fed_and_chosen_before_its_routes_are_reviewed(
    serve: EngineMaker,
) -> None:
    """Nobody's question replaces another's; the routes run in the order that was chosen."""
    log = Log()
    routes = {name: Block().task("go", log.work(name)) for name in ("a", "b")}
    choose = {"approvers": BOB, "multiple": True}
    graph = graph_of(
        lambda make: make.router(
            "unit", None, routes, review=BOB, choose=choose, input=INPUT, confirm=BOB
        )
    )

    expected = ["confirm?", "input?", "choose?", "b", "a", "review?"]
    assert expected == await play(serve, graph, log)


async def test_h13_a_loop_asks_before_it_after_each_round_and_after_it(serve: EngineMaker) -> None:
    """Confirm and input once, iterate each round, review once."""
    log = Log()
    body = Block().task("draft", log.work("draft"))
    graph = graph_of(
        lambda make: make.loop("unit", body, review=BOB, iterate=BOB, input=INPUT, confirm=BOB)
    )

    expected = ["confirm?", "input?", "draft", "iterate?", "draft", "iterate?", "review?"]
    assert expected == await play(serve, graph, log, iterate=["request-changes"])


def agent_of(log: Log, calls: int = 1) -> Callable[[Any], Any]:
    """Return an agent that has its tool called so often at once, and then is done."""

    async def agent(context: Any) -> Any:
        log.lines.append(f"turn {context.turn.number}")
        if context.turn.number == 1:
            return ToolCalls(
                calls=tuple(ToolCall(tool="look", arguments={"what": "it"}) for _ in range(calls))
            )
        return {"made": [each.output or each.rejected for each in context.turn.results]}

    return agent


@pytest.mark.parametrize("composite", ["plain", "map", "steps"])
async def test_h17_an_agent_is_confirmed_then_its_tools_then_its_output(
    serve: EngineMaker, composite: str
) -> None:
    """Confirm, input, tool, the tool's own input and review, the agent's review; at any depth."""
    log = Log()
    look = tool(log.work("look"), tool=BOB, input=INPUT, review=BOB)

    def declare(scope: GraphBuilder | Block, name: str) -> None:
        scope.agent(name, agent_of(log), tools={"look": look}, review=BOB, input=INPUT, confirm=BOB)

    def nested(make: GraphBuilder) -> None:
        body = Block()
        if composite == "plain":
            declare(make, "unit")
            return
        declare(body, "inner")
        if composite == "map":
            make.map("unit", lambda _view: [1], body)
        else:
            make.steps("unit", body)

    before = ["confirm?", "input?", "turn 1"]
    call = ["input?", "tool?", "look", "review?"]
    assert [*before, *call, "turn 2", "review?"] == await play(serve, graph_of(nested), log)


async def test_h17_a_tool_done_outside_is_approved_before_its_result_is_asked_for(
    serve: EngineMaker,
) -> None:
    """Tool, then result."""
    log = Log()
    look = tool(None, result=BOB, tool=BOB)
    graph = graph_of(lambda make: make.agent("unit", agent_of(log), tools={"look": look}))

    assert await play(serve, graph, log) == ["turn 1", "tool?", "result?", "turn 2"]


async def test_h17_one_of_two_calls_is_done_again_and_the_other_is_not(serve: EngineMaker) -> None:
    """A call that is sent back is another visit, whose result stands for the first one's."""
    log = Log()
    look = tool(log.work("look"), review=BOB)
    graph = graph_of(lambda make: make.agent("unit", agent_of(log, 2), tools={"look": look}))
    async with serve(graph) as engine:
        script = {"review": ["request-changes"]}
        run = await answer(engine, await start(engine, "order"), log, script)
        output = await engine.get_output(run.id)

    assert log.lines.count("look") == 3
    assert output == {"made": [{"made": "Again."}, {"made": "work"}]}


async def test_h15_gates_before_the_work_are_asked_once_however_often_it_is_tried(
    serve: EngineMaker,
) -> None:
    """Automatic tries share their visit's answers; the review is about what came in the end."""
    log = Log()

    async def flaky(context: Any) -> dict[str, int]:
        log.lines.append(f"try {context.attempt} {context.answer['what']}")
        if context.attempt < 3:
            raise OSError("not yet")
        return {"made": context.attempt}

    retry = Retry(attempts=3, delay=timedelta(0), jitter=0)
    graph = graph_of(
        lambda make: make.task("unit", flaky, retry=retry, review=BOB, input=INPUT, confirm=BOB)
    )

    tries = [f"try {number} answered" for number in (1, 2, 3)]
    assert ["confirm?", "input?", *tries, "review?"] == await play(serve, graph, log)


async def test_h16_a_person_is_asked_about_an_error_after_the_tries_and_not_what_was_asked_before(
    serve: EngineMaker,
) -> None:
    """Retry is another try of the same visit, under the same confirmation."""
    log = Log()

    async def flaky(context: Any) -> dict[str, int]:
        log.lines.append(f"try {context.attempt}")
        if context.attempt < 3:
            raise OSError("not yet")
        return {"made": context.attempt}

    retry = Retry(attempts=2, delay=timedelta(0), jitter=0)
    graph = graph_of(
        lambda make: make.task("unit", flaky, retry=retry, review=BOB, error=BOB, confirm=BOB)
    )

    expected = ["confirm?", "try 1", "try 2", "error?", "try 3", "review?"]
    assert expected == await play(serve, graph, log)


async def test_h15_a_review_is_asked_once_per_result_and_confirms_again_at_a_new_visit(
    serve: EngineMaker,
) -> None:
    """Sent back, the node is visited anew: its gates before the work are asked anew, too."""
    log = Log()
    graph = graph_of(lambda make: make.task("unit", log.work("work"), review=BOB, confirm=BOB))

    once = ["confirm?", "work", "review?"]
    assert [*once, *once] == await play(serve, graph, log, review=["request-changes"])


def broken(view: Any) -> bool:
    """Raise, as a predicate may that looks for what is not there."""
    return bool(view.state["nothing of that name"])


CONDITIONS = {
    "holds": lambda _view: True,
    "does not hold": lambda _view: False,
    "says nothing": lambda _view: None,
    "raises": broken,
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("kind", ["confirm", "input", "tool", "iterate", "review"])
async def test_h15_a_conditional_gate_is_passed_only_where_its_condition_does_not_hold(
    serve: EngineMaker, kind: str, condition: str
) -> None:
    """One that raises or says nothing asks: nothing is let through because of a mistake."""
    log = Log()
    gate: Any = {"approvers": BOB, "when": CONDITIONS[condition]}
    if kind == "input":
        gate["schema"] = SCHEMA
    gates: Any = {kind: gate}

    def declare(make: GraphBuilder) -> None:
        if kind == "tool":
            look = tool(log.work("look"), **gates)
            make.agent("unit", agent_of(log), tools={"look": look})
        elif kind == "iterate":
            body = Block().task("work", log.work("work"))
            make.loop("unit", body, max_rounds=1, **gates)
        else:
            make.task("unit", log.work("work"), **gates)

    lines = await play(serve, graph_of(declare), log)

    assert (f"{kind}?" in lines) == (condition != "does not hold")
    assert {"work", "look"} & set(lines)


@pytest.mark.parametrize("kind", ["choose", "result", "error"])
def test_h10_a_question_that_cannot_be_left_out_takes_no_condition(kind: str) -> None:
    """It is refused when the graph is built, because it would have to be ignored."""
    gates: Any = {kind: {"approvers": BOB, "when": broken}}
    work = Log().work("work")

    def declare(make: GraphBuilder) -> None:
        if kind == "choose":
            make.router("unit", None, {"a": Block().task("go", work)}, **gates)
        else:
            make.task("unit", None if kind == "result" else work, **gates)

    with pytest.raises(GraphValidationError, match=f"node 'unit': {kind}: .* is always asked"):
        graph_of(declare)
