"""Conditions with and without an else-branch, and routers with routes of their own."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph
from tests.engine.conftest import EngineMaker
from tests.engine.playing import Places, answer, asking, graph_of
from tests.engine.test_gates import start
from tests.engine.test_nodes import of_type

INPUT = {"type": "object", "properties": {"size": {"type": "integer"}}}


def checked(places: Places, *, has_else: bool, when: Any = "input.size > 10") -> Graph:
    """Return a condition over gated bodies, and a node behind that brings what it brought."""

    def behind(context: Any) -> Any:
        places.note(context)
        return {"brought": context.outputs["unit"]}

    return graph_of(
        lambda make: make.condition(
            "unit", when, asking(places), asking(places) if has_else else None
        ).task("behind", behind),
        input=INPUT,
    )


@pytest.mark.parametrize("has_else", [True, False])
@pytest.mark.parametrize("size", [5, 50])
async def test_g2_a_condition_runs_one_body_or_the_other(
    serve: EngineMaker, size: int, *, has_else: bool
) -> None:
    """Without an else-branch it is passed over, and its output is null."""
    places = Places()
    async with serve(checked(places, has_else=has_else)) as engine:
        run = await start(engine, "play", size=size)
        key = "then" if size > 10 else "else"
        is_run = has_else or size > 10
        if is_run:
            assert places.ran == []
            run = await answer(engine, run, f"unit[{key}]/ask")

        work = f"unit[{key}]/work" if is_run else None
        assert await engine.get_output(run.id) == {"brought": work}
    assert (run.status, places.ran) == ("completed", [*([work] if work else []), "behind"])


async def test_g2_a_condition_that_raises_fails_and_lets_nothing_through(
    serve: EngineMaker,
) -> None:
    """Neither body runs."""
    places = Places()
    async with serve(checked(places, has_else=True, when="state.size > 10")) as engine:
        run = await start(engine, "play", size=5)

    assert (run.status, places.ran) == (RunStatus.FAILED, [])
    assert "asks for 'size', which is not there" in str(run.error)


def routed(places: Places, selected: Any, **options: Any) -> Graph:
    """Return a router over three gated routes, and a node behind that brings what it brought."""

    def behind(context: Any) -> Any:
        places.note(context)
        return {"brought": context.outputs["unit"]}

    return graph_of(
        lambda make: make.router(
            "unit", lambda _view: selected, {name: asking(places) for name in "abc"}, **options
        ).task("behind", behind)
    )


async def test_g2_a_router_runs_the_route_that_it_selects(serve: EngineMaker) -> None:
    """Its output is that of the route, and the log says that it was selected."""
    places = Places()
    async with serve(routed(places, "b")) as engine:
        run = await start(engine, "play")
        assert places.ran == []
        run = await answer(engine, run, "unit[b]/ask")
        (entered,) = await of_type(engine, run, e.BodyEntered)

        assert (entered.keys, entered.reason) == (("b",), "selected")
        assert await engine.get_output(run.id) == {"brought": "unit[b]/work"}
    assert places.ran == ["unit[b]/work", "behind"]


@pytest.mark.parametrize("selected", [["b"], ("b",), ["b", "b"]])
async def test_g2_a_list_of_one_route_brings_what_a_list_of_several_does(
    serve: EngineMaker, selected: Any
) -> None:
    """So that what reads it needs no special case."""
    async with serve(routed(Places(), selected)) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[b]/ask")

        assert await engine.get_output(run.id) == {"brought": {"b": "unit[b]/work"}}


@pytest.mark.parametrize("selected", [["c", "a"], ("c", "a"), ["c", "a", "c"]])
async def test_g2_several_routes_run_one_after_the_other_in_the_selected_order(
    serve: EngineMaker, selected: Any
) -> None:
    """Each once; the next one asks when the one before is done."""
    places = Places()
    async with serve(routed(places, selected)) as engine:
        run = await start(engine, "play")
        assert run.places == ("unit", "unit[c]/ask")
        run = await answer(engine, run, "unit[c]/ask")
        assert (run.places, places.ran) == (("unit", "unit[a]/ask"), ["unit[c]/work"])
        run = await answer(engine, run, "unit[a]/ask")

        brought = {"c": "unit[c]/work", "a": "unit[a]/work"}
        assert await engine.get_output(run.id) == {"brought": brought}
    assert places.ran == ["unit[c]/work", "unit[a]/work", "behind"]


@pytest.mark.parametrize(
    "selected", ["d", "", [], ["a", "d"], None, 7, [["a"]], {"a": 1}, {"a"}], ids=repr
)
async def test_g2_what_is_no_route_fails_the_router_and_runs_none(
    serve: EngineMaker, selected: Any
) -> None:
    """The error says what was selected and what there is."""
    places = Places()
    async with serve(routed(places, selected)) as engine:
        run = await start(engine, "play")

    assert (run.status, places.ran) == (RunStatus.FAILED, [])
    assert run.error == (
        f"NoMatchingEdgeError: router 'unit' chose {selected!r}, its routes are a, b, c"
    )


async def test_g2_a_route_that_fails_ends_the_ones_behind_it(serve: EngineMaker) -> None:
    """They do not begin."""
    places = Places()

    def fail(_context: Any) -> None:
        raise ValueError("no")

    routes = {"a": Block().task("fail", fail), "b": Block().task("work", places.note)}
    graph = graph_of(lambda make: make.router("unit", lambda _view: ["a", "b"], routes))
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert (run.status, run.error, places.ran) == (RunStatus.FAILED, "ValueError: no", [])


async def test_g4_routes_and_branches_write_the_state_around_them(serve: EngineMaker) -> None:
    """A later route sees what an earlier one set, and so does what is behind."""
    seen: list[Any] = []

    def add(context: Any) -> dict[str, Any]:
        return {"way": [*context.state.get("way", []), context.path]}

    routes = {
        "a": Block().condition("check", lambda _view: True, Block().task("add", add)),
        "b": Block().task("add", add),
    }
    graph = graph_of(
        lambda make: make.router("unit", lambda _view: ["b", "a"], routes).task(
            "behind", lambda context: seen.append(context.state["way"])
        )
    )
    async with serve(graph) as engine:
        await start(engine, "play")

    assert seen == [["unit[b]/add", "unit[a]/check[then]/add"]]
