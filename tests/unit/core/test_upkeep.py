"""What people do about an open approval beside answering it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import approval_events as a
from orchestrator.core import commands as c
from orchestrator.core import refusals as r
from orchestrator.core import upkeep
from orchestrator.core.approval_events import Outcome
from orchestrator.core.effects import Purpose
from orchestrator.core.policy import handed_to
from orchestrator.graph.kinds import OnTimeout
from orchestrator.graph.policy import (
    Policy,
    Stage,
    any_of,
    everyone,
    four_eyes,
    in_order,
    parse_approvers,
    quorum,
)
from tests.unit.core.asked import DRAFT, FORM, HOUR, NINE, Asked, of, person

OPS = person("OPS", is_operator=True)


def withdraw(asked: Asked, by: c.Person, reason: str = "") -> Any:
    """Take the question back."""
    return asked.do(upkeep.withdraw, c.Withdraw(approval_id=asked.id, by=by, reason=reason))


def reassign(asked: Asked, by: c.Person, policy: Policy) -> Any:
    """Ask other people."""
    return asked.do(upkeep.reassign, c.Reassign(approval_id=asked.id, by=by, policy=policy))


def delegate(asked: Asked, by: c.Person, to: str) -> Any:
    """Let somebody answer in one's place."""
    return asked.do(upkeep.delegate, c.Delegate(approval_id=asked.id, by=by, to=to))


def snooze(asked: Asked, by: c.Person, hours: int = 1) -> Any:
    """Be not reminded for a while."""
    until = asked.now + hours * HOUR
    return asked.do(upkeep.snooze, c.Snooze(approval_id=asked.id, by=by, until=until))


def extend(asked: Asked, by: c.Person, hours: float = 48) -> Any:
    """Move the deadline."""
    until = NINE + timedelta(hours=hours)
    return asked.do(upkeep.extend, c.Extend(approval_id=asked.id, by=by, until=until))


def comment(asked: Asked, by: c.Person, text: str = "why?", **options: Any) -> Any:
    """Write something."""
    return asked.do(upkeep.comment, c.Comment(approval_id=asked.id, by=by, text=text, **options))


def timed(policy: Any = "BOB", **options: Any) -> Asked:
    """Ask with a timeout of a day."""
    return Asked(policy=policy, timeout=24 * HOUR, on_timeout=OnTimeout.EXPIRE, **options)


ACTIONS: list[Callable[[Asked, c.Person], Any]] = [
    withdraw,
    lambda asked, by: reassign(asked, by, any_of("EVE")),
    lambda asked, by: delegate(asked, by, "EVE"),
    snooze,
    extend,
    comment,
]
NAMES = ["withdraw", "reassign", "delegate", "snooze", "extend", "comment"]


@pytest.mark.parametrize("action", ACTIONS, ids=NAMES)
def test_h23_strangers_may_do_nothing(action: Callable[[Asked, c.Person], Any]) -> None:
    """They are told who may."""
    refusal = action(timed(), person("MAL", "@none"))

    assert isinstance(refusal, r.NotPermitted)
    assert refusal.message.startswith("MAL may not ")


@pytest.mark.parametrize("action", ACTIONS, ids=NAMES)
def test_h5_nothing_is_done_about_a_question_that_is_over(
    action: Callable[[Asked, c.Person], Any],
) -> None:
    """Nor about one whose deadline has passed, though nobody has noticed yet."""
    asked = timed()
    asked.now += 24 * HOUR

    assert action(asked, OPS) == r.TooLate(approval_id=asked.id)
    asked.fire("expiry")

    assert action(asked, OPS) == r.NotOpen(approval_id=asked.id)


@pytest.mark.parametrize("by", [person("ANN", "@none"), OPS])
def test_h23_a_question_is_withdrawn(by: c.Person) -> None:
    """By the requester or an operator, with the reason; no state key is set."""
    asked = timed()
    result = withdraw(asked, by, "not needed")

    assert (result.outcome, result.by, result.comment) == (Outcome.WITHDRAWN, by.id, "not needed")
    assert (asked.last.reason, asked.last.action) == ("not needed", "withdraw")
    assert asked.keys == {}
    assert asked.purposes() == [Purpose.QUESTION, Purpose.OUTCOME]


