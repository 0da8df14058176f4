"""Deadlines, reminders and deliveries in `advance` (rows T2, T3, T4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.state import RunStatus
from tests.unit.core.flows import CHAT, GRACE, MINUTE, at_review, decide, fire

HOUR = timedelta(hours=1)
DEADLINE = {"timeout": HOUR, "on_timeout": "expire"}
INSTANT = timedelta(microseconds=1)


def delivered(scenario, at=None):
    """Say that the open question has been shown."""
    question = scenario.approval.opened.approval_id
    at = at or scenario.clock.now()
    return c.MarkDelivered(approval_id=question, surface="slack", at=at)


def test_without_chat_the_clock_starts_when_the_question_is_committed():
    """Then it counts as delivered."""
    scenario = at_review(**DEADLINE, remind_before=MINUTE)
    due_at = scenario.clock.now() + HOUR

    assert scenario.approval.times.due_at == due_at
    assert scenario.approval.times.remind_at == due_at - MINUTE


def test_a_timeout_may_be_computed_from_what_the_run_knows():
    """From the input, the state, and the outputs."""
    scenario = at_review(
        timeout=lambda view: timedelta(minutes=len(view.input["topic"])), on_timeout="expire"
    )

    assert scenario.approval.times.due_at == scenario.clock.now() + 4 * MINUTE


def test_a_reminder_that_would_come_before_the_question_comes_halfway():
    """Both times may be computed, so this is not known before."""
    scenario = at_review(
        timeout=lambda _view: HOUR, on_timeout="expire", remind_before=timedelta(days=1)
    )

    assert scenario.approval.times.remind_at == scenario.clock.now() + HOUR / 2


@pytest.mark.parametrize("early", [HOUR, INSTANT])
def test_a_deadline_fires_when_it_is_due_and_not_before(early):
    """A timer that comes too early is refused and changes nothing."""
    scenario = at_review(**DEADLINE).wait(HOUR - early)
    scenario.when(fire("expiry", scenario)).refused(r.NotCurrent(reason="its expiry is not due"))
    scenario.wait(early).when(fire("expiry", scenario)).then(e.ApprovalResolved, e.RunTimedOut)


def test_t3_the_last_instant_before_the_deadline_is_in_time():
    """The answer wins, and the timer that comes next finds nothing to do."""
    scenario = at_review(**DEADLINE).wait(HOUR - INSTANT)
    timer = fire("expiry", scenario)
    scenario.given(decide(scenario, "approve"))
    scenario.wait(INSTANT).when(timer).refused(r.NotOpen)


def test_t3_the_instant_of_the_deadline_is_too_late_for_a_decision():
    """Although its expiry has not been recorded: so exactly one of the two can win."""
    scenario = at_review(**DEADLINE).wait(HOUR)
    click = decide(scenario, "approve")
    scenario.when(click).refused(r.TooLate(approval_id=click.approval_id))
    scenario.when(fire("expiry", scenario)).then(e.ApprovalResolved, e.RunTimedOut)
    scenario.when(click).refused(r.Finished(status="timed_out"))


def test_t3_a_late_decision_is_refused_for_being_late_whatever_it_says():
    """Not for its words or its maker: what happened is what people want to know."""
    scenario = at_review(**DEADLINE).wait(2 * HOUR)
    scenario.when(decide(scenario, "banana", via=None, digest="x")).refused(r.TooLate)


def test_t2_expire_ends_the_run_as_timed_out():
    """The outcome is expired, and never rejected."""
    scenario = at_review(**DEADLINE).wait(HOUR)
    question = scenario.approval.opened.approval_id
    scenario.when(fire("expiry", scenario)).then(
        e.ApprovalResolved(
            approval_id=question,
            outcome=e.Outcome.EXPIRED,
            action="expire",
            values={
                "human_decision": "expired",
                "human_response": {
                    "approval_id": question,
                    "by": None,
                    "comment": "",
                    "at": scenario.clock.now().isoformat(),
                },
            },
        ),
        e.RunTimedOut(approval_id=question),
    )

    assert scenario.state.status == RunStatus.TIMED_OUT


def expired(**gate):
    """Return a run whose question has just expired, and what that led to."""
    scenario = at_review(timeout=HOUR, **gate).wait(HOUR)
    before = len(scenario.log)
    scenario.given(fire("expiry", scenario))
    resolved, *rest = [each.event for each in scenario.log[before:]]

    assert resolved.outcome == e.Outcome.EXPIRED
    assert resolved.action == gate["on_timeout"]
    assert scenario.values["human_decision"] == "expired"
    return scenario, rest


def test_t2_approve_goes_on_as_if_approved():
    """The action is recorded beside the outcome."""
    scenario, rest = expired(on_timeout="approve")

    assert rest == [
        e.NodeSucceeded(path="review", attempt=0, output=None),
        e.EdgeTaken(path="review", target="publish", reason="default"),
        e.NodeReady(path="publish", node="publish"),
    ]
    assert scenario.state.status == RunStatus.RUNNING


def test_t2_skip_goes_on_past_the_question():
    """The node is skipped, its output is null."""
    scenario, rest = expired(on_timeout="skip")

    assert rest == [
        e.NodeSkipped(path="review", reason="nobody answered in time"),
        e.EdgeTaken(path="review", target="publish", reason="default"),
        e.NodeReady(path="publish", node="publish"),
    ]
    assert scenario.outputs["review"] is None


def test_t2_reject_follows_the_rejection_route():
    """The feedback says that nobody answered."""
    _, rest = expired(on_timeout="reject")

    assert rest == [
        e.NodeSucceeded(path="review", attempt=0, output=None),
        e.EdgeTaken(path="review", target="write", reason="rejection"),
        e.NodeReady(path="write#2", node="write", feedback="nobody answered in time"),
    ]


def test_t2_reject_without_a_route_cancels_the_run():
    """Nobody did it, and that is what the run says."""
    scenario, rest = expired(on_timeout="reject", rejection=None)
    reason = "review expired: nobody answered in time"

    assert rest == [
        e.CancelRequested(by="timeout", reason=reason),
        e.RunCancelled(by="timeout", reason=reason),
    ]
    assert scenario.state.status == RunStatus.CANCELLED


def test_t2_route_goes_on_at_the_named_node():
    """Not along the edges, and not along the rejection."""
    _, rest = expired(on_timeout="route", timeout_route="publish")

    assert rest == [
        e.NodeSucceeded(path="review", attempt=0, output=None),
        e.EdgeTaken(path="review", target="publish", reason="timeout"),
        e.NodeReady(path="publish", node="publish"),
    ]


def test_a_question_fires_its_deadline_once():
    """A redelivered timer finds the approval closed."""
    scenario = at_review(timeout=HOUR, on_timeout="approve").wait(HOUR)
    timer = fire("expiry", scenario)
    scenario.given(timer).when(timer).refused(r.NotOpen)


def test_a_question_without_a_deadline_never_expires():
    """There is nothing that could be due."""
    scenario = at_review().wait(timedelta(days=3650))
    scenario.when(fire("expiry", scenario)).refused(r.NotCurrent)
    scenario.when(fire("reminder", scenario)).refused(r.NotCurrent)
    scenario.given(decide(scenario, "approve"))


def test_the_clock_starts_when_people_can_see_the_question():
    """Until then the deadline has a grace in it; the instant of the surface counts."""
    scenario = at_review(CHAT, **DEADLINE, remind_before=MINUTE)
    opened_at = scenario.clock.now()

    assert scenario.approval.times.due_at == opened_at + GRACE + HOUR

    scenario.wait(3 * MINUTE)
    shown_at = opened_at + 2 * MINUTE
    scenario.when(delivered(scenario, shown_at)).effects().then(
        e.ApprovalDelivered(
            approval_id=scenario.approval.opened.approval_id,
            surface="slack",
            times=e.Times(due_at=shown_at + HOUR, remind_at=shown_at + HOUR - MINUTE),
            at=shown_at,
        )
    )

    assert scenario.approval.times.due_at == shown_at + HOUR
    assert scenario.approval.delivered_at == shown_at


def test_t4_a_question_that_was_seen_before_it_was_recorded_is_reminded_of_once():
    """Neither the deadline nor the reminder moves when the reminder is sent."""
    scenario = at_review(CHAT, **DEADLINE, remind_before=MINUTE)
    shown_at = scenario.clock.now()
    scenario.wait(MINUTE).given(delivered(scenario, shown_at)).wait(HOUR - 2 * MINUTE)
    scenario.given(fire("reminder", scenario))

    assert scenario.approval.times == e.Times(due_at=shown_at + HOUR)


def test_a_surface_whose_clock_is_ahead_gives_nobody_more_time():
    """A question cannot have been shown in the future."""
    scenario = at_review(CHAT, **DEADLINE)
    scenario.given(delivered(scenario, scenario.clock.now() + HOUR))

    assert scenario.approval.times.due_at == scenario.clock.now() + HOUR


def test_a_question_is_delivered_once():
    """A second message about it does not start the clock again."""
    scenario = at_review(CHAT, **DEADLINE)
    scenario.given(delivered(scenario)).wait(MINUTE)
    before = scenario.approval
    scenario.when(delivered(scenario)).refused(r.NotCurrent(reason="it was delivered before"))

    assert scenario.approval == before


def test_a_delivery_of_a_closed_question_is_refused():
    """It was answered before its message was recorded."""
    scenario = at_review(CHAT, **DEADLINE)
    late = delivered(scenario)
    scenario.given(decide(scenario, "approve")).when(late).refused(r.NotOpen)


def test_a_question_without_a_deadline_is_delivered_too():
    """There is no clock to start."""
    scenario = at_review(CHAT)
    scenario.given(delivered(scenario))

    assert (scenario.approval.times.due_at, scenario.approval.times.remind_at) == (None, None)


def test_a_question_that_nobody_saw_is_put_off_once():
    """Then it expires, for the surface may be gone for good."""
    scenario = at_review(CHAT, **DEADLINE).wait(GRACE + HOUR)
    question = scenario.approval.opened.approval_id
    scenario.when(fire("expiry", scenario)).effects().then(
        e.ApprovalDeferred(approval_id=question, times=e.Times(due_at=scenario.clock.now() + GRACE))
    )
    scenario.when(fire("expiry", scenario)).refused(r.NotCurrent)
    scenario.wait(GRACE).when(fire("expiry", scenario)).then(e.ApprovalResolved, e.RunTimedOut)


def test_a_question_that_was_put_off_and_then_seen_has_its_whole_time():
    """The clock starts at the delivery, however late that is."""
    scenario = at_review(CHAT, **DEADLINE).wait(GRACE + HOUR)
    scenario.given(fire("expiry", scenario)).wait(MINUTE).given(delivered(scenario))

    assert scenario.approval.times.due_at == scenario.clock.now() + HOUR


def test_a_question_that_was_seen_is_not_put_off():
    """People had their time."""
    scenario = at_review(CHAT, **DEADLINE)
    scenario.given(delivered(scenario)).wait(HOUR)
    scenario.when(fire("expiry", scenario)).then(e.ApprovalResolved, e.RunTimedOut)


def test_t4_one_reminder_is_sent_before_the_deadline():
    """It is due once, and moves no deadline."""
    scenario = at_review(**DEADLINE, remind_before=MINUTE)
    due_at, question = scenario.approval.times.due_at, scenario.approval.opened.approval_id
    scenario.wait(HOUR - MINUTE - INSTANT).when(fire("reminder", scenario)).refused(r.NotCurrent)
    scenario.wait(INSTANT).when(fire("reminder", scenario)).effects(
        Deliver(purpose=Purpose.REMINDER, approval_id=question, seq=8)
    ).then(e.ReminderFired(approval_id=question, times=e.Times(due_at=due_at)))
    scenario.when(fire("reminder", scenario)).refused(r.NotCurrent)

    assert scenario.approval.times.due_at == due_at


def test_t4_nobody_is_reminded_after_the_outcome():
    """Also when the timer was on its way."""
    scenario = at_review(**DEADLINE, remind_before=MINUTE).wait(HOUR - MINUTE)
    timer = fire("reminder", scenario)
    scenario.given(decide(scenario, "approve")).when(timer).refused(r.NotOpen)


def test_t4_nobody_is_reminded_of_a_question_that_nobody_saw():
    """The reminder is spent quietly, and comes again once the question is there."""
    scenario = at_review(CHAT, **DEADLINE, remind_before=MINUTE).wait(GRACE + HOUR - MINUTE)
    scenario.when(fire("reminder", scenario)).effects().then(e.ReminderFired)
    scenario.given(delivered(scenario))

    assert scenario.approval.times.remind_at == scenario.clock.now() + HOUR - MINUTE
