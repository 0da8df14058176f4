"""What people do about an open approval beside deciding it, and who may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.effects import Purpose
from orchestrator.core.state import RunStatus
from orchestrator.errors import (
    ApprovalClosedError,
    ApproversError,
    NotAnApproverError,
    NotPermittedError,
    NotPossibleError,
    RecentlyRemindedError,
)
from orchestrator.graph import Graph, GraphBuilder, quorum
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.store import Approval, Run
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects
from tests.engine.test_gates import approve, only_question, settle
from tests.engine.test_gates import start as start_graph

HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=30)
Act = Callable[[Engine, Approval, str], Awaitable[Run]]


def watched(effects: Effects, **gate: Any) -> Graph:
    """Return review → publish, which OPERA operates and BOB decides."""
    options = {"approvers": "BOB", "timeout": "2h", "on_timeout": "expire"} | gate
    return (
        GraphBuilder("watched", operators="OPERA")
        .approval("review", **options)
        .task("publish", effects.note)
        .edge("review", "publish")
        .start("review")
        .ends("publish")
        .build()
    )


async def start(engine: Engine) -> tuple[Run, Approval]:
    """Start a run of the watched graph; return it with its question."""
    run = await start_graph(engine, "watched")
    return run, await only_question(engine, run)


def _withdraw(engine: Engine, approval: Approval, by: str) -> Awaitable[Run]:
    return engine.withdraw(approval.ref, by=by, reason="not needed")


def _reassign(engine: Engine, approval: Approval, by: str) -> Awaitable[Run]:
    return engine.reassign(approval.ref, "CAROL", by=by, reason="holiday")


def _delegate(engine: Engine, approval: Approval, by: str) -> Awaitable[Run]:
    return engine.delegate(approval.ref, by=by, to="DAVE")


def _snooze(engine: Engine, approval: Approval, by: str) -> Awaitable[Run]:
    return engine.snooze(approval.ref, by=by, until=HOUR)


def _extend(engine: Engine, approval: Approval, by: str) -> Awaitable[Run]:
    return engine.extend(approval.ref, by=by, until=HOUR, reason="more time")


def _comment(engine: Engine, approval: Approval, by: str) -> Awaitable[Run]:
    return engine.comment(approval.ref, "Looks fine.", by=by)


def _request(engine: Engine, approval: Approval, by: str) -> Awaitable[Run]:
    return engine.request_info(approval.ref, "Which region?", by=by)


def _remind(engine: Engine, approval: Approval, by: str) -> Awaitable[Run]:
    return engine.remind(approval.ref, by=by)


#: What is done, who may, and the event that says so.
ACTS: list[tuple[Act, set[str], type]] = [
    (_withdraw, {"ALICE", "OPERA"}, e.ApprovalResolved),
    (_reassign, {"BOB", "OPERA"}, e.ApprovalReassigned),
    (_delegate, {"BOB"}, e.ApprovalDelegated),
    (_snooze, {"BOB"}, e.ApprovalSnoozed),
    (_extend, {"BOB", "OPERA"}, e.ApprovalExtended),
    (_comment, {"ALICE", "BOB", "OPERA"}, e.CommentAdded),
    (_request, {"ALICE", "BOB", "OPERA"}, e.CommentAdded),
    (_remind, {"ALICE", "BOB", "OPERA"}, e.ReminderFired),
]


@pytest.mark.parametrize("person", ["ALICE", "BOB", "OPERA", "MALLORY"])
@pytest.mark.parametrize(("act", "allowed", "kind"), ACTS)
async def test_h23_each_is_recorded_for_those_who_may_and_refused_to_others(
    serve: EngineMaker, act: Act, allowed: set[str], kind: type, person: str
) -> None:
    """A refusal names the person and changes nothing."""
    effects = Effects()
    async with serve(watched(effects)) as engine:
        run, approval = await start(engine)
        if person not in allowed:
            with pytest.raises(NotPermittedError, match=person):
                await act(engine, approval, person)
            assert (await engine.get_run(run.id)).seq == run.seq
            return
        await act(engine, approval, person)
        new = await engine.get_events(run.id, after=run.seq)

        (event,) = [each.event for each in new if isinstance(each.event, kind)]
        assert getattr(event, "by", person) == person
        assert (await engine.verify(run.id)).is_sound


@pytest.mark.parametrize("act", [act for act, _, _ in ACTS])
async def test_h23_nothing_is_done_about_a_closed_approval(serve: EngineMaker, act: Act) -> None:
    """It says what became of it and who decided."""
    effects = Effects()
    async with serve(watched(effects)) as engine:
        run, approval = await start(engine)
        await approve(engine, approval)
        run = await settle(engine, run)
        with pytest.raises(ApprovalClosedError, match="already approved by BOB"):
            await act(engine, approval, "BOB")

        assert (await engine.get_run(run.id)).seq == run.seq


async def test_h23_a_withdrawn_question_is_like_a_rejected_one(serve: EngineMaker) -> None:
    """The run is cancelled, with who and why, and nothing behind the gate runs."""
    effects = Effects()
    async with serve(watched(effects)) as engine:
        run, approval = await start(engine)
        await engine.withdraw(approval.id, by="ALICE", reason="typo")
        run = await settle(engine, run)

        assert (run.status, run.cancelled_by, effects.of("publish")) == (
            RunStatus.CANCELLED,
            "ALICE",
            0,
        )
        assert (await engine.get_approval(approval.id)).status == "withdrawn"


async def test_h23_reassigned_other_people_decide(serve: EngineMaker) -> None:
    """Those who were asked before may not any more; a policy can be given as well."""
    effects = Effects()
    async with serve(watched(effects)) as engine:
        run, approval = await start(engine)
        await engine.reassign(approval.id, quorum(2, "@editors"), by="OPERA")
        after = await only_question(engine, run)
        assert after.approvers == ("@editors",)
        await approve(engine, approval, by="BOB")
        assert (await engine.get_run(run.id)).status == RunStatus.WAITING
        await approve(engine, approval, by="CAROL")
        run = await settle(engine, run)

    assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)


async def test_h23_other_people_decide_under_the_same_rules(serve: EngineMaker) -> None:
    """Who hands a question on does not make it easier: two people were asked, and two still are."""
    effects = Effects()
    async with serve(watched(effects, approvers=None, policy=quorum(2, "BOB, CAROL"))) as engine:
        run, approval = await start(engine)
        await engine.reassign(approval.id, "@editors", by="BOB")
        await approve(engine, approval, by="BOB")
        assert (await engine.get_run(run.id)).status == RunStatus.WAITING
        await approve(engine, approval, by="CAROL")
        run = await settle(engine, run)

    assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)


@pytest.mark.parametrize("names", ["", "@nobody", "#"])
async def test_h23_nobody_is_reassigned_to_nobody(serve: EngineMaker, names: str) -> None:
    """Names that stand for nobody are refused, and the approval is as it was."""
    effects = Effects()
    async with serve(watched(effects)) as engine:
        run, approval = await start(engine)
        with pytest.raises(ApproversError):
            await engine.reassign(approval.id, names, by="OPERA")

        assert (await only_question(engine, run)).approvers == ("BOB",)


async def test_h23_a_deputy_decides_in_another_ones_place(serve: EngineMaker) -> None:
    """The log says for whom; a group or the person themselves is no deputy."""
    effects = Effects()
    async with serve(watched(effects)) as engine:
        run, approval = await start(engine)
        with pytest.raises(NotAnApproverError):
            await approve(engine, approval, by="DAVE")
        for wrong in ("BOB", "@editors"):
            with pytest.raises(NotPossibleError):
                await engine.delegate(approval.id, by="BOB", to=wrong)
        await engine.delegate(approval.id, by="BOB", to="DAVE")
        await approve(engine, approval, by="DAVE")
        run = await settle(engine, run)
        (answer,) = (await engine.get_approval(approval.id)).answers

        assert (answer.by, answer.instead_of, run.status) == ("DAVE", "BOB", RunStatus.COMPLETED)


async def test_h23_a_deputy_has_no_more_rights_than_the_one_who_sent_them(
    serve: EngineMaker,
) -> None:
    """Who has left the group meanwhile cannot be answered for any more."""
    effects = Effects()
    async with serve(watched(effects, approvers="@editors")) as engine:
        run, approval = await start(engine)
        await engine.delegate(approval.id, by="BOB", to="DAVE")
        engine._directory = StaticDirectory({"editors": frozenset({"CAROL"})})
        with pytest.raises(NotAnApproverError, match="BOB, in whose place DAVE would answer"):
            await approve(engine, approval, by="DAVE")

        assert (await only_question(engine, run)).is_open
        assert effects.of("publish") == 0


async def test_h23_extended_by_a_time_or_to_an_instant(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The new deadline counts; an earlier one, or one without a zone, is refused."""
    effects = Effects()
    async with serve(watched(effects)) as engine:
        run, approval = await start(engine)
        due = clock.now() + 2 * HOUR
        await engine.extend(approval.id, by="BOB", until=HOUR)
        assert (await only_question(engine, run)).due_at == due + HOUR
        await engine.extend(approval.id, by="BOB", until=due + 2 * HOUR)
        assert (await only_question(engine, run)).due_at == due + 2 * HOUR
        for wrong in (due, datetime(2031, 1, 1)):  # noqa: DTZ001 - what is refused
            with pytest.raises(NotPossibleError):
                await engine.extend(approval.id, by="BOB", until=wrong)
        clock.advance(3 * HOUR)
        await engine.tick()
        assert (await only_question(engine, run)).is_open
        clock.advance(HOUR)
        await engine.tick()

        assert (await engine.get_run(run.id)).status == RunStatus.TIMED_OUT


