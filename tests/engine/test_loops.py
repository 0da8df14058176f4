"""Rounds of a loop, groups of steps, and places that a run comes to again."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, GraphBuilder
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked, asking, graph_of
from tests.engine.test_gates import start
from tests.engine.test_nodes import of_type


def count(context: Any) -> dict[str, Any]:
    """Add one to what the round before brought."""
    return {"total": (context.item or {"total": 0})["total"] + 1, "round": context.number}


@pytest.mark.parametrize(
    "until",
    ["outputs.count.total >= 3", "state.total >= 3", lambda view: view.number == 3],
)
async def test_g2_a_loop_goes_round_until_its_condition_holds(
    serve: EngineMaker, until: Any
) -> None:
    """A round sees what the one before brought; the output is that of the last one."""
    graph = graph_of(
        lambda make: make.loop("unit", Block().task("count", count), until=until, max_rounds=9)
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        judged = await of_type(engine, run, e.RoundJudged)

        assert await engine.get_output(run.id) == {"total": 3, "round": 3}
        assert [(each.number, each.reason) for each in judged] == [
            (1, "until does not hold"),
            (2, "until does not hold"),
            (3, "until holds"),
        ]


async def test_g2_a_loop_is_left_after_its_last_round(serve: EngineMaker) -> None:
    """Whatever its condition says, and it is no failure."""
    graph = graph_of(
        lambda make: make.loop(
            "unit", Block().task("count", count), until=lambda _view: False, max_rounds=4
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

        assert (run.status, (await of_type(engine, run, e.RoundJudged))[-1].reason) == (
            RunStatus.COMPLETED,
            "max_rounds",
        )
        assert await engine.get_output(run.id) == {"total": 4, "round": 4}


async def test_g2_a_condition_of_a_loop_that_raises_fails_the_loop(serve: EngineMaker) -> None:
    """It is not taken for a no, nor for a yes."""
    places = Places()
    graph = graph_of(
        lambda make: make.loop("unit", Block().task("work", places.note), until="state.done == 1")
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert (run.status, places.ran) == (RunStatus.FAILED, ["unit[1]/work"])
    assert "asks for 'done', which is not there" in str(run.error)


async def test_g2_a_gate_inside_a_loop_is_asked_in_every_round(serve: EngineMaker) -> None:
    """The work behind it waits each time, and what is behind the loop waits for them all."""
    places = Places()
    graph = graph_of(
        lambda make: make.loop("unit", asking(places), max_rounds=3).task("behind", places.note)
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for number in (1, 2, 3):
            assert len(places.ran) == number - 1
            run = await answer(engine, run, f"unit[{number}]/ask")

    works = [f"unit[{number}]/work" for number in (1, 2, 3)]
    assert (run.status, places.ran) == (RunStatus.COMPLETED, [*works, "behind"])


async def test_g2_loops_in_loops_count_for_themselves(serve: EngineMaker) -> None:
    """Each inner loop begins anew, without an item and at one."""
    seen: list[tuple[str, Any, Any]] = []

    def work(context: Any) -> str:
        seen.append((context.path, context.number, context.item))
        return f"done {context.number}"

    inner = Block().loop("inner", Block().task("work", work), max_rounds=2)
    graph = graph_of(lambda make: make.loop("unit", inner, max_rounds=2))
    async with serve(graph) as engine:
        run = await start(engine, "play")

        assert await engine.get_output(run.id) == {"unit": "done 2"}
    assert seen == [
        ("unit[1]/inner[1]/work", 1, None),
        ("unit[1]/inner[2]/work", 2, "done 1"),
        ("unit[2]/inner[1]/work", 1, None),
        ("unit[2]/inner[2]/work", 2, "done 1"),
    ]


async def test_g4_rounds_share_the_state_and_not_their_outputs(serve: EngineMaker) -> None:
    """What a round set is there in the next one; outputs by name are its own."""
    seen: list[Any] = []

    def work(context: Any) -> dict[str, int]:
        seen.append((context.state.get("n"), dict(context.outputs), context.previous_output))
        return {"n": context.number}

    graph = graph_of(
        lambda make: make.loop("unit", Block().task("work", work), max_rounds=2).task(
            "behind", lambda context: seen.append((context.state["n"], dict(context.outputs)))
        )
    )
    async with serve(graph) as engine:
        await start(engine, "play")

    assert seen == [(None, {}, None), (1, {}, None), (2, {"unit": {"n": 2}})]


async def test_g2_steps_run_in_order_and_bring_what_the_last_one_does(
    serve: EngineMaker,
) -> None:
    """A gate stands before or after all of them; they write the state around them."""
    places, seen = Places(), list[Any]()
    body = (
        Block()
        .task("one", places.note)
        .task("two", places.note)
        .task("three", lambda context: {"path": places.note(context)})
    )
    graph = graph_of(
        lambda make: make.steps("unit", body, confirm=BOB, review=BOB).task(
            "behind", lambda context: seen.append((context.state["path"], context.outputs["unit"]))
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        assert places.ran == []
        run = await answer(engine, run, "unit")
        assert places.ran == ["unit/one", "unit/two", "unit/three"]
        assert (await asked(engine, run))["unit"].payload == {"path": "unit/three"}
        assert seen == []
        run = await answer(engine, run, "unit")

    assert (run.status, seen) == (RunStatus.COMPLETED, [("unit/three", {"path": "unit/three"})])


async def test_g2_steps_that_end_early_bring_the_keys_that_their_end_names(
    serve: EngineMaker,
) -> None:
    """A body has edges, conditions and ends like a graph."""
    places = Places()
    body = (
        Block()
        .task("look", lambda _context: {"size": 3, "noise": 1})
        .task("work", places.note)
        .end("small", output="size")
        .edge("look", "small", when="state.size < 10")
        .edge("look", "work")
        .start("look")
        .ends("work")
    )
    async with serve(graph_of(lambda make: make.steps("unit", body))) as engine:
        run = await start(engine, "play")

        assert await engine.get_output(run.id) == {"size": 3}
    assert places.ran == []


def revising(made: GraphBuilder | Block, write: Any, publish: Any) -> Any:
    """Declare write → ask → publish; what is rejected is written again."""
    made.task("write", write).approval("ask", approvers=BOB, rejection="write")
    made.task("publish", publish).sequence("write", "ask", "publish")
    return made.start("write").ends("publish")


@pytest.mark.parametrize("inside", ["", "unit[1]/"])
async def test_g2_coming_back_to_a_node_is_another_visit(serve: EngineMaker, inside: str) -> None:
    """With a path of its own, in a graph as in a body, and the feedback."""
    places, told = Places(), list[Any]()

    def write(context: Any) -> str:
        told.append((context.path, context.feedback, context.previous_output))
        return f"draft {len(told)}"

    graph = (
        graph_of(
            lambda make: make.map("unit", lambda _view: [1], revising(Block(), write, places.note))
        )
        if inside
        else revising(GraphBuilder("play"), write, places.note).build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, f"{inside}ask", "reject", comment="Longer!")
        assert list(await asked(engine, run)) == [f"{inside}ask#2"]
        run = await answer(engine, run, f"{inside}ask#2", "reject", comment="Shorter!")
        run = await answer(engine, run, f"{inside}ask#3")

    assert (run.status, places.ran) == (RunStatus.COMPLETED, [f"{inside}publish"])
    assert told == [
        (f"{inside}write", None, None),
        (f"{inside}write#2", "Longer!", "draft 1"),
        (f"{inside}write#3", "Shorter!", "draft 2"),
    ]


async def test_g2_a_composite_that_is_visited_again_has_frames_of_its_own(
    serve: EngineMaker,
) -> None:
    """Their paths have the visit's number, and nodes inside begin to count anew."""
    places = Places()
    graph = graph_of(
        lambda make: (
            make.map("unit", lambda _view: [1], asking(places))
            .approval("behind", approvers=BOB, rejection="unit")
            .end("done")
            .edge("behind", "done")
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[1]/ask")
        run = await answer(engine, run, "behind", "reject")
        assert list(await asked(engine, run)) == ["unit#2[1]/ask"]
        assert places.ran == ["unit[1]/work"]
        run = await answer(engine, run, "unit#2[1]/ask")
        run = await answer(engine, run, "behind#2")

    assert (run.status, places.ran) == ("completed", ["unit[1]/work", "unit#2[1]/work"])
