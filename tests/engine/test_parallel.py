"""Branches side by side: limits, failures, questions in any order."""

from __future__ import annotations

import asyncio
import threading
from itertools import permutations
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked, asking, graph_of, statuses
from tests.engine.test_gates import approve, settle, start
from tests.engine.test_nodes import of_type

NAMES = ("a", "b", "c")


def branches(places: Places, **options: Any) -> Graph:
    """Return three branches that ask and work, and a node behind them."""
    return graph_of(
        lambda make: make.parallel(
            "unit", {name: asking(places) for name in NAMES}, **options
        ).task("behind", places.note)
    )


@pytest.mark.parametrize("order", list(permutations(NAMES)), ids="".join)
async def test_h20_questions_of_branches_are_answered_in_any_order(
    serve: EngineMaker, order: tuple[str, ...]
) -> None:
    """Each lets only its own branch go on, and what is behind waits for the last one."""
    places = Places()
    async with serve(branches(places)) as engine:
        run = await start(engine, "play")
        assert list(await asked(engine, run)) == [f"unit[{name}]/ask" for name in NAMES]
        for name in order:
            assert "behind" not in places.ran
            run = await answer(engine, run, f"unit[{name}]/ask")

    assert places.ran == [*(f"unit[{name}]/work" for name in order), "behind"]
    assert run.status == RunStatus.COMPLETED


async def test_h20_answers_at_the_same_time_all_count(serve: EngineMaker) -> None:
    """Every branch works once, and so does what is behind them."""
    places = Places()
    async with serve(branches(places)) as engine:
        run = await start(engine, "play")
        await asyncio.gather(
            *(approve(engine, each) for each in (await asked(engine, run)).values())
        )
        run = await settle(engine, run)

    works = [f"unit[{name}]/work" for name in NAMES]
    assert (run.status, places.ran[-1], sorted(places.ran[:-1])) == ("completed", "behind", works)


