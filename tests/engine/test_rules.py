"""Several decisions in one go, and approvals that are given in advance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.errors import (
    ApprovalClosedError,
    NotPermittedError,
    ResponseError,
    RuleNotFoundError,
)
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.runtime import StaticDirectory
from orchestrator.store import Run
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects, gated
from tests.engine.test_gates import approve, only_question, settle, start
from tests.engine.test_nodes import of_type

HOURS = timedelta(hours=4)


def each_item(effects: Effects) -> Graph:
    """Return a graph that asks before it acts on each of three items, one after the other."""
    body = Block().task("act", effects.note, confirm="@editors")
    return (
        GraphBuilder("items")
        .task("list", lambda _context: {"items": ["a", "b", "c"]})
        .map("each", "state.items", body, limit=1)
        .edge("list", "each")
        .start("list")
        .ends("each")
        .build()
    )


async def test_h24_several_approvals_are_decided_in_one_go(serve: EngineMaker) -> None:
    """Each by itself: what is refused for one does not hold the others up."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        runs = [await start(engine) for _ in range(3)]
        approvals = [await only_question(engine, run) for run in runs]
        await approve(engine, approvals[0], decision="approve")
        refs = [each.ref for each in approvals]
        found = await engine.decide_many(
            refs, "approve", by="CAROL", surface="test", comment="All.", key="batch"
        )
        again = await engine.decide_many(
            refs[1:], "approve", by="CAROL", surface="test", comment="All.", key="batch"
        )
        ended = [await settle(engine, run) for run in runs]

        assert [ref for ref, _ in found] == refs
        assert isinstance(found[0][1], ApprovalClosedError)
        assert all(isinstance(answer, Run) for _, answer in found[1:] + again)
        assert {run.status for run in ended} == {RunStatus.COMPLETED}
        assert effects.of("publish") == 3


async def test_h24_approved_for_this_run_nobody_is_asked_again(serve: EngineMaker) -> None:
    """The rule decides the same question of later items, on behalf of who granted it."""
    effects = Effects()
    async with serve(each_item(effects)) as engine:
        run, other = await start(engine, "items"), await start(engine, "items")
        await approve(engine, await only_question(engine, run), rule="run")
        run = await settle_items(engine, run)
        (rule,) = await engine.list_rules(include_over=True)
        decided = await of_type(engine, run, e.DecisionRecorded)

        assert (run.status, effects.of("act")) == (RunStatus.COMPLETED, 3)
        assert [each.rule for each in decided] == [None, rule.id, rule.id]
        assert {(each.by, each.surface) for each in decided[1:]} == {("BOB", "rule")}
        assert (rule.node, rule.kind, rule.run_id) == ("each/act", "confirm", run.id)
        assert len(await engine.list_pending(run=other.id)) == 1
        assert await engine.list_rules() == []


async def settle_items(engine: Any, run: Run) -> Run:
    """Wait until a run is over; between its questions it waits for the rule only."""
    ended: Run = await engine.wait_until(
        run.id, lambda now: now.finished_at is not None, timeout=10
    )
    return ended


async def test_h24_approved_for_four_hours_other_runs_go_on_too(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """Until the time is over; then people are asked again."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        first = await start(engine)
        await approve(engine, await only_question(engine, first), rule=HOURS)
        second = await engine.start("gated", {}, requester="ALICE", surface="test")
        assert (await settle_items(engine, second)).status == RunStatus.COMPLETED
        (rule,) = await engine.list_rules()
        assert (rule.by, rule.expires_at, rule.run_id) == ("BOB", clock.now() + HOURS, None)
        clock.advance(HOURS)
        third = await start(engine)

        assert third.status == RunStatus.WAITING
        assert await engine.list_rules() == []
        assert effects.of("publish") == 2


async def test_h24_a_revoked_rule_holds_no_longer(serve: EngineMaker) -> None:
    """It says who revoked it; strangers may not, and an unknown one is refused."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        first = await start(engine)
        await approve(engine, await only_question(engine, first), rule=HOURS)
        await settle(engine, first)
        (rule,) = await engine.list_rules()
        with pytest.raises(NotPermittedError, match="may not revoke"):
            await engine.revoke_rule(rule.id, by="MALLORY", surface="test")
        revoked = await engine.revoke_rule(rule.ref, by="CAROL", surface="test")
        again = await engine.revoke_rule(rule.ref, by="BOB", surface="test")
        with pytest.raises(RuleNotFoundError):
            await engine.revoke_rule("s-0000000", by="BOB", surface="test")
        second = await start(engine)

        assert (revoked.revoked_by, again.revoked_by) == ("CAROL", "CAROL")
        assert second.status == RunStatus.WAITING
        assert (await engine.verify(first.id)).is_sound


async def test_h24_a_rule_of_somebody_who_may_no_longer_decide_does_nothing(
    serve: EngineMaker,
) -> None:
    """Membership is looked up anew at every question."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        first = await start(engine)
        await approve(engine, await only_question(engine, first), rule=HOURS)
        await settle(engine, first)
        engine._directory = StaticDirectory({"editors": frozenset({"CAROL"})})
        second = await start(engine)
        await engine.tick()

        assert len(await engine.list_pending(run=second.id)) == 1
        assert effects.of("publish") == 1


async def test_h24_rules_decide_what_was_asked_while_nobody_served(serve: EngineMaker) -> None:
    """Also what a process asked that only records: at once, or when an engine serves again."""
    effects = Effects()
    graph = gated(effects)
    async with serve(graph) as engine:
        waiting, first = await start(engine), await start(engine)
        await approve(engine, await only_question(engine, first), rule=HOURS)
        await settle(engine, first)
        assert (await engine.get_run(waiting.id)).status == RunStatus.WAITING
    async with serve(graph) as engine:
        await engine.tick()
        waiting = await settle_items(engine, waiting)

    assert (waiting.status, effects.of("publish")) == (RunStatus.COMPLETED, 2)


@pytest.mark.parametrize("rule", [timedelta(0), timedelta(hours=-1), "always"])
async def test_h24_a_rule_needs_a_length(serve: EngineMaker, rule: Any) -> None:
    """Nothing is decided with one that could not hold."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        with pytest.raises(ResponseError, match="standing rule"):
            await approve(engine, await only_question(engine, run), rule=rule)

        assert (await only_question(engine, run)).is_open


async def test_h24_only_an_approval_can_be_given_in_advance(serve: EngineMaker) -> None:
    """A rejection grants nothing, and nothing is decided."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        with pytest.raises(ResponseError, match="rule"):
            await approve(engine, await only_question(engine, run), decision="reject", rule="run")

        assert (await only_question(engine, run)).is_open
        assert await engine.list_rules(include_over=True) == []


async def test_h24_a_rule_is_not_granted_in_somebody_elses_place(serve: EngineMaker) -> None:
    """Whoever answers for another person may do so for this question, and for no later one."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        question = await only_question(engine, await start(engine))
        await engine.delegate(question.id, by="CAROL", surface="test", to="ERIN")
        with pytest.raises(ResponseError, match="granted by an approver"):
            await engine.decide(question.id, "approve", by="ERIN", surface="test", rule="run")

        assert await engine.list_rules() == []
        assert effects.of("publish") == 0
