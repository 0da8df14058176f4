"""Deadlines, reminders and late answers, through the real engine with a clock to set."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core.effects import Purpose
from orchestrator.core.state import RunStatus
from orchestrator.errors import ApprovalClosedError
from orchestrator.graph import GraphBuilder
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects, gated
from tests.engine.test_gates import approve, only_question, settle, start

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)


async def test_t1_a_deadline_fires_without_anybody_touching_the_run(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The scheduler alone ends the run once the instant has come."""
    effects = Effects()
    async with serve(gated(effects, timeout=HOUR, on_timeout="expire")) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        clock.advance(HOUR)
        run = await engine.wait_until(run.id, lambda now: now.status == "timed_out", timeout=5)
        approval = await engine.get_approval(approval.id)

        assert (approval.status, approval.action) == ("expired", "expire")
        assert effects.of("publish") == 0


async def test_t1_a_timeout_may_be_computed_from_the_input(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """A function of the state gives the duration, once, when the question is asked."""
    effects = Effects()
    graph = gated(
        effects, timeout=lambda view: HOUR * len(view.state["draft"]), on_timeout="expire"
    )
    async with serve(graph) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)

        assert clock.now() + 7 * HOUR == approval.due_at


@pytest.mark.parametrize(
    ("action", "status", "published"),
    [
        ("expire", RunStatus.TIMED_OUT, 0),
        ("reject", RunStatus.CANCELLED, 0),
        ("approve", RunStatus.COMPLETED, 1),
        ("skip", RunStatus.COMPLETED, 1),
        ("route", RunStatus.WAITING, 0),
    ],
)
async def test_t2_each_action_on_timeout(
    serve: EngineMaker, clock: FakeClock, action: str, status: RunStatus, published: int
) -> None:
    """The outcome is `expired` in every case, with the action beside it."""
    effects = Effects()
    options = {"timeout_route": "write"} if action == "route" else {}
    graph = gated(effects, timeout=HOUR, on_timeout=action, rejection=None, **options)
    node = graph.nodes["publish"]
    object.__setattr__(node, "function", effects.note)
    async with serve(graph) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        clock.advance(HOUR)
        await engine.tick()
        run = await settle(engine, run)
        approval = await engine.get_approval(approval.id)

        assert ("expired", action) == (approval.status, approval.action)
        assert (status, published) == (run.status, effects.of("publish"))


