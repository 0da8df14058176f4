"""What branches and items write for themselves, and what of it comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.errors import GraphValidationError
from orchestrator.graph import Block, Graph, GraphBuilder
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked, graph_of
from tests.engine.test_gates import start


def returns(value: Any) -> Callable[[Any], Any]:
    """Return a task's function that returns a value."""
    return lambda _context: value


def writers(values: dict[str, Any], reducer: Any, seen: list[Any]) -> Graph:
    """Return branches that each write one key, and a node that looks at it."""
    bodies = {
        name: Block().task("write", returns({"made": value}), writes="made")
        for name, value in values.items()
    }
    return graph_of(
        lambda make: make.parallel("unit", bodies, merge={"made": reducer}).task(
            "behind", lambda context: seen.append((context.state["made"], context.outputs["unit"]))
        )
    )


@pytest.mark.parametrize(
    ("reducer", "values", "made"),
    [
        ("list", (1, "x", None), [1, "x", None]),
        ("concat", ([1], [], [2, 3]), [1, 2, 3]),
        ("concat", ("a", "b", "c"), "abc"),
        ("sum", (1, 2.5, 3), 6.5),
        ("merge", ({"a": 1, "z": 1}, {"b": 2}, {"z": 3}), {"a": 1, "z": 3, "b": 2}),
        ("first", (3, 1, 2), 3),
        ("last", (3, 1, 2), 2),
        (max, (3, 1, 2), 3),
        (lambda values: {"spread": max(values) - min(values)}, (3, 1, 2), {"spread": 2}),
        (tuple, (3, 1, 2), [3, 1, 2]),
    ],
)
async def test_g4_reducers_make_one_value_in_the_order_of_the_branches(
    serve: EngineMaker, reducer: Any, values: tuple[Any, ...], made: Any
) -> None:
    """By name or as a function; the branches' own outputs stay as they were."""
    seen: list[Any] = []
    given = dict(zip("abc", values, strict=True))
    async with serve(writers(given, reducer, seen)) as engine:
        run = await start(engine, "play")

        assert (await engine.verify(run.id)).is_sound
    assert (run.status, run.error) == (RunStatus.COMPLETED, None)
    assert seen == [(made, {name: {"made": value} for name, value in given.items()})]


@pytest.mark.parametrize(
    ("reducer", "values", "message"),
    [
        ("concat", ([1], "x"), "concat cannot merge the values of 'made': "),
        ("sum", (1, "x"), "sum cannot merge the values of 'made': "),
        ("merge", ({"a": 1}, 7), "merge cannot merge the values of 'made': "),
        (lambda values: values[5], (1, 2), "the reducer cannot merge the values of 'made': "),
        (set, (1, 2), "the merged 'made' has {1, 2} in it, which is no JS"),
    ],
)
async def test_g4_a_reducer_that_fails_fails_the_parallel(
    serve: EngineMaker, reducer: Any, values: tuple[Any, ...], message: str
) -> None:
    """The error names the key; nothing behind it runs, and nothing is set."""
    seen: list[Any] = []
    async with serve(writers(dict(zip("ab", values, strict=True)), reducer, seen)) as engine:
        run = await start(engine, "play")

        assert (await engine.verify(run.id)).is_sound
    assert (run.status, seen) == (RunStatus.FAILED, [])
    assert message in str(run.error)


async def test_g4_a_reducer_may_change_what_it_is_given(serve: EngineMaker) -> None:
    """It works on copies, so that what the branches brought stays as the log has it."""
    seen: list[Any] = []

    def extend(values: list[Any]) -> Any:
        first = values[0]
        first.extend(values[1])
        return first

    async with serve(writers({"a": [1], "b": [2]}, extend, seen)) as engine:
        await start(engine, "play")

    assert seen == [([1, 2], {"a": {"made": [1]}, "b": {"made": [2]}})]


async def test_g4_keys_that_nobody_names_stay_in_their_branch(serve: EngineMaker) -> None:
    """What is named in `writes` comes out; siblings never see each other's keys."""
    seen: dict[str, Any] = {}

    def look(context: Any) -> None:
        seen[context.path] = dict(context.state)

    bodies = {
        "a": Block()
        .task("write", returns({"loose": "a"}))
        .task("name", returns({"kept": "a"}), writes="kept")
        .task("look", look),
        "b": Block().task("write", returns({"loose": "b", "base": "changed"})).task("look", look),
    }
    graph = (
        GraphBuilder("play")
        .task("before", returns({"base": "as it was"}))
        .parallel("unit", bodies)
        .task("behind", look)
        .sequence("before", "unit", "behind")
        .start("before")
        .ends("behind")
        .build()
    )
    async with serve(graph) as engine:
        await start(engine, "play")

    assert seen == {
        "unit[a]/look": {"base": "as it was", "loose": "a", "kept": "a"},
        "unit[b]/look": {"base": "changed", "loose": "b"},
        "behind": {"base": "as it was", "kept": "a"},
    }


