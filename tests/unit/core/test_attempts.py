"""Attempts of tasks in `advance`: results, retries, lost processes (rows G4, G7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.attempts import backoff
from orchestrator.core.effects import Deliver
from orchestrator.core.state import PlaceStatus, RunStatus
from orchestrator.graph import Backoff, Retry
from orchestrator.testing import Scenario
from tests.unit.core.flows import (
    BOOM,
    MINUTE,
    RUN,
    Checked,
    at_review,
    decide,
    fail,
    finish,
    fire,
    lose,
    publishing,
    run_through,
    start,
    take,
)

SECOND = timedelta(seconds=1)
THRICE = Retry(attempts=3, delay=SECOND, factor=2, jitter=0)


def behind_gate(**options) -> Scenario:
    """Return a run in which the task behind the gate is being run."""
    scenario = at_review(publish=options)
    return scenario.given(decide(scenario, "approve"), take("publish"))


def test_start_makes_the_first_node_ready_and_nothing_else():
    """A run is pending until some process takes its first node on."""
    scenario = Checked(publishing())
    scenario.when(start(topic="cats")).effects().then(
        e.RunStarted(
            graph="publishing",
            version=scenario.graph.version,
            input={"topic": "cats"},
            requester="ANN",
            surface="python",
        ),
        e.NodeReady(path="write", node="write"),
    )

    assert scenario.state.status == RunStatus.PENDING
    assert scenario.state.value(scenario.state.input) == {"topic": "cats"}


def test_a_run_starts_once():
    """A second start of the same id is refused and changes nothing."""
    Checked(publishing()).given(start()).when(start()).refused(r.AlreadyStarted(run_id=RUN))


def test_a_command_for_a_run_without_events_is_an_error_of_the_caller():
    """The engine looks runs up first, so this is a bug and not a refusal."""
    scenario = Checked(publishing())
    with pytest.raises(LookupError, match="StartAttempt names a run that has no events"):
        scenario.when(take("write"))


def test_one_process_takes_a_ready_node_on():
    """The first one wins; a node that is running or unknown cannot be taken on."""
    scenario = Checked(publishing()).given(start())
    scenario.when(take("write", owner="p1")).then(
        e.AttemptStarted(path="write", attempt=1, owner="p1")
    )
    scenario.when(take("write", owner="p2")).refused(
        r.NotCurrent(reason="write is not ready to be run")
    )
    scenario.when(take("publish")).refused(r.NotCurrent)

    assert scenario.state.status == RunStatus.RUNNING
    assert scenario.state.places["write"].owner == "p1"


def test_a_result_becomes_output_and_state():
    """Keys of a returned dict are state keys; any other value is an output only."""
    scenario = Checked(publishing(approvers="BOB")).given(start(), take("write"))
    scenario.when(finish("write", {"draft": "one", "words": 1})).then(
        e.NodeSucceeded(
            path="write",
            attempt=1,
            output={"draft": "one", "words": 1},
            written=("draft", "words"),
        ),
        e.EdgeTaken(path="write", target="review", reason="default"),
        e.NodeReady(path="review", node="review"),
        e.ApprovalOpened,
    )

    assert scenario.values == {"draft": "one", "words": 1}
    assert scenario.outputs["write"] == {"draft": "one", "words": 1}


@pytest.mark.parametrize("output", ["text", 3, None, ["a"], 0.5, True])
def test_a_result_that_is_no_dict_sets_no_state(output):
    """It can be found among the outputs."""
    scenario = at_review(output=output)

    assert scenario.values == {}
    assert output == scenario.outputs["write"]


def test_g4_a_write_outside_writes_fails_the_node_and_changes_nothing():
    """No key is set, also not the allowed ones, and trying again would not help."""
    graph = publishing(write={"writes": ["draft"], "retry": 3})
    scenario = Checked(graph).given(start(), take("write"))
    error = e.ErrorFacts(
        type="WritesError",
        message="'write' wrote 'publish_at', 'to', which its writes do not name",
    )
    scenario.when(finish("write", {"draft": "x", "publish_at": 1, "to": 2})).then(
        e.NodeFailed(path="write", error=error), e.RunFailed(error=error, path="write")
    )

    assert scenario.values == {}
    assert scenario.state.status == RunStatus.FAILED
    assert f"WritesError: {error.message}" == scenario.state.error


@pytest.mark.parametrize("key", ["human_decision", "human_response"])
def test_h2_a_task_never_writes_over_a_decision(key):
    """Not even one that may write everything."""
    scenario = Checked(publishing()).given(start(), take("write"))
    scenario.when(finish("write", {key: "approved"})).then(e.NodeFailed, e.RunFailed)

    assert scenario.values == {}


def test_h2_a_task_that_stops_late_writes_nothing_forbidden():
    """While the run is being cancelled a result is taken, its forbidden keys are not."""
    graph = publishing(write={"writes": ["draft"]})
    scenario = Checked(graph).given(start(), take("write"), c.CancelRun(by="ANN"))
    output = {"draft": "x", "human_decision": "approved", "other": 1}
    scenario.given(finish("write", output))

    assert scenario.state.status == RunStatus.CANCELLED
    assert "human_decision" not in scenario.values
    assert "other" not in scenario.values


def test_g7_a_failed_attempt_waits_for_its_retry():
    """The wait is a timer of the run: until it is due nothing runs, and the run is waiting."""
    scenario = Checked(publishing(write={"retry": THRICE})).given(start(), take("write"))
    retry_at = scenario.clock.now() + SECOND
    scenario.when(fail("write")).then(
        e.AttemptFailed(path="write", attempt=1, error=BOOM, retry_at=retry_at)
    )

    assert scenario.state.status == RunStatus.WAITING
    assert scenario.state.places["write"].status == PlaceStatus.RETRYING

    scenario.when(take("write")).refused(r.NotCurrent)
    scenario.when(fire("retry", "write")).refused(r.NotCurrent(reason="no retry of write is due"))
    scenario.wait(SECOND).when(fire("retry", "write")).then(e.NodeReady(path="write", node="write"))
    scenario.when(take("write")).then(e.AttemptStarted(path="write", attempt=2, owner="p1"))

    assert scenario.state.frames[""].visits["write"] == 1


def test_g7_a_retry_is_a_timer_that_fires_once():
    """Once the node is ready again, its timer has nothing to do."""
    scenario = Checked(publishing(write={"retry": THRICE}))
    scenario.given(start(), take("write"), fail("write")).wait(MINUTE)
    scenario.given(fire("retry", "write")).when(fire("retry", "write")).refused(r.NotCurrent)
    scenario.when(fire("retry", "nowhere")).refused(r.NotCurrent)


def test_g7_the_last_failed_attempt_fails_the_run():
    """Attempts are counted, and the last error is the run's."""
    scenario = Checked(publishing(write={"retry": THRICE})).given(start())
    for attempt in (1, 2):
        scenario.given(take("write"), fail("write", attempt)).wait(MINUTE)
        scenario.given(fire("retry", "write"))
    scenario.given(take("write")).when(fail("write", 3)).then(
        e.AttemptFailed(path="write", attempt=3, error=BOOM),
        e.NodeFailed(path="write", error=BOOM),
        e.RunFailed(error=BOOM, path="write"),
    )

    assert scenario.state.status == RunStatus.FAILED
    assert scenario.state.error == "ValueError: boom"
    assert scenario.state.places == {}


