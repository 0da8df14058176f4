"""An engine on a database file that many cells of the matrix share."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from structlog.testing import capture_logs

from orchestrator.core.state import State
from orchestrator.graph import Graph
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.store import migrate, open_store
from orchestrator.testing import FakeClock
from tests.engine.matrix_graphs import Maker
from tests.engine.matrix_spots import Tally


@dataclass(frozen=True)
class Asked:
    """A question that the engine has put."""

    id: str
    path: str
    kind: ApprovalKind


@dataclass
class Bench:
    """An engine whose graphs come and go with the cells."""

    engine: Engine
    graphs: dict[str, Graph]
    clock: FakeClock
    tally: Tally = field(default_factory=Tally)
    #: Questions by run, as the engine tells them after the commit; asking for them takes longer.
    asked: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    #: So many runs at once.
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(96))

    def listen(self) -> None:
        """Be told of every question from now on."""
        kernel = self.engine._kernel
        before = kernel.on_question

        def told(state: State, ids: tuple[str, ...]) -> None:
            for each in ids:
                opened = state.approvals[each].opened
                self.asked[state.run_id].append(Asked(each, opened.path, opened.kind))
            before(state, ids)

        kernel.on_question = told

    def graph(self, maker: Maker) -> Graph:
        """Return a graph; it is built once and forgotten with `forget`."""
        if maker.name not in self.graphs:
            self.graphs[maker.name] = maker.graph()
        return self.graphs[maker.name]

    def forget(self) -> None:
        """Drop what belongs to runs that are over."""
        for known in (self.graphs, self.tally.counts, self.tally.seen, self.asked):
            known.clear()


@asynccontextmanager
async def open_bench(url: str) -> AsyncIterator[Bench]:
    """Serve on a database of its own, which many cells share."""
    clock = FakeClock()
    await migrate(url)
    graphs: dict[str, Graph] = {}
    async with open_store(url, now=clock.now) as store:
        engine = Engine(store, graphs, directory=StaticDirectory(), clock=clock, concurrency=64)
        # Thousands of nodes fail on purpose; each would write its traceback.
        with capture_logs():
            async with engine:
                bench = Bench(engine, graphs, clock)
                bench.listen()
                yield bench


async def gather(bench: Bench, plays: Iterable[Awaitable[list[str]]]) -> list[str]:
    """Run plays at the same time; return everything that is wrong."""
    try:
        return [problem for found in await asyncio.gather(*plays) for problem in found]
    finally:
        bench.forget()
