"""Tasks, edges, retries, timeouts and cancelling, through the real engine."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.errors import GraphNotFoundError, InputError, NonRetryableError
from orchestrator.graph import GraphBuilder, Retry
from orchestrator.runtime import Engine
from orchestrator.store import Run
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import settle, start


def one_task(function: Any, **options: Any) -> Any:
    """Return a graph of a single task."""
    return GraphBuilder("one").task("work", function, **options).start("work").ends("work").build()


async def of_type(engine: Engine, run: Run, kind: type) -> list[Any]:
    """Return the run's events of a type."""
    return [
        record.event for record in await engine.get_events(run.id) if isinstance(record.event, kind)
    ]


class Order(BaseModel):
    """An input."""

    item: str
    count: int = 1


async def test_g5_input_is_checked_before_anything_is_stored(serve: EngineMaker) -> None:
    """Every problem is listed, and no run exists afterwards."""
    graph = (
        GraphBuilder("order", input=Order)
        .task("work", lambda context: {"n": context.input.count + 1})
        .start("work")
        .ends("work")
        .build()
    )
    async with serve(graph) as engine:
        with pytest.raises(InputError) as caught:
            await start(engine, "order", count="many", colour="red")
        run = await start(engine, "order", item="tea", count=2)

        assert {"item", "count", "colour"} == {field for field, _ in caught.value.problems}
        assert [run.id] == [found.id for found in await engine.list_runs()]
        succeeded = await of_type(engine, run, e.NodeSucceeded)
        assert succeeded[0].output == {"n": 3}


async def test_an_unknown_graph_is_named_with_the_known_ones(serve: EngineMaker) -> None:
    """The error helps with the spelling."""
    async with serve(one_task(lambda _context: None)) as engine:
        with pytest.raises(GraphNotFoundError, match="known are one"):
            await start(engine, "onne")


@pytest.mark.parametrize(("amount", "way"), [(5, "small"), (50, "middle"), (500, "large")])
async def test_g3_the_first_edge_that_holds_is_taken(
    serve: EngineMaker, amount: int, way: str
) -> None:
    """Conditions are tried in the order of declaration, the default last."""
    ran: list[str] = []
    builder = GraphBuilder("fork", input={"type": "object", "properties": {"amount": {}}})
    builder.router("fork").end("done")
    for name in ("small", "middle", "large"):
        builder.task(name, lambda context: ran.append(context.node)).edge(name, "done")
    builder.edge("fork", "small", when=lambda view: view.input["amount"] < 10)
    builder.edge("fork", "middle", when="input.amount < 100")
    builder.edge("fork", "large")
    graph = builder.start("fork").build()
    async with serve(graph) as engine:
        run = await start(engine, "fork", amount=amount)

        assert ([way], RunStatus.COMPLETED) == (ran, run.status)


async def test_g3_no_matching_edge_fails_and_names_the_node(serve: EngineMaker) -> None:
    """Without a default edge a run may have nowhere to go."""
    graph = (
        GraphBuilder("fork")
        .router("fork")
        .end("done")
        .edge("fork", "done", when=lambda _view: False)
        .start("fork")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "fork")

        assert run.status == RunStatus.FAILED
        assert "NoMatchingEdgeError: no edge of 'fork' holds" in str(run.error)


async def test_g4_a_node_sees_what_it_reads_and_sets_what_it_writes(serve: EngineMaker) -> None:
    """Outputs are addressable by name beside the state."""
    seen: dict[str, Any] = {}

    def look(context: Any) -> int:
        seen.update(state=dict(context.state), outputs=dict(context.outputs))
        return 7

    graph = (
        GraphBuilder("chain")
        .task("first", lambda _context: {"a": 1, "b": 2}, writes=("a", "b"))
        .task("look", look, reads=("a",))
        .edge("first", "look")
        .start("first")
        .ends("look")
        .build()
    )
    async with serve(graph) as engine:
        await start(engine, "chain")

    assert seen == {"state": {"a": 1}, "outputs": {"first": {"a": 1, "b": 2}}}


async def test_g4_a_write_outside_writes_fails_the_node_and_changes_nothing(
    serve: EngineMaker,
) -> None:
    """The run fails with the key's name, and nothing behind the node runs."""
    behind: list[str] = []
    graph = (
        GraphBuilder("chain")
        .task("first", lambda _context: {"a": 1, "z": 2}, writes=("a",))
        .task("second", lambda context: behind.append(context.node))
        .edge("first", "second")
        .start("first")
        .ends("second")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "chain")

        assert (run.status, behind) == (RunStatus.FAILED, [])
        assert "'z'" in str(run.error)
        assert await of_type(engine, run, e.NodeSucceeded) == []


