"""What was done is taken back, in reverse order, each once: on cancel, on failure, after a kill."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.runtime import Paused
from tests.engine import undoing
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import approve, only_question, settle, start
from tests.engine.test_nodes import of_type
from tests.engine.test_recovery import Program


@dataclass
class Ledger:
    """What was done and taken back, in order."""

    lines: list[Any] = field(default_factory=list)

    def do(self, context: Any) -> dict[str, str]:
        """Do something."""
        self.lines.append(f"do {context.node}")
        return {"receipt": f"{context.node}-1"}

    def undo(self, context: Any) -> None:
        """Take it back."""
        self.lines.append((f"undo {context.node}", context.previous_output["receipt"]))


def booking(ledger: Ledger, last: Any = None, undo: Any = None, approvers: str = "BOB") -> Graph:
    """Return flight → hotel → confirm → pay; flight and hotel can be taken back."""
    return (
        GraphBuilder("trip", operators="OPERA")
        .task("flight", ledger.do, undo=undo or ledger.undo)
        .task("hotel", ledger.do, undo=ledger.undo)
        .approval("confirm", approvers=approvers)
        .task("pay", last or ledger.do)
        .edge("flight", "hotel")
        .edge("hotel", "confirm")
        .edge("confirm", "pay")
        .start("flight")
        .ends("pay")
        .build()
    )


BACK = [("undo hotel", "hotel-1"), ("undo flight", "flight-1")]


async def test_g8_a_cancelled_run_takes_back_what_it_did(serve: EngineMaker) -> None:
    """In reverse order, with what each task returned; then it is cancelled."""
    ledger = Ledger()
    async with serve(booking(ledger)) as engine:
        run = await start(engine, "trip")
        await engine.cancel(run.id, by="ALICE", surface="test")
        run = await settle(engine, run)

        assert ledger.lines == ["do flight", "do hotel", *BACK]
        assert (run.status, run.cancelled_by) == (RunStatus.CANCELLED, "ALICE")
        assert (await engine.verify(run.id)).is_sound


async def test_g8_a_rejection_that_cancels_takes_back_too(serve: EngineMaker) -> None:
    """Nothing behind the gate has run."""
    ledger = Ledger()
    async with serve(booking(ledger)) as engine:
        run = await start(engine, "trip")
        await approve(engine, await only_question(engine, run), decision="reject")
        run = await settle(engine, run)

    assert (run.status, ledger.lines[2:]) == (RunStatus.CANCELLED, BACK)


async def test_g8_a_failed_run_takes_back_what_it_did(serve: EngineMaker) -> None:
    """It fails with its own error once everything is taken back."""
    ledger = Ledger()

    def pay(_context: Any) -> None:
        raise ValueError("no money")

    async with serve(booking(ledger, pay)) as engine:
        run = await start(engine, "trip")
        await approve(engine, await only_question(engine, run))
        run = await engine.wait_until(run.id, lambda now: now.finished_at is not None, timeout=10)

    assert (run.status, run.error) == (RunStatus.FAILED, "ValueError: no money")
    assert ledger.lines[2:] == BACK


async def test_g8_a_completed_run_takes_nothing_back(serve: EngineMaker) -> None:
    """Undos are for what went wrong."""
    ledger = Ledger()
    async with serve(booking(ledger)) as engine:
        run = await start(engine, "trip")
        await approve(engine, await only_question(engine, run))
        run = await settle(engine, run)

    assert (run.status, ledger.lines[2:]) == (RunStatus.COMPLETED, ["do pay"])


async def test_g8_an_undo_that_fails_asks_the_operators(serve: EngineMaker) -> None:
    """The run stays as it is until somebody says retry, and ends once that has worked."""
    ledger = Ledger()
    tries: list[str] = []

    def undo(context: Any) -> None:
        tries.append(context.idempotency_key)
        if len(tries) == 1:
            raise ConnectionError("away")
        ledger.undo(context)

    async with serve(booking(ledger, undo=undo)) as engine:
        run = await start(engine, "trip")
        await engine.cancel(run.id, by="ALICE", surface="test")
        async with asyncio.timeout(10):
            async for each in engine.stream(run.id):
                if isinstance(each, Paused) and each.path == "flight!undo":
                    break
        question = await only_question(engine, run)
        assert (question.kind, question.approvers) == ("error", ("OPERA",))
        assert (await engine.get_run(run.id)).status == RunStatus.CANCELLING
        await approve(engine, question, decision="retry", by="OPERA")
        run = await settle(engine, run)

    assert (run.status, ledger.lines[2:]) == (RunStatus.CANCELLED, BACK)
    assert tries == [f"{run.id}/flight!undo"] * 2


async def test_g8_an_undo_that_is_skipped_lets_the_run_end(serve: EngineMaker) -> None:
    """A person says that it was taken back by hand."""
    ledger = Ledger()

    def undo(_context: Any) -> None:
        raise ConnectionError("away")

    async with serve(booking(ledger, undo=undo)) as engine:
        run = await start(engine, "trip")
        await engine.cancel(run.id, by="ALICE", surface="test")
        async with asyncio.timeout(10):
            async for each in engine.stream(run.id):
                if isinstance(each, Paused) and each.path == "flight!undo":
                    break
        question = await only_question(engine, run)
        await approve(engine, question, decision="skip", by="OPERA")
        run = await settle(engine, run)

    assert (run.status, ledger.lines[2:]) == (RunStatus.CANCELLED, BACK[:1])


async def test_g8_what_closed_branches_did_is_taken_back(serve: EngineMaker) -> None:
    """Of items of a map as well, each with its own output and item."""
    taken: list[Any] = []
    body = Block().task(
        "book",
        lambda context: {"booked": context.item},
        undo=lambda context: taken.append(
            (context.previous_output["booked"], context.item, context.number)
        ),
    )
    graph = (
        GraphBuilder("seats")
        .task("list", lambda _context: {"seats": ["1a", "1b", "1c"]})
        .map("each", "state.seats", body)
        .approval("confirm", approvers="BOB")
        .edge("list", "each")
        .edge("each", "confirm")
        .start("list")
        .ends("confirm")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "seats")
        await engine.cancel(run.id, by="ALICE", surface="test")
        run = await settle(engine, run)

    assert (run.status, sorted(taken)) == (
        RunStatus.CANCELLED,
        [("1a", "1a", 1), ("1b", "1b", 2), ("1c", "1c", 3)],
    )


async def test_g8_a_node_that_is_stopped_does_not_keep_the_others_from_being_undone(
    serve: EngineMaker,
) -> None:
    """The running node gets its grace first; an undo is never told to stop."""
    ledger = Ledger()
    stopped = asyncio.Event()

    async def pay(_context: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async with serve(booking(ledger, pay)) as engine:
        run = await start(engine, "trip")
        await approve(engine, await only_question(engine, run))
        await engine.wait_until(run.id, lambda now: now.places == ("pay",), timeout=5)
        await engine.cancel(run.id, by="ALICE", surface="test")
        await engine.tick()
        run = await settle(engine, run)
        failed = [each.error.type for each in await of_type(engine, run, e.NodeFailed)]

    assert (run.status, stopped.is_set(), failed) == (RunStatus.CANCELLED, True, ["Cancelled"])
    assert ledger.lines[2:] == BACK


async def test_g8_undos_are_done_by_whoever_serves(serve: EngineMaker) -> None:
    """Cancelled beside the server, the server takes back."""
    ledger = Ledger()
    graph = booking(ledger)
    async with serve(graph) as engine:
        run = await start(engine, "trip")
    async with serve(graph, records_only=True) as recorder:
        run = await recorder.cancel(run.id, by="ALICE", surface="cli")
        assert (run.status, ledger.lines[2:]) == (RunStatus.CANCELLING, [])
    async with serve(graph) as engine:
        await engine.tick()
        run = await settle(engine, run)

    assert (run.status, ledger.lines[2:]) == (RunStatus.CANCELLED, BACK)


@pytest.mark.parametrize("approvers", ["BOB", "CAROL"])
async def test_g8_a_changed_graph_takes_back_what_it_still_knows_how_to(
    serve: EngineMaker, approvers: str
) -> None:
    """What has changed elsewhere, such as at the gate, is no hindrance."""
    ledger = Ledger()
    async with serve(booking(ledger)) as engine:
        run = await start(engine, "trip")
    async with serve(booking(ledger, approvers=approvers)) as engine:
        await engine.cancel(run.id, by="ALICE", surface="test")
        run = await settle(engine, run)

        assert (run.status, ledger.lines[2:]) == (RunStatus.CANCELLED, BACK)
        assert (await engine.verify(run.id)).is_sound


async def test_g8_another_undo_is_never_run_for_what_was_done_before(serve: EngineMaker) -> None:
    """The run is cancelled, and nothing is taken back."""
    ledger = Ledger()

    def other(_context: Any) -> None:
        ledger.lines.append("another undo")

    async with serve(booking(ledger)) as engine:
        run = await start(engine, "trip")
    async with serve(booking(ledger, undo=other)) as engine:
        run = await engine.cancel(run.id, by="ALICE", surface="test")

    assert (run.status, ledger.lines[2:]) == (RunStatus.CANCELLED, [])


async def test_g8_a_run_that_is_taken_back_goes_on_with_a_graph_that_changed_elsewhere(
    serve: EngineMaker,
) -> None:
    """Cancelled beside the server, and taken back by another version of the graph."""
    ledger = Ledger()
    async with serve(booking(ledger)) as engine:
        run = await start(engine, "trip")
    async with serve(booking(ledger), records_only=True) as recorder:
        await recorder.cancel(run.id, by="ALICE", surface="cli")
    async with serve(booking(ledger, approvers="CAROL")) as engine:
        await engine.tick()
        run = await settle(engine, run)

    assert (run.status, ledger.lines[2:]) == (RunStatus.CANCELLED, BACK)


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    [
        "before_commit:1",
        "after_commit:1",
        "after_attempt_started:1",
        "after_effect:1",
        "before_commit:2",
        "after_commit:2",
        "after_effect:2",
        "after_commit:3",
    ],
)
async def test_g8_killed_while_taking_back(database: str, tmp_path: Path, point: str) -> None:
    """Whatever the instant, after a restart everything is taken back, by its key once each."""
    program = Program(database, tmp_path, module=undoing.__name__)
    _, run = await program.run("start")
    killed, _ = await program.run("cancel", run["id"], crash_at=point)
    code, ended = await program.run("cancel", run["id"])
    lines = [json.loads(line) for line in program.effects.read_text().splitlines()]

    assert (killed, code, ended["status"]) == (-signal.SIGKILL, 0, "cancelled")
    assert lines == ["do flight", "do hotel", "undo hotel", "undo flight"]
