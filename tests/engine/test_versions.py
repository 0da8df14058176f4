"""Graphs that change under a run: it goes on where nothing that is ahead of it differs."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.errors import GraphChangedError
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Engine
from orchestrator.store import Approval, Run
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects, gated
from tests.engine.test_gates import approve, only_question, settle, start
from tests.engine.test_nodes import of_type


def chain(effects: Effects, *, before: str = "draft", **review: Any) -> Graph:
    """Return write → review → publish with operators; `before` changes what is behind the run."""
    options = {"approvers": "BOB"} | review
    return (
        GraphBuilder("chain", operators="OPERA")
        .task("write", effects.note, reads=(before,))
        .approval("review", **options)
        .task("publish", effects.note)
        .edge("write", "review")
        .edge("review", "publish")
        .start("write")
        .ends("publish")
        .build()
    )


async def held(engine: Engine, run: Run) -> Approval:
    """Return the question about the changed graph."""
    (approval,) = await engine.list_pending(run=run.id, kind="error")
    return approval


async def test_g9_a_run_goes_on_where_nothing_ahead_of_it_differs(serve: EngineMaker) -> None:
    """What has been left behind may change; the run takes the loaded version over."""
    effects = Effects()
    async with serve(chain(effects)) as engine:
        run = await start(engine, "chain")
    changed = chain(effects, before="title")
    async with serve(changed) as engine:
        await approve(engine, await only_question(engine, run))
        run = await settle(engine, run)
        adopted = await of_type(engine, run, e.VersionAdopted)

        assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)
        assert [changed.version, run.version] == [adopted[0].version, changed.version]
        assert (await engine.verify(run.id)).is_sound


async def test_g9_a_decision_is_refused_where_something_ahead_differs(
    serve: EngineMaker,
) -> None:
    """The error lists the differences, the approval stays open, and the operators are asked."""
    effects = Effects()
    async with serve(chain(effects)) as engine:
        run = await start(engine, "chain")
        approval = await only_question(engine, run)
    async with serve(chain(effects, approvers="CAROL")) as engine:
        with pytest.raises(GraphChangedError, match="'review'"):
            await approve(engine, approval, by="BOB")
        with pytest.raises(GraphChangedError, match="'review'") as caught:
            await approve(engine, approval, by="CAROL")
        question = await held(engine, run)

        assert caught.value.differences
        assert all("review" in each for each in caught.value.differences)
        assert (await engine.get_approval(approval.id)).is_open
        assert (question.approvers, question.decisions) == (("OPERA",), ("retry", "fail"))
        assert question.error is not None
        assert caught.value.differences[0] in question.error.message
        assert (await engine.get_run(run.id)).held == question.id
        assert effects.of("publish") == 0


async def test_g9_retry_compares_again_with_what_is_loaded_then(serve: EngineMaker) -> None:
    """With the version that the run started with, it goes on; with another it is held again."""
    effects = Effects()
    async with serve(chain(effects)) as engine:
        run = await start(engine, "chain")
        approval = await only_question(engine, run)
    async with serve(chain(effects, approvers="CAROL")) as engine:
        with pytest.raises(GraphChangedError):
            await approve(engine, approval)
        first = await held(engine, run)
        await approve(engine, first, decision="retry", by="OPERA")
        with pytest.raises(GraphChangedError):
            await approve(engine, approval)
        second = await held(engine, run)
        assert first.id != second.id
    async with serve(chain(effects), records_only=True) as engine:
        run = await approve(engine, second, decision="retry", by="OPERA")
        assert (run.held, run.status) == (None, RunStatus.WAITING)
        await approve(engine, approval)
    async with serve(chain(effects)) as engine:
        run = await settle(engine, run)

    assert (run.status, effects.of("publish")) == (RunStatus.COMPLETED, 1)


@pytest.mark.parametrize("before", ["draft", "title"])
async def test_g9_a_held_run_goes_on_once_the_graph_is_as_it_was(
    serve: EngineMaker, before: str
) -> None:
    """Where the run is going, that is; nobody has to say so, and the question is withdrawn."""
    effects = Effects()
    async with serve(chain(effects)) as engine:
        run = await start(engine, "chain")
        approval = await only_question(engine, run)
    async with serve(chain(effects, approvers="CAROL")) as engine:
        with pytest.raises(GraphChangedError):
            await approve(engine, approval)
        question = await held(engine, run)
    async with serve(chain(effects, before=before)) as engine:
        await engine.tick()
        assert (await engine.get_approval(question.id)).status == "withdrawn"
        await approve(engine, approval)
        run = await settle(engine, run)

    assert (run.status, run.held, effects.of("publish")) == (RunStatus.COMPLETED, None, 1)


async def test_g9_fail_ends_a_held_run(serve: EngineMaker) -> None:
    """Also without any graph; only the operators may."""
    effects = Effects()
    async with serve(chain(effects)) as engine:
        run = await start(engine, "chain")
        approval = await only_question(engine, run)
    async with serve(chain(effects, approvers="CAROL")) as engine:
        with pytest.raises(GraphChangedError):
            await approve(engine, approval)
        question = await held(engine, run)
    async with serve() as engine:
        with pytest.raises(PermissionError):
            await approve(engine, question, decision="fail", by="BOB")
        await approve(engine, question, decision="fail", by="OPERA")
        run = await settle(engine, run)

    assert (run.status, effects.of("publish")) == (RunStatus.FAILED, 0)
    assert "GraphChanged" in str(run.error)


async def test_g9_ready_nodes_of_a_changed_graph_are_not_run(serve: EngineMaker) -> None:
    """A node that was ready when the code changed waits for the operators, and is cancelled."""
    effects = Effects()
    async with serve(chain(effects), records_only=True) as engine:
        run = await engine.start("chain", {}, requester="ALICE", surface="test")
    async with serve(chain(effects, approvers="CAROL")) as engine:
        await engine.wait_until(run.id, lambda now: now.held is not None)
        question = await held(engine, run)
        await engine.tick()
        assert effects.of("write") == 0
        assert [question.id] == [each.id for each in await engine.list_pending(run=run.id)]
        run = await engine.cancel(run.id, by="ALICE", surface="test")

        assert (run.status, run.held) == (RunStatus.CANCELLED, None)
        assert (await engine.get_approval(question.id)).status == "withdrawn"


async def test_g9_a_deadline_of_a_changed_graph_fires_all_the_same(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """The run ends as timed out, although it is held."""
    effects = Effects()
    options: dict[str, Any] = {"timeout": "1h", "on_timeout": "expire"}
    async with serve(chain(effects, **options)) as engine:
        run = await start(engine, "chain")
        due = (await only_question(engine, run)).due_at
    assert due is not None
    clock.advance(due - clock.now())
    async with serve(chain(effects, approvers="CAROL", **options)) as engine:
        run = await engine.wait_until(run.id, lambda now: now.finished_at is not None, timeout=5)

    assert run.status == RunStatus.TIMED_OUT


async def test_g9_differences_are_listed_before_a_deployment(serve: EngineMaker) -> None:
    """Every unfinished run of another version is there, with what would keep it from going on."""
    effects = Effects()
    async with serve(chain(effects), gated(effects)) as engine:
        waiting, other = await start(engine, "chain"), await start(engine, "gated")
        done = await start(engine, "chain")
        await approve(engine, await only_question(engine, done))
        await settle(engine, done)
    async with serve(chain(effects), gated(effects), records_only=True) as engine:
        assert await engine.graphs_diff() == []
    async with serve(chain(effects, before="title"), records_only=True) as engine:
        found = {each.run.id: each.differences for each in await engine.graphs_diff()}
        assert found == {waiting.id: (), other.id: ("graph 'gated' is not loaded",)}
    async with serve(chain(effects, approvers="CAROL"), records_only=True) as engine:
        found = {each.run.id: each.differences for each in await engine.graphs_diff()}
        assert "review" in found[waiting.id][0]


async def test_g9_what_people_do_beside_deciding_needs_no_graph(serve: EngineMaker) -> None:
    """Comments and pauses of a run whose graph is gone or changed are recorded."""
    effects = Effects()
    async with serve(chain(effects)) as engine:
        run = await start(engine, "chain")
        approval = await only_question(engine, run)
    for graphs in ((), (chain(effects, approvers="CAROL"),)):
        async with serve(*graphs) as engine:
            await engine.comment(approval.id, "Who changed this?", by="BOB")
            await engine.pause(run.id, by="OPERA")
            await engine.resume(run.id, by="OPERA")

            assert (await engine.get_run(run.id)).held is None
