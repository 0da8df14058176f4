"""What people do about an open approval is done once, however often the request comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from orchestrator.core import events as e
from orchestrator.errors import ApprovalClosedError, OrchestratorError
from orchestrator.runtime import Engine
from orchestrator.store import Run, codec
from tests.engine.conftest import EngineMaker
from tests.engine.graphs import Effects
from tests.engine.test_upkeep import HOUR, start, watched

KEY = "aside:V1:1700.1"
Act = Callable[[Engine, str, str | None], Awaitable[Run]]

ACTS: dict[str, tuple[Act, type]] = {
    "withdraw": (
        lambda engine, ref, key: engine.withdraw(ref, by="ALICE", reason="no", key=key),
        e.ApprovalResolved,
    ),
    "reassign": (
        lambda engine, ref, key: engine.reassign(ref, "CAROL", by="BOB", key=key),
        e.ApprovalReassigned,
    ),
    "delegate": (
        lambda engine, ref, key: engine.delegate(ref, by="BOB", to="DAVE", key=key),
        e.ApprovalDelegated,
    ),
    "snooze": (
        lambda engine, ref, key: engine.snooze(ref, by="BOB", until=HOUR, key=key),
        e.ApprovalSnoozed,
    ),
    "extend": (
        lambda engine, ref, key: engine.extend(ref, by="BOB", until=HOUR, key=key),
        e.ApprovalExtended,
    ),
    "comment": (
        lambda engine, ref, key: engine.comment(ref, "Fine.", by="BOB", key=key),
        e.CommentAdded,
    ),
    "request_info": (
        lambda engine, ref, key: engine.request_info(ref, "Why?", by="BOB", key=key),
        e.CommentAdded,
    ),
}


async def count(engine: Engine, run: Run, kind: type) -> int:
    """Return how many events of a kind the log of a run has."""
    return sum(isinstance(each.event, kind) for each in await engine.get_events(run.id))


@pytest.mark.parametrize("name", ACTS)
async def test_h23_a_request_that_comes_again_changes_nothing(
    serve: EngineMaker, name: str
) -> None:
    """Not even in another process, and nobody is told that it failed."""
    act, kind = ACTS[name]
    graph = watched(Effects())
    async with serve(graph) as engine, serve(graph) as other:
        run, approval = await start(engine)
        await act(engine, approval.id, KEY)
        after = await engine.get_run(run.id)
        again = await act(engine, approval.id, KEY)
        there = await act(other, approval.ref, KEY)

        assert (again.id, there.id) == (run.id, run.id)
        assert await count(engine, run, kind) == 1
        assert [again.seq, there.seq] == [after.seq, after.seq]
        assert (await engine.verify(run.id)).is_sound


@pytest.mark.parametrize("name", ACTS)
async def test_h23_two_processes_that_get_it_at_once_do_it_once(
    serve: EngineMaker, name: str
) -> None:
    """One of them commits, and both say that it is done."""
    act, kind = ACTS[name]
    graph = watched(Effects())
    async with serve(graph) as engine, serve(graph) as other:
        run, approval = await start(engine)
        done = await asyncio.gather(*(act(each, approval.id, KEY) for each in (engine, other) * 3))

        assert {each.id for each in done} == {run.id}
        assert await count(engine, run, kind) == 1


@pytest.mark.parametrize("name", ACTS)
async def test_h23_another_request_is_another_matter(serve: EngineMaker, name: str) -> None:
    """Its key is not the first one's, so it is done or refused by itself."""
    act, kind = ACTS[name]
    async with serve(watched(Effects())) as engine:
        run, approval = await start(engine)
        await act(engine, approval.id, KEY)
        if name in {"withdraw", "reassign"}:
            with pytest.raises(OrchestratorError):
                await act(engine, approval.id, "aside:V2:1700.2")
        else:
            await act(engine, approval.id, "aside:V2:1700.2")

        assert await count(engine, run, kind) == 1 + (name not in {"withdraw", "reassign"})


async def test_h23_a_repeated_extension_counts_from_the_first_deadline(serve: EngineMaker) -> None:
    """An hour asked for once is one hour, also when it was recorded before."""
    async with serve(watched(Effects())) as engine:
        _, approval = await start(engine)
        for _ in range(3):
            await engine.extend(approval.id, by="BOB", until=HOUR, key=KEY)
        after = await engine.get_approval(approval.id)

        assert approval.due_at is not None
        assert after.due_at == approval.due_at + timedelta(hours=1)


async def test_h23_a_comment_of_before_is_known_after_the_question_is_closed(
    serve: EngineMaker,
) -> None:
    """Whoever sent it hears that it was taken, and not that they are too late."""
    async with serve(watched(Effects())) as engine:
        run, approval = await start(engine)
        await engine.comment(approval.id, "Fine.", by="BOB", key=KEY)
        await engine.decide(approval.id, "approve", by="BOB", surface="python")
        again = await engine.comment(approval.id, "Fine.", by="BOB", key=KEY)
        with pytest.raises(ApprovalClosedError):
            await engine.comment(approval.id, "Late.", by="BOB", key="aside:V3:1700.3")

        assert again.id == run.id
        assert await count(engine, run, e.CommentAdded) == 1


def test_h23_what_an_earlier_version_has_written_is_read() -> None:
    """Its events have no keys."""
    body = '{"approval_id": "A1", "by": "BOB", "text": "Fine.", "surface": "cli"}'
    event = codec.decode("CommentAdded", body)

    assert event == e.CommentAdded(approval_id="A1", by="BOB", text="Fine.", surface="cli")
