"""A body for each item of a list: what it sees, what it brings, how it fails."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked, asking, graph_of
from tests.engine.test_gates import approve, settle, start


def over(given: Any, body: Block, **options: Any) -> Graph:
    """Return a map over a value."""
    return graph_of(lambda make: make.map("unit", lambda _view: given, body, **options))


def echo(context: Any) -> Any:
    """Return the item."""
    return context.item


async def test_g2_outputs_are_in_the_order_of_the_items(serve: EngineMaker) -> None:
    """Whichever is done first; each body knows its item and its number."""
    first_may_go = asyncio.Event()
    done: list[int] = []

    async def work(context: Any) -> list[Any]:
        if context.number == 1:
            await first_may_go.wait()
        done.append(context.number)
        if len(done) == 2:
            first_may_go.set()
        return [context.number, context.item]

    async with serve(over(["x", {"y": 1}, None], Block().task("work", work))) as engine:
        run = await start(engine, "play")

        assert await engine.get_output(run.id) == {"unit": [[1, "x"], [2, {"y": 1}], [3, None]]}
    assert done[-1] == 1


async def test_g2_questions_and_conditions_inside_see_the_item(serve: EngineMaker) -> None:
    """Templates, review keys, CEL texts and functions of the view."""
    places = Places()
    body = (
        Block()
        .approval(
            "ask",
            approvers=BOB,
            title="Ship {{ number }}: {{ item.name }}?",
            review_keys=("item.name", "item.price"),
            when="item.price > 10",
        )
        .condition(
            "check",
            lambda view: view.item["price"] > 100 and view.number == 3,
            Block().task("large", places.note),
            Block().task("small", places.note),
        )
        .sequence("ask", "check")
        .start("ask")
        .ends("check")
    )
    items = [{"name": name, "price": price} for name, price in [("a", 5), ("b", 50), ("c", 500)]]
    async with serve(over(items, body)) as engine:
        run = await start(engine, "play")
        questions = await asked(engine, run)
        assert {path: each.title for path, each in questions.items()} == {
            "unit[2]/ask": "Ship 2: b?",
            "unit[3]/ask": "Ship 3: c?",
        }
        assert questions["unit[2]/ask"].payload == {"item.name": "b", "item.price": 50}
        assert places.ran == ["unit[1]/check[else]/small"]
        run = await answer(engine, run, "unit[3]/ask")
        run = await answer(engine, run, "unit[2]/ask")

    assert run.status == RunStatus.COMPLETED
    assert places.ran[1:] == ["unit[3]/check[then]/large", "unit[2]/check[else]/small"]


@pytest.mark.parametrize(
    ("where", "output"),
    [
        ("state.rows", [1, 2, 3]),
        ("outputs.list.rows", [1, 2, 3]),
        ("state.rows.filter(x, x > 1)", [2, 3]),
    ],
)
async def test_g2_the_list_is_found_by_a_path_or_by_cel(
    serve: EngineMaker, where: str, output: list[int]
) -> None:
    """In the state, in an output, or computed."""
    graph = graph_of(
        lambda make: make.steps(
            "unit",
            Block()
            .task("list", lambda _context: {"rows": [1, 2, 3]})
            .map("each", where, Block().task("echo", echo)),
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

        assert await engine.get_output(run.id) == {"unit": output}


async def test_g2_maps_in_maps_go_over_their_items_parts(serve: EngineMaker) -> None:
    """The inner item hides the outer one; the lists nest."""
    inner = Block().map("inner", "item", Block().task("echo", lambda context: context.path))
    async with serve(over([["a", "b"], [], ["c"]], inner)) as engine:
        run = await start(engine, "play")

        assert await engine.get_output(run.id) == {
            "unit": [
                ["unit[1]/inner[1]/echo", "unit[1]/inner[2]/echo"],
                [],
                ["unit[3]/inner[1]/echo"],
            ]
        }


@pytest.mark.parametrize("empty", [[], ()])
async def test_g2_a_map_over_nothing_brings_an_empty_list(serve: EngineMaker, empty: Any) -> None:
    """And goes on behind it."""
    seen: list[Any] = []
    graph = graph_of(
        lambda make: make.map(
            "unit", lambda _view: empty, Block().task("echo", echo), limit=2
        ).task("behind", lambda context: seen.append(context.outputs["unit"]))
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert (run.status, seen) == (RunStatus.COMPLETED, [[]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "TypeError: map 'unit' goes over None; give it a list"),
        ("abc", "TypeError: map 'unit' goes over 'abc'; give it a list"),
        ({"a": 1}, "TypeError: map 'unit' goes over {'a': 1}; give it a list"),
        ([1, {2}], "ValueError: the list of map 'unit' has {2} in it, which is no JSON; "),
        ([float("nan")], "ValueError: the list of map 'unit' has nan in it, which is no JSON; "),
    ],
)
async def test_g2_what_a_map_cannot_go_over_fails_it_clearly(
    serve: EngineMaker, given: object, message: str
) -> None:
    """No body begins."""
    places = Places()
    async with serve(over(given, Block().task("work", places.note))) as engine:
        run = await start(engine, "play")

    assert (run.status, places.ran) == (RunStatus.FAILED, [])
    assert str(run.error).startswith(message)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("state.missing", "'state.missing' asks for 'missing', which is not there; set it before"),
        ("item", "'item' is None, which is no list; map over a list"),
        ("input.text + '!'", "gives 'abc!', which is no list; map over a list"),
    ],
)
async def test_g2_a_text_that_leads_to_no_list_fails_the_map_clearly(
    serve: EngineMaker, where: str, message: str
) -> None:
    """The message has the text in it."""
    graph = graph_of(
        lambda make: make.map("unit", where, Block().task("echo", echo)),
        input={"type": "object", "properties": {"text": {"type": "string"}}},
    )
    async with serve(graph) as engine:
        run = await start(engine, "play", text="abc")

    assert (run.status, message in str(run.error)) == (RunStatus.FAILED, True)


async def test_h20_a_limit_counts_the_items_that_wait(serve: EngineMaker) -> None:
    """One after the other comes in as others are done, and their gates hold."""
    places = Places()
    async with serve(over([1, 2, 3, 4], asking(places), limit=2)) as engine:
        run = await start(engine, "play")
        for done, now in [(2, (1, 3)), (3, (1, 4)), (1, (4,)), (4, ())]:
            run = await answer(engine, run, f"unit[{done}]/ask")
            assert list(await asked(engine, run)) == [f"unit[{each}]/ask" for each in now]

    assert run.status == RunStatus.COMPLETED
    assert places.ran == [f"unit[{each}]/work" for each in (2, 3, 1, 4)]


def odd(context: Any) -> Any:
    """Refuse even items."""
    if context.item % 2 == 0:
        raise ValueError(f"{context.item} is even")
    return context.item


async def test_g2_best_effort_keeps_the_places_of_what_failed(serve: EngineMaker) -> None:
    """Null in its place, and the errors by number under a name of their own."""
    seen: list[Any] = []
    body = Block().task("odd", odd)
    graph = graph_of(
        lambda make: (
            make.map("unit", lambda _view: [1, 2, 3, 4], body, on_branch_error="best-effort")
            .router("behind")
            .task("look", lambda context: seen.append(dict(context.outputs)))
            .end("fine")
            .edge("behind", "look", when='size(outputs["unit.errors"]) == 2')
            .edge("behind", "fine")
            .ends("look")
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert run.status == RunStatus.COMPLETED
    assert seen[0]["unit"] == [1, None, 3, None]
    assert seen[0]["unit.errors"] == [
        {"key": "2", "type": "ValueError", "message": "2 is even"},
        {"key": "4", "type": "ValueError", "message": "4 is even"},
    ]


async def test_g2_errors_are_forgotten_when_the_next_visit_has_none(serve: EngineMaker) -> None:
    """What failed once does not stand beside a list in which nothing has failed."""
    seen: list[Any] = []

    def work(_context: Any) -> int:
        if not seen:
            raise ValueError("not yet")
        return 1

    def look(context: Any) -> dict[str, int]:
        seen.append((context.outputs["unit"], context.outputs.get("unit.errors")))
        return {"looks": len(seen)}

    graph = graph_of(
        lambda make: (
            make.map(
                "unit", lambda _view: [1], Block().task("work", work), on_branch_error="best-effort"
            )
            .task("behind", look)
            .end("done")
            .edge("behind", "unit", when="state.looks < 2")
            .edge("behind", "done")
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

    error = {"key": "1", "type": "ValueError", "message": "not yet"}
    assert (run.status, seen) == (RunStatus.COMPLETED, [([None], [error]), ([1], None)])


async def test_g2_by_default_a_map_fails_with_every_item_that_did(serve: EngineMaker) -> None:
    """The others have run."""
    async with serve(over([1, 2, 3, 4], Block().task("odd", odd))) as engine:
        run = await start(engine, "play")

    assert run.error == (
        "BranchesFailed: 2 branches failed: "
        "unit[2]: ValueError: 2 is even; unit[4]: ValueError: 4 is even"
    )


async def test_g2_fail_fast_stops_at_the_first_item_that_fails(serve: EngineMaker) -> None:
    """The item is named; what others ask is withdrawn and what has not begun never does."""
    places = Places()
    body = asking(places).task("odd", odd)
    graph = over([1, 2, 3], body, on_branch_error="fail-fast", limit=2)
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[2]/ask")

    assert (run.status, run.error) == ("failed", "ValueError: unit[2]: 2 is even")
    assert places.ran == ["unit[2]/work"]


async def test_g2_an_error_deep_inside_names_the_way_to_it(serve: EngineMaker) -> None:
    """Every join on the way adds the branch that it was in."""
    inner = Block().map("inner", "item", Block().task("odd", odd), on_branch_error="fail-fast")
    async with serve(over([[1], [3, 6]], inner)) as engine:
        run = await start(engine, "play")

    assert run.error == "ValueError: unit[2]: inner[2]: 6 is even"


async def test_g2_h20_three_hundred_items_wait_and_work(serve: EngineMaker) -> None:
    """All are open at once; each works once, in reasonable time."""
    ran: set[str] = set()
    lock = threading.Lock()

    def work(context: Any) -> int:
        with lock:
            ran.add(context.path)
        return int(context.item) * 2

    body = Block().approval("ask", approvers=BOB).task("work", work)
    async with serve(over(list(range(300)), body)) as engine, asyncio.timeout(60):
        run = await start(engine, "play")
        questions = await asked(engine, run)
        assert (len(questions), len(ran)) == (300, 0)
        await asyncio.gather(*(approve(engine, each) for each in questions.values()))
        run = await settle(engine, run)

        assert (run.status, len(ran)) == (RunStatus.COMPLETED, 300)
        assert await engine.get_output(run.id) == {"unit": [2 * each for each in range(300)]}
