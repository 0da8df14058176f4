"""Questions that nobody is there to answer, and attempts that the run has left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.errors import DirectoryError
from orchestrator.graph import Approver, Block, Graph, GraphBuilder, quorum
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects
from tests.engine.test_gates import approve, only_question, settle, start
from tests.engine.test_nodes import of_type


class MovingDirectory(StaticDirectory):
    """A directory whose groups empty, and that goes away."""

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, frozenset[str]] = {"sre": frozenset({"BOB"})}
        self.is_away = False
        self.guests: set[str] = set()

    async def is_outsider(self, person: str, *, workspace: str = "") -> bool:
        """See Directory."""
        del workspace
        return person in self.guests

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:
        """See Directory."""
        if self.is_away:
            raise DirectoryError
        return await StaticDirectory(self.people).members(approver, workspace=workspace)


def guarded(effects: Effects, work: Any) -> Graph:
    """Return work → review by a group → publish, operated by OPERA."""
    return (
        GraphBuilder("guarded", operators="OPERA")
        .task("work", work)
        .approval("review", approvers="@sre")
        .task("publish", effects.note)
        .edge("work", "review")
        .edge("review", "publish")
        .start("work")
        .ends("publish")
        .build()
    )


async def errors(engine: Engine, run: Any) -> list[Any]:
    """Return the open questions to the operators, once everything has been looked at."""
    await settle(engine, run)
    await engine.tick()
    return await engine.list_pending(run=run.id, kind="error")


@pytest.mark.parametrize(
    "gate",
    [
        {"approvers": "@sre"},
        {"policy": quorum(2, "@sre ANN")},
        {"approvers": lambda _view: ["BOB"]},
        {"approvers": lambda _view: "@sre"},
    ],
    ids=["any", "quorum", "computed", "computed-group"],
)
async def test_h21_a_question_that_only_guests_could_answer_asks_the_operators(
    serve: EngineMaker, gate: dict[str, Any]
) -> None:
    """They became guests after the start, or were computed; who is left out is named."""
    directory = MovingDirectory()

    def work(_context: Any) -> None:
        directory.guests = {"BOB"}

    graph = (
        GraphBuilder("guarded", operators="OPERA")
        .task("work", work)
        .approval("review", **gate)
        .edge("work", "review")
        .start("work")
        .ends("review")
        .build()
    )
    async with serve(graph) as engine:
        engine._directory = directory
        run = await start(engine, "guarded")
        (question,) = await errors(engine, run)

        assert question.error is not None
        assert "BOB may not decide" in question.error.message
        assert question.approvers == ("OPERA",)


async def test_a_group_that_emptied_before_the_question_opens_asks_the_operators(
    serve: EngineMaker,
) -> None:
    """They are told which group it is; after a retry whoever is there then is asked."""
    effects, directory = Effects(), MovingDirectory()

    def work(_context: Any) -> None:
        directory.people = {}

    async with serve(guarded(effects, work)) as engine:
        engine._directory = directory
        run = await start(engine, "guarded")
        (question,) = await errors(engine, run)
        assert question.error is not None
        assert (question.error.type, "@sre" in question.error.message) == ("Unanswerable", True)
        assert question.approvers == ("OPERA",)
        directory.people = {"sre": frozenset({"CAROL"})}
        await approve(engine, question, decision="retry", by="OPERA")
        await engine.tick()
        await approve(engine, await only_question(engine, run), by="CAROL")
        run = await settle(engine, run)

    assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)


async def test_while_the_directory_is_away_nothing_is_said_and_it_is_asked_again(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The operators are asked half a minute later, when the group turns out to be empty."""
    effects, directory = Effects(), MovingDirectory()

    def work(_context: Any) -> None:
        directory.is_away = True

    async with serve(guarded(effects, work)) as engine:
        engine._directory = directory
        run = await start(engine, "guarded")
        assert await errors(engine, run) == []
        directory.is_away, directory.people = False, {}
        assert await errors(engine, run) == []
        clock.advance(timedelta(seconds=30))
        (question,) = await errors(engine, run)

        assert question.approvers == ("OPERA",)


async def test_a_branch_that_is_closed_tells_its_attempt_to_stop(serve: EngineMaker) -> None:
    """When a sibling fails fast, what still runs is stopped, and its result does not count."""
    stopped, started = asyncio.Event(), asyncio.Event()

    async def long(_context: Any) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def fail(_context: Any) -> None:
        await started.wait()
        raise ValueError("no")

    branches = {"long": Block().task("work", long), "short": Block().task("fail", fail)}
    graph = (
        GraphBuilder("fast")
        .parallel("both", branches, on_branch_error="fail-fast")
        .start("both")
        .ends("both")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "fast")
        async with asyncio.timeout(5):
            await stopped.wait()
        finished = await of_type(engine, run, e.NodeSucceeded)

        assert (run.status, finished) == (RunStatus.FAILED, [])


async def test_an_attempt_of_another_process_is_stopped_at_its_next_look(
    serve: EngineMaker,
) -> None:
    """Cancelled beside the process that runs it, a generator ends at its next value."""
    started, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def work(_context: Any) -> Iterator[int]:
        try:
            started.set()
            while not closed.is_set():
                go_on.wait(10)
                yield 1
        finally:
            closed.set()

    graph = GraphBuilder("one").task("work", work).start("work").ends("work").build()
    async with serve(graph) as engine, serve(graph, records_only=True) as recorder:
        run = await engine.start("one", {}, requester="ALICE", surface="test")
        assert await asyncio.to_thread(started.wait, 10)
        during = await recorder.cancel(run.id, by="ALICE", surface="cli")
        assert during.status == RunStatus.CANCELLING
        await engine.tick()
        go_on.set()
        run = await settle(engine, run)

    assert (run.status, closed.is_set()) == (RunStatus.CANCELLED, True)


async def test_a_branch_that_another_process_closed_is_stopped_here(serve: EngineMaker) -> None:
    """The process that runs it notices at its next look."""
    started, stopped = asyncio.Event(), asyncio.Event()

    async def long(_context: Any) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def fail(_context: Any) -> None:
        await started.wait()
        raise ValueError("no")

    branches = {"long": Block().task("work", long), "short": Block().task("fail", fail)}
    graph = (
        GraphBuilder("fast")
        .parallel("both", branches, on_branch_error="fail-fast")
        .start("both")
        .ends("both")
        .build()
    )
    async with serve(graph, concurrency=1) as one:
        run = await one.start("fast", {}, requester="ALICE", surface="test")
        async with asyncio.timeout(5):
            await started.wait()
        async with serve(graph, concurrency=1) as other:
            run = await settle(other, run)
            assert run.status == RunStatus.FAILED
        await one.tick()
        async with asyncio.timeout(5):
            await stopped.wait()
