"""Pausing, resuming, signals, and the grace of a cancelled run."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.errors import (
    InvalidValuesError,
    ResponseError,
    RunFinishedError,
    UnknownSignalError,
)
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects, gated
from tests.engine.test_gates import approve, only_question, settle, start
from tests.engine.test_nodes import of_type, one_task


async def test_p6_a_paused_run_takes_decisions_and_starts_nothing(serve: EngineMaker) -> None:
    """What the decision makes ready is held back until somebody resumes the run."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        paused = await engine.pause(run.ref, by="OPERA", reason="freeze")
        await approve(engine, await only_question(engine, run))
        await engine.tick()
        held = await engine.get_run(run.id)

        assert (paused.status, paused.paused_by, paused.pause_reason) == (
            RunStatus.PAUSED,
            "OPERA",
            "freeze",
        )
        assert (held.status, held.places, effects.of("publish")) == (
            RunStatus.PAUSED,
            ("publish",),
            0,
        )
        await engine.resume(run.id, by="OPERA")
        run = await settle(engine, run)

        assert (run.status, run.paused_by, effects.of("publish")) == (
            RunStatus.COMPLETED,
            None,
            1,
        )


async def test_p6_a_pause_outlives_the_process_and_is_lifted_in_another(
    serve: EngineMaker,
) -> None:
    """A serving engine leaves paused runs alone; one that only records may resume them."""
    effects = Effects()
    graph = gated(effects)
    async with serve(graph) as engine:
        run = await start(engine)
        await engine.pause(run.id, by="OPERA")
        await approve(engine, await only_question(engine, run))
    async with serve(graph) as engine, serve(graph, records_only=True) as recorder:
        await engine.tick()
        assert effects.of("publish") == 0
        await recorder.resume(run.id, by="OPERA")
        await engine.tick()
        run = await settle(engine, run)

    assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)


async def test_p6_pausing_lets_a_running_node_finish(serve: EngineMaker) -> None:
    """Its result counts, and the node behind it waits."""
    release = asyncio.Event()
    ran: list[str] = []

    async def first(_context: Any) -> None:
        await release.wait()

    graph = (
        GraphBuilder("two")
        .task("first", first)
        .task("second", lambda context: ran.append(context.node))
        .edge("first", "second")
        .start("first")
        .ends("second")
        .build()
    )
    async with serve(graph) as engine:
        run = await engine.start("two", {}, requester="ALICE", surface="test")
        await engine.wait_until(run.id, lambda now: now.status == "running", timeout=5)
        await engine.pause(run.id, by="OPERA")
        release.set()
        await engine.wait_until(run.id, lambda now: now.places == ("second",), timeout=5)
        assert ran == []
        await engine.resume(run.id, by="OPERA")
        run = await settle(engine, run)

        assert (run.status, ran) == (RunStatus.COMPLETED, ["second"])


async def test_p6_pausing_twice_or_resuming_what_runs_changes_nothing(
    serve: EngineMaker,
) -> None:
    """The log stays as it is; a finished run is refused."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        before = (await engine.resume(run.id, by="OPERA")).seq
        once = await engine.pause(run.id, by="OPERA")
        twice = await engine.pause(run.id, by="OTHER")
        assert (before + 1, once.seq) == (once.seq, twice.seq)
        await engine.cancel(run.id, by="ALICE", surface="test")
        with pytest.raises(RunFinishedError):
            await engine.pause(run.id, by="OPERA")


async def test_p6_deadlines_go_on_during_a_pause(serve: EngineMaker, clock: FakeClock) -> None:
    """A question expires while the run is paused."""
    effects = Effects()
    async with serve(gated(effects, timeout="1h", on_timeout="expire")) as engine:
        run = await start(engine)
        await engine.pause(run.id, by="OPERA")
        clock.advance(timedelta(hours=1))
        await engine.tick()

        assert (await engine.get_run(run.id)).status == RunStatus.TIMED_OUT


class Delivery(BaseModel):
    """What a signal brings."""

    parcel: str
    weight: float


def awaiting(**options: Any) -> Graph:
    """Return a graph that waits for a signal called arrived, and then looks at it."""
    return (
        GraphBuilder("parcel")
        .wait("arrival", signal="arrived", schema=Delivery, writes=("parcel",), **options)
        .task("unpack", lambda context: {"unpacked": context.state["parcel"]})
        .edge("arrival", "unpack")
        .start("arrival")
        .ends("unpack")
        .build()
    )


async def test_g2_a_signal_wakes_the_node_that_waits_for_it(serve: EngineMaker) -> None:
    """Its payload is the node's output, and sets the keys that the node writes."""
    async with serve(awaiting()) as engine:
        run = await start(engine, "parcel")
        assert run.status == RunStatus.WAITING
        await engine.signal(
            run.ref, "arrived", {"parcel": "tea", "weight": 2}, by="DRIVER", surface="rest"
        )
        run = await settle(engine, run)

        assert await engine.get_output(run.id) == {"unpacked": "tea"}
        (received,) = await of_type(engine, run, e.SignalReceived)
        assert (received.by, received.surface) == ("DRIVER", "rest")


