"""How a run moves in `advance`: edges, routers, ceilings, cancelling (rows G3, G11, H4)."""

from __future__ import annotations

import pytest

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.state import RunStatus
from orchestrator.graph import Graph, GraphBuilder, Retry
from tests.unit.core.flows import (
    ANYTHING,
    MINUTE,
    Checked,
    at_review,
    decide,
    fail,
    finish,
    fire,
    lose,
    nothing,
    publishing,
    run_through,
    start,
    take,
)


def fork(*ways, select=None, router: bool = True, **graph) -> Graph:
    """Return size → (router) → small or large, by the edges' conditions in order."""
    source = "choose" if router else "size"
    built = GraphBuilder("fork", input=ANYTHING, **graph).task("size", nothing)
    if router:
        built.router("choose", select).edge("size", "choose")
    for target, when in ways:
        built.edge(source, target, when)
    for target in dict.fromkeys(target for target, _ in ways):
        built.end(target)
    return built.start("size").build()


def less(limit):
    """Return the condition that the size is less than a limit."""
    return lambda view: view.state["size"] < limit


@pytest.mark.parametrize("router", [True, False])
@pytest.mark.parametrize(
    ("size", "target", "reason"),
    [(1, "small", "condition"), (5, "large", "condition"), (50, "huge", "default")],
)
def test_g3_the_first_edge_that_holds_is_taken(size, target, reason, router):
    """In the order of declaration, the default edge last; from tasks and routers alike."""
    graph = fork(
        ("huge", None), ("small", less(3)), ("large", less(10)), ("tiny", less(2)), router=router
    )
    scenario = Checked(graph).given(start(), take("size"), finish("size", {"size": size}))
    *_, taken, _ready, _done, ended = [each.event for each in scenario.log]

    assert taken == e.EdgeTaken(path="choose" if router else "size", target=target, reason=reason)
    assert (type(ended), ended.path) == (e.RunCompleted, target)


def test_g3_conditions_may_be_texts():
    """They are evaluated once, and the way that was taken is an event."""
    graph = fork(("small", "state.size < 3"), ("large", None))
    scenario = Checked(graph).given(start(), take("size"))
    scenario.when(finish("size", {"size": 2})).then(
        e.NodeSucceeded,
        e.EdgeTaken(path="size", target="choose", reason="default"),
        e.NodeReady(path="choose", node="choose"),
        e.NodeSucceeded(path="choose", attempt=0, output=None),
        e.EdgeTaken(path="choose", target="small", reason="condition"),
        e.NodeReady(path="small", node="small"),
        e.NodeSucceeded(path="small", attempt=0, output=None),
        e.RunCompleted,
    )


@pytest.mark.parametrize(("router", "node"), [(True, "choose"), (False, "size")])
def test_g3_no_edge_that_holds_fails_the_run_and_names_the_node(router, node):
    """Without a default edge there may be nowhere to go."""
    graph = fork(("small", less(3)), ("large", less(10)), router=router)
    scenario = Checked(graph).given(start(), take("size"), finish("size", {"size": 50}))

    assert scenario.state.status == RunStatus.FAILED
    assert scenario.state.error == (
        f"NoMatchingEdgeError: no edge of {node!r} holds and it has no default edge"
    )


@pytest.mark.parametrize("router", [True, False])
def test_g3_a_condition_that_raises_fails_the_run_and_lets_nothing_through(router):
    """The default edge is not taken instead; the error is the condition's."""
    graph = fork(("small", lambda view: view.state["nope"]), ("large", None), router=router)
    scenario = Checked(graph).given(start(), take("size"), finish("size", {"size": 1}))

    assert scenario.state.status == RunStatus.FAILED
    assert scenario.state.error == "KeyError: 'nope'"
    assert "large" not in scenario.state.frames[""].visits


def test_g3_a_task_that_did_its_work_has_succeeded_even_if_there_is_no_way_on():
    """Its output is in the log; only the run fails."""
    graph = fork(("small", less(3)), router=False)
    scenario = Checked(graph).given(start(), take("size"))
    scenario.when(finish("size", {"size": 50})).then(e.NodeSucceeded, e.RunFailed)

    assert scenario.outputs["size"] == {"size": 50}


def test_g3_a_router_selects_by_name():
    """The name is one of its targets."""
    graph = fork(("small", None), ("large", None), select=lambda view: view.state["way"])
    scenario = Checked(graph).given(start(), take("size"), finish("size", {"way": "large"}))

    assert scenario.state.status == RunStatus.COMPLETED
    assert e.EdgeTaken(path="choose", target="large", reason="selected") in [
        each.event for each in scenario.log
    ]