async def test_t3_a_late_answer_is_refused_with_what_happened(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """At the very instant of the deadline an answer is late, fired or not."""
    effects = Effects()
    async with serve(
        gated(effects, timeout=HOUR, on_timeout="expire"), records_only=True
    ) as recorder:
        async with serve(gated(effects, timeout=HOUR, on_timeout="expire")) as engine:
            run = await start(engine)
        approval = await only_question(recorder, run)
        clock.advance(HOUR)
        with pytest.raises(ApprovalClosedError, match="already expired at 2030-01-01 10:00:00"):
            await approve(recorder, approval)
        async with serve(gated(effects, timeout=HOUR, on_timeout="expire")) as engine:
            run = await engine.wait_until(run.id, lambda now: now.status == "timed_out", timeout=5)
        with pytest.raises(ApprovalClosedError, match="already expired"):
            await approve(recorder, approval)

    assert effects.of("publish") == 0


async def test_t3_an_answer_in_time_wins_over_the_policy(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """A microsecond before the deadline counts, and the expiry then does nothing."""
    effects = Effects()
    graph = gated(effects, timeout=HOUR, on_timeout="expire")
    async with serve(graph) as engine:
        run = await start(engine)
        approval = await only_question(engine, run)
        clock.advance(HOUR - timedelta(microseconds=1))
        await approve(engine, approval)
        clock.advance(HOUR)
        await engine.tick()
        run = await settle(engine, run)

        assert (
            (await engine.get_approval(approval.id)).status,
            effects.of("publish"),
        ) == ("approved", 1)
        assert run.status == RunStatus.COMPLETED


async def test_t4_one_reminder_before_the_deadline_and_none_after_the_outcome(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The reminder is delivered once, when it is due."""
    effects = Effects()
    graph = gated(effects, timeout=HOUR, on_timeout="expire", remind_before=timedelta(minutes=10))
    async with serve(graph, has_chat=True) as engine:
        answered, ignored = await start(engine), await start(engine)
        for delivery in await engine.claim_deliveries(owner="test", limit=10, lease=LEASE):
            await engine.finish_delivery(delivery, channel="C1", ts=f"{delivery.id}.0")
        await approve(engine, await only_question(engine, answered))
        clock.advance(timedelta(minutes=50))
        await engine.tick()
        await engine.tick()
        claimed = await engine.claim_deliveries(owner="test", limit=10, lease=LEASE)

        assert [(ignored.id, Purpose.REMINDER)] == [
            (delivery.run_id, delivery.purpose)
            for delivery in claimed
            if delivery.purpose is Purpose.REMINDER
        ]


async def test_t6_what_became_due_while_nobody_served_fires_once_at_start(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """After downtime the expiry fires, and no reminder is sent for what has expired."""
    effects = Effects()
    graph = gated(effects, timeout=HOUR, on_timeout="expire", remind_before=timedelta(minutes=10))
    async with serve(graph, has_chat=True) as engine:
        run = await start(engine)
        (question,) = await engine.claim_deliveries(owner="test", limit=10, lease=LEASE)
        await engine.finish_delivery(question, channel="C1", ts="1.0")
    clock.advance(2 * HOUR)
    async with serve(graph, has_chat=True) as engine:
        run = await engine.wait_until(run.id, lambda now: now.status == "timed_out", timeout=5)
        claimed = await engine.claim_deliveries(owner="test", limit=10, lease=LEASE)

        assert [delivery.purpose for delivery in claimed] == [Purpose.OUTCOME]
        assert effects.of("publish") == 0


async def test_the_clock_of_a_question_starts_when_people_can_see_it(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """Until delivery five minutes are added; delivery moves the deadline."""
    effects = Effects()
    graph = gated(effects, timeout=HOUR, on_timeout="expire")
    async with serve(graph, has_chat=True) as engine:
        run = await start(engine)
        before = (await only_question(engine, run)).due_at
        asked_at = clock.now()
        clock.advance(timedelta(minutes=2))
        (question,) = await engine.claim_deliveries(owner="test", limit=10, lease=LEASE)
        await engine.finish_delivery(question, channel="C1", ts="1.0")
        after = (await only_question(engine, run)).due_at

        assert asked_at + HOUR + timedelta(minutes=5) == before
        assert asked_at + timedelta(minutes=2) + HOUR == after


async def test_an_undelivered_question_gets_one_more_chance_before_it_expires(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """Once put off, it expires although nobody has seen it."""
    effects = Effects()
    graph = gated(effects, timeout=HOUR, on_timeout="expire")
    async with serve(graph, has_chat=True) as engine:
        run = await start(engine)
        clock.advance(2 * HOUR)
        await engine.tick()
        deferred = await only_question(engine, run)
        clock.advance(timedelta(minutes=5))
        run = await engine.wait_until(run.id, lambda now: now.status == "timed_out", timeout=5)

        assert clock.now() == deferred.due_at


async def test_a_deadline_of_a_graph_that_is_gone_fires_all_the_same(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """Expiry needs no graph; the run ends as timed out."""
    effects = Effects()
    async with serve(gated(effects, timeout=HOUR, on_timeout="expire")) as engine:
        run = await start(engine)
    clock.advance(HOUR)
    async with serve() as engine:
        run = await engine.wait_until(run.id, lambda now: now.status == "timed_out", timeout=5)

    assert effects.of("publish") == 0


async def test_t1_a_signal_that_does_not_come_is_asked_about_once(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The wait is over; a late signal waits until people say retry."""
    graph = (
        GraphBuilder("waiting")
        .wait("signal", signal="go", timeout=HOUR, error="BOB")
        .start("signal")
        .ends("signal")
        .build()
    )
    async with serve(graph) as engine:
        run = await engine.start("waiting", {}, requester="ANN", surface="python")
        clock.advance(HOUR)
        await engine.tick()
        await engine.tick()
        await engine.signal(run.id, "go", {"late": True}, by="ANN", surface="python")
        approval = await only_question(engine, run)

        assert approval.kind == "error"

        ended = await engine.decide(approval.id, "retry", by="BOB", surface="python")

        assert ended.status is RunStatus.COMPLETED
        assert await engine.get_output(run.id) == {"late": True}
