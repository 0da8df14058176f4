"""Waits for a time, an instant or a signal, alone and inside composites."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph
from orchestrator.runtime import Engine
from orchestrator.store import Run
from orchestrator.testing import FakeClock, pass_time
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, Places, answer, asked, graph_of
from tests.engine.test_gates import settle, start

HOUR = timedelta(hours=1)


def waiting(places: Places, **options: Any) -> Graph:
    """Return a wait, and a node behind it."""
    return graph_of(lambda make: make.wait("unit", **options).task("behind", places.note))


async def signal(engine: Engine, run: Run, payload: Any = None) -> Run:
    """Send the signal that the graphs here wait for, and let the run go on."""
    await engine.signal(run.id, "go", payload, by="DRIVER", surface="test")
    return await settle(engine, run)


@pytest.mark.parametrize("length", ["1h", HOUR, lambda view: HOUR * len(view.run["requester"][:1])])
async def test_g2_a_duration_is_over_at_its_instant_and_not_before(
    serve: EngineMaker, clock: FakeClock, length: Any
) -> None:
    """As a text, as a time, or computed."""
    places = Places()
    async with serve(waiting(places, duration=length)) as engine:
        run = await start(engine, "play")
        await pass_time(engine, clock, HOUR - timedelta(seconds=1))
        assert ((await settle(engine, run)).status, places.ran) == (RunStatus.WAITING, [])
        await pass_time(engine, clock, timedelta(seconds=1))
        run = await settle(engine, run)

    assert (run.status, places.ran) == (RunStatus.COMPLETED, ["behind"])


@pytest.mark.parametrize("is_text", [True, False])
async def test_g2_a_wait_until_an_instant_ends_there(
    serve: EngineMaker, clock: FakeClock, *, is_text: bool
) -> None:
    """However much of the time was slept through."""
    places = Places()
    until = clock.now() + HOUR
    given: Any = until.isoformat() if is_text else lambda _view: until
    graph = waiting(places, until=given)
    async with serve(graph) as engine:
        run = await start(engine, "play")
        assert (run.status, places.ran) == (RunStatus.WAITING, [])
    clock.advance(2 * HOUR)
    async with serve(graph) as engine:
        run = await settle(engine, await engine.wait_until(run.id, lambda now: now.seq > run.seq))

    assert (run.status, places.ran) == (RunStatus.COMPLETED, ["behind"])


@pytest.mark.parametrize(
    "options", [{"until": "2020-01-01T00:00:00Z"}, {"duration": lambda _view: timedelta()}]
)
async def test_g2_an_instant_in_the_past_is_over_at_once(
    serve: EngineMaker, options: dict[str, Any]
) -> None:
    """Nothing waits for anything."""
    places = Places()
    async with serve(waiting(places, **options)) as engine:
        run = await start(engine, "play")

    assert (run.status, places.ran) == (RunStatus.COMPLETED, ["behind"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration": lambda _view: timedelta(seconds=-1)}, "a duration that is not negative"),
        ({"duration": lambda _view: 60}, "a duration that is not negative, this one is 60"),
        ({"until": lambda view: view.run["started_at"].replace(tzinfo=None)}, "an aware instant"),
        ({"until": lambda _view: "tomorrow"}, "an aware instant, this one at 'tomorrow'"),
    ],
)
async def test_g2_a_time_that_makes_no_sense_fails_the_wait_clearly(
    serve: EngineMaker, options: dict[str, Any], message: str
) -> None:
    """Nothing behind it runs."""
    places = Places()
    async with serve(waiting(places, **options)) as engine:
        run = await start(engine, "play")

    assert (run.status, message in str(run.error), places.ran) == (RunStatus.FAILED, True, [])


def signalled(places: Places, **options: Any) -> Graph:
    """Return a question, a wait for a signal, and a node that brings what the signal did."""

    def behind(context: Any) -> Any:
        places.note(context)
        return {"came": context.outputs["wait"]}

    body = (
        Block()
        .approval("ask", approvers=BOB)
        .wait("wait", signal="go", **options)
        .task("work", behind)
    )
    return graph_of(lambda make: make.steps("unit", body))


async def test_g2_a_signal_that_comes_early_is_kept(serve: EngineMaker) -> None:
    """The node that waits for it later goes on at once; it counts once."""
    places = Places()
    graph = signalled(places)
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await signal(engine, run, {"n": 1})
        assert (run.status, places.ran) == (RunStatus.WAITING, [])
    async with serve(graph) as engine:
        run = await answer(engine, run, "unit/ask")

        assert await engine.get_output(run.id) == {"came": {"n": 1}}
    assert (run.status, places.ran) == (RunStatus.COMPLETED, ["unit/work"])


@pytest.mark.parametrize("payload", [None, False, 0, "", [], {"n": 1}], ids=repr)
async def test_g2_a_signal_brings_any_json(serve: EngineMaker, payload: Any) -> None:
    """Also what looks like nothing."""
    places = Places()
    async with serve(signalled(places)) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit/ask")
        assert places.ran == []
        run = await signal(engine, run, payload)

        assert await engine.get_output(run.id) == {"came": payload}
    assert (run.status, places.ran) == (RunStatus.COMPLETED, ["unit/work"])


async def test_g2_a_signal_in_time_ends_its_timeout(serve: EngineMaker, clock: FakeClock) -> None:
    """The timer is gone with the wait."""
    places = Places()
    async with serve(signalled(places, timeout="1h")) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "unit/ask")
        clock.advance(HOUR - timedelta(seconds=1))
        run = await signal(engine, run, "here")
        await pass_time(engine, clock, HOUR)

        assert await engine.get_output(run.id) == {"came": "here"}
    assert (run.status, places.ran) == (RunStatus.COMPLETED, ["unit/work"])


async def test_g2_a_signal_after_the_timeout_is_too_late(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The wait has failed; where that is passed over, the signal changes nothing any more."""
    places = Places()
    graph = graph_of(
        lambda make: (
            make.wait("unit", signal="go", timeout="1h", on_error="skip")
            .approval("behind", approvers=BOB)
            .task("work", places.note)
            .edge("behind", "work")
            .ends("work")
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        await pass_time(engine, clock, HOUR)
        run = await signal(engine, run, "late")
        assert (run.places, places.ran) == (("behind",), [])
        run = await answer(engine, run, "behind")

    assert (run.status, places.ran) == (RunStatus.COMPLETED, ["work"])


async def test_g2_each_signal_lets_one_item_go_on(serve: EngineMaker) -> None:
    """The one that has waited longest; the last one of a name too many is kept for nobody."""
    places = Places()
    body = Block().wait("wait", signal="go").task("work", places.note)
    graph = graph_of(lambda make: make.map("unit", lambda _view: [1, 2, 3], body))
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for number in (1, 2, 3):
            run = await signal(engine, run, number)
            assert places.ran[-1] == f"unit[{number}]/work"

    assert (run.status, len(places.ran)) == (RunStatus.COMPLETED, 3)


async def test_g2_waits_in_branches_end_for_themselves(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """Two times and a signal, each when it is due; a question beside them stays open."""
    places = Places()
    bodies = {
        "long": Block().wait("wait", duration="2h").task("work", places.note),
        "short": Block().wait("wait", duration="1h").task("work", places.note),
        "signal": Block().wait("wait", signal="go").task("work", places.note),
        "ask": Block().approval("ask", approvers=BOB).task("work", places.note),
    }
    graph = graph_of(lambda make: make.parallel("unit", bodies))
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for _ in range(2):
            await pass_time(engine, clock, HOUR)
            await settle(engine, run)
        await signal(engine, run)
        assert list(await asked(engine, run)) == ["unit[ask]/ask"]
        run = await answer(engine, run, "unit[ask]/ask")

    assert run.status == RunStatus.COMPLETED
    assert places.ran == [f"unit[{name}]/work" for name in ("short", "long", "signal", "ask")]
