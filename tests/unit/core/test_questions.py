"""An approval is answered: what is refused, what is recorded, and what comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import approval_events as a
from orchestrator.core import questions
from orchestrator.core import refusals as r
from orchestrator.core.approval_events import Outcome
from orchestrator.core.commands import Decide
from orchestrator.core.effects import Purpose
from orchestrator.errors import UnanswerableError
from orchestrator.graph.gates import NO_GATES, Gate
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
from tests.unit.core.asked import DRAFT, FORM, HOUR, MINUTE, NINE, Asked, graph_of, of, person


def test_h3_unknown_decisions_are_refused_and_the_question_stays_open() -> None:
    """A closed set: nothing but the decisions of the kind is taken."""
    asked = Asked()

    for decision in ("banana", "", None, "Approved!", "APPROVE", "edit", ["approve"], 1):
        assert r.UnknownDecision(decision=decision, allowed=("approve", "reject")) == asked.decide(
            decision
        )

    assert asked.open.votes == ()


def test_h5_a_decision_names_its_approval() -> None:
    """What is not open, or not any more, is refused."""
    asked = Asked()
    asked.decide("approve")

    assert r.NotOpen(approval_id=asked.id) == asked.decide("approve")


@pytest.mark.parametrize(("after", "is_late"), [(59, False), (60, True), (61, True)])
def test_t3_at_the_deadline_it_is_too_late(after: int, is_late: bool) -> None:  # noqa: FBT001 - a column of the table
    """A decision needs a deadline that is still ahead."""
    asked = Asked(timeout=HOUR, on_timeout=OnTimeout.EXPIRE)
    asked.now += timedelta(minutes=after)
    result = asked.decide("approve")

    assert is_late == (result == r.TooLate(approval_id=asked.id))


def test_a_decision_on_another_payload_is_refused() -> None:
    """The digest is that of what was shown."""
    asked = Asked("review", output=DRAFT)

    assert r.PayloadChanged(approval_id=asked.id) == asked.decide("approve", digest="0" * 64)
    assert asked.decide("approve", digest=asked.open.digest).outcome is Outcome.APPROVED


TWO_STAGES = in_order("BOB", "CEO")


@pytest.mark.parametrize(
    ("policy", "by", "refusal"),
    [
        (any_of("BOB, @sre"), "EVE", r.NotAllowed(by="EVE", approvers=("BOB", "@sre"))),
        (any_of("BOB"), person("EVE", "@old"), r.NotAllowed(by="EVE", approvers=("BOB",))),
        (TWO_STAGES, "CEO", r.NotYet(by="CEO", waiting_for=("BOB",))),
        (
            four_eyes("ANN, BOB"),
            "ANN",
            r.OwnRequest(by="ANN", approvers=("ANN", "BOB")),
        ),
        (any_of("@sre"), person("BOT", "@sre", is_outsider=True), r.Outsider(by="BOT")),
    ],
)
def test_h21_people_who_may_not_decide_are_told_who_may(
    policy: Policy, by: Any, refusal: r.Refusal
) -> None:
    """The refusal names the rule and the people."""
    asked = Asked("confirm", policy)

    assert refusal == asked.decide("approve", by)


def test_h21_every_refusal_of_a_person_reads_as_a_sentence() -> None:
    """One line that says who may."""
    for refusal in (
        r.NotYet(by="U", waiting_for=("A", "B")),
        r.OwnRequest(by="U", approvers=("A", "B")),
        r.OwnEdit(by="U", approvers=("A", "B")),
        r.AlreadyCounted(by="U", waiting_for=("A", "B")),
    ):
        assert refusal.message.startswith(("U ", "it is not U", "the approval of U"))
        assert refusal.message.endswith("A, B")
    assert "outsiders" in r.Outsider(by="U").message
    assert r.NotPermitted(by="U", action="x", takes="y").message == "U may not x; that takes y"


def test_h21_outsiders_decide_where_the_policy_lets_them() -> None:
    """`outsiders` opens a policy to bots and guests who are named."""
    policy = Policy(stages=(Stage(slots=(of("@sre"),)),), outsiders=True)
    asked = Asked("confirm", policy)

    assert asked.decide("approve", person("BOT", "@sre", is_outsider=True)).by == "BOT"


def test_h2_an_approval_sets_the_state_keys() -> None:
    """Later nodes read who decided what, and the further keys that the gate allows."""
    asked = Asked(writes=("mood",))
    result = asked.decide("approve", comment="fine", updates={"mood": "good"})

    assert (result.outcome, result.action, result.by) == (Outcome.APPROVED, "approve", "BOB")
    assert asked.keys["human_decision"] == "approved"
    assert asked.keys["mood"] == "good"
    assert asked.keys["human_response"] == {
        "approval_id": asked.id,
        "by": "BOB",
        "comment": "fine",
        "at": NINE.isoformat(),
    }
    assert asked.purposes() == [Purpose.QUESTION, Purpose.OUTCOME]


@pytest.mark.parametrize(
    ("updates", "named"),
    [
        ({"other": 1}, "cannot set other"),
        ({"human_decision": "approved"}, "cannot set human_decision"),
        ({"human_response": {}}, "cannot set human_response"),
    ],
)
def test_h2_updates_outside_the_gates_writes_are_refused(
    updates: dict[str, Any], named: str
) -> None:
    """And never over the decision."""
    asked = Asked(writes=("*",) if "other" not in updates else ("mood",))
    result = asked.decide("approve", updates=updates)

    assert isinstance(result, r.BadResponse)
    assert named in result.message


def test_h2_updates_that_are_no_json_are_refused() -> None:
    """Nothing is stored that could not be read again."""
    result = Asked(writes=("mood",)).decide("approve", updates={"mood": {1, 2}})

    assert isinstance(result, r.InvalidValues)
    assert result.problems[0][0] == "mood"


def test_h21_two_people_of_one_list_approve() -> None:
    """The first vote brings progress, the second the outcome; a second click of one does not."""
    asked = Asked("confirm", quorum(2, "@sre"), writes=("a", "b"))

    assert asked.decide("approve", person("BOB", "@sre"), updates={"a": 1}) is None
    assert asked.decide("approve", person("BOB", "@sre"), updates={"a": 2}) is None
    assert asked.purposes() == [Purpose.QUESTION, Purpose.PROGRESS, Purpose.PROGRESS]
    result = asked.decide("approve", person("EVE", "@sre"), updates={"b": 3})

    assert result.outcome is Outcome.APPROVED
    assert (asked.keys["a"], asked.keys["b"]) == (2, 3)


def test_h21_stages_are_asked_one_after_the_other() -> None:
    """The next people are told when it is their turn, and decide by their own."""
    asked = Asked("confirm", TWO_STAGES)

    assert asked.decide("approve", "BOB") is None
    assert asked.last.stage == 1
    assert asked.purposes() == [Purpose.QUESTION, Purpose.NOTICE, Purpose.PROGRESS]
    assert r.AlreadyCounted(by="BOB", waiting_for=("CEO",)) == asked.decide("approve", "BOB")
    assert asked.decide("approve", "CEO").outcome is Outcome.APPROVED


def test_h21_a_person_in_two_stages_fills_one() -> None:
    """Distinct people: the seat of an earlier stage does not count again."""
    asked = Asked("confirm", in_order("BOB", "BOB CEO"))
    asked.decide("approve", "BOB")

    assert r.AlreadyCounted(by="BOB", waiting_for=("BOB", "CEO")) == asked.decide("approve")


def test_h21_everybody_of_a_group_must_approve() -> None:
    """The group is as the newest vote found it."""
    asked = Asked("confirm", everyone("@sre"))
    bob, eve, joe = (person(name, "@sre") for name in ("BOB", "EVE", "JOE"))

    assert asked.decide("approve", bob, roster={"@sre": ("BOB", "EVE")}) is None
    assert asked.decide("approve", eve, roster={"@sre": ("BOB", "EVE", "JOE")}) is None
    assert questions.standing_of(asked.turn(), asked.open).waiting == ("JOE",)
    assert asked.decide("approve", joe, roster={"@sre": ("BOB", "EVE", "JOE")}).by == "JOE"


def test_h21_a_rejection_below_the_threshold_leaves_it_open() -> None:
    """Two rejections reject where two are asked for, and a changed mind counts as changed."""
    policy = Policy(stages=(Stage(slots=(of("A B C D", 2),)),), deny_threshold=2)
    asked = Asked("confirm", policy)

    assert asked.decide("reject", "A") is None
    assert asked.decide("approve", "A") is None
    assert asked.decide("reject", "B") is None
    result = asked.decide("reject", "C", comment="no")

    assert (result.outcome, result.by, result.comment) == (Outcome.REJECTED, "C", "no")
    assert asked.keys["human_decision"] == "rejected"


def test_h21_a_veto_rejects_alone() -> None:
    """Whatever the threshold, and without a slot."""
    policy = Policy(
        stages=(Stage(slots=(of("A B", 1),)),), veto=parse_approvers("LAW"), deny_threshold=2
    )
    asked = Asked("confirm", policy)

    assert isinstance(asked.decide("approve", "LAW"), r.NotAllowed)
    assert asked.decide("reject", "LAW").outcome is Outcome.REJECTED


GLASS = Policy(stages=(Stage(slots=(of("A B", 2),)),), break_glass=parse_approvers("CEO"))


@pytest.mark.parametrize(
    ("policy", "decision", "by", "comment", "refusal"),
    [
        (any_of("A"), "approve", "CEO", "fire", r.NotPossible),
        (GLASS, "approve", "A", "fire", r.NotAllowed),
        (GLASS, "approve", "CEO", " ", r.BadResponse),
        (GLASS, "reject", "CEO", "fire", r.BadResponse),
    ],
)
def test_h25_breaking_the_glass_takes_the_policy_and_a_reason(
    policy: Policy, decision: str, by: str, comment: str, refusal: type
) -> None:
    """Elsewhere it is refused, and so is doing it without a word."""
    asked = Asked("confirm", policy)

    assert isinstance(asked.decide(decision, by, comment=comment, breaks_glass=True), refusal)


def test_h25_breaking_the_glass_approves_at_once_and_tells_everybody() -> None:
    """Against the policy, alone, with the reason in the log."""
    asked = Asked("confirm", GLASS)
    result = asked.decide("approve", "CEO", comment="fire", breaks_glass=True)
    (recorded,) = asked.events(a.DecisionRecorded)

    assert result.outcome is Outcome.APPROVED
    assert (recorded.breaks_glass, recorded.comment, recorded.via) == (True, "fire", ("CEO",))
    assert asked.purposes() == [Purpose.QUESTION, Purpose.NOTICE, Purpose.OUTCOME]


def test_h25_without_saying_so_the_glass_stays_whole() -> None:
    """Somebody who might break it and is no approver is refused like anybody else."""
    assert isinstance(Asked("confirm", GLASS).decide("approve", "CEO"), r.NotAllowed)


def test_h15_changes_are_requested_by_one_person() -> None:
    """Whatever the quorum, with what is to be changed."""
    asked = Asked("review", quorum(2, "A B"), output=DRAFT)
    result = asked.decide("request-changes", "A", comment="shorter")

    assert (result.outcome, result.comment) == (Outcome.CHANGES_REQUESTED, "shorter")


def test_h24_a_rule_is_granted_with_an_approval() -> None:
    """It is in the log, with how long it holds."""
    asked = Asked("tool", output={"query": "cats"})
    asked.decide("approve", grants_rule="r1", rule_expires_at=NINE + HOUR)
    (granted,) = asked.events(a.RuleGranted)

    assert (granted.rule, granted.by, granted.expires_at) == ("r1", "BOB", NINE + HOUR)


@pytest.mark.parametrize(
    ("kind", "decision", "expires_at"),
    [("input", "reject", None), ("confirm", "reject", None), ("confirm", "approve", NINE)],
)
def test_h24_a_rule_that_makes_no_sense_is_refused(
    kind: str, decision: str, expires_at: Any
) -> None:
    """Only approvals are repeated, and only in the future."""
    asked = Asked(kind, schema=FORM if kind == "input" else None)

    assert isinstance(
        asked.decide(decision, grants_rule="r1", rule_expires_at=expires_at), r.BadResponse
    )


def test_a_decision_keeps_how_it_came() -> None:
    """Who typed it, which delivery and which rule are in the log."""
    asked = Asked()
    asked.decide("approve", person("BOB", recorded_by="root"), key="k1", rule="r1")
    (recorded,) = asked.events(a.DecisionRecorded)

    assert (recorded.recorded_by, recorded.key, recorded.rule) == ("root", "k1", "r1")


def test_only_entries_of_the_policy_count_as_grounds() -> None:
    """What the surface found for an older policy is left out."""
    asked = Asked("confirm", "@sre")
    asked.decide("approve", person("BOB", "@sre", "@old"))
    (recorded,) = asked.events(a.DecisionRecorded)

    assert recorded.via == ("@sre",)


def test_computed_approvers_are_asked_of_the_state() -> None:
    """The names are computed when the question is opened."""
    asked = Asked("confirm", lambda view: [view.input["topic"].upper()])

    assert asked.decide("approve", "CATS").outcome is Outcome.APPROVED


@pytest.mark.parametrize("names", [[], "", None, 3, [3], ["two words"], {"A": 1}, b"A"])
def test_h21_computed_approvers_that_name_nobody_are_an_error(names: Any) -> None:
    """The caller asks the operators instead."""
    with pytest.raises(UnanswerableError, match="approvers were computed"):
        Asked("confirm", lambda _: names)


def test_h21_a_question_that_only_the_requester_could_answer_is_an_error() -> None:
    """Four eyes with one pair of them cannot be satisfied."""
    with pytest.raises(UnanswerableError, match="without ANN"):
        Asked("confirm", four_eyes("ANN"))


def test_what_the_authors_functions_raise_is_raised() -> None:
    """Titles, prompts, timeouts and approvers may fail; they are not hidden."""

    def boom(_: Any) -> Any:
        raise ZeroDivisionError

    for options in ({"title": boom}, {"prompt": boom}, {"timeout": boom}, {"policy": boom}):
        with pytest.raises(ZeroDivisionError):
            Asked("confirm", **options)
    for options in ({"title": lambda _: 3}, {"timeout": lambda _: 3}):
        with pytest.raises(TypeError):
            Asked("confirm", **options)
    with pytest.raises(ValueError, match="longer than nothing"):
        Asked("confirm", timeout=lambda _: -MINUTE)


@pytest.mark.parametrize(
    ("kind", "output", "decisions"),
    [
        ("review", DRAFT, ("approve", "edit", "request-changes", "reject")),
        ("review", None, ("approve", "request-changes", "reject")),
        ("tool", {"a": 1}, ("approve", "edit", "reject")),
    ],
)
def test_h8_what_may_be_answered(kind: str, output: Any, decisions: tuple[str, ...]) -> None:
    """There is no edit where there is nothing to edit."""
    assert decisions == Asked(kind, output=output).open.opened.decisions


def test_h16_the_operators_are_asked_about_an_error() -> None:
    """They choose between trying again, passing over and giving up."""
    asked = Asked()
    error = a.ErrorFacts(type="ValueError", message="boom")
    asked.decide("approve")
    asked.do(questions.ask_operators, "write", "write", error, number=2, title="What now?")
    (approval,) = asked.state.approvals.values()

    assert approval.opened.approvers == ("OPS",)
    assert approval.opened.decisions == ("retry", "skip", "fail")
    assert error == approval.opened.error


def test_h16_an_error_gate_names_its_own_people() -> None:
    """With its own deadline; the operators are asked when nobody else can answer."""
    asked = Asked("error", "JOE", timeout=HOUR, on_timeout=OnTimeout.FAIL)
    result = asked.decide("retry", "JOE")

    assert (result.outcome, result.action) == (Outcome.ANSWERED, "retry")
    assert asked.keys == {}


@pytest.mark.parametrize(("names", "asks"), [(["EVE"], "EVE"), ([], "OPS")])
def test_h16_the_operators_stand_in_where_nobody_answers_an_error_gate(
    names: list[str], asks: str
) -> None:
    """A gate that names nobody is no reason to leave an error alone."""
    asked = Asked()
    asked.decide("approve")
    gate = Gate(policy=lambda _: names, review_keys=("human_decision",))
    error = a.ErrorFacts(type="ValueError", message="boom")
    asked.do(questions.ask_operators, "write", "write", error, number=2, title="?", gate=gate)

    assert (asks,) == asked.open.opened.approvers
    assert bool(names) == ("human_decision" in asked.open.shows)


def test_a_graph_without_any_names_leaves_errors_to_operators_of_the_surface() -> None:
    """Nobody else may answer, least of all everybody."""
    asked = Asked()
    asked.decide("approve")
    asked.graph = graph_of(NO_GATES, operators="")
    error = a.ErrorFacts(type="ValueError", message="boom")
    asked.do(questions.ask_operators, "", "", error, number=2, title="?")
    approval_id = asked.open.opened.approval_id
    turn = asked.turn()
    refused = questions.answer(
        turn, Decide(approval_id=approval_id, decision="retry", by=person("EVE"))
    )
    taken = questions.answer(
        turn,
        Decide(approval_id=approval_id, decision="retry", by=person("EVE", is_operator=True)),
    )

    assert isinstance(refused, r.NotAllowed)
    assert taken.outcome is Outcome.ANSWERED


def test_every_open_approval_inside_a_place_is_withdrawn() -> None:
    """A path names a place or a frame, with everything inside it, and nothing beside it."""
    for inside, is_inside in (("", True), ("write", True), ("wri", False), ("other", False)):
        asked = Asked()
        asked.do(questions.withdraw_all, inside, by="EVE", reason="cancelled")

        assert is_inside == (asked.state.approvals == {})
    assert asked.keys == {}