def test_h23_an_approver_may_not_withdraw() -> None:
    """They can reject."""
    assert withdraw(timed(), person("BOB")) == r.NotPermitted(
        by="BOB", action="withdraw this", takes="its requester or an operator"
    )


def test_h23_a_question_is_handed_to_other_people() -> None:
    """Votes are void, the new people decide, the old ones do not any more."""
    asked = timed(quorum(2, "BOB EVE"))
    asked.decide("approve", "BOB")
    asked.purposes()

    assert reassign(asked, person("EVE"), quorum(2, "JOE KIM")) is None
    assert asked.open.votes == ()
    assert asked.purposes() == [Purpose.PROGRESS, Purpose.NOTICE]
    assert isinstance(asked.decide("approve", "BOB"), r.NotAllowed)
    asked.decide("approve", "JOE")

    assert asked.decide("approve", "KIM").outcome is Outcome.APPROVED


def test_h23_reassigning_begins_with_the_first_stage_and_keeps_the_deadline() -> None:
    """The clock of the stage starts again, that of the whole does not."""
    first = Stage(slots=(of("BOB"),), timeout=2 * HOUR)
    asked = timed(Policy(stages=(first, Stage(slots=(of("CEO"),)))))
    asked.decide("approve", "BOB")
    asked.now += HOUR

    assert asked.open.times.due_at == NINE + 24 * HOUR
    moved = Policy(stages=(replace(first, slots=(of("EVE"),)), Stage(slots=(of("CEO"),))))
    reassign(asked, OPS, moved)

    assert (asked.open.stage, asked.open.times.due_at) == (0, NINE + 3 * HOUR)


def test_h23_the_same_policy_is_handed_to_other_people() -> None:
    """Its stages, slots and rules are kept, so that any approver may do so."""
    policy = replace(in_order("BOB", quorum(2, "@x BOB")), veto=parse_approvers("LAW"))
    handed = handed_to(policy, parse_approvers("EVE JOE KIM"))
    asked = Asked(policy=policy)

    assert handed == replace(
        in_order("EVE JOE KIM", quorum(2, "EVE JOE KIM")), veto=parse_approvers("LAW")
    )
    assert reassign(asked, person("BOB"), handed) is None


FULL = Policy(
    stages=(Stage(slots=(of("BOB", 1), of("@x", 1)), four_eyes=True),),
    veto=parse_approvers("LAW"),
    last_editor_may_approve=False,
)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"stages": (Stage(slots=(of("EVE"),), four_eyes=True),)}, "fewer approvals"),
        ({"stages": in_order("EVE", "@y", "@z").stages[:2]}, "let the requester approve"),
        ({"veto": ()}, "take a veto away"),
        ({"deny_threshold": 2}, "need more rejections"),
        ({"distinct": False}, "fill several slots"),
        ({"last_editor_may_approve": True}, "let the last editor approve"),
        ({"break_glass": parse_approvers("BOB")}, "decide alone"),
        ({"outsiders": True}, "let outsiders decide"),
    ],
)
def test_h23_an_approver_cannot_weaken_the_policy(change: dict[str, Any], named: str) -> None:
    """That takes an operator, who can."""
    asked = Asked("review", FULL, output=DRAFT)
    refusal = reassign(asked, person("BOB"), replace(FULL, **change))

    assert isinstance(refusal, r.NotPossible)
    assert named in refusal.message
    assert reassign(asked, OPS, replace(FULL, **change)) is None


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (quorum(3, "BOB @x"), in_order("BOB", "@x"), "fewer approvals"),
        (in_order("BOB", "@x"), quorum(2, "BOB @x"), "fewer stages"),
        (everyone("BOB @x"), quorum(2, "BOB @x"), "no longer ask everybody"),
    ],
)
def test_h23_more_of_one_thing_does_not_make_up_for_less_of_another(
    old: Policy, new: Policy, named: str
) -> None:
    """Stages, approvals and everybody's say are each kept."""
    assert named in reassign(Asked(policy=old), person("BOB"), new).message


