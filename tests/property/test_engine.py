"""Anything in any order on the real engine, a real database file and a clock to set."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.core import events as e
from orchestrator.core.fold import apply, begin
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.errors import ApprovalClosedError, RunFinishedError
from orchestrator.graph import GraphBuilder
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.store import Approval, open_store
from orchestrator.testing import FakeClock
from tests.postgres import Server

WORDS = st.sampled_from(["approve", "approve", "reject"])
WHICH = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), st.sampled_from(["approve", "skip", "reject", "expire"])),
        st.tuples(st.just("decide"), WHICH, WORDS),
        st.tuples(st.just("both"), WHICH, WORDS, WORDS),
        st.tuples(st.just("twice"), WHICH, WORDS),
        st.tuples(st.just("late"), WHICH, WORDS),
        st.tuples(st.just("cancel"), WHICH),
        st.tuples(st.just("jump"), st.sampled_from([1, 59, 60, 61, 7200])),
        st.tuples(st.just("restart"), st.sampled_from(["idle", "busy"])),
    ),
    max_size=14,
)
#: The actions of an outcome that lead to the node behind the gate.
PASSED = {"approve", "skip"}


class World:
    """One database, an engine on it that comes and goes, and what its nodes have done."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = FakeClock()
        self.ran: Counter[tuple[str, str]] = Counter()
        self.runs: list[str] = []
        self.approvals: list[Approval] = []
        self.logs: dict[str, list[e.Record]] = {}
        self.graphs = {each: self.graph(each) for each in ("approve", "skip", "reject", "expire")}
        self.stack = AsyncExitStack()

    def graph(self, on_timeout: str):
        """Return write → review → publish; a rejection goes back to write."""

        def write(context):
            self.ran[context.run["id"], context.idempotency_key] += 1
            return {"draft": context.feedback or "first"}

        async def publish(context):
            self.ran[context.run["id"], context.idempotency_key] += 1
            await asyncio.sleep(0)

        return (
            GraphBuilder(on_timeout, max_visits=30)
            .task("write", write)
            .approval(
                "review",
                approvers="BOB, CAROL",
                timeout="1m",
                on_timeout=on_timeout,
                remind_before="1s",
                rejection="write",
            )
            .task("publish", publish)
            .edge("write", "review")
            .edge("review", "publish")
            .start("write")
            .ends("publish")
            .build()
        )

    async def open(self, *, has_chat: bool = False) -> None:
        """Serve."""
        self.store = await self.stack.enter_async_context(open_store(self.url, now=self.clock.now))
        self.engine = await self.stack.enter_async_context(
            Engine(
                self.store,
                self.graphs,
                directory=StaticDirectory(),
                clock=self.clock,
                has_chat=has_chat,
            )
        )

    async def close(self) -> None:
        """Stop serving and close the database."""
        await self.stack.aclose()
        self.stack = AsyncExitStack()

    async def settle(self) -> None:
        """Wait until nothing is left that the engine could do by itself."""
        async with asyncio.timeout(20):
            while True:
                await self.engine.tick()
                timers = await self.store.due_timers(self.clock.now(), 1)
                jobs = await self.store.ready_jobs(1)
                if not timers and not jobs and not self.engine.statistics().running_attempts:
                    return
                await asyncio.sleep(0)

    async def carry_out(self, step: tuple[Any, ...]) -> None:
        """Do a step."""
        kind, *rest = step
        await getattr(self, f"do_{kind}")(*rest)
        await self.settle()
        self.approvals += [
            each
            for each in await self.engine.list_pending(limit=100)
            if each.id not in {known.id for known in self.approvals}
        ]

    async def do_start(self, on_timeout: str) -> None:
        """Start a run."""
        run = await self.engine.start(on_timeout, {}, requester="ANN", surface="python")
        self.runs.append(run.id)

    async def decide(self, approval: Approval, word: str, by: str, key: str | None = None) -> bool:
        """Decide; say whether it was taken."""
        try:
            await self.engine.decide(
                approval.ref, word, by=by, surface="slack", key=key, digest=approval.digest
            )
        except ApprovalClosedError:
            return False
        return True

    async def find_open(self, which: int) -> Approval | None:
        """Return an open approval, if there is one."""
        found = await self.engine.list_pending(limit=100)
        return found[which % len(found)] if found else None

    async def do_decide(self, which: int, word: str) -> None:
        """An approver answers an open question."""
        if approval := await self.find_open(which):
            assert await self.decide(approval, word, "BOB")

    async def do_both(self, which: int, one: str, other: str) -> None:
        """Two approvers answer at once; one wins."""
        if approval := await self.find_open(which):
            taken = await asyncio.gather(
                self.decide(approval, one, "BOB"), self.decide(approval, other, "CAROL")
            )

            assert sum(taken) == 1

    async def do_twice(self, which: int, word: str) -> None:
        """A click is delivered three times, at once and later; each is told that it counts."""
        if approval := await self.find_open(which):
            click = [self.decide(approval, word, "BOB", key=f"{approval.id}.1") for _ in range(2)]

            assert await asyncio.gather(*click) == [True, True]

            await self.settle()

            assert await self.decide(approval, word, "BOB", key=f"{approval.id}.1")

    async def do_late(self, which: int, word: str) -> None:
        """Somebody answers a question from an old message, open or not."""
        if self.approvals:
            approval = self.approvals[which % len(self.approvals)]
            is_open = (await self.engine.get_approval(approval.id)).is_open

            assert await self.decide(approval, word, "CAROL") == is_open

    async def do_cancel(self, which: int) -> None:
        """Somebody cancels a run, finished or not."""
        if self.runs:
            run = await self.engine.get_run(self.runs[which % len(self.runs)])
            if run.status in FINISHED:
                with pytest.raises(RunFinishedError):
                    await self.engine.cancel(run.ref, by="ANN", surface="python")
            else:
                await self.engine.cancel(run.ref, by="ANN", surface="python")

    async def do_jump(self, seconds: int) -> None:
        """Time passes."""
        self.clock.advance(timedelta(seconds=seconds))

    async def do_restart(self, work: str) -> None:
        """Another process takes over, now and then in the middle of things."""
        if work == "busy":
            await self.do_start("approve")
        await self.close()
        self.clock.advance(timedelta(seconds=10))
        await self.open()

    async def check(self) -> None:
        """See that what the database says, the log says, and the nodes did is one story."""
        for run_id in self.runs:
            run = await self.engine.get_run(run_id)
            log = await self.engine.get_events(run_id)
            verified = await self.engine.verify(run_id)
            state = begin(run_id, log[0])
            for record in log[1:]:
                apply(state, record)
            before = self.logs.get(run_id, [])
            self.logs[run_id] = log

            assert verified.problem is None
            assert log[: len(before)] == before
            assert (run.status, run.seq) == (state.status, state.seq)
            assert state.status in FINISHED | {RunStatus.WAITING}

            self.check_effects(run_id, [record.event for record in log])
            pending = await self.engine.list_pending(run=run_id)

            assert {each.id for each in pending} == set(state.approvals)
            assert len(pending) == (run.status is RunStatus.WAITING)

        timers = await self.store.due_timers(self.clock.now() + timedelta(days=9), 1000)
        waiting = {each.run_id for each in await self.engine.list_pending(limit=100)}

        assert {timer.run_id for timer in timers} == waiting

    def check_effects(self, run_id: str, log: list[e.Event]) -> None:
        """See that each node ran as often as the log says, and none past a closed gate."""
        resolved = [each for each in log if isinstance(each, e.ApprovalResolved)]
        decided = [each.approval_id for each in log if isinstance(each, e.DecisionRecorded)]
        passed = [each for each in resolved if each.action in PASSED]
        started = [each.path for each in log if isinstance(each, e.AttemptStarted)]
        ran = {key: times for (run, key), times in self.ran.items() if run == run_id}
        published = sum(times for key, times in ran.items() if "/publish" in key)

        assert len({each.approval_id for each in resolved}) == len(resolved)
        assert len(set(decided)) == len(decided)
        assert ran == Counter(f"{run_id}/{path}" for path in started)
        assert published == len(passed) <= 1


@given(steps=STEPS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_h6_whatever_happens_in_whatever_order_each_run_is_one_story(
    template: Path, steps: list[tuple[Any, ...]]
) -> None:
    """Decisions at once, double clicks, cancels, deadlines and restarts, in any order."""
    with tempfile.TemporaryDirectory() as folder:
        await play(f"sqlite+aiosqlite:///{shutil.copy(template, folder)}", steps)


@given(steps=STEPS)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_h6_whatever_happens_on_postgresql_each_run_is_one_story(
    postgres: Server, steps: list[tuple[Any, ...]]
) -> None:
    """The same, on a server."""
    with postgres.database() as url:
        await play(url, steps)


async def play(url: str, steps: list[tuple[Any, ...]]) -> None:
    """Do what was thought up, and look at everything after each step."""
    world = World(url)
    await world.open()
    try:
        for step in [("start", "approve"), ("start", "expire"), *steps]:
            await world.carry_out(step)
            await world.check()
    finally:
        await world.close()
