"""Tasks that tell how far they are, in threads and on the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.runtime import Engine
from orchestrator.store import Run
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import settle, start
from tests.engine.test_nodes import of_type, one_task


async def told(engine: Engine, run: Run) -> list[Any]:
    """Return what a run's nodes told about their progress."""
    return [event.value for event in await of_type(engine, run, e.ProgressReported)]


async def until_told(engine: Engine, run: Run, value: Any) -> None:
    """Wait until a value of progress is in the log."""
    async with asyncio.timeout(10):
        async for each in engine.stream(run.id):
            if getattr(getattr(each, "event", None), "value", None) == value:
                break


async def test_g2_a_generator_tells_its_progress_and_returns_its_result(
    serve: EngineMaker,
) -> None:
    """What it yields is in the log while it runs; what it returns is its output."""
    go_on = threading.Event()

    def work(_context: Any) -> Generator[Any, None, Any]:
        yield {"done": 1}
        go_on.wait(10)
        yield {"done": 2}
        return {"all": 2}

    async with serve(one_task(work)) as engine:
        run = await engine.start("one", {}, requester="ALICE", surface="test")
        await until_told(engine, run, {"done": 1})
        go_on.set()
        run = await settle(engine, run)

        assert await told(engine, run) == [{"done": 1}, {"done": 2}]
        assert await engine.get_output(run.id) == {"all": 2}


async def test_g2_without_a_return_the_last_value_is_the_result(serve: EngineMaker) -> None:
    """It counts for both, in a thread."""

    def work(_context: Any) -> Iterator[Any]:
        yield {"step": 1}
        yield {"step": 2}

    async with serve(one_task(work)) as engine:
        run = await start(engine, "one")

        assert await engine.get_output(run.id) == {"step": 2}
        assert (await told(engine, run))[-1] == {"step": 2}


async def test_g2_an_asynchronous_generator_brings_what_it_yields_last(
    serve: EngineMaker,
) -> None:
    """On the loop, too, progress is stored while the node runs."""
    go_on = asyncio.Event()

    async def work(_context: Any) -> AsyncIterator[Any]:
        yield "half"
        await go_on.wait()
        yield {"answer": 42}

    async with serve(one_task(work)) as engine:
        run = await engine.start("one", {}, requester="ALICE", surface="test")
        await until_told(engine, run, "half")
        go_on.set()
        run = await settle(engine, run)

        assert await engine.get_output(run.id) == {"answer": 42}


async def test_g2_of_progress_that_comes_too_fast_the_newest_is_stored(
    serve: EngineMaker,
) -> None:
    """A thousand values do not become a thousand commits, and the order is kept."""

    def work(_context: Any) -> Iterator[int]:
        yield from range(1000)

    async with serve(one_task(work)) as engine:
        run = await start(engine, "one")
        values = await told(engine, run)

        assert values == sorted(values)
        assert values[-1] == 999
        assert len(values) < 1000


async def test_g2_progress_that_cannot_be_stored_fails_the_node(serve: EngineMaker) -> None:
    """The error names the node."""

    def work(_context: Any) -> Iterator[Any]:
        yield object()

    async with serve(one_task(work)) as engine:
        run = await start(engine, "one")

        assert run.status == RunStatus.FAILED
        assert "OutputError: work yielded what JSON cannot hold" in str(run.error)


async def test_g2_a_generator_that_raises_keeps_no_progress_after_the_failure(
    serve: EngineMaker,
) -> None:
    """Nothing follows the failure in the log."""

    def work(_context: Any) -> Iterator[Any]:
        yield 1
        raise ValueError("no")

    async with serve(one_task(work)) as engine:
        run = await start(engine, "one")
        kinds = [type(record.event) for record in await engine.get_events(run.id)]

        assert e.ProgressReported not in kinds[kinds.index(e.AttemptFailed) :]


async def test_g7_a_generator_past_its_timeout_is_closed_at_its_next_value(
    serve: EngineMaker,
) -> None:
    """Its slot is free again, and nothing of it is recorded any more."""
    go_on, closed = threading.Event(), threading.Event()

    def work(_context: Any) -> Iterator[int]:
        try:
            go_on.wait(10)
            yield 1
            yield 2
        finally:
            closed.set()

    graph = one_task(work, timeout=timedelta(seconds=0.05))
    async with serve(graph, concurrency=1) as engine:
        run = await start(engine, "one")
        go_on.set()
        assert await asyncio.to_thread(closed.wait, 10)

        assert "NodeTimeoutError" in str(run.error)
        assert await told(engine, run) == []
        again = await engine.start("one", {}, requester="ALICE", surface="test")
        assert (await settle(engine, again)).status == RunStatus.COMPLETED


@pytest.mark.parametrize("kind", ["callable", "lambda"])
async def test_g2_generators_are_told_by_what_they_return(serve: EngineMaker, kind: str) -> None:
    """An object with an asynchronous generator, and a lambda around a generator, work alike."""

    class Work:
        async def __call__(self, _context: Any) -> AsyncIterator[int]:
            yield 7

    def numbers() -> Iterator[int]:
        yield 7

    function: Any = Work() if kind == "callable" else lambda _context: numbers()
    async with serve(one_task(function)) as engine:
        run = await start(engine, "one")

        assert await engine.get_output(run.id) == {"work": 7}
