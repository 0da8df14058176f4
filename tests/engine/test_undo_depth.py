"""What was done inside composites is taken back, last first and each once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.testing import settle as until_settled
from tests.engine.conftest import EngineMaker
from tests.engine.playing import BOB, answer, graph_of, statuses
from tests.engine.test_gates import settle, start


class Ledger:
    """What was done and taken back, in order, outside of the run's state."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.back: list[str] = []
        self.keys: list[str] = []
        self.items: list[Any] = []

    def do(self, context: Any) -> dict[str, str]:
        """Do something."""
        self.done.append(context.path)
        return {"receipt": context.path}

    def undo(self, context: Any) -> None:
        """Take back what the output names."""
        self.back.append(context.previous_output["receipt"])
        self.keys.append(context.idempotency_key)
        self.items.append(context.item)

    def booking(self) -> Block:
        """Return a body that books, and then asks."""
        return Block().task("book", self.do, undo=self.undo).approval("ask", approvers=BOB)


def composite(ledger: Ledger, name: str) -> Graph:
    """Return a composite whose bodies book and ask, and a question behind it."""

    def declare(make: GraphBuilder) -> None:
        match name:
            case "loop":
                make.loop("unit", ledger.booking(), max_rounds=2)
            case "map":
                make.map("unit", lambda _view: [1, 2], ledger.booking())
            case "parallel":
                inner = Block().steps("deep", ledger.booking())
                make.parallel("unit", {"a": ledger.booking(), "b": inner})
            case "subgraph":
                graph = (
                    GraphBuilder("inner")
                    .task("book", ledger.do, undo=ledger.undo)
                    .approval("ask", approvers=BOB)
                    .sequence("book", "ask")
                    .start("book")
                    .ends("ask")
                    .build()
                )
                make.subgraph("unit", graph)
            case _:
                raise LookupError(name)
        make.approval("behind", approvers=BOB)

    return graph_of(declare)


QUESTIONS = {
    "loop": ["unit[1]/ask", "unit[2]/ask"],
    "map": ["unit[2]/ask", "unit[1]/ask"],
    "parallel": ["unit[a]/ask", "unit[b]/deep/ask"],
    "subgraph": ["unit/ask"],
}


@pytest.mark.parametrize("answered", [0, 1, 2])
@pytest.mark.parametrize("name", QUESTIONS)
async def test_g8_a_cancelled_composite_takes_back_what_it_did(
    serve: EngineMaker, name: str, answered: int
) -> None:
    """Of open bodies and of closed ones, in another process than the one that did it."""
    ledger = Ledger()
    graph = composite(ledger, name)
    async with serve(graph) as engine:
        run = await start(engine, "play")
        for path in QUESTIONS[name][:answered]:
            run = await answer(engine, run, path)
        assert (run.status, ledger.back) == (RunStatus.WAITING, [])
    async with serve(graph) as engine:
        await engine.cancel(run.id, by="ALICE", surface="test")
        run = await settle(engine, run)

        assert "open" not in (await statuses(engine, run)).values()
        assert (await engine.verify(run.id)).is_sound
    assert run.status == RunStatus.CANCELLED
    assert sorted(ledger.back) == sorted(ledger.done)
    if name != "map":  # both items book at the same time
        assert ledger.back == ledger.done[::-1]
    assert ledger.keys == [f"{run.id}/{path}!undo" for path in ledger.back]


