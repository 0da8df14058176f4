"""Lists that people look at page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from orchestrator.graph import Graph, GraphBuilder
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects, gated

SECOND = timedelta(seconds=1)


def idle() -> Graph:
    """Return a graph that is over at once."""

    def work(_context: Any) -> None:
        """Do nothing."""

    return GraphBuilder("idle").task("work", work).start("work").ends("work").build()


async def test_s4_newest_runs_are_filtered_and_paged(serve: EngineMaker, clock: Any) -> None:
    """By end, status, graph, requester and workspace; each page begins behind the last run."""
    async with serve(gated(Effects()), idle()) as engine:
        open_run = await engine.start("gated", {}, requester="ALICE", surface="test")
        done = []
        for number in range(5):
            clock.advance(SECOND)
            who = "BOB" if number % 2 else "ALICE"
            space = "T2" if number == 4 else ""
            run = await engine.start("idle", {}, requester=who, surface="test", workspace=space)
            await engine.wait_until(run.id, lambda r: r.finished_at is not None, timeout=5)
            done.append(run.id)
        newest = [done[4], done[3], done[2], done[1], done[0]]

        async def ids(**filters: Any) -> list[str]:
            return [run.id for run in await engine.list_newest(**filters)]

        assert await ids() == [*newest, open_run.id]
        assert await ids(is_finished=True) == newest
        assert await ids(is_finished=False) == [open_run.id]
        assert await ids(requester="BOB") == [done[3], done[1]]
        assert await ids(graph="gated", status="waiting") == [open_run.id]
        assert await ids(workspace="T2") == [done[4]]
        assert await ids(limit=2) == newest[:2]
        assert await ids(limit=2, before=newest[1]) == newest[2:4]
        assert await ids(is_finished=True, before=newest[4]) == []


async def test_s6_decided_and_asked_are_those_of_one_person(serve: EngineMaker, clock: Any) -> None:
    """The newest decision first, each approval once; open questions of one's own runs only."""
    async with serve(gated(Effects())) as engine:
        asked = []
        for who in ("ALICE", "ALICE", "DAVE"):
            run = await engine.start("gated", {}, requester=who, surface="test")
            await engine.wait_until(run.id, lambda r: r.status == "waiting", timeout=5)
            asked.append((await engine.list_pending(run=run.id))[0].id)
        for approval in asked[:2]:
            clock.advance(SECOND)
            await engine.decide(approval, "approve", by="BOB", surface="test")

        assert [each.id for each in await engine.list_decided("BOB")] == [asked[1], asked[0]]
        assert [each.id for each in await engine.list_decided("BOB", limit=1)] == [asked[1]]
        assert await engine.list_decided("CAROL") == []
        assert [each.id for each in await engine.list_asked("DAVE")] == [asked[2]]
        assert await engine.list_asked("ALICE") == []
        assert [each.id for each in await engine.list_pending(graph="gated")] == [asked[2]]
        assert await engine.list_pending(graph="idle") == []


async def test_changes_are_told_with_whether_they_are_news(serve: EngineMaker) -> None:
    """Every commit of the process is told, with the run's id."""
    told: list[tuple[str, bool]] = []
    async with serve(gated(Effects()), has_chat=True) as engine:
        engine.on_change(lambda run, is_news: told.append((run, is_news)))
        run = await engine.start("gated", {}, requester="ALICE", surface="test")
        await engine.wait_until(run.id, lambda r: r.status == "waiting", timeout=5)

        assert {each for each, _ in told} == {run.id}
        assert any(is_news for _, is_news in told)
        assert not told[0][1]
