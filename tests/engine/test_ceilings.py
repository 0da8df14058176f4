"""How much a run may do: visits, time at work, and what its nodes spend, at any depth."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder, Retry, ToolCall, ToolCalls
from orchestrator.testing import FakeClock, pass_time
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked, asking, graph_of, statuses
from tests.engine.test_gates import settle, start

HOUR = timedelta(hours=1)


def bounded(places: Places, composite: str, max_visits: int) -> Graph:
    """Return a composite of which five tasks want to run."""
    work = Block().task("work", places.note)
    inner = (
        GraphBuilder("inner", max_visits=1)
        .map("each", lambda _view: range_of(5), work)
        .start("each")
        .ends("each")
        .build()
    )

    def declare(make: GraphBuilder) -> None:
        match composite:
            case "loop":
                make.loop("unit", work, max_rounds=5)
            case "map":
                make.map("unit", lambda _view: range_of(5), work)
            case "parallel":
                make.parallel(
                    "unit", {f"b{each}": Block().task("work", places.note) for each in range_of(5)}
                )
            case "subgraph":
                make.subgraph("unit", inner)
            case "cycle":
                make.task("unit", places.note)
                make.edge("unit", "unit", when=lambda _view: len(places.ran) < 5)
                make.end("done").edge("unit", "done")
            case _:
                raise LookupError(composite)

    return graph_of(declare, max_visits=max_visits)


def range_of(count: int) -> list[int]:
    """Return numbers as a list."""
    return list(range(count))


#: How many visits five tasks take: their own, those of what is around them, and of the end.
VISITS = {"loop": 6, "map": 6, "parallel": 6, "subgraph": 7, "cycle": 6}


@pytest.mark.parametrize("composite", VISITS)
async def test_g11_a_run_may_visit_as_many_nodes_as_its_graph_says(
    serve: EngineMaker, composite: str
) -> None:
    """At every depth together; an inner graph's own ceiling is for runs of its own."""
    places = Places()
    async with serve(bounded(places, composite, VISITS[composite])) as engine:
        run = await start(engine, "play")

    assert (run.status, run.error, len(places.ran)) == (RunStatus.COMPLETED, None, 5)


@pytest.mark.parametrize("composite", VISITS)
async def test_g11_one_visit_too_many_fails_the_run(serve: EngineMaker, composite: str) -> None:
    """With the ceiling in the error."""
    places = Places()
    most = VISITS[composite] - 1
    async with serve(bounded(places, composite, most)) as engine:
        run = await start(engine, "play")

        assert (await engine.verify(run.id)).is_sound
    assert (run.status, len(places.ran) <= 5) == (RunStatus.FAILED, True)
    assert run.error == (
        f"TooManyVisits: the run has visited {most} nodes, which is the graph's max_visits"
    )


