"""Anything in any order, on the core, of graphs of any shape."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core.advance import Advance, advance
from orchestrator.core.refusals import Refusal
from orchestrator.core.state import OpenApproval, PlaceStatus
from orchestrator.core.times import is_past
from orchestrator.core.turn import Terms
from orchestrator.graph.kinds import ApprovalKind, Decision, OnTimeout
from orchestrator.graph.policy import any_of
from orchestrator.runtime.versions import Versions
from tests.property.effort import effort
from tests.property.judging import Judge, check_state
from tests.property.shapes import ANSWER, SIGNAL, Maker, Shape, graphs
from tests.unit.core.flows import CHAT, RUN, Checked, fail, finish, lose, start, take

WHICH = st.integers(0, 6)
PEOPLE = ("BOB", "CAROL", "DAN", "EVE", "OPS", "ANN")
PAIR = ("BOB", "CAROL")
MEDDLING = (
    *("decide", "withdraw", "extend", "delegate", "reassign", "deliver", "unanswerable"),
    *(each.value for each in c.TimerKind),
)


def person(name: str) -> c.Person:
    """Return somebody, with what a directory would say of them."""
    via = (name, "@pair") if name in PAIR else (name,)
    return c.Person(id=name, surface="slack", via=via, is_operator=name == "OPS")


def answer_to(approval: OpenApproval, decision: Decision, old: Any) -> Any:
    """Return values that fit a decision."""
    match decision:
        case Decision.ANSWER:
            return ANSWER
        case Decision.CHOOSE:
            return [approval.opened.choices[0]]
        case Decision.RESULT:
            return {"made": "outside"}
        case Decision.EDIT:
            return old
        case _:
            return None


class AnyShape(RuleBasedStateMachine):
    """One run of some graph, at which everybody pulls."""

    @initialize(shapes=graphs(), has_chat=st.booleans())
    def begin(self, shapes: tuple[Shape, ...], *, has_chat: bool) -> None:
        """Start a run."""
        graph = Maker().build("any", shapes)
        self.scenario = Checked(graph, terms=CHAT if has_chat else Terms())
        self.judge = Judge(graph, RUN)
        self.asked: list[str] = []
        self.send(start())

    def send(self, command: c.Command) -> bool:
        """Carry a command out; say whether it was. What is refused changes nothing."""
        scenario, state = self.scenario, self.scenario._state
        before = state.copy() if state is not None else None
        now, length = scenario.clock.now(), len(scenario.log)
        answer = advance(scenario.graph, state, command, now=now, terms=scenario.terms)

        assert state == before

        scenario.when(command)
        is_done = isinstance(scenario._answer, Advance)
        scenario._answer = None
        scenario._lines.clear()
        if isinstance(answer, Advance):
            assert scenario.log[length:] == answer.records  # the same again: it is pure
        else:
            assert not is_done
            assert len(scenario.log) == length
        judged = self.judge.read(scenario.log[length:])

        assert judged == scenario.state
        self.asked = list(self.judge.opened)
        return is_done

    @rule(which=WHICH, kind=st.sampled_from(["finish"] * 4 + ["fail", "lose"]))
    def work(self, which: int, kind: str) -> None:
        """A node gets on."""
        places = self.scenario.state.places
        active = [
            each
            for each in places.values()
            if each.status in (PlaceStatus.READY, PlaceStatus.RUNNING)
        ]
        if not active:
            return
        place = active[which % len(active)]
        if place.status is PlaceStatus.READY:
            state = self.scenario.state
            is_free = place.is_undo or (state.paused, state.held) == (None, None)

            assert self.send(take(place.path)) == is_free
            return
        match kind:
            case "finish":
                self.finish(place.path, place.attempt)
            case "fail":
                self.send(fail(place.path, place.attempt))
            case _:
                self.send(lose(place.path, place.attempt))

    def finish(self, path: str, attempt: int) -> None:
        """Return from a node; an agent asks for its tool in its first turn."""
        command = finish(path, {"made": path}, attempt)
        if path.endswith("/turn"):
            calls = [{"tool": "probe", "arguments": {"what": "x"}, "id": str(n)} for n in range(2)]
            command = replace(command, output={"calls": calls, "memory": 1}, is_calls=True)
        self.send(command)

    @rule()
    def get_on(self) -> None:
        """All nodes that can run, run."""
        for _ in range(40):
            active = [
                each
                for each in self.scenario.state.places.values()
                if each.status is PlaceStatus.RUNNING
                or (each.status is PlaceStatus.READY and not self.scenario.state.is_held_back)
            ]
            if not active:
                return
            for place in active:
                if place.status is PlaceStatus.READY:
                    self.send(take(place.path))
                elif place.path in self.scenario.state.places:
                    self.finish(place.path, place.attempt)

    @rule(
        which=WHICH,
        word=WHICH,
        by=st.sampled_from(["BOB", "BOB", "CAROL", "DAN", "EVE", "OPS", "ANN"]),
        digest=st.sampled_from([None, None, "right", "wrong"]),
        is_bad=st.integers(0, 7).map(lambda number: number == 7),
    )
    def decide(self, which: int, word: int, by: str, digest: str | None, *, is_bad: bool) -> None:
        """Somebody answers a question that is open, rightly or wrongly."""
        found = list(self.scenario.state.approvals.values())
        if found:
            self._decide(found[which % len(found)], word, by, digest, is_bad=is_bad)

    def _decide(
        self, approval: OpenApproval, word: int, by: str, digest: str | None, *, is_bad: bool
    ) -> None:
        opened = approval.opened
        decision = opened.decisions[word % len(opened.decisions)]
        old = self.scenario.state.value(approval.edits) if approval.edits else None
        values = answer_to(approval, decision, old)
        command = c.Decide(
            approval_id=opened.approval_id,
            decision="banana" if is_bad else decision.value,
            by=person(by),
            values=values,
            digest=approval.digest if digest == "right" else digest,
        )
        due_at = approval.times.due_at
        is_late = due_at is not None and due_at <= self.scenario.clock.now()
        is_done = self.send(command)
        if is_bad or digest == "wrong" or by == "EVE" or is_late:
            assert not is_done
        if is_done and opened.approval_id not in self.scenario.state.approvals:
            assert not self.send(command)  # once more changes nothing

    @rule(which=WHICH, word=st.sampled_from([0, 0, 0, 1, 2, 3]))
    def answer(self, which: int, word: int) -> None:
        """Somebody who may answers an open question, and all nodes that then can run, run."""
        self.get_on()
        if found := list(self.scenario.state.approvals.values()):
            approval = found[which % len(found)]
            for by in self.answerers(approval):
                if approval.opened.approval_id in self.scenario.state.approvals:
                    self._decide(approval, word, by, None, is_bad=False)
        self.get_on()

    @staticmethod
    def answerers(approval: OpenApproval) -> list[str]:
        """Return people who together can answer a question."""
        names = [str(each).replace("@pair", "BOB") for each in approval.policy.approvers()]
        return [*(name for name in names if name != "ANN"), "DAN", "OPS"]

    @rule(which=WHICH, by=st.sampled_from(PEOPLE), what=st.sampled_from(MEDDLING))
    def meddle(self, which: int, by: str, what: str) -> None:
        """Something happens to a question beside its answer, or after it."""
        now = self.scenario.clock.now()
        subjects = [*self.asked, *self.scenario.state.places, "nope"]
        subject, who = subjects[which % len(subjects)], person(by)
        is_open = subject in self.scenario.state.approvals
        match what:
            case "decide":
                command = c.Decide(approval_id=subject, decision="approve", by=who)

                assert is_open or not self.send(command)
            case "withdraw":
                self.send(c.Withdraw(approval_id=subject, by=who))
            case "extend":
                until = now + timedelta(minutes=15)
                self.send(c.Extend(approval_id=subject, by=who, until=until))
            case "delegate":
                self.send(c.Delegate(approval_id=subject, by=who, to="DAN"))
            case "reassign":
                policy = any_of("CAROL, OPS")
                self.send(c.Reassign(approval_id=subject, by=who, policy=policy))
            case "deliver":
                self.send(c.MarkDelivered(approval_id=subject, surface="slack", at=now))
            case "unanswerable":
                self.send(c.ReportUnanswerable(approval_id=subject, reason="all are gone"))
            case _:
                self.send(c.FireTimer(kind=c.TimerKind(what), subject=subject))

    @rule(seconds=st.sampled_from([1, 20, 60, 600, 1800]), is_served=st.booleans())
    def wait(self, seconds: int, *, is_served: bool) -> None:
        """Time passes, and what is due fires if somebody serves."""
        self.scenario.clock.advance(timedelta(seconds=seconds))
        if is_served:
            self.fire_due()

    def fire_due(self) -> None:
        """Fire everything that is due."""
        state, now = self.scenario.state, self.scenario.clock.now()
        due: list[tuple[c.TimerKind, str]] = []
        for name, approval in state.approvals.items():
            times = approval.times
            for kind, at in (
                (c.TimerKind.EXPIRY, times.due_at),
                (c.TimerKind.ESCALATION, times.escalate_at),
                (c.TimerKind.REMINDER, times.remind_at),
            ):
                if at is not None and at <= now:
                    due.append((kind, name))
        for path, place in state.places.items():
            if place.retry_at is not None and place.retry_at <= now:
                due.append((c.TimerKind.RETRY, path))
            if place.wake_at is not None and place.wake_at <= now:
                due.append((c.TimerKind.WAKE, path))
        for kind, subject in due:
            self.send(c.FireTimer(kind=kind, subject=subject))

    @rule(what=st.sampled_from(["signal"] * 3 + ["pause"] * 3 + ["resume", "cancel"]))
    def steer(self, what: str) -> None:
        """A signal comes, or an operator steers the run."""
        match what:
            case "signal":
                self.send(c.Signal(name=SIGNAL, payload={"made": 1}, by="EVE", surface="python"))
            case "pause":
                self.send(c.PauseRun(by="OPS"))
            case "resume":
                self.send(c.ResumeRun(by="OPS"))
            case _:
                self.send(c.CancelRun(by="ANN"))

    @rule(path=st.sampled_from(["n0", "n1", "nope"]), attempt=st.integers(0, 2))
    def disturb(self, path: str, attempt: int) -> None:
        """What comes too late, or for nobody, changes no place."""
        for command in (take("nope"), finish(path, 1, attempt + 5), start()):
            places = dict(self.scenario.state.places)
            self.send(command)

            assert self.scenario.state.places == places

    @rule()
    def miss_the_graph(self) -> None:
        """Without the graph's nodes a run is cancelled, and expires; the rest is an error."""
        state, now = self.scenario.state, self.scenario.clock.now()
        commands: list[c.Command] = [
            c.CancelRun(by="ANN"),
            c.Signal(name=SIGNAL, payload=None, by="EVE", surface="python"),
        ]
        must = [] if state.is_finished or state.is_closing else [commands[0]]
        for name, approval in state.approvals.items():
            fire = c.FireTimer(kind=c.TimerKind.EXPIRY, subject=name)
            commands += [fire, c.Withdraw(approval_id=name, by=person("OPS"))]
            for word in approval.opened.decisions:
                values = answer_to(approval, word, None)
                by = person("BOB")
                commands.append(
                    c.Decide(approval_id=name, decision=word.value, by=by, values=values)
                )
            is_plain = approval.opened.on_timeout == OnTimeout.EXPIRE
            if is_plain and is_past(approval.times.due_at, now):
                must.append(fire)
        for path, place in state.places.items():
            if place.status is PlaceStatus.RUNNING:
                commands += [finish(path, 1, place.attempt), lose(path, place.attempt)]
                must += commands[-2:] if state.is_closing and not place.is_undo else []
        for command in commands:
            before = state.copy()
            try:
                answer = self.advance_without_graph(command)
            except LookupError:
                answer = None

            assert state == before
            assert command not in must or isinstance(answer, Advance)

    def advance_without_graph(self, command: c.Command) -> Advance | Refusal:
        """Try a command with a graph that has no nodes."""
        terms = Terms()
        graph = Versions(Mock(), {}).skeleton("any", self.scenario.graph.version)
        now = self.scenario.clock.now()
        return advance(graph, self.scenario.state, command, now=now, terms=terms)

    @invariant()
    def the_state_holds_together(self) -> None:
        """See `check_state`."""
        if self.scenario.log:
            check_state(self.scenario.graph, self.scenario.state)

    def teardown(self) -> None:
        """Whatever has happened, the run can be brought to its end."""
        if not hasattr(self, "scenario") or not self.scenario.log:
            return
        for _ in range(60):
            if self.scenario.state.is_finished:
                break
            self.steer("resume")
            for approval in list(self.scenario.state.approvals.values()):
                for by in self.answerers(approval):
                    if approval.opened.approval_id in self.scenario.state.approvals:
                        word = 1 if approval.opened.kind is ApprovalKind.ERROR else 0
                        self._decide(approval, word, by, None, is_bad=False)
            self.steer("signal")
            self.get_on()
            self.scenario.clock.advance(timedelta(hours=1))
            self.fire_due()

        assert self.scenario.state.is_finished, "the run is stuck"
        check_state(self.scenario.graph, self.scenario.state)

        ended = [each for each in self.scenario.log if isinstance(each.event, e.RunCompleted)]

        assert len(ended) <= 1


TestAnyShape = AnyShape.TestCase
TestAnyShape.__doc__ = "See AnyShape."
TestAnyShape.settings = effort(300, 30)
