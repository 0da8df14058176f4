"""An approval's own clock: delivery, deadlines, reminders, escalations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core import approval_events as a
from orchestrator.core import refusals as r
from orchestrator.core.approval_events import Outcome
from orchestrator.core.effects import Purpose
from orchestrator.core.times import is_past
from orchestrator.core.values import Pointer
from orchestrator.graph.gates import NO_GATES, Escalation, Reminders
from orchestrator.graph.kinds import OnTimeout
from orchestrator.graph.policy import Policy, Stage, everyone, in_order, parse_approvers
from tests.unit.core.asked import CHAT, FORM, GRACE, HOUR, MINUTE, NINE, Asked, graph_of, of

DAY = 24 * HOUR


def timed(**options: Any) -> Asked:
    """Ask with a timeout of a day."""
    return Asked(**({"timeout": DAY, "on_timeout": OnTimeout.EXPIRE} | options))


def test_t3_the_boundary_belongs_to_the_deadline() -> None:
    """At the very instant it has passed; without an instant it never does."""
    assert is_past(NINE, NINE)
    assert not is_past(NINE, NINE - timedelta(microseconds=1))
    assert not is_past(None, NINE)


def test_t1_the_clock_starts_at_once_without_a_chat_surface() -> None:
    """Then a question counts as delivered when it is asked."""
    assert timed().open.times.due_at == NINE + DAY
    assert timed(timeout=None, on_timeout=None).open.times == a.Times()


def test_t1_delivery_starts_the_clock() -> None:
    """Until then a grace is added, so that a slow chat costs nobody time."""
    asked = timed(terms=CHAT)

    assert asked.open.times.due_at == NINE + GRACE + DAY
    asked.now += 2 * MINUTE
    asked.deliver(NINE + MINUTE)

    assert asked.open.times.due_at == NINE + MINUTE + DAY
    assert asked.deliver() == r.NotCurrent(reason="it was delivered before")


def test_t1_a_delivery_from_the_future_counts_from_now() -> None:
    """A surface whose clock is fast does not lengthen deadlines."""
    asked = timed(terms=CHAT)
    asked.deliver(NINE + HOUR)

    assert asked.open.times.due_at == NINE + DAY


def test_t6_an_undelivered_question_is_put_off_once() -> None:
    """After downtime people get one chance to see it before it expires."""
    asked = timed(terms=CHAT)
    asked.now += GRACE + DAY

    assert asked.fire("expiry") is None
    assert asked.open.times.due_at == asked.now + GRACE
    asked.now += GRACE

    assert asked.fire("expiry").outcome is Outcome.EXPIRED


def test_t6_a_question_delivered_after_it_was_put_off_has_all_its_time() -> None:
    """The clock runs from the delivery."""
    asked = timed(terms=CHAT)
    asked.now += GRACE + DAY
    asked.fire("expiry")
    asked.deliver()

    assert asked.open.times.due_at == asked.now + DAY


def test_t6_what_happens_in_between_does_not_take_the_put_off_time_back() -> None:
    """A vote on another surface leaves the later deadline alone."""
    asked = timed(terms=CHAT, policy=in_order("BOB", "CEO"))
    asked.now += GRACE + DAY
    asked.fire("expiry")
    asked.decide("approve", "BOB")

    assert asked.open.times.due_at == asked.now + GRACE


def test_t1_a_timer_that_is_not_due_does_nothing() -> None:
    """Nor one of an approval that is over."""
    asked = timed()
    asked.now += DAY - MINUTE

    assert asked.fire("expiry") == r.NotCurrent(reason="its expiry is not due")
    assert asked.fire("reminder") == r.NotCurrent(reason="its reminder is not due")
    assert asked.fire("escalation") == r.NotCurrent(reason="its escalation is not due")
    asked.decide("approve")

    assert asked.fire("expiry") == r.NotOpen(approval_id=asked.id)


@pytest.mark.parametrize("action", ["expire", "reject", "approve", "skip", "route"])
def test_t2_the_outcome_is_expired_and_the_action_is_named(action: str) -> None:
    """Whatever the run does about it, nobody has decided."""
    asked = timed(on_timeout=OnTimeout(action))
    asked.now += DAY
    result = asked.fire("expiry")

    assert (result.outcome, result.action, result.by) == (Outcome.EXPIRED, action, None)
    assert asked.keys["human_decision"] == "expired"
    assert asked.effects[-1].purpose is Purpose.OUTCOME


def test_t2_without_an_action_it_expires() -> None:
    """As does a stage that runs out of time under a gate without a timeout."""
    policy = Policy(stages=(Stage(slots=(of("A"),), timeout=HOUR),))
    asked = Asked(policy=policy)
    asked.now += HOUR

    assert asked.fire("expiry").action == "expire"


def test_t2_the_default_answer_counts_where_the_gate_says_so() -> None:
    """It is stored with the question, and found where an answer is."""
    asked = timed(
        kind="input",
        schema=FORM,
        default={"name": "Nobody"},
        on_timeout=OnTimeout.ANSWER,
        save_as="form",
    )
    asked.now += DAY
    result = asked.fire("expiry")

    assert result.answer == Pointer(result.approval.seq)
    assert asked.value(asked.place.answer) == {"name": "Nobody"} == asked.keys["form"]


@pytest.mark.parametrize(("default", "chosen"), [("left", ("left",)), (["left"], ("left",))])
def test_t2_default_routes_are_chosen(default: Any, chosen: tuple[str, ...]) -> None:
    """As if somebody had chosen them."""
    asked = timed(
        kind="choose", choices=("left", "right"), default=default, on_timeout=OnTimeout.ANSWER
    )
    asked.now += DAY

    assert asked.fire("expiry").chosen == chosen == asked.place.chosen


@pytest.mark.parametrize("default", [None, 3, {"a": 1}])
def test_t2_a_default_result_counts(default: Any) -> None:
    """Null included."""
    asked = timed(kind="result", default=default, on_timeout=OnTimeout.ANSWER)
    asked.now += DAY
    asked.fire("expiry")

    assert asked.value(asked.place.result) == default


def test_t2_an_edit_that_nobody_approved_is_what_a_timeout_approves() -> None:
    """The newest revision is what was asked about."""
    asked = timed(
        kind="review", policy=in_order("A", "B"), output="x", on_timeout=OnTimeout.APPROVE
    )
    asked.decide("edit", "A", "y")
    asked.now += DAY
    asked.fire("expiry")

    assert asked.value(asked.place.result) == "y"


def test_t2_a_stage_has_its_own_deadline_and_the_earlier_one_wins() -> None:
    """It starts when the stage does."""
    stages = (
        Stage(slots=(of("A"),), timeout=2 * HOUR),
        Stage(slots=(of("B"),), timeout=5 * HOUR),
    )
    asked = timed(policy=Policy(stages=stages), timeout=6 * HOUR)

    assert asked.open.times.due_at == NINE + 2 * HOUR
    asked.now += HOUR
    asked.decide("approve", "A")

    assert asked.open.times.due_at == NINE + 6 * HOUR


def test_t2_an_edit_starts_the_first_stage_again() -> None:
    """The whole keeps its deadline."""
    stages = (Stage(slots=(of("A"),), timeout=2 * HOUR), Stage(slots=(of("B"),)))
    asked = timed(kind="review", policy=Policy(stages=stages), output="x", timeout=DAY)
    asked.decide("approve", "A")
    asked.now += 3 * HOUR
    asked.decide("edit", "B", "y")

    assert asked.open.times.due_at == asked.now + 2 * HOUR


def instants(asked: Asked, kind: str = "reminder") -> list[timedelta]:
    """Fire the timers of a kind as they come; return when they did, after nine."""
    found = []
    while True:
        times = asked.open.times
        at = times.remind_at if kind == "reminder" else times.escalate_at
        if at is None:
            return found
        assert times.due_at is None or at < times.due_at
        asked.now = at
        assert asked.fire(kind) is None
        found.append(at - NINE)


@pytest.mark.parametrize(
    ("reminders", "expected"),
    [
        (Reminders(after=HOUR), [1]),
        (Reminders(every=HOUR), [1, 2, 3]),
        (Reminders(after=2 * HOUR, every=HOUR, most=2), [2, 3]),
        (Reminders(every=10 * HOUR, most=9), [10, 20]),
        (Reminders(every=12 * HOUR), [12]),
        (Reminders(before=HOUR), [23]),
        (Reminders(before=2 * DAY), [12]),
        (Reminders(before=DAY), [12]),
        (Reminders(after=HOUR, before=HOUR), [1, 23]),
        (Reminders(every=12 * HOUR, before=12 * HOUR), [12]),
        (Reminders(after=DAY), []),
    ],
)
def test_t4_reminders_come_as_declared(reminders: Reminders, expected: list[int]) -> None:
    """So many, so far apart, and none at the deadline or after it."""
    assert instants(timed(reminders=reminders)) == [each * HOUR for each in expected]


def test_t4_reminders_need_no_deadline() -> None:
    """Without one they end by their number."""
    asked = Asked(reminders=Reminders(every=HOUR, before=HOUR))

    assert instants(asked) == [HOUR, 2 * HOUR, 3 * HOUR]


def test_t4_the_time_before_a_deadline_may_be_computed() -> None:
    """Like any duration of a gate."""
    asked = timed(reminders=Reminders(before=lambda _: 2 * HOUR))

    assert instants(asked) == [22 * HOUR]


def test_t4_reminders_count_from_the_delivery() -> None:
    """What became due before it is made up for at once, the rest moves along."""
    asked = timed(terms=CHAT, reminders=Reminders(after=HOUR, every=HOUR, most=2))

    assert asked.open.times.remind_at == NINE + GRACE + HOUR
    asked.now += 90 * MINUTE
    asked.deliver(NINE + MINUTE)

    assert asked.open.times.remind_at == NINE + MINUTE + HOUR


def test_t6_after_downtime_one_reminder_stands_for_all_that_were_missed() -> None:
    """Nobody gets three nudges in a second."""
    asked = timed(reminders=Reminders(every=HOUR))
    asked.now += 150 * MINUTE
    asked.fire("reminder")

    assert asked.open.times.remind_at == NINE + 3 * HOUR


def test_t4_nobody_is_reminded_of_what_nobody_has_seen() -> None:
    """The timer fires, but nothing is sent."""
    asked = timed(terms=CHAT, reminders=Reminders(every=HOUR))
    asked.now += GRACE + HOUR
    asked.fire("reminder")

    assert asked.purposes() == [Purpose.QUESTION]
    asked.deliver()
    asked.now += HOUR
    asked.fire("reminder")

    assert asked.purposes() == [Purpose.REMINDER]
    assert asked.open.reminded == 2


def test_t6_past_the_deadline_expiry_comes_before_the_reminder() -> None:
    """A reminder that was missed stays away then."""
    asked = timed(reminders=Reminders(before=HOUR))
    asked.now += DAY

    assert asked.fire("reminder") == r.NotCurrent(reason="its deadline has passed")
    assert asked.fire("expiry").outcome is Outcome.EXPIRED


def test_t4_the_next_stage_is_reminded_from_its_own_beginning() -> None:
    """Its people have only just been asked."""
    asked = timed(policy=in_order("BOB", "CEO"), reminders=Reminders(every=3 * HOUR, most=1))
    asked.now += 2 * HOUR
    asked.decide("approve", "BOB")

    assert asked.open.times.remind_at == NINE + 5 * HOUR


def test_t4_further_people_may_decide_after_an_escalation() -> None:
    """They are told, and so is everybody else."""
    asked = timed(escalations=(Escalation(after=HOUR, to=parse_approvers("CEO")),))

    assert isinstance(asked.decide("approve", "CEO"), r.NotAllowed)
    asked.purposes()

    assert instants(asked, "escalation") == [HOUR]
    assert asked.purposes() == [Purpose.PROGRESS, Purpose.NOTICE]
    assert asked.decide("approve", "CEO").outcome is Outcome.APPROVED


def test_t4_escalations_go_up_step_by_step() -> None:
    """Each counts from the delivery; one that is past the deadline never comes."""
    steps = tuple(
        Escalation(after=hours * HOUR, to=parse_approvers(name))
        for hours, name in ((1, "LEAD"), (4, "HEAD"), (24, "CEO"))
    )
    asked = timed(escalations=steps, reminders=Reminders(every=3 * HOUR))

    assert instants(asked, "escalation") == [HOUR, 4 * HOUR]
    assert list(map(str, asked.open.policy.approvers())) == ["BOB", "LEAD", "HEAD"]


def test_t4_an_escalation_leaves_reminders_alone() -> None:
    """A reminder that is due at the same time still comes."""
    asked = timed(
        escalations=(Escalation(after=HOUR, to=parse_approvers("CEO")),),
        reminders=Reminders(every=HOUR),
    )
    asked.now += HOUR
    asked.fire("escalation")

    assert asked.open.times.remind_at == NINE + HOUR


def test_t4_an_escalation_approves_nothing_by_itself() -> None:
    """Whoever is called in stands for everybody; those who had approved do not."""
    asked = timed(
        policy=everyone("A B C"),
        escalations=(Escalation(after=HOUR, to=parse_approvers("CEO")),),
    )
    asked.decide("approve", "A")
    asked.now += HOUR
    asked.fire("escalation")

    assert asked.decide("approve", "B") is None
    assert asked.decide("approve", "CEO").outcome is Outcome.APPROVED


@dataclass(frozen=True)
class HalfSpeed:
    """A calendar in which every second second counts."""

    def add(self, start: datetime, length: timedelta) -> datetime:
        """See Calendar."""
        return start + 2 * length


def test_t2_a_calendar_says_how_time_counts() -> None:
    """For the deadline, reminders and escalations; the grace is plain time."""
    asked = timed(
        terms=CHAT,
        calendar=HalfSpeed(),
        reminders=Reminders(after=HOUR),
        escalations=(Escalation(after=2 * HOUR, to=parse_approvers("CEO")),),
    )

    assert asked.open.times.due_at == NINE + GRACE + 2 * DAY
    asked.deliver()

    assert asked.open.times == a.Times(
        due_at=NINE + 2 * DAY, remind_at=NINE + 2 * HOUR, escalate_at=NINE + 4 * HOUR
    )


def test_t2_without_its_graph_a_deadline_does_not_come_nearer() -> None:
    """Nobody knows then in which hours it counts."""
    asked = timed(calendar=HalfSpeed(), policy=in_order("BOB", "CEO"))
    asked.graph = graph_of(NO_GATES)
    asked.decide("approve", "BOB")

    assert asked.open.times.due_at == NINE + 2 * DAY


SHORT = st.integers(min_value=1, max_value=50).map(lambda n: n * MINUTE)


@given(
    timeout=SHORT | st.none(),
    stage=SHORT | st.none(),
    after=SHORT | st.none(),
    every=SHORT | st.none(),
    before=SHORT | st.none(),
    most=st.integers(min_value=1, max_value=5),
    delivered=st.integers(min_value=0, max_value=5).map(lambda n: n * MINUTE),
)
def test_t4_every_reminder_is_later_than_the_one_before(  # noqa: PLR0913, PLR0917 - drawn
    timeout: timedelta | None,
    stage: timedelta | None,
    after: timedelta | None,
    every: timedelta | None,
    before: timedelta | None,
    most: int,
    delivered: timedelta,
) -> None:
    """They end, stay before the deadline, and are at most as many as declared."""
    policy = Policy(stages=(Stage(slots=(of("BOB"),), timeout=stage),))
    asked = Asked(
        policy=policy,
        terms=CHAT,
        timeout=timeout,
        on_timeout=OnTimeout.EXPIRE,
        reminders=Reminders(after=after, every=every, most=most, before=before),
    )
    asked.now += delivered
    asked.deliver()
    limits = [each for each in (timeout, stage) if each is not None]
    due_at = asked.now + min(limits) if limits else None

    assert asked.open.times.due_at == due_at
    found = instants(asked)

    assert found == sorted(set(found))
    assert len(found) <= most + (before is not None)