def test_g7_an_error_that_cannot_get_better_is_not_tried_again():
    """Whatever the node's retry says."""
    scenario = Checked(publishing(write={"retry": THRICE})).given(start(), take("write"))
    scenario.when(fail("write", is_retryable=False)).then(
        e.AttemptFailed, e.NodeFailed, e.RunFailed
    )


def test_g7_a_visit_after_a_rejection_has_tries_of_its_own():
    """Failures of an earlier visit do not count."""
    scenario = Checked(publishing(write={"retry": 2})).given(start(), take("write"))
    scenario.given(fail("write")).wait(MINUTE).given(fire("retry", "write"), take("write"))
    scenario.given(finish("write", attempt=2))
    scenario.given(decide(scenario, "reject", comment="again"), take("write#2"))
    scenario.when(fail("write#2")).then(e.AttemptFailed)

    assert scenario.state.status == RunStatus.WAITING


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        (Backoff.FIXED, [1, 1, 1, 1, 1, 1]),
        (Backoff.LINEAR, [1, 2, 3, 4, 5, 6]),
        (Backoff.EXPONENTIAL, [1, 3, 9, 10, 10, 10]),
    ],
)
def test_g7_waits_grow_as_declared_up_to_the_cap(kind, waits):
    """The first wait is the delay itself."""
    retry = Retry(
        attempts=9, backoff=kind, delay=SECOND, factor=3, cap=timedelta(seconds=10), jitter=0
    )

    assert [timedelta(seconds=wait) for wait in waits] == [
        backoff(retry, failures) for failures in range(1, 7)
    ]


