"""What authors, callers and operators get wrong, on the real engine; nothing hangs."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.errors import (
    ApprovalClosedError,
    GraphChangedError,
    OrchestratorError,
    StoreUnavailableError,
)
from orchestrator.graph import Graph, GraphBuilder, quorum
from orchestrator.runtime import Engine, StaticDirectory, scheduler
from orchestrator.store import open_store
from orchestrator.testing import FakeClock

Serve = Callable[..., AbstractAsyncContextManager[Engine]]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
def serve(template: Path, tmp_path: Path, clock: FakeClock) -> Serve:
    """Return a function that serves graphs on the test's database; it may be called again."""
    file = shutil.copy(template, tmp_path / "signoff.db")

    @asynccontextmanager
    async def make(*graphs: Graph, records_only: bool = False) -> AsyncIterator[Engine]:
        async with open_store(f"sqlite+aiosqlite:///{file}", now=clock.now) as store:
            engine = Engine(
                store,
                {graph.id: graph for graph in graphs},
                directory=StaticDirectory(),
                clock=clock,
            )
            if records_only:
                yield engine
                return
            async with engine:
                yield engine

    return make


def single(function: Any, **options: Any) -> Graph:
    """Return a graph of one task."""
    graph = GraphBuilder("single", operators="OPS").task("work", function, **options)
    return graph.start("work").ends("work").build()


def gated(version: str = "1", **gate: Any) -> Graph:
    """Return review → publish."""
    return (
        GraphBuilder("gated", version=version)
        .approval("review", approvers="BOB", **gate)
        .task("publish", lambda context: {"published": len(context.state)})
        .edge("review", "publish")
        .start("review")
        .ends("publish")
        .build()
    )


async def run(engine: Engine, graph: str = "single", **options: Any) -> Any:
    """Start a run and wait until the engine has done what it can."""
    started = await engine.start(graph, {}, requester="ANN", surface="python", **options)
    return await engine.wait_until(
        started.id, lambda each: each.status in FINISHED | {RunStatus.WAITING}, timeout=10
    )


async def review(engine: Engine) -> str:
    """Start a run that waits at its review; return the approval."""
    await run(engine, "gated")
    (approval,) = await engine.list_pending()
    return approval.id


async def test_a_result_that_no_text_can_hold_fails_the_node(serve: Serve) -> None:
    """Half a letter has no place in JSON; the run does not hang for it."""
    async with serve(single(lambda _context: {"text": "\ud83d"})) as engine:
        found = await run(engine)

        assert found.status == RunStatus.FAILED
        assert found.error.startswith("OutputError: work returned what JSON cannot hold")


async def test_a_number_that_is_none_is_stored_as_null(serve: Serve) -> None:
    """What conditions see at once is what they would see after a restart."""
    seen = []
    graph = (
        GraphBuilder("single")
        .task("work", lambda _context: {"ratio": math.nan, "sizes": (1, math.inf)})
        .end("done")
        .edge("work", "done", lambda view: not seen.append(dict(view.state)))
        .start("work")
        .build()
    )
    async with serve(graph) as engine:
        found = await run(engine)
        log = await engine.get_events(found.id)

        assert seen == [{"ratio": None, "sizes": [1, None]}]
        assert log[3].event.output == seen[0]


@pytest.mark.parametrize("is_async", [True, False])
async def test_an_iterator_that_is_exhausted_fails_the_node(
    serve: Serve, *, is_async: bool
) -> None:
    """`next()` without a default raises what futures cannot carry."""

    def work(_context):
        return next(iter([]))

    async def work_later(context):
        return work(context)

    async with serve(single(work_later if is_async else work)) as engine:
        found = await run(engine)

        assert found.status == RunStatus.FAILED


async def test_a_node_that_cancels_itself_did_not_time_out(serve: Serve) -> None:
    """Something inside it was cancelled; there was no limit that it could have passed."""

    async def work(_context):
        raise asyncio.CancelledError

    async with serve(single(work)) as engine:
        found = await run(engine)

        assert found.status == RunStatus.FAILED
        assert found.error == "Cancelled: work cancelled itself"


@pytest.mark.parametrize(
    "updates",
    [{"x": object()}, {"x": "\ud83d"}, {"x": {1, 2}.__iter__}],
    ids=["object", "surrogate", "function"],
)
async def test_h2_updates_that_cannot_be_stored_are_refused(serve: Serve, updates: Any) -> None:
    """The question stays open, and the right answer is taken."""
    async with serve(gated(writes="*")) as engine:
        approval = await review(engine)
        with pytest.raises(OrchestratorError):
            await engine.decide(approval, "approve", by="BOB", surface="python", updates=updates)

        assert (await engine.get_approval(approval)).is_open

        after = await engine.decide(approval, "approve", by="BOB", surface="python")
        ended = await engine.wait_until(after.id, lambda each: each.finished_at, timeout=10)

        assert ended.status == RunStatus.COMPLETED
        assert (await engine.verify(ended.id)).is_sound


async def test_h2_updates_are_read_as_they_are_stored(serve: Serve) -> None:
    """A tuple becomes a list at once, not after a restart."""
    seen = []
    graph = (
        GraphBuilder("gated")
        .approval("review", approvers="BOB", writes="*")
        .end("done")
        .edge("review", "done", lambda view: not seen.append(dict(view.state)))
        .start("review")
        .build()
    )
    async with serve(graph) as engine:
        approval = await review(engine)
        await engine.decide(
            approval, "approve", by="BOB", surface="python", updates={"x": (1, MINUTE), 2: {3}}
        )

        assert (seen[0]["x"], seen[0]["2"]) == ([1, "PT1M"], [3])


