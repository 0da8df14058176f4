"""Waiting for a run from what a call returned, and callers that do not wait any longer."""

from __future__ import annotations

import asyncio

from orchestrator.core.state import RunStatus
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects, gated
from tests.engine.test_gates import only_question, start


async def test_what_a_call_returned_is_waited_with(serve: EngineMaker) -> None:
    """The run goes on from what is in hand, however old that is, to what is asked for."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        begun = await engine.start("gated", {}, requester="ALICE", surface="test")
        waiting = await engine.wait_until(begun, lambda run: run.status == RunStatus.WAITING)
        asked = await only_question(engine, waiting)
        decided = await engine.decide(asked.id, "approve", by="BOB", surface="test")
        done = await engine.wait_until(decided, lambda run: run.finished_at is not None)
        late = await engine.wait_until(begun, lambda run: run.finished_at is not None)

        assert done.status == late.status == RunStatus.COMPLETED
        assert begun.seq < waiting.seq < decided.seq < done.seq == late.seq
        assert await engine.wait_until(done, lambda run: run.seq == done.seq) is done


async def test_another_process_is_heard_while_waiting(serve: EngineMaker) -> None:
    """A run in hand that another engine moves is looked up now and then."""
    effects = Effects()
    async with serve(gated(effects), records_only=True) as engine, serve(gated(effects)) as server:
        begun = await engine.start("gated", {}, requester="ALICE", surface="test")
        await server.tick()
        waiting = await engine.wait_until(
            begun, lambda run: run.status == RunStatus.WAITING, timeout=10
        )

        assert waiting.status == RunStatus.WAITING


async def test_a_decision_is_followed_up_when_nobody_waits_for_it_any_more(
    serve: EngineMaker,
) -> None:
    """A caller that is cancelled during the commit cancels neither it nor the node behind it."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        asked = await only_question(engine, run)
        caller = asyncio.create_task(engine.decide(asked.id, "approve", by="BOB", surface="test"))
        commits = engine.statistics().units
        while engine.statistics().units == commits:
            await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait({caller})
        done = await engine.wait_until(run.id, lambda now: now.finished_at is not None, timeout=10)

        assert (done.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)
