"""A real engine on a real database file, with a clock to set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from orchestrator.graph import Graph
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.store import migrate, open_store
from orchestrator.testing import FakeClock

EngineMaker = Callable[..., AbstractAsyncContextManager[Engine]]
EDITORS = StaticDirectory({"editors": frozenset({"BOB", "CAROL"})})


@pytest.fixture
async def database(tmp_path: Path) -> str:
    """Return the URL of a migrated database in a file of the test's own."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    await migrate(url)
    return url


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
def serve(database: str, clock: FakeClock) -> EngineMaker:
    """Return a function that makes an engine on the test's database; it may be called again."""

    @asynccontextmanager
    async def make(
        *graphs: Graph, has_chat: bool = False, records_only: bool = False, concurrency: int = 8
    ) -> AsyncIterator[Engine]:
        async with open_store(database, now=clock.now) as store:
            engine = Engine(
                store,
                {graph.id: graph for graph in graphs},
                directory=EDITORS,
                clock=clock,
                has_chat=has_chat,
                concurrency=concurrency,
            )
            if records_only:
                yield engine
                return
            async with engine:
                yield engine

    return make
