"""A run as a stream of what happens, and its pauses as objects."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.errors import RunNotFoundError
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.runtime import Continued, Engine, Paused
from orchestrator.store import Pause, Run
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects, gated
from tests.engine.test_gates import approve, only_question, settle, start


def two_branches(effects: Effects) -> Graph:
    """Return a graph with a question in each of two branches, and a task behind them."""

    def branch(approvers: str) -> Block:
        return Block().approval("ask", approvers=approvers).task("act", effects.note)

    return (
        GraphBuilder("split")
        .parallel("both", {"left": branch("BOB"), "right": branch("CAROL")})
        .task("after", effects.note)
        .edge("both", "after")
        .start("both")
        .ends("after")
        .build()
    )


async def collect(engine: Engine, run: Run, **options: Any) -> list[Any]:
    """Return a stream to its end."""
    async with asyncio.timeout(10):
        return [each async for each in engine.stream(run.id, **options)]


def levels(stream: list[Any]) -> list[tuple[str, str]]:
    """Return the pauses and continuations of a stream, in order."""
    return [
        (type(each).__name__, each.path) for each in stream if isinstance(each, Paused | Continued)
    ]


async def test_h19_each_level_pauses_and_continues(serve: EngineMaker) -> None:
    """The place, the branch and the run, each once however many questions are inside."""
    effects = Effects()
    async with serve(two_branches(effects)) as engine:
        run = await start(engine, "split")
        for person in ("CAROL", "BOB"):
            pending = await engine.list_pending(run=run.id)
            (mine,) = [each for each in pending if person in each.approvers]
            await approve(engine, mine, by=person)
        await settle(engine, run)
        stream = await collect(engine, run)

        assert levels(stream) == [
            ("Paused", "both[left]/ask"),
            ("Paused", "both[left]"),
            ("Paused", ""),
            ("Paused", "both[right]/ask"),
            ("Paused", "both[right]"),
            ("Continued", "both[right]/ask"),
            ("Continued", "both[right]"),
            ("Continued", "both[left]/ask"),
            ("Continued", "both[left]"),
            ("Continued", ""),
        ]
        records = [each for each in stream if isinstance(each, e.Record)]
        assert records == await engine.get_events(run.id)


async def test_h19_a_stream_that_ends_at_a_pause_goes_on_after_it(serve: EngineMaker) -> None:
    """Continued behind the last event that was seen, it brings the rest and nothing twice."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await engine.start("gated", {}, requester="ALICE", surface="test")
        first = await collect(engine, run, until_pause=True)
        last = max(each.seq for each in first)
        assert levels(first) == [("Paused", "review"), ("Paused", "")]
        assert (await engine.get_run(run.id)).status == RunStatus.WAITING

        await approve(engine, await only_question(engine, run))
        rest = await collect(engine, run, after=last, until_pause=True)

        assert levels(rest) == [("Continued", "review"), ("Continued", "")]
        both = [each for each in first + rest if isinstance(each, e.Record)]
        assert both == await engine.get_events(run.id)
        assert isinstance(both[-1].event, e.RunCompleted)


async def test_h19_a_stream_follows_a_run_in_another_process(serve: EngineMaker) -> None:
    """What one engine does, the stream of another one tells, until the run is over."""
    effects = Effects()
    graph = gated(effects)
    async with serve(graph) as engine, serve(graph, records_only=True) as watcher:
        run = await start(engine)
        watching = asyncio.create_task(collect(watcher, run))
        await approve(engine, await only_question(engine, run))
        stream = await watching

    assert isinstance(stream[-1].event, e.RunCompleted)


async def test_h19_a_stream_that_does_not_follow_ends_with_what_is_stored(
    serve: EngineMaker,
) -> None:
    """It takes a short reference, and an unknown run is refused."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        stream = [each async for each in engine.stream(run.ref, follow=False)]
        with pytest.raises(RunNotFoundError):
            [each async for each in engine.stream("r-0000000")]

        assert levels(stream) == [("Paused", "review"), ("Paused", "")]


async def test_h18_a_pause_has_all_that_is_open_and_was_answered(serve: EngineMaker) -> None:
    """It selects by kind, node and path, and outlives a way through JSON."""
    effects = Effects()
    async with serve(two_branches(effects)) as engine:
        run = await start(engine, "split")
        (first, _) = await engine.list_pending(run=run.id, kind="confirm")
        await approve(engine, first, by=first.approvers[0], comment="Fine.")
        run = await settle(engine, run)
        pause = await engine.get_pause(run.ref)
        again = Pause.from_json(pause.to_json())

        assert again == pause
        assert (pause.status, len(pause.pending), len(pause.resolved)) == (RunStatus.WAITING, 1, 1)
        assert {pause.pending[0].path, pause.resolved[0].path} == {
            "both[left]/ask",
            "both[right]/ask",
        }
        assert again.resolved[0].answers[0].comment == "Fine."
        assert again.select("confirm", node="ask") == again.pending
        assert again.select("review") == ()
        assert await engine.list_pending(run=run.id, kind="review") == []
        assert len(await engine.list_approvals(run.id, kind="confirm")) == 2


async def test_h18_the_questions_of_a_pause_are_answered_in_another_process(
    serve: EngineMaker,
) -> None:
    """From the JSON alone, the decision finds its approval."""
    effects = Effects()
    async with serve(gated(effects)) as engine:
        run = await start(engine)
        text = (await engine.get_pause(run.id)).to_json()
    async with serve(gated(effects)) as engine:
        (question,) = Pause.from_json(text).pending
        await engine.decide(
            question.id, "approve", by="BOB", surface="test", digest=question.digest
        )
        run = await settle(engine, run)

    assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)