async def test_g2_a_parallel_brings_a_dict_in_the_order_of_its_branches(
    serve: EngineMaker,
) -> None:
    """Whichever is done first."""
    seen: list[Any] = []
    graph = graph_of(
        lambda make: make.parallel("unit", {name: asking(Places()) for name in NAMES}).task(
            "behind", lambda context: seen.append(list(context.outputs["unit"].items()))
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for name in reversed(NAMES):
            run = await answer(engine, run, f"unit[{name}]/ask")

    assert seen == [[(name, f"unit[{name}]/work") for name in NAMES]]


async def test_g2_a_limit_counts_the_branches_that_wait(serve: EngineMaker) -> None:
    """The next one begins when one is over, and not before."""
    places = Places()
    async with serve(branches(places, limit=2)) as engine:
        run = await start(engine, "play")
        assert list(await asked(engine, run)) == ["unit[a]/ask", "unit[b]/ask"]
        run = await answer(engine, run, "unit[b]/ask")
        assert list(await asked(engine, run)) == ["unit[a]/ask", "unit[c]/ask"]
        run = await answer(engine, run, "unit[c]/ask")
        assert places.ran == ["unit[b]/work", "unit[c]/work"]
        run = await answer(engine, run, "unit[a]/ask")

    assert (run.status, places.ran[2:]) == (RunStatus.COMPLETED, ["unit[a]/work", "behind"])


async def test_g2_a_limit_holds_for_what_runs(serve: EngineMaker) -> None:
    """So many branches meet at a barrier, and never more of them are at work."""
    running, most, barrier = 0, 0, asyncio.Barrier(3)

    async def work(_context: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await barrier.wait()
        running -= 1

    bodies = {f"b{number}": Block().task("work", work) for number in range(6)}
    async with serve(graph_of(lambda make: make.parallel("unit", bodies, limit=3))) as engine:
        run = await start(engine, "play")

    assert (run.status, most) == (RunStatus.COMPLETED, 3)


def failing(places: Places, **options: Any) -> Graph:
    """Return branches of which two are rejected and fail, and one asks."""
    strict: Any = {"approvers": BOB, "on_reject": "fail"}
    bodies = {
        "a": Block().task("work", places.note, confirm=strict),
        "b": Block().task("work", places.note, confirm=strict),
        "c": asking(places),
    }
    return graph_of(
        lambda make: make.parallel("unit", bodies, **options).task("behind", places.note)
    )


async def test_g2_the_others_go_on_and_then_the_join_fails_with_all_errors(
    serve: EngineMaker,
) -> None:
    """Each error is named by its branch."""
    places = Places()
    async with serve(failing(places)) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[a]/work", "reject", comment="Red.")
        assert run.status == RunStatus.WAITING
        run = await answer(engine, run, "unit[c]/ask")
        run = await answer(engine, run, "unit[b]/work", "reject", comment="Late.")

    assert (run.status, places.ran) == (RunStatus.FAILED, ["unit[c]/work"])
    assert run.error == (
        "BranchesFailed: 2 branches failed: "
        "unit[a]: Rejected: work was rejected: Red.; unit[b]: Rejected: work was rejected: Late."
    )


async def test_g2_one_error_stays_what_it_is_and_names_its_branch(serve: EngineMaker) -> None:
    """Its type is not hidden by the join."""
    places = Places()
    async with serve(failing(places)) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[b]/work", "reject")
        run = await answer(engine, run, "unit[a]/work")
        run = await answer(engine, run, "unit[c]/ask")

    assert (run.status, run.error) == ("failed", "Rejected: unit[b]: work was rejected")
    assert places.ran == ["unit[a]/work", "unit[c]/work"]


async def test_h20_fail_fast_withdraws_what_the_others_ask(serve: EngineMaker) -> None:
    """Nothing of them runs any more, and the error names the branch that failed."""
    places = Places()
    async with serve(failing(places, on_branch_error="fail-fast")) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[b]/work", "reject")

        assert await statuses(engine, run) == {
            "unit[a]/work": "withdrawn",
            "unit[b]/work": "rejected",
            "unit[c]/ask": "withdrawn",
        }
        assert (await engine.verify(run.id)).is_sound
    assert (run.status, run.error) == ("failed", "Rejected: unit[b]: work was rejected")
    assert places.ran == []


async def test_h20_branches_that_have_not_begun_never_do_after_a_fail_fast(
    serve: EngineMaker,
) -> None:
    """A limit holds them back, and the failure passes them over."""
    places = Places()
    async with serve(failing(places, on_branch_error="fail-fast", limit=1)) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[a]/work", "reject")

        assert await statuses(engine, run) == {"unit[a]/work": "rejected"}
    assert (run.status, places.ran) == (RunStatus.FAILED, [])


async def test_g2_best_effort_goes_on_with_null_and_the_errors(serve: EngineMaker) -> None:
    """The errors stand beside the output, in the order of the branches."""
    places, seen = Places(), dict[str, Any]()
    graph = failing(places, on_branch_error="best-effort")
    behind: Any = graph.nodes["behind"]
    object.__setattr__(behind, "function", lambda context: seen.update(context.outputs))
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[b]/work", "reject")
        run = await answer(engine, run, "unit[c]/ask")
        run = await answer(engine, run, "unit[a]/work", "reject", comment="Red.")

    assert (run.status, places.ran) == (RunStatus.COMPLETED, ["unit[c]/work"])
    assert seen == {
        "unit": {"a": None, "b": None, "c": "unit[c]/work"},
        "unit.errors": [
            {"key": "a", "type": "Rejected", "message": "work was rejected: Red."},
            {"key": "b", "type": "Rejected", "message": "work was rejected"},
        ],
    }


async def test_g2_what_a_stopped_branch_returns_late_is_ignored(serve: EngineMaker) -> None:
    """The run has gone on without it; nothing of the late result is kept."""
    started, release = threading.Event(), threading.Event()
    seen: list[Any] = []

    def slow(_context: Any) -> dict[str, str]:
        started.set()
        release.wait(10)
        return {"late": "yes"}

    def fail(_context: Any) -> None:
        started.wait(10)
        raise ValueError("no")

    bodies = {"a": Block().task("fail", fail), "b": Block().task("slow", slow, writes="late")}
    graph = graph_of(
        lambda make: make.parallel(
            "unit", bodies, on_branch_error="fail-fast", on_error="skip"
        ).task(
            "behind", lambda context: seen.append((dict(context.state), context.outputs["unit"]))
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        release.set()
    async with serve(graph, records_only=True) as engine:
        succeeded = await of_type(engine, run, e.NodeSucceeded)

        assert [event.path for event in succeeded] == ["behind"]
        assert (await engine.verify(run.id)).is_sound
    assert (run.status, seen) == (RunStatus.COMPLETED, [({}, None)])


async def test_h20_a_rejection_in_a_branch_that_cancels_ends_everything(
    serve: EngineMaker,
) -> None:
    """The other branches' questions are withdrawn with the run."""
    places = Places()
    async with serve(branches(places, on_branch_error="best-effort")) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit[a]/ask")
        run = await answer(engine, run, "unit[b]/ask", "reject")

        assert (await statuses(engine, run))["unit[c]/ask"] == "withdrawn"
    assert (run.status, places.ran) == (RunStatus.CANCELLED, ["unit[a]/work"])
