"""Graphs inside graphs: their input, their state, and what of it is seen where."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked
from tests.engine.test_gates import start


class Job(BaseModel):
    """What the inner graph takes."""

    name: str
    copies: int = 1


def inner(function: Any, *, given: Any = Job, ask: bool = False) -> Graph:
    """Return a graph of one task, behind a question if wanted."""
    builder = GraphBuilder("inner", input=given).task("work", function).ends("work")
    if ask:
        builder.approval("ask", approvers=BOB, title="Print {{ input.name }}?").edge("ask", "work")
    return builder.start("ask" if ask else "work").build()


def around(graph: Graph, behind: Any = None, *, before: Any = None, **options: Any) -> Graph:
    """Return before → the subgraph → behind, of which the first sets a name and more."""
    set_state = {"name": "bees", "secret": 7} if before is None else before
    return (
        GraphBuilder("play", input={"type": "object", "properties": {"outer": {}}})
        .task("before", lambda _context: set_state)
        .subgraph("unit", graph, **options)
        .task("behind", behind or (lambda _context: None))
        .sequence("before", "unit", "behind")
        .start("before")
        .ends("behind")
        .build()
    )


def look(seen: list[Any], returned: Any = None) -> Any:
    """Return a task's function that notes all that it sees."""

    def work(context: Any) -> Any:
        given = context.input.model_dump() if isinstance(context.input, Job) else context.input
        seen.append((given, dict(context.state), dict(context.outputs), context.item))
        return returned

    return work


async def test_g2_a_subgraph_takes_the_keys_that_its_schema_names(serve: EngineMaker) -> None:
    """As its model types them; of the state, outputs and input around it it sees nothing."""
    seen: list[Any] = []
    async with serve(around(inner(look(seen)))) as engine:
        run = await start(engine, "play", outer=1)

    assert (run.status, seen) == ("completed", [({"name": "bees", "copies": 1}, {}, {}, None)])


async def test_g2_with_input_computes_what_a_subgraph_takes(serve: EngineMaker) -> None:
    """From all that is seen around it, the item of a map included, which it does not see."""
    seen: list[Any] = []
    body = Block().subgraph(
        "sub",
        inner(look(seen)),
        with_input=lambda view: {"name": view.item, "copies": view.state["n"] + view.number},
    )
    graph = (
        GraphBuilder("play")
        .task("before", lambda _context: {"n": 10})
        .map("unit", lambda _view: ["a", "b"], body)
        .sequence("before", "unit")
        .start("before")
        .ends("unit")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert run.status == RunStatus.COMPLETED
    assert sorted(seen, key=lambda each: each[0]["name"]) == [
        ({"name": "a", "copies": 11}, {}, {}, None),
        ({"name": "b", "copies": 12}, {}, {}, None),
    ]


async def test_g4_what_a_subgraph_sets_stays_inside_but_what_it_writes(
    serve: EngineMaker,
) -> None:
    """Keys of its output that are named come out; its output is whole, under its name."""
    seen: list[Any] = []
    made = {"url": "/bees", "name": "wasps", "pages": 3}
    graph = around(inner(lambda _context: made), look(seen), writes="url")
    async with serve(graph) as engine:
        run = await start(engine, "play")

    ((_, state, outputs, _),) = seen
    assert run.status == RunStatus.COMPLETED
    assert state == {"name": "bees", "secret": 7, "url": "/bees"}
    assert set(outputs) == {"before", "unit"}
    assert outputs["unit"] == made


@pytest.mark.parametrize(
    ("output", "brought"), [("url", {"url": "/bees"}), ("*", {"url": "/bees", "size": 3})]
)
async def test_g2_an_end_inside_names_what_a_subgraph_brings(
    serve: EngineMaker, output: str, brought: dict[str, Any]
) -> None:
    """Keys of its own state, all or some."""
    seen: list[Any] = []
    graph = (
        GraphBuilder("inner")
        .task("work", lambda _context: {"url": "/bees", "size": 3})
        .end("done", output=output)
        .edge("work", "done")
        .start("work")
        .build()
    )
    async with serve(around(graph, look(seen))) as engine:
        await start(engine, "play")

    assert seen[0][2]["unit"] == brought


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "the input of 'unit', name: "),
        ({"name": "x", "copies": "many"}, "the input of 'unit', copies: "),
        ({"name": "x", "colour": 1}, "the input of 'unit', colour: is unknown; known are name,"),
        (None, "the input of 'unit': is NoneType; give an object of named fields"),
        ([1], "the input of 'unit': is list; give an object of named fields"),
    ],
)
async def test_g2_an_input_that_does_not_fit_fails_the_subgraph_clearly(
    serve: EngineMaker, given: Any, message: str
) -> None:
    """Every problem is listed by field, and nothing inside begins."""
    places = Places()
    graph = around(inner(places.note), places.note, with_input=lambda _view: given)
    async with serve(graph) as engine:
        run = await start(engine, "play")

        assert (await engine.verify(run.id)).is_sound
    assert (run.status, places.ran) == (RunStatus.FAILED, [])
    assert message in str(run.error)
    assert str(run.error).startswith("InputError: ")


