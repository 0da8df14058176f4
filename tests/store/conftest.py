"""A store on a database file of the test's own, and a second way into the file."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.store import Store, migrate, open_store
from orchestrator.store.tables import to_instant_text
from orchestrator.testing import FakeClock
from tests import postgres

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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs no file on every database."""
    own = [str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize")]
    if "url" in metafunc.fixturenames and not any("url" in names for names in own):
        kinds = ("sqlite",) if "file" in metafunc.fixturenames else ("sqlite", "postgres")
        metafunc.parametrize("url", kinds, indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a migrated database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{request.getfixturevalue('file')}"
        return
    with request.getfixturevalue("postgres").database() as found:
        yield found


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
def sql(url: str, request: pytest.FixtureRequest) -> Sql:
    """Return a function that runs a statement on the database from outside the store."""
    if url.startswith("postgresql"):
        return _on_postgres(url)
    file = request.getfixturevalue("file")

    def run(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with connected(file) as connection:
            return connection.execute(statement, parameters).fetchall()

    return run


def _on_postgres(url: str) -> Sql:
    def run(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        values = iter(parameters)
        text = re.sub(r"\?", lambda _: _literal(next(values)), statement)
        return [tuple(map(_plain, row)) for row in postgres.run(url, text)]

    return run


def _literal(value: Any) -> str:
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _plain(value: Any) -> Any:
    """Return a value as SQLite has it."""
    if isinstance(value, datetime):
        return to_instant_text(value)
    return int(value) if isinstance(value, bool) else value
