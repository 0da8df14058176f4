"""Decisions in `advance`: who may decide what, and what follows (rows H2 to H5, H7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.state import RunStatus
from tests.unit.core.flows import (
    MINUTE,
    Checked,
    at_review,
    decide,
    finish,
    fire,
    publishing,
    run_through,
    start,
    take,
)


def test_h1_an_approval_pauses_the_run_with_its_question():
    """Everything that people need is in one event, and one delivery is asked for."""
    scenario = at_review(title="Publish {{ state.draft }}?", prompt="By {{ run.requester }}")
    opened = scenario.approval.opened

    assert scenario.state.status == RunStatus.WAITING
    assert opened.title == "Publish one?"
    assert opened.prompt == "By ANN"
    assert opened.kind == e.ApprovalKind.CONFIRM
    assert opened.decisions == (e.Decision.APPROVE, e.Decision.REJECT)
    assert opened.approvers == ("@editors",)
    assert opened.shows == {"draft": e.Pointer(4, ("draft",))}
    assert (opened.times.due_at, opened.times.remind_at) == (None, None)


def test_h1_a_question_has_a_title_without_one():
    """The node's name is all that is known."""
    assert at_review().approval.opened.title == "Approve review?"


def test_approve_goes_on_behind_the_gate():
    """The decision, the outcome and the way on are events of one step."""
    scenario = at_review()
    click = decide(scenario, "approve", comment="fine", key="k1", recorded_by="root")
    question = click.approval_id
    at = scenario.clock.now()
    response = {"approval_id": question, "by": "BOB", "comment": "fine", "at": at.isoformat()}
    scenario.when(click).effects(Deliver(purpose=Purpose.OUTCOME, approval_id=question)).then(
        e.DecisionRecorded(
            approval_id=question,
            decision=e.Decision.APPROVE,
            by="BOB",
            via=("@editors",),
            surface="slack",
            comment="fine",
            recorded_by="root",
            key="k1",
        ),
        e.ApprovalResolved(
            approval_id=question,
            outcome=e.Outcome.APPROVED,
            action="approve",
            by="BOB",
            values={"human_decision": "approved", "human_response": response},
        ),
        e.NodeSucceeded(path="review", attempt=0, output=None),
        e.EdgeTaken(path="review", target="publish", reason="default"),
        e.NodeReady(path="publish", node="publish"),
    )

    assert scenario.state.approvals == {}


def test_h2_the_decision_and_the_response_are_in_the_state():
    """Later nodes read both, and the outcome's word is what was decided."""
    scenario = at_review()
    scenario.given(decide(scenario, "reject", comment="too short"))

    assert scenario.values["human_decision"] == "rejected"
    assert scenario.values["human_response"]["by"] == "BOB"
    assert scenario.values["human_response"]["comment"] == "too short"


def test_h2_updates_inside_the_gates_writes_are_set():
    """They are stored with the outcome, beside the decision."""
    scenario = at_review(writes=["price", "note"])
    scenario.given(decide(scenario, "approve", updates={"price": 3}))

    assert scenario.values["price"] == 3
    assert scenario.values["human_decision"] == "approved"
    assert "note" not in scenario.values


def test_h2_a_gate_that_writes_everything_takes_any_key():
    """`*` stands for all keys but the reserved ones."""
    scenario = at_review(writes="*")
    scenario.given(decide(scenario, "approve", updates={"draft": "two"}))

    assert scenario.values["draft"] == "two"


@pytest.mark.parametrize(
    ("writes", "key"),
    [
        ([], "draft"),
        (["price"], "draft"),
        (["price"], "human_decision"),
        ("*", "human_decision"),
        ("*", "human_response"),
    ],
)
def test_h2_other_updates_are_refused_and_nothing_is_set(writes, key):
    """Not the allowed ones beside them either, and the question stays open."""
    scenario = at_review(writes=writes)
    allowed = {"price": 1} if writes else {}
    named = ", ".join(writes) or "none"
    scenario.when(decide(scenario, "approve", updates={**allowed, key: "x"})).refused(
        r.BadResponse(
            message=f"an answer to 'review' cannot set {key}; this gate's writes are: {named}",
        )
    )

    assert scenario.values == {"draft": "one"}
    assert scenario.state.status == RunStatus.WAITING


@pytest.mark.parametrize(
    "word",
    ["banana", "", None, "Approved!", "APPROVE", "approve ", "approved", "rejected", True, 0, []],
)
def test_h3_decisions_are_a_closed_set(word):
    """Whatever else is sent is refused with what the approval takes."""
    scenario = at_review()
    scenario.when(decide(scenario, word)).refused(
        r.UnknownDecision(decision=word, allowed=("approve", "reject"))
    )

    assert scenario.state.status == RunStatus.WAITING


@pytest.mark.parametrize("word", ["retry", "skip", "fail"])
def test_h3_decisions_of_another_kind_are_refused(word):
    """They are decisions, but not of this approval."""
    scenario = at_review()
    scenario.when(decide(scenario, word)).refused(r.UnknownDecision)


def test_somebody_who_is_no_approver_is_refused():
    """The refusal names who may decide, also to the requester."""
    scenario = at_review()
    scenario.when(decide(scenario, "approve", by="ANN", via=None)).refused(
        r.NotAllowed(by="ANN", approvers=("@editors",))
    )

    assert scenario.state.status == RunStatus.WAITING


def test_a_decision_on_another_payload_is_refused():
    """Without a digest the surface cannot tell; with the right one it is taken."""
    scenario = at_review()
    digest = scenario.approval.opened.digest
    scenario.when(decide(scenario, "approve", digest="0" * 64)).refused(r.PayloadChanged)
    scenario.when(decide(scenario, "approve", digest="")).refused(r.PayloadChanged)
    scenario.given(decide(scenario, "approve", digest=digest))

    assert scenario.state.status == RunStatus.RUNNING