@pytest.mark.parametrize("chosen", ["huge", "", None, 3, "size", ["small"]])
def test_g3_a_router_that_selects_something_else_fails_the_run(chosen):
    """Also another node of the graph, to which it has no edge."""
    graph = fork(("small", None), ("large", None), select=lambda _view: chosen)
    scenario = Checked(graph).given(start(), take("size"), finish("size"))

    assert scenario.state.status == RunStatus.FAILED
    assert scenario.state.error == (
        f"NoMatchingEdgeError: router 'choose' chose {chosen!r}, its edges lead to small, large"
    )


def test_conditions_see_input_outputs_and_facts_of_the_run():
    """And an approval's answer, once there is one."""
    seen = {}

    def look(view):
        seen.update(
            input=view.input, outputs=view.outputs, run=dict(view.run), state=dict(view.state)
        )
        return True

    scenario = Checked(fork(("small", look), ("large", None)))
    scenario.given(start(topic="cats"), *run_through("size", {"size": 1}))

    assert seen["input"] == {"topic": "cats"}
    assert seen["outputs"] == {"size": {"size": 1}}
    assert seen["state"] == {"size": 1}
    assert seen["run"] == {
        "id": scenario.state.run_id,
        "graph": "fork",
        "requester": "ANN",
        "started_at": scenario.clock.now(),
        "labels": {},
    }


def circle(max_visits: int) -> Graph:
    """Return a task that goes round until its state says that it is done."""
    return (
        GraphBuilder("circle", input=ANYTHING, max_visits=max_visits)
        .task("work", nothing)
        .end("done")
        .edge("work", "done", lambda view: view.state.get("done"))
        .edge("work", "work")
        .start("work")
        .build()
    )


def test_g11_a_run_that_goes_round_for_ever_fails():
    """After as many visits as the graph allows; each visit has a path of its own."""
    scenario = Checked(circle(3)).given(start())
    scenario.given(*run_through("work"), *run_through("work#2"), take("work#3"))
    scenario.when(finish("work#3")).then(e.NodeSucceeded, e.EdgeTaken, e.RunFailed)

    assert scenario.state.error == (
        "TooManyVisits: the run has visited 3 nodes, which is the graph's max_visits"
    )


def test_g11_the_last_allowed_visit_may_still_finish_the_run():
    """The ceiling is not reached by being at it."""
    scenario = Checked(circle(3)).given(start())
    scenario.given(*run_through("work"), *run_through("work#2", {"done": True}))

    assert scenario.state.status == RunStatus.COMPLETED
    assert scenario.state.visited == 3


def test_g11_waiting_costs_no_visits():
    """Nor do retries and lost attempts of the same visit."""
    scenario = Checked(publishing(write={"retry": 9})).given(start(), take("write"))
    scenario.given(fail("write")).wait(MINUTE).given(fire("retry", "write"), take("write"))
    scenario.given(lose("write", 2), take("write"), finish("write", attempt=3))

    assert scenario.state.visited == 2
    assert scenario.state.frames[""].visits == {"write": 1, "review": 1}


def test_an_approval_may_be_the_last_node():
    """Approved, the run is completed after it."""
    graph = GraphBuilder("ask").approval("ask", approvers="BOB").start("ask").ends("ask").build()
    scenario = Checked(graph)
    scenario.when(start()).effects(Deliver).then(e.RunStarted, e.NodeReady, e.ApprovalOpened)
    question = scenario.approval.opened.approval_id
    outcome = Deliver(purpose=Purpose.OUTCOME, approval_id=question)
    scenario.when(decide(scenario, "approve", via="BOB")).effects(outcome, outcome).then(
        e.DecisionRecorded, e.ApprovalResolved, e.NodeSucceeded, e.RunCompleted
    )


def test_those_who_decided_are_shown_how_the_run_ended():
    """The message of the approval that was answered last is brought up to date at the end."""
    scenario = at_review()
    question = scenario.approval.opened.approval_id
    scenario.given(decide(scenario, "approve"), take("publish"))
    scenario.when(finish("publish")).effects(
        Deliver(purpose=Purpose.OUTCOME, approval_id=question)
    ).then(e.NodeSucceeded, e.RunCompleted)