async def test_g7_retries_are_durable_timers_and_are_counted(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """Each try waits for its timer, also over a restart; the key stays the same."""
    keys: list[tuple[int, str]] = []

    def flaky(context: Any) -> str:
        keys.append((context.attempt, context.idempotency_key))
        if len(keys) < 3:
            raise ConnectionError("away")
        return "ok"

    retry = Retry(attempts=3, delay=timedelta(minutes=1), jitter=0)
    graph = one_task(flaky, retry=retry)
    async with serve(graph) as engine:
        run = await start(engine, "one")
        assert (run.status, len(keys)) == (RunStatus.WAITING, 1)
        clock.advance(timedelta(seconds=59))
        await engine.tick()
        assert len(keys) == 1
        clock.advance(timedelta(seconds=1))
        await engine.wait_until(run.id, lambda now: now.status == "waiting" and len(keys) == 2)
    clock.advance(timedelta(minutes=2))
    async with serve(graph) as engine:
        run = await engine.wait_until(run.id, lambda now: now.status == "completed", timeout=5)
        failed = await of_type(engine, run, e.AttemptFailed)

        assert [(1, keys[0][1]), (2, keys[0][1]), (3, keys[0][1])] == keys
        assert [(event.attempt, event.error.type) for event in failed] == [
            (1, "ConnectionError"),
            (2, "ConnectionError"),
        ]


async def test_g7_an_error_that_cannot_get_better_is_not_tried_again(
    serve: EngineMaker,
) -> None:
    """NonRetryableError, and the types that the node gives up on, fail at once."""
    calls: list[int] = []

    def hopeless(_context: Any) -> None:
        calls.append(1)
        raise NonRetryableError("no such account")

    async with serve(one_task(hopeless, retry=5)) as engine:
        run = await start(engine, "one")

        assert (run.status, len(calls)) == (RunStatus.FAILED, 1)
        assert run.error == "NonRetryableError: no such account"


async def test_g7_a_node_that_takes_too_long_times_out(serve: EngineMaker) -> None:
    """An asynchronous function is cancelled, and the error says what it took."""
    cancelled = asyncio.Event()

    async def slow(_context: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with serve(one_task(slow, timeout=timedelta(milliseconds=50))) as engine:
        run = await start(engine, "one")

        assert (run.status, cancelled.is_set()) == (RunStatus.FAILED, True)
        assert "NodeTimeoutError" in str(run.error)


async def test_a_late_result_of_a_thread_is_ignored(serve: EngineMaker, clock: FakeClock) -> None:
    """Past its timeout a synchronous function counts as failed; its result changes nothing."""
    release = threading.Event()
    calls: list[int] = []

    def slow(context: Any) -> str:
        calls.append(context.attempt)
        if context.attempt == 1:
            release.wait(10)
        return f"try {context.attempt}"

    retry = Retry(attempts=2, delay=timedelta(minutes=1), jitter=0)
    graph = one_task(slow, timeout=timedelta(milliseconds=50), retry=retry)
    async with serve(graph) as engine:
        run = await start(engine, "one")
        release.set()
        await engine.wait_until(
            run.id, lambda now: now.seq > run.seq, timeout=5
        )  # the late result is recorded
        clock.advance(timedelta(minutes=1))
        run = await engine.wait_until(run.id, lambda now: now.status == "completed", timeout=5)
        (succeeded,) = await of_type(engine, run, e.NodeSucceeded)
        (ignored,) = await of_type(engine, run, e.ResultIgnored)

        assert (succeeded.output, ignored.attempt) == ("try 2", 1)


async def test_synchronous_functions_do_not_block_the_loop(serve: EngineMaker) -> None:
    """Two of them meet at a barrier, which they could not on one thread."""
    barrier = threading.Barrier(2)

    def meet(_context: Any) -> str:
        barrier.wait(5)
        return "met"

    async with serve(one_task(meet)) as engine:
        runs = await asyncio.gather(start(engine, "one"), start(engine, "one"))

        assert [run.status for run in runs] == [RunStatus.COMPLETED] * 2


async def test_cancel_stops_a_running_node(serve: EngineMaker) -> None:
    """The function is cancelled, and the run is cancelled once it has stopped."""
    started, stopped = asyncio.Event(), asyncio.Event()

    async def forever(_context: Any) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async with serve(one_task(forever)) as engine:
        run = await engine.start("one", {}, requester="ALICE", surface="test")
        await started.wait()
        run = await engine.cancel(run.id, by="BOB", surface="test")
        run = await settle(engine, run)

        assert (
            run.status,
            stopped.is_set(),
            run.cancelled_by,
        ) == (RunStatus.CANCELLED, True, "BOB")


async def test_an_error_says_what_no_database_can_hold_in_other_words(serve: EngineMaker) -> None:
    """PostgreSQL takes no NUL, and no database takes half a character."""

    def work(_context: Any) -> None:
        raise ValueError("a\0b\ud800")

    async with serve(one_task(work)) as engine:
        run = await settle(engine, await start(engine, "one"))

        assert (run.status, run.error) == (RunStatus.FAILED, r"ValueError: a\x00b\ud800")


async def test_what_json_cannot_hold_fails_the_node(serve: EngineMaker) -> None:
    """The message names the node."""
    async with serve(one_task(lambda _context: {"x": object()})) as engine:
        run = await start(engine, "one")

        assert run.status == RunStatus.FAILED
        assert "OutputError: work returned what JSON cannot hold" in str(run.error)


async def test_more_runs_than_slots_all_finish(serve: EngineMaker) -> None:
    """Nodes wait in the database for a free slot."""
    running, most = 0, 0

    async def work(_context: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    async with serve(one_task(work), concurrency=3) as engine:
        runs = await asyncio.gather(*(start(engine, "one") for _ in range(20)))

        assert {RunStatus.COMPLETED} == {run.status for run in runs}
        assert most <= 3


async def test_a_recorded_run_is_taken_on_by_whoever_serves(serve: EngineMaker) -> None:
    """A command beside the server only records; its run is pending until somebody serves."""
    ran: list[str] = []
    graph = one_task(lambda context: ran.append(context.path))
    async with serve(graph, records_only=True) as recorder:
        run = await recorder.start("one", {}, requester="ALICE", surface="cli")
        assert (run.status, ran) == (RunStatus.PENDING, [])
        async with serve(graph) as server:
            run = await server.wait_until(run.id, lambda now: now.status == "completed", timeout=5)

    assert ran == ["work"]


@pytest.mark.parametrize(
    ("end", "output"),
    [
        ({"output": ("sum",)}, {"sum": 3}),
        ({"output": ("sum", "parts.a")}, {"sum": 3, "parts.a": 1}),
        ({}, {"sum": 3, "parts": {"a": 1, "b": 2}}),
    ],
)
async def test_an_end_names_the_output_of_its_run(
    serve: EngineMaker, end: dict[str, Any], output: dict[str, Any]
) -> None:
    """Keys of the state, all of them by default; nothing is copied into the log."""
    graph = (
        GraphBuilder("sum")
        .task("add", lambda _context: {"sum": 3, "parts": {"a": 1, "b": 2}})
        .end("done", **end)
        .edge("add", "done")
        .start("add")
        .build()
    )
    async with serve(graph) as engine:
        run = await start(engine, "sum")

        assert await engine.get_output(run.ref) == output
        assert (await engine.verify(run.id)).is_sound


@pytest.mark.parametrize(
    ("returned", "output"), [({"a": 1}, {"a": 1}), ([1, 2], {"work": [1, 2]}), (None, {})]
)
async def test_a_run_that_ends_after_a_task_brings_what_the_task_returned(
    serve: EngineMaker, returned: Any, output: dict[str, Any]
) -> None:
    """Its keys, or the whole under the node's name."""
    async with serve(one_task(lambda _context: returned)) as engine:
        run = await start(engine, "one")

        assert await engine.get_output(run.id) == output


async def test_a_run_that_is_not_completed_has_no_output(serve: EngineMaker) -> None:
    """Not even an empty one."""

    def fail(_context: Any) -> None:
        raise ValueError("no")

    async with serve(one_task(fail)) as engine:
        run = await start(engine, "one")

        assert await engine.get_output(run.id) is None


async def test_waiting_takes_a_short_reference_too(serve: EngineMaker) -> None:
    """It is told about changes as with the full id, and gives up in time."""
    release = asyncio.Event()

    async def wait(_context: Any) -> None:
        await release.wait()

    async with serve(one_task(wait)) as engine:
        run = await engine.start("one", {}, requester="ALICE", surface="test")
        with pytest.raises(TimeoutError):
            await engine.wait_until(run.ref, lambda now: now.status == "completed", timeout=0.05)
        release.set()
        ended = await engine.wait_until(run.ref, lambda now: now.status == "completed", timeout=5)

        assert (ended.id, ended.status) == (run.id, RunStatus.COMPLETED)
