"""Runs that wait at depth when the process ends, and go on in the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder, Retry, ToolCall, ToolCalls, tool
from orchestrator.store import Run
from orchestrator.testing import FakeClock, pass_time
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked, asking
from tests.engine.test_gates import settle, start

HOUR = timedelta(hours=1)
Declare = Callable[[Places, GraphBuilder | Block, Block], Any]


def subgraph(_places: Places, make: GraphBuilder | Block, _body: Block) -> Any:
    """Declare a graph inside, of the same body."""
    inner = GraphBuilder("inner", input={"type": "object", "properties": {"before": {}}})
    inner.entries, inner.edges = _body.entries, _body.edges
    return make.subgraph("unit", inner.sequence("ask", "work").start("ask").ends("work").build())


def agent(places: Places, make: GraphBuilder | Block, _body: Block) -> Any:
    """Declare an agent whose tool asks."""

    def helper(context: Any) -> Any:
        if context.turn.number == 1:
            return ToolCalls(calls=(ToolCall(tool="ask"),), memory={"kept": context.node})
        return [context.turn.memory, context.turn.results[0].output]

    return make.agent("unit", helper, tools={"ask": tool(places.note, tool=BOB)})


def beside(places: Places) -> Block:
    """Return a body that does not ask."""
    return Block().task("other", places.note)


#: Composites over a body that asks, with the questions that come one after the other.
COMPOSITES: dict[str, tuple[Declare, list[str]]] = {
    "steps": (lambda _, make, body: make.steps("unit", body), ["unit/ask"]),
    "loop": (
        lambda _, make, body: make.loop("unit", body, max_rounds=2),
        ["unit[1]/ask", "unit[2]/ask"],
    ),
    "parallel": (
        lambda places, make, body: make.parallel("unit", {"a": body, "b": beside(places)}),
        ["unit[a]/ask"],
    ),
    "map": (
        lambda _, make, body: make.map("unit", lambda _view: [1, 2, 3], body, limit=2),
        ["unit[2]/ask", "unit[3]/ask", "unit[1]/ask"],
    ),
    "condition": (
        lambda places, make, body: make.condition(
            "unit", lambda _view: False, beside(places), body
        ),
        ["unit[else]/ask"],
    ),
    "router": (
        lambda places, make, body: make.router(
            "unit", lambda _view: ["a", "b"], {"a": body, "b": asking(places)}
        ),
        ["unit[a]/ask", "unit[b]/ask"],
    ),
    "subgraph": (subgraph, ["unit/ask"]),
    "agent": (agent, ["unit/ask"]),
}


def nested(places: Places, composite: str, *, is_deep: bool) -> Graph:
    """Return before → a composite → behind, alone or in a branch of an item of a map."""
    declare, _ = COMPOSITES[composite]
    builder = GraphBuilder("play").task("before", lambda _context: {"before": "kept"})
    if is_deep:
        body = Block()
        declare(places, body, asking(places))
        builder.map("outer", lambda _view: ["x"], Block().parallel("side", {"in": body}))
    else:
        declare(places, builder, asking(places))
    return (
        builder.task("behind", lambda context: [places.note(context), context.state["before"]])
        .sequence("before", "outer" if is_deep else "unit", "behind")
        .start("before")
        .ends("behind")
        .build()
    )


@pytest.mark.parametrize("is_deep", [False, True])
@pytest.mark.parametrize("composite", COMPOSITES)
async def test_g2_every_composite_goes_on_in_another_process(
    serve: EngineMaker, composite: str, *, is_deep: bool
) -> None:
    """One process a question: what has run is not run again, and nothing runs too early."""
    places, twin = Places(), Places()
    graph = nested(places, composite, is_deep=is_deep)
    prefix = "outer[1]/side[in]/" if is_deep else ""
    questions = [f"{prefix}{path}" for path in COMPOSITES[composite][1]]
    async with serve(graph) as engine:
        run = await start(engine, "play")
    for path in questions:
        done = list(places.ran)
        async with serve(graph) as engine:
            await engine.tick()
            assert (run.status, places.ran) == (RunStatus.WAITING, done)
            run = await answer(engine, run, path)
    async with serve(nested(twin, composite, is_deep=is_deep)) as engine:
        whole = await start(engine, "play")
        for path in questions:
            whole = await answer(engine, whole, path)

        assert (await engine.verify(run.id)).is_sound
        assert await engine.get_output(run.id) == await engine.get_output(whole.id)
    assert (run.status, whole.status) == (RunStatus.COMPLETED, RunStatus.COMPLETED)
    assert (places.ran, places.ran[-1]) == (twin.ran, "behind")
    assert len(places.ran) == len(set(places.ran))


def has_run_more(places: Places) -> Callable[[Run], bool]:
    """Return whether something has run since this was asked."""
    before = len(places.ran)
    return lambda _run: len(places.ran) > before


async def test_g2_times_at_depth_are_kept_over_a_restart(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """A wait, a signal and a retry in branches, each in a process of its own."""
    places = Places()

    def flaky(context: Any) -> None:
        places.note(context)
        if context.attempt == 1:
            raise ConnectionError("away")

    bodies = {
        "retry": Block().task("work", flaky, retry=Retry(attempts=2, delay=HOUR, jitter=0)),
        "wait": Block().wait("wait", duration="2h").task("work", places.note),
        "signal": Block().wait("wait", signal="go").task("work", places.note),
    }
    graph = (
        GraphBuilder("play")
        .loop("unit", Block().parallel("sides", bodies), max_rounds=1)
        .start("unit")
        .ends("unit")
        .build()
    )
    inside = "unit[1]/sides"
    async with serve(graph) as engine:
        run = await start(engine, "play")
    for name in ("retry", "wait"):
        async with serve(graph) as engine:
            more = has_run_more(places)
            await pass_time(engine, clock, HOUR)
            await engine.wait_until(run.id, more, timeout=5)
            await settle(engine, run)
        assert places.ran[-1] == f"{inside}[{name}]/work"
    async with serve(graph) as engine:
        await engine.signal(run.id, "go", by="DRIVER", surface="test")
        run = await settle(engine, run)

    assert run.status == RunStatus.COMPLETED
    assert places.ran == [f"{inside}[{name}]/work" for name in ("retry", "retry", "wait", "signal")]


async def test_h20_reducers_and_errors_count_what_came_before_a_restart(
    serve: EngineMaker,
) -> None:
    """Items that were done or failed in the first process are merged in the second."""
    places, seen = Places(), list[Any]()

    def work(context: Any) -> dict[str, Any]:
        places.note(context)
        if context.item % 2 == 0:
            raise ValueError("even")
        return {"found": [context.item]}

    body = Block().approval("ask", approvers=BOB).task("work", work)
    graph = (
        GraphBuilder("play")
        .map(
            "unit",
            lambda _view: [1, 2, 3, 4],
            body,
            merge={"found": "concat"},
            on_branch_error="best-effort",
        )
        .task("behind", lambda context: seen.append((dict(context.state), dict(context.outputs))))
        .sequence("unit", "behind")
        .start("unit")
        .ends("behind")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for number in (4, 3):
            run = await answer(engine, run, f"unit[{number}]/ask")
    async with serve(graph) as engine:
        assert list(await asked(engine, run)) == ["unit[1]/ask", "unit[2]/ask"]
        for number in (2, 1):
            run = await answer(engine, run, f"unit[{number}]/ask")

    error = {"type": "ValueError", "message": "even"}
    found, failed = {"found": [1, 3]}, [{"key": "2", **error}, {"key": "4", **error}]
    assert (run.status, len(places.ran)) == (RunStatus.COMPLETED, 4)
    assert seen == [
        (found, {"unit": [{"found": [1]}, None, {"found": [3]}, None], "unit.errors": failed})
    ]