def test_h4_a_rejection_follows_its_route_with_the_feedback():
    """The node is visited anew, with what the person wrote; the next question is another one."""
    scenario = at_review()
    first = decide(scenario, "reject", comment="shorter")
    scenario.when(first).then(
        e.DecisionRecorded,
        e.ApprovalResolved,
        e.NodeSucceeded(path="review", attempt=0, output=None),
        e.EdgeTaken(path="review", target="write", reason="rejection"),
        e.NodeReady(path="write#2", node="write", feedback="shorter"),
    )
    scenario.given(*run_through("write#2", {"draft": "two"}))

    assert scenario.approval.opened.path == "review#2"
    assert scenario.approval.opened.approval_id != first.approval_id
    assert scenario.state.frames[""].visits == {"write": 2, "review": 2}


def test_h4_feedback_is_none_where_nobody_wrote_any():
    """An empty comment is no feedback."""
    scenario = at_review()
    scenario.given(decide(scenario, "reject"))

    assert scenario.state.places["write#2"].feedback is None


def test_h4_a_rejection_without_a_route_cancels_the_run():
    """Who and why are kept."""
    scenario = at_review(rejection=None)
    scenario.when(decide(scenario, "reject", comment="no budget")).then(
        e.DecisionRecorded,
        e.ApprovalResolved,
        e.CancelRequested(by="BOB", reason="review was rejected: no budget"),
        e.RunCancelled(by="BOB", reason="review was rejected: no budget"),
    )

    assert scenario.state.status == RunStatus.CANCELLED
    assert scenario.state.cancel == ("BOB", "review was rejected: no budget")


def test_h5_a_stale_click_never_answers_the_next_gate():
    """It names its own approval, which is not open any more."""
    scenario = at_review()
    click = decide(scenario, "approve")
    scenario.given(decide(scenario, "reject"), *run_through("write#2"))
    scenario.when(click).refused(r.NotOpen(approval_id=click.approval_id))

    assert scenario.state.status == RunStatus.WAITING
    assert scenario.state.places["review#2"].approval_id in scenario.state.approvals


def test_h5_a_decision_on_an_approval_that_never_was_is_refused():
    """The run's own approval stays open."""
    scenario = at_review()
    click = decide(scenario, "approve", approval_id="0" * 32)
    scenario.when(click).refused(r.NotOpen(approval_id="0" * 32))

    assert len(scenario.state.approvals) == 1


def test_h5_an_approval_has_one_outcome():
    """The second of two decisions is refused, whichever it is."""
    scenario = at_review()
    first, second = decide(scenario, "approve"), decide(scenario, "reject", by="CAROL")
    scenario.given(first).when(second).refused(r.NotOpen)
    scenario.when(first).refused(r.NotOpen)

    assert scenario.values["human_decision"] == "approved"


def test_h5_approval_ids_differ_between_runs_and_visits_and_are_reproducible():
    """The same step leads to the same id, whoever carries it out."""
    ids = [at_review().approval.opened.approval_id for _ in range(2)]
    other = Checked(publishing())
    other.given(
        c.StartRun(run_id="f" * 32, input={}, requester="ANN", surface="python"),
        *run_through("write"),
    )

    assert ids[0] == ids[1]
    assert other.approval.opened.approval_id != ids[0]


def test_h7_a_waiting_run_stays_as_it_is_whatever_else_is_asked():
    """No second question, no longer deadline: only an answer or a due timer moves it."""
    scenario = at_review(timeout="10m", on_timeout="expire", remind_before="5m")
    before = scenario.state
    scenario.wait(MINUTE)
    for command in (
        take("review"),
        fire("retry", "review"),
        fire("expiry", scenario),
        fire("reminder", scenario),
        start(),
    ):
        refusal = r.AlreadyStarted if isinstance(command, c.StartRun) else r.NotCurrent
        scenario.when(command).refused(refusal)

    assert scenario.state == before


def test_h7_a_result_for_a_gate_is_ignored():
    """Nothing that a process reports answers a question."""
    scenario = at_review()
    scenario.when(finish("review", {"human_decision": "approved"}, attempt=0)).then(e.ResultIgnored)

    assert scenario.state.status == RunStatus.WAITING
    assert "human_decision" not in scenario.values


def test_a_timeout_or_text_that_cannot_be_computed_fails_the_run_and_asks_nobody():
    """What the author's function raised is the run's error."""

    def broken(view):
        raise ZeroDivisionError(view.state["draft"])

    error = e.ErrorFacts(type="ZeroDivisionError", message="one")
    for option in (
        {"title": broken},
        {"prompt": broken},
        {"timeout": broken, "on_timeout": "expire"},
        {"timeout": "2d", "on_timeout": "expire", "remind_before": broken},
    ):
        scenario = at_review(**option)

        assert [each.event for each in scenario.log[-2:]] == [
            e.NodeFailed(path="review", error=error),
            e.RunFailed(error=error, path="review"),
        ]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"title": lambda _view: 5}, "a title or prompt must be a text, this one is 5"),
        ({"prompt": lambda _view: None}, "a title or prompt must be a text, this one is None"),
        (
            {"timeout": lambda _view: timedelta(0), "on_timeout": "expire"},
            "a timeout must be longer than nothing, this one is 0:00:00",
        ),
    ],
)
def test_what_a_function_of_the_author_returns_is_checked(option, message):
    """A question that could not be read again is never asked."""
    scenario = at_review(**option)

    assert scenario.state.status == RunStatus.FAILED
    assert message in scenario.state.error
