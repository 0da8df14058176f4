"""Anything in any order on the core: what must hold after every step holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance, advance
from orchestrator.core.effects import Purpose
from orchestrator.core.state import FINISHED, PlaceStatus, RunStatus
from orchestrator.core.times import is_past
from orchestrator.core.turn import Terms
from orchestrator.graph import Graph, GraphBuilder, Retry
from tests.property.effort import effort
from tests.unit.core.flows import (
    ANYTHING,
    CHAT,
    Checked,
    fail,
    finish,
    fire,
    lose,
    nothing,
    start,
    take,
)

PATHS = st.sampled_from(["write", "write#2", "review", "legal", "legal#2", "publish", "nope"])
WORDS = st.sampled_from(["approve", "reject", "retry", "skip", "fail", "banana", "", None])
PEOPLE = st.sampled_from(["BOB", "CAROL", "EVE"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["draft", "more", "human_decision"]), inner, max_size=2)
    ),
    max_leaves=4,
)
#: Seconds; None: to the instant of the next deadline.
JUMPS = st.sampled_from([None, None, 1, 60, 61, 300, 3600])


@dataclass(frozen=True)
class Click:
    """What somebody answers."""

    word: Any
    by: str
    is_approver: bool
    updates: dict[str, Any]
    digest: str | None


UPDATES = st.just({}) | st.dictionaries(
    st.sampled_from(["more", "draft", "human_decision"]), VALUES, min_size=1, max_size=1
)
CLICKS = st.builds(
    Click,
    word=WORDS,
    by=PEOPLE,
    is_approver=st.sampled_from([True, True, False]),
    updates=UPDATES,
    digest=st.sampled_from([None, None, "right", "wrong"]),
)
#: What lets the run through a gate.
PASSED = frozenset({"approve", "skip", "route"})


def flow(on_timeout: str, *, rejection: bool) -> Graph:
    """Return write → review → (short: publish, else legal → publish), and back on rejection."""
    route = {"timeout_route": "publish"} if on_timeout == "route" else {}
    back = {"rejection": "write"} if rejection else {}
    return (
        GraphBuilder("flow", input=ANYTHING, operators="OPS", max_visits=12)
        .task("write", nothing, writes=["draft", "more"], retry=Retry(attempts=2))
        .approval(
            "review",
            approvers="BOB, CAROL",
            writes="*",
            timeout="1h",
            on_timeout=on_timeout,
            remind_before="1m",
            **route,
            **back,
        )
        .approval("legal", approvers="CAROL")
        .task("publish", nothing)
        .edge("write", "review")
        .edge("review", "legal", lambda view: view.state.get("more") is not None)
        .edge("review", "publish")
        .edge("legal", "publish")
        .start("write")
        .ends("publish")
        .build()
    )


GRAPHS = {
    (action, rejection): flow(action, rejection=rejection)
    for action in ("expire", "reject", "approve", "skip", "route")
    for rejection in (True, False)
}

GRAPH_KEYS = st.sampled_from(sorted(GRAPHS))
MOSTLY = st.sampled_from([True, True, True, False])
TERMS = st.sampled_from([CHAT, Terms()])
WORK = st.sampled_from(["finish", "finish", "fail", "lose"])
OUTPUTS = VALUES | st.dictionaries(
    st.sampled_from(["draft", "more", "draft", "more", "human_decision"]), VALUES, max_size=1
)
ATTEMPTS = st.integers(0, 3)
NONSENSE = st.one_of(
    st.builds(take, PATHS),
    st.builds(finish, PATHS, VALUES, ATTEMPTS),
    st.builds(fail, PATHS, ATTEMPTS, is_retryable=st.booleans()),
    st.builds(lose, PATHS, ATTEMPTS),
    st.builds(start),
)


class Core(RuleBasedStateMachine):
    """One run, at which everybody pulls."""

    @initialize(graph=GRAPH_KEYS, terms=TERMS, is_asked=MOSTLY)
    def begin(self, graph: tuple[str, bool], terms: Terms, *, is_asked: bool) -> None:
        """Start a run, and mostly bring it to its first question."""
        self.scenario = Checked(GRAPHS[graph], terms=terms)
        self.asked: list[str] = []
        self.send(start(topic="cats"))
        if is_asked:
            self.send(take("write"))
            self.send(finish("write", {"draft": "one"}))

    def send(self, command: c.Command) -> None:
        """Carry a command out; a refusal leaves everything as it was."""
        scenario = self.scenario
        before, state = scenario.log, scenario._state
        same = state.copy() if state is not None else None
        answer = advance(
            scenario.graph, state, command, now=scenario.clock.now(), terms=scenario.terms
        )

        assert state == same  # what it is given it leaves alone

        scenario.when(command)
        scenario._answer = None
        self.last = scenario._lines.pop()

        assert scenario.log[: len(before)] == before
        if not isinstance(answer, Advance):
            assert isinstance(answer, r.Refusal)
            assert (scenario.log, scenario._state) == (before, state)
            return
        assert scenario.log[len(before) :] == answer.records  # the same again: it is pure
        self.asked += [
            each.event.approval_id
            for each in answer.records
            if isinstance(each.event, e.ApprovalOpened)
        ]
        shown = {each.approval_id for each in answer.effects if each.purpose is not Purpose.ENDED}

        assert shown <= set(self.asked)

    @rule(command=NONSENSE)
    def disturb(self, command: c.Command) -> None:
        """Somebody does something, in turn or not."""
        self.send(command)

    @precondition(lambda self: self.scenario.state.places)
    @rule(data=st.data(), kind=WORK, output=OUTPUTS)
    def work(self, data: st.DataObject, kind: str, output: Any) -> None:
        """The node that is the run's turn gets on."""
        path = data.draw(st.sampled_from(sorted(self.scenario.state.places)))
        place = self.scenario.state.places[path]
        if place.status is PlaceStatus.READY:
            self.send(take(path))
        elif kind == "finish":
            self.send(finish(path, output, place.attempt))
        elif kind == "fail":
            self.send(fail(path, place.attempt))
        else:
            self.send(lose(path, place.attempt))

    @precondition(lambda self: self.asked)
    @rule(click=CLICKS, newest=st.sampled_from([True, True, False]), data=st.data())
    def click(self, click: Click, *, newest: bool, data: st.DataObject) -> None:
        """Somebody answers a question, open or not, right or wrong, twice."""
        question = self.asked[-1] if newest else data.draw(st.sampled_from(self.asked))
        approval = self.scenario.state.approvals.get(question)
        digest = click.digest
        if approval is not None and digest == "right":
            digest = approval.digest
        via = (click.by,) if click.is_approver else ()
        command = c.Decide(
            approval_id=question,
            decision=click.word,
            by=c.Person(id=click.by, surface="slack", via=via),
            updates=click.updates,
            digest=digest,
        )
        before = len(self.scenario.log)
        self.send(command)
        length = len(self.scenario.log)
        if length > before:
            assert approval is not None
            assert click.is_approver
            assert click.word in approval.opened.decisions
            assert "human_decision" not in click.updates
            assert digest in (None, approval.digest)
            assert not is_past(approval.times.due_at, self.scenario.clock.now())
            self.send(command)

            assert len(self.scenario.log) == length  # the second click changes nothing

    @precondition(lambda self: self.scenario.state.approvals)
    @rule(approves=st.booleans(), updates=UPDATES)
    def answer(self, *, approves: bool, updates: dict[str, Any]) -> None:
        """An approver answers the open question as it should be, but for the instant."""
        opened = self.scenario.approval.opened
        word = opened.decisions[0 if approves else 1].value
        only = updates if opened.node == "review" else {}
        click = Click(word=word, by="CAROL", is_approver=True, updates=only, digest=None)
        self.click(click, newest=True, data=None)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), kind=st.sampled_from(c.TimerKind), retried=PATHS)
    def fire(self, data: st.DataObject, kind: c.TimerKind, retried: str) -> None:
        """A timer comes, due or not."""
        question = data.draw(st.sampled_from(self.asked))
        subject = retried if kind is c.TimerKind.RETRY else question
        self.send(c.FireTimer(kind=kind, subject=subject))

    @rule(seconds=JUMPS, is_served=st.booleans())
    def wait(self, seconds: int | None, *, is_served: bool) -> None:
        """Time passes, and everything that is due fires if somebody serves."""
        state, now = self.scenario.state, self.scenario.clock.now()
        coming = [at for each in state.approvals.values() if (at := each.times.due_at) and at > now]
        by = timedelta(seconds=seconds) if seconds else min(coming, default=now) - now
        self.scenario.clock.advance(by)
        if not is_served:
            return
        now = self.scenario.clock.now()
        for approval in list(state.approvals.values()):
            for kind, at in (
                ("expiry", approval.times.due_at),
                ("reminder", approval.times.remind_at),
            ):
                if at is not None and at <= now:
                    self.send(fire(kind, approval.opened.approval_id))
        for path in state.places:
            self.send(fire("retry", path))

    @precondition(lambda self: self.scenario.state.is_finished)
    @rule(graph=GRAPH_KEYS, terms=TERMS, is_asked=MOSTLY)
    def begin_anew(self, graph: tuple[str, bool], terms: Terms, *, is_asked: bool) -> None:
        """Another run is started."""
        self.begin(graph, terms, is_asked=is_asked)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), late=st.sampled_from([-600, 0, 600]))
    def show(self, data: st.DataObject, late: int) -> None:
        """A surface says that a question was shown."""
        question = data.draw(st.sampled_from(self.asked))
        at = self.scenario.clock.now() + timedelta(seconds=late)
        self.send(c.MarkDelivered(approval_id=question, surface="slack", at=at))

    @precondition(lambda self: len(self.scenario.log) > 3)
    @rule(by=PEOPLE, is_meant=st.integers(0, 9).map(lambda number: number == 9))
    def cancel(self, by: str, *, is_meant: bool) -> None:
        """Somebody cancels, now and then."""
        if is_meant:
            self.send(c.CancelRun(by=by))

    @invariant()
    def an_approval_has_one_outcome(self) -> None:
        """It was opened before, and is open or has its outcome, never both."""
        opened = self.events(e.ApprovalOpened)
        resolved = [each.approval_id for each in self.events(e.ApprovalResolved)]
        decided = [each.approval_id for each in self.events(e.DecisionRecorded)]
        names = [each.approval_id for each in opened]

        assert len(set(names)) == len(names)
        assert len(set(resolved)) == len(resolved)
        assert len(set(decided)) == len(decided)
        assert set(self.scenario.state.approvals) == set(names) - set(resolved)

    @invariant()
    def nothing_behind_a_gate_runs_before_it_is_passed(self) -> None:
        """Each way through a gate was opened by an outcome of its own, just before."""
        nodes = {each.approval_id: each.node for each in self.events(e.ApprovalOpened)}
        passed = {"review": 0, "legal": 0, "publish": 0}
        for record in self.scenario.log:
            event = record.event
            if isinstance(event, e.ApprovalResolved) and event.action in PASSED:
                gate = nodes[event.approval_id]
                if gate in passed:  # a question about an error of `write` stands behind no gate
                    passed[gate] += 1
            elif isinstance(event, e.EdgeTaken) and event.target != "write":
                gate = event.path.split("#")[0]
                if gate in passed:
                    passed[gate] -= 1

            assert min(passed["review"], passed["legal"]) >= 0, record

    @invariant()
    def a_finished_run_has_nothing_left_to_do(self) -> None:
        """No timer, no place, no question; and its last event says how it ended."""
        state = self.scenario.state
        is_over = state.status in FINISHED
        endings = self.events(e.RunCompleted | e.RunFailed | e.RunTimedOut | e.RunCancelled)

        assert is_over == state.is_finished
        assert len(endings) == is_over
        if is_over:
            assert (state.places, state.approvals) == ({}, {})
            assert self.scenario.log[-1].event == endings[0]
        else:
            assert state.places

    @invariant()
    def the_status_says_what_the_run_waits_for(self) -> None:
        """Running: some node is ready or runs; waiting: only people or timers can move it."""
        state = self.scenario.state
        statuses = {place.status for place in state.places.values()}
        is_active = bool(statuses & {PlaceStatus.READY, PlaceStatus.RUNNING})
        if state.status is RunStatus.RUNNING:
            assert is_active
        elif state.status is RunStatus.WAITING:
            assert not is_active
        elif state.status is RunStatus.CANCELLING:
            assert statuses == {PlaceStatus.RUNNING}

    @invariant()
    def every_place_waits_for_something_that_exists(self) -> None:
        """Each waiting place has its open question, each retrying one its timer."""
        state = self.scenario.state
        for place in state.places.values():
            is_waiting = place.status is PlaceStatus.WAITING

            assert is_waiting == (place.approval_id in state.approvals)
            assert (place.status is PlaceStatus.RETRYING) == (place.retry_at is not None)
            assert (place.status is PlaceStatus.RUNNING) == (place.owner is not None)

        assert len(state.approvals) == sum(
            place.status is PlaceStatus.WAITING for place in state.places.values()
        )

    @invariant()
    def only_decisions_set_the_decision(self) -> None:
        """Its word in the state is that of the newest approval that was answered."""
        words = [
            each.outcome.value
            for each in self.events(e.ApprovalResolved)
            if "human_decision" in each.values
        ]
        found = self.scenario.values.get("human_decision")

        assert found == (words[-1] if words else None)

    def events(self, kind: Any) -> list[Any]:
        """Return the log's events of a type."""
        return [each.event for each in self.scenario.log if isinstance(each.event, kind)]


TestCore = Core.TestCase
TestCore.__doc__ = "See Core."
TestCore.settings = effort(80, 60)