@pytest.mark.parametrize(
    "options",
    [{"labels": {"n": 5}}, {"labels": {"n": None}}, {"labels": {"n": "\ud83d"}}],
    ids=["number", "null", "surrogate"],
)
async def test_labels_that_cannot_be_read_again_are_refused(serve: Serve, options: Any) -> None:
    """No run exists afterwards that nobody could look at."""
    async with serve(single(lambda _context: None)) as engine:
        with pytest.raises(OrchestratorError):
            await run(engine, **options)

        assert await engine.list_runs() == []


async def test_t3_a_stale_click_is_told_what_happened_whatever_became_of_the_graph(
    serve: Serve,
) -> None:
    """That another version is loaded matters only to a question that is open."""
    async with serve(gated()) as engine:
        closed, still_open = await review(engine), None
        await engine.decide(closed, "approve", by="BOB", surface="python", key="k")
        still_open = await review(engine)
    for graphs in ([gated("2")], []):
        async with serve(*graphs) as engine:
            with pytest.raises(ApprovalClosedError, match="already approved by BOB"):
                await engine.decide(closed, "approve", by="BOB", surface="python")
            await engine.decide(closed, "approve", by="BOB", surface="python", key="k")
            if graphs:
                with pytest.raises(GraphChangedError):
                    await engine.decide(still_open, "approve", by="BOB", surface="python")


async def test_a_lost_node_of_a_cancelled_run_is_done_with_whatever_became_of_the_graph(
    serve: Serve, clock: FakeClock
) -> None:
    """Else the run would be cancelling for ever."""
    graph = single(lambda _context: None)
    async with serve(graph, records_only=True) as engine:
        started = await engine.start("single", {}, requester="ANN", surface="python")
        step = engine._kernel._steps.of(c.StartAttempt(path="work", owner="gone"), graph)
        await engine._store.commit(started.id, step)
        await engine.cancel(started.id, by="ANN", surface="python")
    clock.advance(MINUTE)
    async with serve() as engine:
        await engine.tick()
        found = await engine.get_run(started.id)
        log = await engine.get_events(started.id)

        assert found.status == RunStatus.CANCELLED
        assert [type(each.event) for each in log[-3:]] == [
            e.AttemptLost,
            e.NodeFailed,
            e.RunCancelled,
        ]


async def test_t1_a_deadline_that_cannot_fire_does_not_keep_the_scheduler_busy(
    serve: Serve, clock: FakeClock
) -> None:
    """Its graph has changed; it is looked at once a second, and later deadlines are on time."""
    async with serve(gated(timeout="1m", on_timeout="approve")) as engine:
        await review(engine)
    clock.advance(2 * MINUTE)
    async with serve(gated("2")) as engine:
        await engine.tick()
        kinds = {each.kind.value for each in await engine.list_pending()}

        assert kinds == {"confirm", "error"}
        assert await engine._scheduler._time_to_next() == 1.0


async def test_t1_deadlines_that_cannot_fire_do_not_stand_in_the_way(
    serve: Serve, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, those behind them fire in the same look."""
    monkeypatch.setattr(scheduler, "PAGE", 2)
    stuck = gated(timeout="1m", on_timeout="approve")
    free = replace(gated(timeout="1m", on_timeout="expire"), id="free")
    async with serve(stuck, free) as engine:
        for graph in ["gated"] * 5 + ["free"] * 3:
            await run(engine, graph)
    clock.advance(2 * MINUTE)
    async with serve(free) as engine:
        await engine.tick()
        statuses = Counter(each.status for each in await engine.list_runs())

        assert statuses == {RunStatus.WAITING: 5, RunStatus.TIMED_OUT: 3}


async def test_t1_a_deadline_survives_a_clock_that_was_set_back(
    serve: Serve, clock: FakeClock
) -> None:
    """Seen as due, then not due any more: it is kept, and fires when it is due again."""
    async with serve(gated(timeout="1m", on_timeout="expire")) as engine:
        await review(engine)
        ahead = FakeClock(clock.now() + 2 * MINUTE)
        engine._scheduler._clock = ahead
        await engine.tick()

        assert len(await engine.list_pending()) == 1

        clock.advance(2 * MINUTE)
        await engine.tick()

        assert await engine.list_pending() == []


async def test_a_store_that_was_closed_is_unavailable(serve: Serve) -> None:
    """Whoever calls too late is told so."""
    async with serve(gated()) as engine:
        approval = await review(engine)
    with pytest.raises(StoreUnavailableError):
        await engine.decide(approval, "approve", by="BOB", surface="python")


async def test_h6_a_vote_that_comes_twice_at_once_is_recorded_once(serve: Serve) -> None:
    """Both deliveries are told that it counts; the question waits for the other vote."""
    graph = (
        GraphBuilder("gated")
        .approval("review", policy=quorum(2, "BOB, CAROL"))
        .start("review")
        .ends("review")
        .build()
    )
    async with serve(graph) as engine:
        approval = await review(engine)
        await asyncio.gather(
            *(
                engine.decide(approval, "approve", by="BOB", surface="python", key="click")
                for _ in range(5)
            )
        )
        found = await engine.get_approval(approval)

        assert [answer.by for answer in found.answers] == ["BOB"]
        assert found.is_open