@pytest.mark.parametrize("failures", [48, 70, 1_000, 100_000])
@pytest.mark.parametrize("factor", [1.0, 2.0, 1e9, 1e300])
def test_g7_a_wait_never_grows_beyond_the_cap(failures, factor):
    """However often the node has failed, no number overflows."""
    retry = Retry(attempts=failures + 1, delay=timedelta(hours=1), factor=factor, jitter=0)

    assert retry.cap >= backoff(retry, failures)


def test_g7_jitter_is_a_share_of_the_wait_and_the_same_every_time():
    """Runs and tries differ, a repeated calculation does not."""
    retry = Retry(attempts=9, backoff=Backoff.FIXED, delay=SECOND * 10, jitter=0.5)
    waits = [backoff(retry, 1, f"run {number}", "write") for number in range(200)]

    assert waits == [backoff(retry, 1, f"run {number}", "write") for number in range(200)]
    assert len(set(waits)) > 190
    assert all(SECOND * 5 < wait <= SECOND * 10 for wait in waits)
    assert min(waits) < SECOND * 5.5
    assert max(waits) > SECOND * 9.5
    assert backoff(retry, 1, "run", "write") != backoff(retry, 2, "run", "write")


def test_g7_a_run_retries_at_the_same_instant_when_the_commit_is_repeated():
    """A step may be carried out again after a conflict; it must lead to the same event."""
    retry = Retry(attempts=3, jitter=1)
    first = Checked(publishing(write={"retry": retry})).given(start(), take("write"), fail("write"))
    again = Checked(publishing(write={"retry": retry})).given(start(), take("write"), fail("write"))

    assert first.log == again.log


@pytest.mark.parametrize("late", [finish("write", {"draft": "late"}), fail("write")])
def test_a_result_of_an_attempt_that_was_replaced_is_recorded_as_ignored(late):
    """It sets nothing, and the current attempt goes on."""
    scenario = Checked(publishing()).given(start(), take("write"), lose("write"), take("write"))
    scenario.when(late).then(
        e.ResultIgnored(path="write", attempt=1, reason="another attempt took its place")
    )

    assert scenario.values == {}
    assert scenario.state.places["write"].status == PlaceStatus.RUNNING


@pytest.mark.parametrize("late", [finish("write", {"draft": "late"}), fail("write")])
def test_a_result_counts_once(late):
    """A second report of the same attempt is refused once the run has gone on."""
    scenario = at_review()
    scenario.when(late).refused(r.NotCurrent(reason="write is not being visited"))

    assert scenario.values == {"draft": "one"}


def test_a_lost_attempt_of_an_idempotent_node_is_run_again():
    """The place is ready for anybody; the loss is no failure of the node."""
    scenario = Checked(publishing()).given(start(), take("write", owner="dead"))
    scenario.when(lose("write")).effects().then(
        e.AttemptLost(path="write", attempt=1, owner="dead"),
        e.NodeReady(path="write", node="write"),
    )
    scenario.when(lose("write")).refused(r.NotCurrent)
    scenario.when(take("write")).then(e.AttemptStarted(path="write", attempt=2, owner="p1"))

    assert scenario.state.places["write"].failures == 0


def test_losing_an_attempt_that_is_not_the_current_one_is_refused():
    """Two processes may see the same expired lease."""
    scenario = Checked(publishing()).given(start(), take("write"), lose("write"), take("write"))
    scenario.when(lose("write", attempt=1)).refused(r.NotCurrent)
    scenario.when(lose("nowhere")).refused(r.NotCurrent)


def test_a_node_that_loses_its_process_again_and_again_asks_the_operators():
    """It may be what ends the process, so it is not run a fourth time by itself."""
    scenario = Checked(publishing()).given(start())
    for attempt in (1, 2):
        scenario.given(take("write"), lose("write", attempt))
        assert scenario.state.places["write"].status == PlaceStatus.READY
    scenario.given(take("write"), lose("write", 3))
    (question,) = scenario.state.approvals.values()

    assert (question.opened.kind, question.opened.error.type) == ("error", "Lost")
    assert "that happened 3 times" in question.opened.error.message