async def test_g2_signals_are_checked_before_they_count(serve: EngineMaker) -> None:
    """An unknown name, a payload that does not fit, and one that is no JSON change nothing."""
    async with serve(awaiting()) as engine:
        run = await start(engine, "parcel")
        seq = (await engine.get_run(run.id)).seq
        with pytest.raises(UnknownSignalError, match="it takes arrived"):
            await engine.signal(run.id, "arived", by="DRIVER", surface="rest")
        with pytest.raises(InvalidValuesError) as caught:
            await engine.signal(run.id, "arrived", {"weight": "x"}, by="DRIVER", surface="rest")
        with pytest.raises(ResponseError):
            await engine.signal(run.id, "arrived", object(), by="DRIVER", surface="rest")

        assert {"parcel", "weight"} == {field for field, _ in caught.value.problems}
        assert ((await engine.get_run(run.id)).seq, run.status) == (seq, RunStatus.WAITING)


async def test_g2_a_recorded_signal_moves_a_run_in_the_serving_process(
    serve: EngineMaker,
) -> None:
    """Sent beside a server, it is there when the server looks; after the end it is refused."""
    graph = awaiting()
    async with serve(graph) as engine, serve(graph, records_only=True) as recorder:
        run = await start(engine, "parcel")
        payload = {"parcel": "tea", "weight": 2}
        await recorder.signal(run.id, "arrived", payload, by="DRIVER", surface="cli")
        await engine.tick()
        run = await settle(engine, run)
        with pytest.raises(RunFinishedError):
            await recorder.signal(run.id, "arrived", payload, by="DRIVER", surface="cli")

        assert run.status == RunStatus.COMPLETED


async def test_g2_a_wait_ends_by_the_scheduler_alone(serve: EngineMaker, clock: FakeClock) -> None:
    """A duration, and a signal that does not come in time."""
    pause = GraphBuilder("nap").wait("nap", duration="1h").start("nap").ends("nap").build()
    async with serve(pause, awaiting(timeout="2h")) as engine:
        nap, parcel = await start(engine, "nap"), await start(engine, "parcel")
        clock.advance(timedelta(hours=1))
        await engine.tick()
        assert (await settle(engine, nap)).status == RunStatus.COMPLETED
        clock.advance(timedelta(hours=1))
        await engine.tick()
        parcel = await engine.get_run(parcel.id)

        assert (parcel.status, "did not come in time" in str(parcel.error)) == (
            RunStatus.FAILED,
            True,
        )


async def test_g11_a_run_that_is_active_for_too_long_fails(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The scheduler ends it while its node still runs."""
    stopped = asyncio.Event()

    async def work(_context: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    builder = GraphBuilder("long", max_active=timedelta(minutes=5)).task("work", work)
    async with serve(builder.start("work").ends("work").build()) as engine:
        run = await engine.start("long", {}, requester="ALICE", surface="test")
        await engine.wait_until(run.id, lambda now: now.status == "running", timeout=5)
        clock.advance(timedelta(minutes=5))
        await engine.tick()
        run = await engine.wait_until(run.id, lambda now: now.finished_at is not None, timeout=5)

        assert (run.status, "max_active" in str(run.error)) == (RunStatus.FAILED, True)
        assert stopped.is_set()


async def test_a_cancelled_run_gives_its_nodes_a_grace(serve: EngineMaker) -> None:
    """What a node returns within the grace is in the log; the run is cancelled all the same."""
    started, release = threading.Event(), threading.Event()

    def work(_context: Any) -> dict[str, int]:
        started.set()
        release.wait(10)
        return {"a": 1}

    async with serve(one_task(work)) as engine:
        run = await engine.start("one", {}, requester="ALICE", surface="test")
        assert await asyncio.to_thread(started.wait, 10)
        during = await engine.cancel(run.id, by="ALICE", surface="test")
        release.set()
        run = await settle(engine, run)

        assert (during.status, run.status) == (RunStatus.CANCELLING, RunStatus.CANCELLED)
        assert [each.output for each in await of_type(engine, run, e.NodeSucceeded)] == [{"a": 1}]