@pytest.mark.parametrize(
    ("kind", "policy", "named"),
    [
        ("confirm", any_of("BOB"), "asked already"),
        ("confirm", any_of(""), "names nobody"),
        ("confirm", four_eyes("ANN"), "without ANN"),
        ("confirm", quorum(0, "EVE"), "at least one"),
        ("confirm", quorum(2, "EVE"), "takes 2 people"),
        ("input", quorum(2, "EVE JOE"), "first answer"),
        ("input", everyone("EVE"), "first answer"),
        ("input", in_order("EVE", "JOE"), "first answer"),
    ],
)
def test_h23_a_policy_that_makes_no_sense_is_refused(kind: str, policy: Policy, named: str) -> None:
    """Even of an operator, with what to do."""
    asked = Asked(kind, schema=FORM if kind == "input" else None)
    refusal = reassign(asked, OPS, policy)

    assert isinstance(refusal, r.NotPossible)
    assert named in refusal.message


def test_h23_outsiders_do_not_hand_questions_on() -> None:
    """Unless the policy takes them."""
    guest = person("BOT", "@sre", is_outsider=True)

    assert reassign(Asked(policy="@sre"), guest, any_of("EVE")) == r.Outsider(by="BOT")
    assert delegate(Asked(policy="@sre"), guest, "EVE") == r.Outsider(by="BOT")


def test_h23_somebody_answers_in_an_approvers_place() -> None:
    """The seat is that of the one who delegated, and the log names both."""
    asked = Asked(policy=quorum(2, "@sre"))
    delegate(asked, person("BOB", "@sre"), "EVE")

    assert asked.purposes() == [Purpose.QUESTION, Purpose.PROGRESS, Purpose.NOTICE]
    assert asked.decide("approve", person("EVE", "@none")) is None
    recorded = asked.last

    assert (recorded.by, recorded.instead_of, recorded.via) == ("EVE", "BOB", ("@sre",))
    assert asked.decide("approve", person("BOB", "@sre")) is None
    assert asked.decide("approve", person("JOE", "@sre")).outcome is Outcome.APPROVED


def test_h23_a_place_is_given_to_one_person_at_a_time() -> None:
    """Naming somebody else takes it from the first."""
    asked = Asked()
    delegate(asked, person("BOB"), "EVE")
    delegate(asked, person("BOB"), "JOE")

    assert isinstance(asked.decide("approve", person("EVE", "@none")), r.NotAllowed)
    assert asked.decide("approve", person("JOE", "@none")).by == "JOE"


def test_h23_who_was_called_in_delegates_no_further() -> None:
    """Only those who may decide by themselves."""
    asked = Asked()
    delegate(asked, person("BOB"), "EVE")

    assert isinstance(delegate(asked, person("EVE", "@none"), "JOE"), r.NotPermitted)


@pytest.mark.parametrize(
    ("policy", "to", "named"),
    [
        (any_of("BOB EVE"), " ", "nobody is named"),
        (any_of("BOB EVE"), "BOB", "themselves"),
        (any_of("BOB EVE"), "EVE", "may decide this already"),
        (four_eyes("BOB EVE"), "ANN", "started this run"),
    ],
)
def test_h23_who_cannot_be_delegated_to(policy: Policy, to: str, named: str) -> None:
    """Neither oneself, nor somebody who is asked anyhow, nor the requester under four eyes."""
    refusal = delegate(Asked(policy=policy), person("BOB"), to)

    assert isinstance(refusal, r.NotPossible)
    assert named in refusal.message


def test_h23_one_person_takes_one_place() -> None:
    """Or one pair of eyes would fill two slots."""
    asked = Asked(policy=quorum(2, "@sre"))
    bob, joe = person("BOB", "@sre"), person("JOE", "@sre")
    delegate(asked, bob, "EVE")

    assert "place of BOB" in delegate(asked, joe, "EVE").message
    asked.decide("approve", person("KIM", "@sre"))

    assert "answered this already" in delegate(asked, joe, "KIM").message