async def test_g4_a_key_comes_out_of_the_branch_that_names_it(serve: EngineMaker) -> None:
    """What another branch set under the same name stays in there, and is no clash."""
    seen: list[Any] = []
    bodies = {
        "a": Block().task("write", returns({"kept": "a"}), writes="kept"),
        "b": Block().task("write", returns({"kept": "b"})),
    }
    graph = graph_of(
        lambda make: make.parallel("unit", bodies).task(
            "behind", lambda context: seen.append(dict(context.state))
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert (run.status, run.error, seen) == (RunStatus.COMPLETED, None, [{"kept": "a"}])


async def test_g4_two_branches_that_name_one_key_are_refused_when_it_is_built() -> None:
    """With the remedy, at any depth of the branches."""
    deep = Block().steps("group", Block().task("write", returns({}), writes="made"))
    flat = Block().task("write", returns({}), writes="made")

    with pytest.raises(GraphValidationError, match="branches 'a' and 'b' both write 'made'"):
        graph_of(lambda make: make.parallel("unit", {"a": deep, "b": flat}))


@pytest.mark.parametrize("key", ["kept", "signed", "found"])
async def test_g4_keys_come_out_of_whatever_is_inside_a_branch(
    serve: EngineMaker, key: str
) -> None:
    """Of steps and loops, of gates that save their answer, of a map that merges."""
    seen: list[Any] = []
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    gate: Any = {"approvers": BOB, "schema": schema, "save_as": "signed"}
    inside = {
        "kept": Block().steps(
            "group",
            Block().loop(
                "again", Block().task("write", returns({"kept": 1}), writes="kept"), max_rounds=2
            ),
        ),
        "signed": Block().task("write", lambda context: context.answer["name"], input=gate),
        "found": Block().map(
            "each",
            lambda _view: [1, 2],
            Block().task("write", lambda context: {"found": context.item}, writes="found"),
            merge={"found": "list"},
        ),
    }
    graph = graph_of(
        lambda make: make.parallel(
            "unit", {"a": inside[key], "b": Block().task("other", returns({"kept": 9}))}
        ).task("behind", lambda context: seen.append(context.state[key]))
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        if await asked(engine, run):
            run = await answer(engine, run, "unit[a]/write", "answer", values={"name": "Ann"})

    assert (run.status, seen) == (
        RunStatus.COMPLETED,
        [{"kept": 1, "signed": {"name": "Ann"}, "found": [1, 2]}[key]],
    )


async def test_g4_what_items_write_leaves_a_map_by_merge_only(serve: EngineMaker) -> None:
    """In the order of the items, whichever was done first; failed ones add nothing."""
    seen: list[Any] = []
    places = Places()

    def work(context: Any) -> dict[str, Any]:
        places.note(context)
        if context.item == 2:
            raise ValueError("two")
        return {"found": [context.item], "loose": context.item}

    body = Block().approval("ask", approvers=BOB).task("work", work)
    graph = graph_of(
        lambda make: make.map(
            "unit",
            lambda _view: [1, 2, 3],
            body,
            merge={"found": "concat"},
            on_branch_error="best-effort",
        ).task("behind", lambda context: seen.append(dict(context.state)))
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for number in (3, 2, 1):
            assert seen == []
            run = await answer(engine, run, f"unit[{number}]/ask")

    assert (run.status, len(places.ran)) == (RunStatus.COMPLETED, 3)
    assert seen == [{"found": [1, 3]}]


async def test_g4_decisions_in_branches_are_seen_in_their_own_branch(serve: EngineMaker) -> None:
    """Each node behind a gate reads the decision of its gate, and nobody outside does."""
    seen: dict[str, Any] = {}

    def look(context: Any) -> None:
        seen[context.path] = context.state.get("human_response", {}).get("comment")

    body = Block().approval("ask", approvers=BOB).task("look", look)
    graph = graph_of(lambda make: make.map("unit", lambda _view: [1, 2], body).task("behind", look))
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[2]/ask", comment="Two.")
        run = await answer(engine, run, "unit[1]/ask", comment="One.")

    assert seen == {"unit[1]/look": "One.", "unit[2]/look": "Two.", "behind": None}


@pytest.mark.parametrize(("reducer", "merged"), [("list", []), ("sum", 0), ("merge", {})])
async def test_g4_a_map_without_items_still_sets_what_it_merges(
    serve: EngineMaker, reducer: str, merged: Any
) -> None:
    """So that what comes after it needs no special case."""
    seen: list[Any] = []
    body = Block().task("write", returns({"made": 1}), writes="made")
    graph = graph_of(
        lambda make: make.map("unit", returns([]), body, merge={"made": reducer}).task(
            "behind", lambda context: seen.append((context.state["made"], context.outputs["unit"]))
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")

    assert (run.status, seen) == (RunStatus.COMPLETED, [(merged, [])])
