"""Anything in any order on the whole engine: any graphs, a real file, processes that die."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from orchestrator.core.state import FINISHED
from orchestrator.errors import ApprovalClosedError, OrchestratorError
from tests.property.effort import effort
from tests.property.shapes import Shape, graphs
from tests.property.stage import LEASE, Stage, answerers, meddle_with, steer_run, values_for

WHICH = st.integers(0, 6)
PEOPLE = ("BOB", "CAROL", "DAN", "EVE", "OPS", "ANN")
POINTS = (
    "before_commit",
    "after_commit",
    "after_attempt_started",
    "after_effect",
    "after_decision",
)
SECOND = timedelta(seconds=1)
#: More than any run here needs to be brought to its end.
ROUNDS = 60


class Machine(Stage):
    """Runs of two graphs in one file, one or two processes on it, and everybody pulling."""

    @initialize(one=graphs(), other=graphs(), has_chat=st.booleans())
    def begin(self, one: tuple[Shape, ...], other: tuple[Shape, ...], *, has_chat: bool) -> None:
        """Serve two graphs, and start a run of one of them."""
        maker = self.outside.maker
        self.graphs = {"one": maker.build("one", one), "other": maker.build("other", other)}
        self.has_chat = has_chat
        self.runner.run(self.open())
        self.start("one")

    @rule(graph=st.sampled_from(["one", "other"]), which=WHICH)
    def start(self, graph: str, which: int = 0) -> None:
        """Somebody starts a run, but not too many."""

        async def act() -> None:
            if len(self.evidence.runs) < 3:
                process = self.any_process(which)
                run = await process.call(
                    lambda: process.engine.start(graph, {}, requester="ANN", surface="python")
                )
                self.evidence.begin(run.id, self.graphs[graph])

        self.do(act)

    @rule(which=WHICH, word=st.sampled_from([0, 0, 0, 1, 2, 3]), on=WHICH)
    def answer(self, which: int, word: int, on: int) -> None:
        """People who may answer a question do, one after the other until it is resolved."""

        async def act() -> None:
            if found := await self.asked():
                approval = found[which % len(found)]
                decision = approval.decisions[word % len(approval.decisions)]
                await self.answer_fully(self.any_process(on), approval, decision)

        self.do(act)

    @rule(
        which=WHICH,
        word=WHICH,
        by=st.sampled_from(PEOPLE),
        wrong=st.sampled_from([None, None, "digest", "decision", "values", "person"]),
    )
    def click(self, which: int, word: int, by: str, wrong: str | None) -> None:
        """Somebody answers; what is wrong with it is refused and changes nothing."""

        async def act() -> None:
            if not (found := await self.asked()):
                return
            approval, process = found[which % len(found)], self.processes[-1]
            decision = approval.decisions[word % len(approval.decisions)]
            values = {"surprise": object} if wrong == "values" else values_for(approval, decision)
            before = await process.engine.get_run(approval.run_id)
            is_taken = await self.decide(
                process,
                approval,
                "banana" if wrong == "decision" else decision.value,
                "EVE" if wrong == "person" else by,
                values=values,
                digest="another" if wrong == "digest" else approval.digest,
            )
            if wrong is not None:
                after = await process.engine.get_run(approval.run_id)

                assert not is_taken
                assert before.seq == after.seq

        self.do(act)

    @rule(which=WHICH, one=WHICH, other=WHICH, is_due=st.booleans(), is_twice=st.booleans())
    def race(self, which: int, one: int, other: int, *, is_due: bool, is_twice: bool) -> None:
        """Two people answer at once, or one twice, at the instant of the deadline or before it."""

        async def act() -> None:
            if not (found := await self.asked()):
                return
            approval = found[which % len(found)]
            if is_due and approval.due_at is not None and approval.due_at > self.clock.now():
                self.clock.advance(approval.due_at - self.clock.now() - SECOND)
                ticks = [each.call(each.engine.tick) for each in self.processes]
                self.clock.advance(SECOND)
            else:
                ticks = []
            key = f"twice {next(self.keys)}" if is_twice else None
            first, second = answerers(approval)[0], answerers(approval)[-1]
            clicks = [
                self.decide(
                    process,
                    approval,
                    word.value,
                    by,
                    values=values_for(approval, word),
                    key=key,
                )
                for process, word, by in (
                    (self.processes[0], approval.decisions[one % len(approval.decisions)], first),
                    (
                        self.processes[-1],
                        approval.decisions[(one if is_twice else other) % len(approval.decisions)],
                        first if is_twice else second,
                    ),
                )
            ]
            told = (await asyncio.gather(*clicks, *ticks))[:2]

            # At its deadline a question that nobody has seen may be put off between the two.
            assert not is_twice or is_due or told[0] == told[1], repr(self.refused)

        self.do(act)

    @rule(which=WHICH, word=WHICH)
    def come_late(self, which: int, word: int) -> None:
        """Somebody answers what is resolved already, and is told so; nothing changes."""

        async def act() -> None:
            engine = self.processes[0].engine
            closed = await self.evidence.closed(engine)
            if not closed:
                return
            approval = closed[which % len(closed)]
            decision = approval.decisions[word % len(approval.decisions)].value
            before = await engine.get_run(approval.run_id)
            with pytest.raises(ApprovalClosedError):
                await engine.decide(approval.id, decision, by="BOB", surface="slack")

            assert (await engine.get_run(approval.run_id)).seq == before.seq

        self.do(act)

    @rule(
        which=WHICH,
        by=st.sampled_from(PEOPLE),
        what=st.sampled_from(["withdraw", "extend", "delegate", "reassign", "remind", "snooze"]),
    )
    def meddle(self, which: int, by: str, what: str) -> None:
        """Somebody looks after a question, whether or not they may."""

        async def act() -> None:
            if found := await self.asked():
                name, process = found[which % len(found)].id, self.processes[0]
                with suppress(OrchestratorError):
                    await process.call(lambda: meddle_with(process.engine, name, by, what))

        self.do(act)

    @rule(which=WHICH, what=st.sampled_from(["signal"] * 3 + ["pause"] * 3 + ["resume", "cancel"]))
    def steer(self, which: int, what: str) -> None:
        """A signal comes, or an operator steers a run."""

        async def act() -> None:
            run, process = self.evidence.runs[which % len(self.evidence.runs)], self.processes[0]
            with suppress(OrchestratorError):
                await process.call(lambda: steer_run(process.engine, run, what))

        self.do(act)

    @rule(seconds=st.sampled_from([1, 30, 60, 600, 1800]))
    def wait(self, seconds: int) -> None:
        """Time passes."""

        async def act() -> None:
            self.clock.advance(timedelta(seconds=seconds))

        self.do(act)

    @rule()
    def show(self) -> None:
        """A chat surface shows what there is to show."""

        async def act() -> None:
            await self.deliver()

        self.do(act)

    @rule(is_orderly=st.booleans(), which=WHICH)
    def end_process(self, which: int, *, is_orderly: bool) -> None:
        """A process stops, or is gone from one moment to the next, and another one takes over."""

        async def act() -> None:
            process = self.any_process(which)
            self.processes.remove(process)
            await (process.stop() if is_orderly else process.die())
            if not self.processes:
                await self.open()
            self.clock.advance(LEASE)

        self.do(act)

    @rule()
    def begin_process(self) -> None:
        """A second process serves beside the first."""

        async def act() -> None:
            if len(self.processes) == 1:
                await self.open()

        self.do(act)

    @rule(
        point=st.sampled_from(POINTS),
        nth=st.sampled_from([1, 1, 2, 3]),
        which=WHICH,
        what=st.sampled_from(["answer", "answer", "start", "wait", "cancel"]),
    )
    def crash(self, point: str, nth: int, which: int, what: str) -> None:
        """A process dies at a point while something is going on."""
        self.processes[0].arm(point, nth)
        match what:
            case "answer":
                self.answer(which, 0, 0)
            case "start":
                self.start("one")
            case "wait":
                self.wait(60)
            case _:
                self.steer(which, "cancel")

    def teardown(self) -> None:
        """Whatever has happened, every run can be brought to its end."""
        try:
            if self.processes:
                for _ in range(ROUNDS):
                    if all(each in FINISHED for each in self.evidence.statuses.values()):
                        break
                    self.do(self.bring_on)

                stuck = {
                    run: each
                    for run, each in self.evidence.statuses.items()
                    if each not in FINISHED
                }
                assert not stuck

                self.runner.run(self.evidence.look_again(self.processes[0].engine))
        finally:
            self.runner.run(self.end())
            self.runner.close()
            threading.excepthook = self.excepthook
            self.logs.__exit__(None, None, None)
            self.folder.cleanup()


@pytest.mark.slow
@pytest.mark.parametrize("part", ["first", "second"])
def test_t3_any_graph_under_anything_has_one_story(template: Path, part: str) -> None:
    """Every answer counts once, nothing runs ahead of its gate, and every run can end."""
    machine = type(f"Machine{part}", (Machine,), {"template": template})
    run_state_machine_as_test(machine, settings=effort(250, 12))