async def test_g2_a_key_that_the_state_does_not_have_is_missed_by_name(
    serve: EngineMaker,
) -> None:
    """Without with_input the state is where the input comes from."""
    places = Places()
    async with serve(around(inner(places.note), before={"copies": 2})) as engine:
        run = await start(engine, "play")

    assert (run.status, places.ran) == (RunStatus.FAILED, [])
    assert "the input of 'unit', name: " in str(run.error)


async def test_g2_a_gate_two_graphs_deep_holds(serve: EngineMaker) -> None:
    """It sees the innermost input; what is behind it at each level waits."""
    places, seen = Places(), list[Any]()

    def work(context: Any) -> dict[str, str]:
        places.note(context)
        return {"decided": context.state["human_decision"], "printed": context.input.name}

    middle = (
        GraphBuilder("middle", input={"type": "object", "properties": {"name": {}}})
        .subgraph(
            "deep",
            inner(work, ask=True),
            with_input=lambda view: {"name": view.input["name"].upper()},
            writes="printed",
        )
        .task("after", places.note)
        .end("done", output="printed")
        .sequence("deep", "after", "done")
        .start("deep")
        .build()
    )
    graph = around(middle, look(seen), writes="printed")
    async with serve(graph) as engine:
        run = await start(engine, "play")
        (question,) = (await asked(engine, run)).values()
        assert (question.path, question.title) == ("unit/deep/ask", "Print BEES?")
        assert places.ran == []
        run = await answer(engine, run, "unit/deep/ask")

    assert (run.status, places.ran) == ("completed", ["unit/deep/work", "unit/after"])
    ((_, state, outputs, _),) = seen
    assert state == {"name": "bees", "secret": 7, "printed": "BEES"}
    assert outputs["unit"] == {"printed": "BEES"}


async def test_g4_inner_names_hide_outer_ones_and_others_stay_visible(
    serve: EngineMaker,
) -> None:
    """Of outputs and of the state, from inside steps, branches and items."""
    seen: dict[str, Any] = {}

    def note(context: Any) -> str:
        seen[context.path] = {**context.outputs, "previous": context.previous_output}
        return str(context.path)

    deep = Block().task("work", note).task("look", note)
    body = Block().task("inside", note).map("each", lambda _view: [1], deep)
    graph = (
        GraphBuilder("play")
        .task("work", note)
        .task("other", note)
        .parallel("unit", {"a": body})
        .task("behind", note)
        .sequence("work", "other", "unit", "behind")
        .start("work")
        .ends("behind")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

    around_it = {"work": "work", "other": "other", "inside": "unit[a]/inside", "previous": None}
    assert run.status == RunStatus.COMPLETED
    assert seen["unit[a]/each[1]/work"] == around_it
    assert seen["unit[a]/each[1]/look"] == {**around_it, "work": "unit[a]/each[1]/work"}
    assert seen["behind"] == {
        "work": "work",
        "other": "other",
        "unit": {"a": ["unit[a]/each[1]/look"]},
        "previous": None,
    }