def test_h21_the_requester_does_not_delegate_what_is_not_theirs() -> None:
    """Under four eyes they have no place to give."""
    refusal = delegate(Asked(policy=four_eyes("ANN BOB")), person("ANN"), "EVE")

    assert refusal == r.OwnRequest(by="ANN", approvers=("ANN", "BOB"))


def test_t4_one_person_is_not_reminded_for_a_while() -> None:
    """The others are, so nothing is sent about it."""
    asked = Asked()
    asked.purposes()
    snooze(asked, person("BOB"))

    assert asked.open.snoozed == {"BOB": NINE + HOUR}
    assert asked.purposes() == []
    assert isinstance(snooze(asked, person("BOB"), 0), r.NotPossible)


@pytest.mark.parametrize("by", [person("BOB"), OPS])
def test_h23_a_deadline_is_moved(by: c.Person) -> None:
    """Further away, by an approver or an operator, for everybody to see."""
    asked = timed()
    asked.purposes()

    assert extend(asked, by) is None
    assert asked.open.times.due_at == NINE + 48 * HOUR
    assert asked.purposes() == [Purpose.PROGRESS, Purpose.NOTICE]
    asked.now += 24 * HOUR

    assert asked.fire("expiry") == r.NotCurrent(reason="its expiry is not due")
    asked.now += 24 * HOUR

    assert asked.fire("expiry").outcome is Outcome.EXPIRED


@pytest.mark.parametrize(
    ("hours", "named"), [(23, "already"), (24, "already"), (24 * 3651, "ten years")]
)
def test_h23_a_deadline_only_moves_away(hours: int, named: str) -> None:
    """Later than it is, and not beyond all measure."""
    refusal = extend(timed(), OPS, hours)

    assert isinstance(refusal, r.NotPossible)
    assert named in refusal.message


def test_h23_without_a_deadline_there_is_nothing_to_extend() -> None:
    """It waits for as long as it takes."""
    assert "no deadline" in extend(Asked(), OPS).message


def test_h23_what_happens_later_does_not_take_an_extension_back() -> None:
    """Neither the next stage nor an edit brings the deadline nearer."""
    stages = (Stage(slots=(of("BOB"),)), Stage(slots=(of("CEO"),), timeout=HOUR))
    asked = timed(Policy(stages=stages), kind="review", output="x")
    extend(asked, OPS)
    asked.decide("approve", "BOB")

    assert asked.open.times.due_at == NINE + 48 * HOUR
    asked.decide("edit", "CEO", "y")

    assert asked.open.times.due_at == NINE + 48 * HOUR


@pytest.mark.parametrize("by", [person("BOB"), person("ANN", "@none"), OPS])
def test_h23_people_write_to_each_other(by: c.Person) -> None:
    """Approvers, the requester and operators; the others are told."""
    asked = Asked()
    comment(asked, by, "which version?", wants_answer=True)

    assert (asked.last.text, asked.last.by, asked.last.wants_answer) == (
        "which version?",
        by.id,
        True,
    )
    assert asked.effects[-1].purpose is Purpose.NOTICE
    assert asked.effects[-1].seq == asked.log[-1].seq
    assert isinstance(comment(asked, by, " "), r.NotPossible)


def test_h23_who_may_only_veto_or_break_the_glass_may_write_too() -> None:
    """They are concerned."""
    policy = Policy(
        stages=(Stage(slots=(of("BOB"),)),),
        veto=parse_approvers("LAW"),
        break_glass=parse_approvers("CEO"),
    )
    asked = Asked(policy=policy)

    assert comment(asked, person("LAW")) is None
    assert comment(asked, person("CEO")) is None


def test_h24_a_rule_that_holds_no_longer_is_noted() -> None:
    """In the log of the run in which it was granted."""
    asked = Asked()
    asked.do(upkeep.revoke_rule, c.RevokeRule(rule="r1", by="BOB", surface="slack"))

    assert asked.last == a.RuleRevoked(rule="r1", by="BOB", surface="slack")