def test_s8_the_end_of_a_run_that_asked_nobody_is_told_of_the_run_itself():
    """There is no message to bring up to date."""
    scenario = Checked(circle(3)).given(start(), take("work"))
    ended = Deliver(purpose=Purpose.ENDED, approval_id=scenario.state.run_id)
    scenario.when(finish("work", {"done": True})).effects(ended).then(
        e.NodeSucceeded, e.EdgeTaken, e.NodeReady, e.NodeSucceeded, e.RunCompleted
    )


def test_cancel_withdraws_the_question_and_ends_a_waiting_run():
    """At once, for nothing of it runs; an approval that was withdrawn sets no state."""
    scenario = at_review(timeout="1h", on_timeout="approve", remind_before="5m")
    question = scenario.approval.opened.approval_id
    scenario.when(c.CancelRun(by="ANN", reason="wrong cat")).then(
        e.ApprovalResolved(
            approval_id=question, outcome=e.Outcome.WITHDRAWN, action="withdraw", by=None
        ),
        e.CancelRequested(by="ANN", reason="wrong cat"),
        e.RunCancelled(by="ANN", reason="wrong cat"),
    )

    assert scenario.state.status == RunStatus.CANCELLED
    assert scenario.values == {"draft": "one"}
    assert scenario.state.approvals == {}


def test_cancel_of_a_run_that_has_not_started_ends_it():
    """A ready node is never run."""
    scenario = Checked(publishing()).given(start())
    scenario.when(c.CancelRun(by="ANN")).then(e.CancelRequested, e.RunCancelled)
    scenario.when(take("write")).refused(r.Finished)


def test_cancel_of_a_run_that_waits_for_a_retry_ends_it():
    """The timer has nothing left to do."""
    graph = publishing(write={"retry": Retry(attempts=3)})
    scenario = Checked(graph).given(start(), take("write"), fail("write"))
    scenario.when(c.CancelRun(by="ANN")).then(e.CancelRequested, e.RunCancelled)
    scenario.wait(MINUTE).when(fire("retry", "write")).refused(r.Finished)


@pytest.mark.parametrize("end", ["finishes", "fails", "is lost"])
def test_cancel_of_a_running_node_waits_for_it_and_starts_nothing(end):
    """The run is cancelling until its node has stopped, however it stops."""
    graph = publishing(write={"retry": Retry(attempts=3)})
    scenario = Checked(graph).given(start(), take("write"))
    scenario.when(c.CancelRun(by="ANN", reason="stop")).then(
        e.CancelRequested(by="ANN", reason="stop")
    )

    assert scenario.state.status == RunStatus.CANCELLING

    scenario.when(c.CancelRun(by="BOB")).refused(
        r.NotCurrent(reason="it is being cancelled already")
    )
    scenario.when(take("write")).refused(r.NotCurrent)
    ending = e.RunCancelled(by="ANN", reason="stop")
    if end == "finishes":
        scenario.when(finish("write", {"draft": "x"})).then(e.NodeSucceeded, ending)
    elif end == "fails":
        scenario.when(fail("write")).then(e.AttemptFailed, e.NodeFailed, ending)
    else:
        scenario.when(lose("write")).then(e.AttemptLost, e.NodeFailed, ending)

    assert scenario.state.status == RunStatus.CANCELLED


def test_cancel_of_an_unknown_fate_withdraws_the_question_about_it():
    """A person has decided, in a way."""
    scenario = at_review()
    scenario.given(decide(scenario, "approve"), take("publish"), lose("publish"))
    scenario.when(c.CancelRun(by="ANN")).then(e.ApprovalResolved, e.CancelRequested, e.RunCancelled)


def test_a_lost_node_of_a_cancelled_run_needs_no_graph():
    """An operator cancels just because the graph that it ran on is gone."""
    scenario = Checked(publishing()).given(start(), take("write"), c.CancelRun(by="ANN"))
    empty = GraphBuilder("publishing").end("over").start("over").build()
    scenario.graph = empty
    scenario.when(lose("write")).then(e.AttemptLost, e.NodeFailed, e.RunCancelled)


@pytest.mark.parametrize("action", ["approve", "skip", "reject", "route"])
def test_a_deadline_that_needs_a_graph_never_goes_on_along_another(action):
    """It is an error of the caller's; the run is not failed for it."""
    options = {"timeout_route": "publish"} if action == "route" else {}
    scenario = at_review(timeout="1m", on_timeout=action, **options).wait(MINUTE)
    scenario.graph = GraphBuilder("publishing").end("over").start("over").build()
    length = len(scenario.log)
    with pytest.raises(LookupError, match="review"):
        scenario.when(fire("expiry", scenario))

    assert len(scenario.log) == length