def test_a_lost_attempt_behind_a_gate_asks_the_operators():
    """Whether the side effect happened is unknown, so it is not simply done again."""
    scenario = behind_gate()
    scenario.when(lose("publish")).effects(Deliver).then(e.AttemptLost, e.ApprovalOpened)

    opened = scenario.approval.opened

    assert scenario.state.status == RunStatus.WAITING
    assert opened.kind == e.ApprovalKind.ERROR
    assert opened.approvers == ("OPS",)
    assert opened.decisions == (e.Decision.RETRY, e.Decision.SKIP, e.Decision.FAIL)
    assert opened.error.type == "FateUnknown"
    assert "publish" in opened.error.message


def test_a_lost_attempt_behind_a_gate_is_run_again_if_its_author_says_so():
    """`idempotent=True` is the author's word."""
    scenario = behind_gate(idempotent=True)
    scenario.when(lose("publish")).then(e.AttemptLost, e.NodeReady)


def test_an_unknown_fate_is_tried_again_by_a_person():
    """Retry: the same visit, the next attempt; the answer sets no state."""
    scenario = behind_gate().given(lose("publish"))
    before, question = scenario.values, scenario.approval.opened.approval_id
    scenario.when(decide(scenario, "retry", by="OPS", via="OPS")).then(
        e.DecisionRecorded,
        e.ApprovalResolved(
            approval_id=question,
            outcome=e.Outcome.ANSWERED,
            action="retry",
            by="OPS",
        ),
        e.NodeReady(path="publish", node="publish"),
    )
    scenario.when(take("publish")).then(e.AttemptStarted(path="publish", attempt=2, owner="p1"))
    scenario.when(finish("publish", attempt=2)).then(e.NodeSucceeded, e.RunCompleted)

    assert before == scenario.values


def test_an_unknown_fate_is_skipped_by_a_person():
    """Skip: the node is done, its output is null, and the run goes on."""
    scenario = behind_gate().given(lose("publish"))
    scenario.when(decide(scenario, "skip", by="OPS", via="OPS")).then(
        e.DecisionRecorded,
        e.ApprovalResolved,
        e.NodeSkipped(path="publish", reason="skipped by OPS"),
        e.RunCompleted(path="publish"),
    )

    assert scenario.outputs["publish"] is None


def test_an_unknown_fate_is_made_a_failure_by_a_person():
    """Fail: the run fails with the error that was asked about."""
    scenario = behind_gate().given(lose("publish"))
    error = scenario.approval.opened.error
    scenario.when(decide(scenario, "fail", by="OPS", via="OPS")).then(
        e.DecisionRecorded,
        e.ApprovalResolved,
        e.NodeFailed(path="publish", error=error),
        e.RunFailed(error=error, path="publish"),
    )


@pytest.mark.parametrize("word", ["approve", "reject", "banana"])
def test_h3_an_error_approval_takes_its_own_decisions_only(word):
    """Approve and reject mean nothing there."""
    scenario = behind_gate().given(lose("publish"))
    scenario.when(decide(scenario, word)).refused(
        r.UnknownDecision(decision=word, allowed=("retry", "skip", "fail"))
    )


def test_each_question_at_a_place_has_its_own_id():
    """A click on the first question never answers the second one."""
    scenario = behind_gate().given(lose("publish"))
    first = decide(scenario, "retry", by="OPS", via="OPS")
    scenario.given(first, take("publish"), lose("publish", attempt=2))
    scenario.when(first).refused(r.NotOpen(approval_id=first.approval_id))

    assert first.approval_id != scenario.approval.opened.approval_id


def test_a_late_result_while_people_are_asked_about_its_fate_is_ignored():
    """Its attempt counts as lost; people are not overtaken."""
    scenario = behind_gate().given(lose("publish"))
    scenario.when(finish("publish", {"published": 1})).then(e.ResultIgnored)

    assert len(scenario.state.approvals) == 1
    assert "published" not in scenario.values


def test_nothing_is_reported_to_a_finished_run():
    """Every command is refused with the status, and the log stays as it is."""
    scenario = at_review()
    click = decide(scenario, "approve")
    scenario.given(click, *run_through("publish"))
    length = len(scenario.log)
    commands = [
        take("publish"),
        finish("publish"),
        fail("publish"),
        lose("publish"),
        click,
        c.MarkDelivered(approval_id=click.approval_id, surface="slack", at=scenario.clock.now()),
        fire("expiry", click.approval_id),
        fire("reminder", click.approval_id),
        fire("retry", "publish"),
        c.CancelRun(by="ANN"),
    ]
    for command in commands:
        scenario.when(command).refused(r.Finished(status="completed"))

    assert length == len(scenario.log)
