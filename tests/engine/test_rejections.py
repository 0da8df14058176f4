"""Gates before a node, on conditions, routers and loops, through the real engine."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.runtime import Engine
from orchestrator.store import Run
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects
from tests.engine.test_gates import approve, only_question, settle, start

SCHEMA = {"type": "object", "required": ["day"], "properties": {"day": {"type": "string"}}}


async def answer(engine: Engine, run: Run, decision: str, **more: Any) -> Run:
    """Answer the one open question of a run, and let the run go on."""
    await approve(engine, await only_question(engine, run), decision=decision, **more)
    return await settle(engine, run)


def guarded(effects: Effects, kind: str, on_reject: str) -> Graph:
    """Return before → guarded → behind, with a way to aside, and one gate on the second node."""
    gate: dict[str, Any] = {"approvers": "@editors", "on_reject": on_reject}
    if on_reject == "retry":
        gate["max_retries"] = 1
    if on_reject == "route":
        gate["rejection"] = "aside"
    if kind == "input":
        gate["schema"] = SCHEMA
    gates: Any = {kind: gate}
    return (
        GraphBuilder("guarded")
        .task("before", effects.note)
        .task("guarded", effects.note, **gates)
        .task("behind", effects.note)
        .task("aside", effects.note)
        .edge("before", "aside", when=lambda _view: False)
        .sequence("before", "guarded", "behind")
        .start("before")
        .ends("behind", "aside")
        .build()
    )


@pytest.mark.parametrize("kind", ["confirm", "input"])
@pytest.mark.parametrize(
    ("on_reject", "status", "behind", "aside"),
    [
        ("cancel", RunStatus.CANCELLED, 0, 0),
        ("skip", RunStatus.COMPLETED, 1, 0),
        ("fail", RunStatus.FAILED, 0, 0),
        ("retry", RunStatus.CANCELLED, 0, 0),
        ("route", RunStatus.COMPLETED, 0, 1),
    ],
)
async def test_h9_what_was_rejected_beforehand_never_runs(  # noqa: PLR0917 - a table's columns
    serve: EngineMaker, kind: str, on_reject: str, status: RunStatus, behind: int, aside: int
) -> None:
    """Whatever the rejection leads to, and however often it is repeated."""
    effects = Effects()
    async with serve(guarded(effects, kind, on_reject)) as engine:
        run = await start(engine, "guarded")
        while run.status == RunStatus.WAITING:
            run = await answer(engine, run, "reject", comment="No.")

    assert effects.of("guarded") == 0
    assert (run.status, effects.of("behind"), effects.of("aside")) == (status, behind, aside)


@pytest.mark.parametrize("has_else", [True, False])
@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_h11_a_confirm_takes_the_place_of_a_condition(
    serve: EngineMaker, decision: str, *, has_else: bool
) -> None:
    """Approved the first branch runs, rejected the other one or none; nothing is evaluated."""
    effects, evaluated = Effects(), list[object]()

    def never(view: object) -> bool:
        evaluated.append(view)
        return decision == "reject"

    graph = (
        GraphBuilder("fork")
        .condition(
            "check",
            never,
            Block().task("yes", effects.note),
            Block().task("no", effects.note) if has_else else None,
            confirm="@editors",
        )
        .task("behind", effects.note)
        .sequence("check", "behind")
        .start("check")
        .ends("behind")
        .build()
    )
    async with serve(graph) as engine:
        run = await answer(engine, await start(engine, "fork"), decision)

    is_yes = decision == "approve"
    assert (run.status, evaluated) == (RunStatus.COMPLETED, [])
    assert (effects.of("yes"), effects.of("no")) == (is_yes, has_else and not is_yes)
    assert effects.of("behind") == 1


def routed(effects: Effects) -> Graph:
    """Return a router with a confirm before, a choice, and a review after it."""
    return (
        GraphBuilder("routed")
        .router(
            "way",
            routes={name: Block().task(name, effects.note) for name in ("left", "right")},
            confirm="@editors",
            choose={"approvers": "@editors", "multiple": True},
            review={"approvers": "@editors", "on_reject": "retry", "max_retries": 1},
        )
        .task("behind", effects.note)
        .sequence("way", "behind")
        .start("way")
        .ends("behind")
        .build()
    )


async def test_h12_a_confirm_a_choice_and_a_review_are_all_asked(serve: EngineMaker) -> None:
    """In this order; several routes run as they were chosen, and a review may have them rerun."""
    effects = Effects()
    async with serve(routed(effects)) as engine:
        run = await start(engine, "routed")
        for choice in (["left"], ["right", "left"]):
            run = await answer(engine, run, "approve")
            run = await answer(engine, run, "choose", values=choice)
            assert effects.of("behind") == 0
            decision = "approve" if len(choice) > 1 else "reject"
            run = await answer(engine, run, decision)

    assert [name for name, _ in effects.ran] == ["left", "right", "left", "behind"]
    assert run.status == RunStatus.COMPLETED


async def test_h12_a_review_sends_a_router_back_as_often_as_declared(serve: EngineMaker) -> None:
    """Then the run is cancelled, and nothing behind has run."""
    effects = Effects()
    async with serve(routed(effects)) as engine:
        run = await start(engine, "routed")
        for _ in range(2):
            run = await answer(engine, run, "approve")
            run = await answer(engine, run, "choose", values="left")
            run = await answer(engine, run, "reject")

    assert (run.status, effects.of("left"), effects.of("behind")) == (RunStatus.CANCELLED, 2, 0)


async def test_h13_a_loop_is_confirmed_once_and_reviewed_each_round(serve: EngineMaker) -> None:
    """A request for changes goes round again with the feedback; approved, the loop is left."""
    effects, told = Effects(), list[str | None]()

    def work(context: Any) -> int:
        effects.note(context)
        told.append(context.feedback)
        return int(context.number)

    graph = (
        GraphBuilder("rounds")
        .loop("refine", Block().task("work", work), confirm="@editors", iterate="@editors")
        .task("behind", effects.note)
        .sequence("refine", "behind")
        .start("refine")
        .ends("behind")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "rounds")
        assert effects.ran == []
        run = await answer(engine, run, "approve")
        run = await answer(engine, run, "request-changes", comment="More!")
        assert (await only_question(engine, run)).payload == {"refine": 2}
        assert effects.of("behind") == 0
        run = await answer(engine, run, "approve")

    assert (run.status, effects.of("work"), effects.of("behind")) == (RunStatus.COMPLETED, 2, 1)
    assert told == [None, "More!"]
