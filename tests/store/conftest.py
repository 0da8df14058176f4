"""A store on a database file of the test's own, and a second way into the file."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.store import Store, migrate, open_store
from orchestrator.testing import FakeClock

Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated database that nobody has used; tests take copies."""
    path = tmp_path_factory.mktemp("template") / "signoff.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def file(template: Path, tmp_path: Path) -> Path:
    """Return the file of a migrated database."""
    return Path(shutil.copy(template, tmp_path / "signoff.db"))


@pytest.fixture
def url(file: Path) -> str:
    """Return the URL of a migrated database."""
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
async def store(url: str, clock: FakeClock) -> AsyncIterator[Store]:
    """Return an open store, with a chat surface."""
    async with open_store(url, now=clock.now) as opened:
        opened.has_chat = True
        yield opened


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Connect to a database as another program would, each statement for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def sql(file: Path) -> Sql:
    """Return a function that runs a statement on the file from outside the store."""

    def run(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with connected(file) as connection:
            return connection.execute(statement, parameters).fetchall()

    return run