async def test_g8_a_branch_that_fails_fast_takes_back_what_its_siblings_did(
    serve: EngineMaker,
) -> None:
    """The run fails with the branch's error once everything is taken back."""
    ledger = Ledger()
    strict: Any = {"approvers": BOB, "on_reject": "fail"}
    bodies = {
        "a": ledger.booking(),
        "b": Block().task("book", ledger.do, undo=ledger.undo, confirm=strict),
    }
    graph = (
        GraphBuilder("play")
        .task("before", ledger.do, undo=ledger.undo)
        .parallel("unit", bodies, on_branch_error="fail-fast")
        .sequence("before", "unit")
        .start("before")
        .ends("unit")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        await answer(engine, run, "unit[b]/book", "reject")
        run = await engine.wait_until(run.id, lambda now: now.finished_at is not None, timeout=5)

    assert (run.status, run.error) == ("failed", "Rejected: unit[b]: book was rejected")
    assert ledger.done == ["before", "unit[a]/book"]
    assert ledger.back == ["unit[a]/book", "before"]


async def test_g8_what_a_best_effort_passed_over_is_not_taken_back(serve: EngineMaker) -> None:
    """A run that completes takes back nothing, whatever has failed on the way."""
    ledger = Ledger()

    def fail(_context: Any) -> None:
        raise ValueError("no")

    body = Block().task("book", ledger.do, undo=ledger.undo).task("fail", fail)
    graph = graph_of(
        lambda make: make.map("unit", lambda _view: [1, 2], body, on_branch_error="best-effort")
    )
    async with serve(graph) as engine:
        run = await until_settled(engine, (await start(engine, "play")).id)

    assert (run.status, len(ledger.done), ledger.back) == (RunStatus.COMPLETED, 2, [])


async def test_g8_each_visit_of_a_composite_is_taken_back(serve: EngineMaker) -> None:
    """The first as well as the second one, each with its own output."""
    ledger = Ledger()
    graph = graph_of(
        lambda make: (
            make.steps("unit", Block().task("book", ledger.do, undo=ledger.undo))
            .approval("behind", approvers=BOB, rejection="unit")
            .end("done")
            .edge("behind", "done")
        )
    )
    async with serve(graph) as engine:
        run = await start(engine, "play")
        run = await answer(engine, run, "behind", "reject")
        await engine.cancel(run.id, by="ALICE", surface="test")
        run = await settle(engine, run)

    assert (run.status, ledger.done) == (RunStatus.CANCELLED, ["unit/book", "unit#2/book"])
    assert ledger.back == ["unit#2/book", "unit/book"]


@pytest.mark.parametrize("ending", ["fails", "goes on and is cancelled"])
async def test_g8_what_a_stopped_branch_still_did_is_taken_back(
    serve: EngineMaker, ending: str
) -> None:
    """Its result does not count, but the run knows of it and does not end before it is undone."""
    ledger = Ledger()
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def book(context: Any) -> dict[str, str]:
        begun.set()
        try:
            await may_end.wait()
        except asyncio.CancelledError:
            await may_end.wait()
        return ledger.do(context)

    async def fail(_context: Any) -> None:
        await begun.wait()
        raise ValueError("boom")

    bodies = {
        "a": Block().task("book", book, undo=ledger.undo),
        "b": Block().task("fail", fail),
    }

    def declare(make: GraphBuilder) -> None:
        on_error = "fail" if ending == "fails" else "skip"
        pair = Block().parallel("pair", bodies, on_branch_error="fail-fast", on_error=on_error)
        make.map("unit", lambda _view: ["seat"], pair)
        make.approval("behind", approvers=BOB)

    async with serve(graph_of(declare)) as engine:
        run = await engine.start("play", {}, requester="ALICE", surface="test")
        await begun.wait()
        await engine.wait_until(run.id, lambda found: "unit[1]/pair[b]/fail" not in found.places)
        may_end.set()
        run = await until_settled(engine, run.id)
        if ending != "fails":
            assert (run.status, ledger.back) == (RunStatus.WAITING, [])
            await engine.cancel(run.id, by="ANN", surface="test")
            run = await until_settled(engine, run.id)
        ignored = [
            each.event.path
            for each in await engine.get_events(run.id)
            if type(each.event).__name__ == "ResultIgnored"
        ]
        assert (await engine.verify(run.id)).is_sound

    booked = "unit[1]/pair[a]/book"
    assert run.status == (RunStatus.FAILED if ending == "fails" else RunStatus.CANCELLED)
    assert (ledger.done, ledger.back) == ([booked], [booked])
    assert ignored == [booked]
    assert ledger.items == ["seat"]