async def test_g11_waiting_visits_nothing_and_the_ceiling_withdraws_what_is_open(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """However long it takes; best effort of a map is no way around it."""
    places = Places()
    graph = graph_of(
        lambda make: make.map(
            "unit", lambda _view: [1, 2], asking(places), on_branch_error="best-effort"
        ).task("behind", places.note),
        max_visits=4,
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for _ in range(5):
            await pass_time(engine, clock, 1000 * HOUR)
        run = await answer(engine, run, "unit[1]/ask")
        assert (run.status, places.ran) == (RunStatus.WAITING, ["unit[1]/work"])
        run = await answer(engine, run, "unit[2]/ask")

    assert (run.status, places.ran) == (RunStatus.FAILED, ["unit[1]/work"])


async def test_g11_the_ceiling_of_visits_withdraws_what_is_open(serve: EngineMaker) -> None:
    """In the other items, whose work never runs."""
    places = Places()
    graph = graph_of(
        lambda make: make.map("unit", lambda _view: [1, 2, 3], asking(places)), max_visits=4
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        assert run.status == RunStatus.WAITING
        run = await answer(engine, run, "unit[2]/ask")

        assert await statuses(engine, run) == {
            "unit[1]/ask": "withdrawn",
            "unit[2]/ask": "approved",
            "unit[3]/ask": "withdrawn",
        }
    assert (run.status, places.ran) == (RunStatus.FAILED, [])


async def test_g11_waiting_for_people_time_or_a_retry_is_no_time_at_work(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """A run that is at work for two minutes in all may take weeks with a ceiling of three."""
    places = Places()

    def work(context: Any) -> None:
        places.note(context)
        clock.advance(timedelta(minutes=1))
        if context.attempt == 1 and context.number == 1:
            raise ConnectionError("away")

    retry = Retry(attempts=2, delay=HOUR, jitter=0)
    body = (
        Block()
        .approval("ask", approvers=BOB)
        .wait("nap", duration="24h")
        .task("work", work, retry=retry)
    )
    graph = graph_of(
        lambda make: make.map("unit", lambda _view: [1], body), max_active=timedelta(minutes=3)
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        await pass_time(engine, clock, 200 * HOUR)
        await answer(engine, run, "unit[1]/ask")
        await pass_time(engine, clock, 30 * HOUR)
        run = await engine.wait_until(
            run.id, lambda now: len(places.ran) == 1 and now.status == "waiting", timeout=5
        )
        await pass_time(engine, clock, 2 * HOUR)
        run = await engine.wait_until(run.id, lambda now: now.finished_at is not None, timeout=5)

    assert (run.status, run.error, len(places.ran)) == (RunStatus.COMPLETED, None, 2)


async def test_g11_a_branch_at_work_counts_while_another_one_waits(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The ceiling ends both: what runs is stopped, and the question is withdrawn."""
    started, stopped = asyncio.Event(), asyncio.Event()
    places = Places()

    async def work(_context: Any) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    bodies = {"a": Block().task("long", work), "b": asking(places)}
    graph = graph_of(lambda make: make.parallel("unit", bodies), max_active=timedelta(minutes=3))
    async with serve(graph) as engine:
        run = await engine.start("play", {}, requester="ALICE", surface="test")
        async with asyncio.timeout(5):
            await started.wait()
        await pass_time(engine, clock, timedelta(minutes=2))
        assert (await engine.get_run(run.id)).status == RunStatus.RUNNING
        await pass_time(engine, clock, timedelta(minutes=1))
        run = await engine.wait_until(run.id, lambda now: now.finished_at is not None, timeout=5)
        async with asyncio.timeout(5):
            await stopped.wait()

        assert await statuses(engine, run) == {"unit[b]/ask": "withdrawn"}
    assert (run.status, "max_active" in str(run.error)) == (RunStatus.FAILED, True)
    assert places.ran == []


async def test_g11_a_budget_is_that_of_all_branches_together(serve: EngineMaker) -> None:
    """When one spends too much the run fails, and what the others ask is withdrawn."""
    places = Places()

    def work(context: Any) -> None:
        places.note(context)
        context.spend(tokens=40)

    body = Block().approval("ask", approvers=BOB).task("work", work).task("after", places.note)
    graph = graph_of(
        lambda make: make.map(
            "unit", lambda _view: [1, 2, 3, 4], body, on_branch_error="best-effort"
        ),
        budget={"tokens": 100},
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for number in (1, 2, 3):
            assert len(places.ran) == 2 * (number - 1)
            run = await answer(engine, run, f"unit[{number}]/ask")

        assert await asked(engine, run) == {}
        assert (await engine.get_run(run.id)).spent == {"tokens": 120}
    assert run.status == RunStatus.FAILED
    assert run.error == "BudgetExceeded: the run has spent 120 tokens, its graph allows 100"
    assert places.ran[-1] == "unit[3]/work"


async def test_g11_turns_and_tools_of_an_agent_spend_from_one_budget(serve: EngineMaker) -> None:
    """The tool that goes beyond it is the last one."""
    places = Places()

    def helper(context: Any) -> Any:
        places.note(context)
        context.spend(tokens=10)
        return ToolCalls(calls=(ToolCall(tool="look"),))

    def look(context: Any) -> None:
        places.note(context)
        context.spend(tokens=25)

    graph = graph_of(
        lambda make: make.steps("unit", Block().agent("helper", helper, tools={"look": look})),
        budget={"tokens": 50},
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await settle(engine, run)

    inside = "unit/helper"
    expected = [f"{inside}/turn", f"{inside}/look", f"{inside}/turn#2", f"{inside}/look#2"]
    assert (run.status, places.ran) == (RunStatus.FAILED, expected)
    assert "has spent 70 tokens, its graph allows 50" in str(run.error)
