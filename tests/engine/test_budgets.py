"""What nodes spend, and what a graph allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.graph import GraphBuilder, Retry
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import settle, start
from tests.engine.test_nodes import of_type, one_task


async def test_g11_what_nodes_spend_is_counted_with_the_run(serve: EngineMaker) -> None:
    """Amounts of one attempt add up, and so do those of several nodes."""

    def first(context: Any) -> None:
        context.spend(tokens=100, cost=0.5)
        context.spend(tokens=20)

    graph = (
        GraphBuilder("costs")
        .task("first", first)
        .task("second", lambda context: context.spend(tokens=1))
        .edge("first", "second")
        .start("first")
        .ends("second")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "costs")

        assert (await engine.get_run(run.id)).spent == {"tokens": 121, "cost": 0.5}


async def test_g11_a_run_that_spends_more_than_its_budget_fails(serve: EngineMaker) -> None:
    """The node behind does not run, and the error says what was spent and allowed."""
    ran: list[str] = []
    graph = (
        GraphBuilder("costs", budget={"tokens": 100})
        .task("first", lambda context: context.spend(tokens=101))
        .task("second", lambda context: ran.append(context.node))
        .edge("first", "second")
        .start("first")
        .ends("second")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "costs")

        assert (run.status, ran) == (RunStatus.FAILED, [])
        assert "has spent 101 tokens, its graph allows 100" in str(run.error)


async def test_g11_what_a_failed_attempt_spent_counts_too(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """Each try costs."""

    def work(context: Any) -> None:
        context.spend(tokens=10)
        if context.attempt == 1:
            raise ConnectionError("away")

    graph = one_task(work, retry=Retry(attempts=2, delay=timedelta(minutes=1), jitter=0))
    async with serve(graph) as engine:
        run = await start(engine, "one")
        clock.advance(timedelta(minutes=1))
        await engine.tick()
        run = await settle(engine, run)
        (failed,) = await of_type(engine, run, e.AttemptFailed)

        assert failed.spent == {"tokens": 10}
        assert (await engine.get_run(run.id)).spent == {"tokens": 20}


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf"), "1", None, True])
async def test_g11_only_numbers_that_are_not_negative_can_be_spent(
    serve: EngineMaker, amount: Any
) -> None:
    """Anything else fails the node and names the amount."""
    async with serve(one_task(lambda context: context.spend(tokens=amount))) as engine:
        run = await start(engine, "one")

        assert run.status == RunStatus.FAILED
        assert f"work spends tokens={amount!r}" in str(run.error)