async def test_h23_comments_and_questions_to_the_requester_are_kept(serve: EngineMaker) -> None:
    """With who wrote them; the approval stays open."""
    effects = Effects()
    async with serve(watched(effects)) as engine:
        run, approval = await start(engine)
        await engine.request_info(approval.id, "Which region?", by="BOB", surface="slack")
        await engine.comment(approval.id, "Europe.", by="ALICE")
        after = await only_question(engine, run)

        assert [(each.by, each.text, each.wants_answer) for each in after.comments] == [
            ("BOB", "Which region?", True),
            ("ALICE", "Europe.", False),
        ]
        with pytest.raises(NotPossibleError, match="empty"):
            await engine.comment(approval.id, " ", by="ALICE")


async def test_t4_reminded_by_hand_at_most_once_a_minute(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The reminder goes out; the second one is told how long to wait."""
    effects = Effects()
    async with serve(watched(effects), has_chat=True) as engine:
        run, approval = await start(engine)
        (question,) = await engine.claim_deliveries(owner="test", limit=10, lease=LEASE)
        await engine.finish_delivery(question, channel="C1", ts="1.0")
        await engine.remind(approval.id, by="ALICE")
        clock.advance(timedelta(seconds=20))
        with pytest.raises(RecentlyRemindedError, match="try again in 40 s"):
            await engine.remind(approval.id, by="BOB")
        clock.advance(timedelta(seconds=40))
        await engine.remind(approval.id, by="BOB")
        claimed = await engine.claim_deliveries(owner="test", limit=1, lease=LEASE)

        assert [each.purpose for each in claimed] == [Purpose.REMINDER]
        assert (await only_question(engine, run)).reminders_sent == 2
