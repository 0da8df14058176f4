"""A real engine on a real database file, with a clock to set."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.graph import Graph
from orchestrator.runtime import Engine, StaticDirectory, worker
from orchestrator.store import migrate, nodequeue, open_store
from orchestrator.testing import FakeClock
from tests.postgres import Server

EngineMaker = Callable[..., AbstractAsyncContextManager[Engine]]
EDITORS = StaticDirectory({"editors": frozenset({"BOB", "CAROL"})})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run everything on every database."""
    if "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ("sqlite", "postgres"), indirect=True)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated file that nobody has used; tests take copies."""
    path = tmp_path_factory.mktemp("template") / "test.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a migrated database of the test's own."""
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("template"), tmp_path / "test.db")
        yield f"sqlite+aiosqlite:///{path}"
        return
    with request.getfixturevalue("postgres").database() as url:
        yield url


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


@pytest.fixture
def shared(postgres: Server) -> Iterator[str]:
    """Return the URL of a migrated database on PostgreSQL, for several processes."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers of this process wait for nothing that takes seconds."""
    monkeypatch.setattr(nodequeue, "KEPT", timedelta(seconds=0.3))
    monkeypatch.setattr(worker, "POLL", 0.1)
    monkeypatch.setattr(worker, "FIRST_DELAY", timedelta(milliseconds=10))
    monkeypatch.setattr(worker, "TRIES", 3)
