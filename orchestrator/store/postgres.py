"""PostgreSQL: how the writer's connection is used, in an event loop of the writer's thread.

What a batch writes is the same synchronous code as on SQLite: it runs in a greenlet, and the driver
is awaited from inside of it. The driver is in autocommit mode, and the writer begins and commits
by hand: SQLAlchemy would begin with the first statement of its own, and the hot ones are not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import asyncpg
from sqlalchemy import Connection, Dialect, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from orchestrator.errors import StoreUnavailableError
from orchestrator.store.database import Database, Fault, News, adopt
from orchestrator.store.nodejobs import install
from orchestrator.store.nodequeue import NodeQueue
from orchestrator.store.pg_errors import DoubtError, LostError, fault, is_lost, reason
from orchestrator.store.pg_listening import listen, to_notice
from orchestrator.store.pg_reading import Pool
from orchestrator.store.pg_writing import combined
from orchestrator.store.statements import Write
from orchestrator.store.tables import to_instant, to_instant_text

_T = TypeVar("_T")
#: Seconds. A click has two of them in all; connecting takes milliseconds where nothing is wrong.
CONNECTING, ANSWERING, PATIENCE = 3.0, 5.0, 1.5
_RETRY = 0.05  # seconds between tries to connect
#: Of the writer's connection: nobody waits long for a lock, or for a process that has gone silent.
_WRITING = {
    "application_name": "signoff",
    "lock_timeout": "1500",
    "idle_in_transaction_session_timeout": "15000",
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "jit": "off",
    # What it writes is found by keys; a plan that was made while a table was small is kept.
    "enable_seqscan": "off",
}
#: Any number that others do not use for a lock.
_MIGRATING = 0x5167_6E6F_6666
_LOCK_RUNS = """
    SELECT id, seq, head, CASE WHEN id = ANY($2::text[]) THEN NULL ELSE checkpoint END
    FROM runs WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE
"""
_CHECKPOINTS = "SELECT id, checkpoint FROM runs WHERE id = ANY($1::text[])"
_EVENTS = """
    SELECT events.run_id, events.seq, events.at, events.kind, events.body
    FROM unnest($1::text[], $2::int[]) AS wanted (run_id, seq) JOIN events USING (run_id, seq)
"""
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_NUMBER = "SELECT pg_current_xact_id()::text"
_FATE = "SELECT pg_xact_status($1::text::xid8)"


class PostgreSQL(Database):
    """A database on a server, which any number of processes share."""

    dialect: ClassVar[Dialect] = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
    patience: ClassVar[float] = PATIENCE
    is_shared: ClassVar[bool] = True

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        host = url.host or url.query.get("host") or "localhost"
        self.name = f"{url.database} on {host}"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine: AsyncEngine | None = None
        self._connection: AsyncConnection | None = None
        self._news = News()
        #: Of the transaction, once something was written.
        self._number: str | None = None
        #: Of the server's process at the other end of the writer's connection.
        self._pid = 0

    def _make_engine(self, settings: Mapping[str, str], answering: float | None) -> AsyncEngine:
        engine = create_async_engine(
            self._url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "timeout": CONNECTING,
                "command_timeout": answering,
                "server_settings": settings,
            },
        )

        @event.listens_for(engine.sync_engine, "connect")
        def set_up(_connection: Any, record: Any) -> None:
            adopt(self, record.info)

        return engine

    async def look(self, work: Callable[[Connection], _T]) -> _T:
        """See Database."""
        engine = self._make_engine({}, ANSWERING)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(work)
        except Exception as error:
            if fault(error) in (Fault.OWN, Fault.OTHER):
                raise
            raise StoreUnavailableError(f"cannot open {self.name}: {reason(error)}") from error
        finally:
            await engine.dispose()

    def migrate(self, work: Callable[[Connection], None]) -> None:
        """See Database."""
        asyncio.run(self._migrate(work))

    async def _migrate(self, work: Callable[[Connection], None]) -> None:
        engine = self._make_engine({"lock_timeout": "60000"}, None)
        try:
            async with engine.connect() as plain:
                connection = await plain.execution_options(isolation_level="READ COMMITTED")
                async with connection.begin():
                    await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
                    await connection.run_sync(work)
        except (SQLAlchemyError, OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise StoreUnavailableError(f"cannot migrate {self.name}: {reason(error)}") from error
        finally:
            await engine.dispose()
        await self._make_jobs()

    async def _make_jobs(self) -> None:
        """Make the queue's own tables; its changes to a type cannot share a transaction."""
        try:
            connection = await asyncpg.connect(**self.options)
            try:
                await connection.execute(f"SELECT pg_advisory_lock({_MIGRATING})")
                await install(connection)
            finally:
                await connection.close()
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise StoreUnavailableError(f"cannot migrate {self.name}: {reason(error)}") from error

    def make_queue(self, submit: Callable[[Any], Awaitable[Any]]) -> NodeQueue:
        """See Database."""
        return NodeQueue(self.options, submit)

    def source(self) -> Pool:
        """See Database."""
        return Pool(self.name, self.options)

    @property
    def options(self) -> dict[str, Any]:
        """What `asyncpg.connect` takes for this database."""
        dialect: Any = self.dialect
        _, options = dialect.create_connect_args(self._url)
        for name in ("prepared_statement_cache_size", "prepared_statement_name_func"):
            options.pop(name, None)
        return {**options, "timeout": CONNECTING}

    def transact(self, work: Callable[[Connection, bool], _T]) -> _T:
        """See Database; what is remembered is compared when its run is locked."""
        return self._await(self._transact(work))

    def _await(self, work: Awaitable[_T]) -> _T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(work)

    async def _transact(self, work: Callable[[Connection, bool], _T]) -> _T:
        connection = await self._connect()
        self._news, self._number = News(), None
        number: str | None = None
        answer: Any = None
        try:
            raw = await _driver(connection)
            await raw.execute("BEGIN")
            answer = await connection.run_sync(work, True)
            number = await self._number_on(raw)
            # Without parameters the driver sends several statements at once.
            await raw.execute(f"{to_notice(self._news)}COMMIT")
        except BaseException as error:
            await self._roll_back(error)
            if number is None or not is_lost(error):
                raise
            await self._find_out(number, error)
        done: _T = answer
        return done

    async def _number_on(self, raw: Any) -> str:
        """Return the number of the transaction."""
        number: str | None = self._number
        return number or str(await raw.fetchval(_NUMBER))

    async def _connect(self) -> AsyncConnection:
        if self._engine is None:
            self._engine = self._make_engine(_WRITING, ANSWERING)
        if self._connection is None:
            self._connection = await self._engine.connect()
            self._pid = (await _driver(self._connection)).get_server_pid()
        return self._connection

    async def _roll_back(self, error: BaseException) -> None:
        """Take back what was not committed; keep the connection if it still works."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(Exception):
            raw = await _driver(connection)
            if isinstance(error, Exception) and not is_lost(error) and not raw.is_closed():
                await raw.execute("ROLLBACK")
                self._connection = connection
                return
            raw.terminate()
        with suppress(Exception):
            await connection.close()

    async def _find_out(self, number: str, error: BaseException) -> None:
        """Return if a transaction whose end was not told of is committed.

        Raises:
            LostError: It is not.
            DoubtError: The server could not be asked.
        """
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                connection = await self._connect()
                raw = await _driver(connection)
                fate = await raw.fetchval(_FATE, number)
            except (SQLAlchemyError, OSError, TimeoutError, asyncpg.PostgresError) as still:
                await self._roll_back(LostError(str(still)))
            else:
                if fate == "committed":
                    return
                if fate == "aborted":
                    raise LostError(reason(error)) from error
            await asyncio.sleep(_RETRY)
        raise DoubtError(reason(error)) from error

    def close(self) -> None:
        """See Database."""
        if self._loop is None:
            return
        self._await(self._disconnect())
        self._loop.close()
        self._loop = None

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        with suppress(Exception):
            if connection is not None:
                await connection.close()
        if self._engine is not None:
            await self._engine.dispose()

    def fault(self, error: BaseException) -> Fault:
        """See Database."""
        return fault(error)

    def reason(self, error: BaseException) -> str:
        """See Database."""
        return reason(error)

    def run(self, connection: Connection, text: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """See Database; errors are the driver's."""
        found: list[Any] = await_only(driver(connection).fetch(text, *parameters))
        return found

    def write(self, connection: Connection, writes: Sequence[Write]) -> None:
        """See Database; one statement does everything."""
        text, columns = combined(writes)
        ((self._number,),) = self.run(connection, text, columns)

    @staticmethod
    def insert(table: Any) -> Any:
        """See Database."""
        return postgresql.insert(table)

    @staticmethod
    def instant(value: Any) -> Any:
        """See Database; an instant without a zone is refused."""
        at = to_instant(value)
        if at.tzinfo is None:
            to_instant_text(at)
        return at

    def fetch_runs(
        self, connection: Connection, run_ids: Sequence[str], known: Mapping[str, tuple[int, str]]
    ) -> Iterable[tuple[str, int, str, str | None]]:
        """See Database; one statement locks all, in order."""
        if not run_ids:
            return
        rows = self.run(connection, _LOCK_RUNS, (run_ids, list(known)))
        moved = [
            run_id for run_id, seq, head, _ in rows if known.get(run_id, (seq, head)) != (seq, head)
        ]
        texts = dict(self.run(connection, _CHECKPOINTS, (moved,))) if moved else {}
        for run_id, seq, head, text in rows:
            yield run_id, seq, head, texts.get(run_id, text)

    def fetch_events(
        self, connection: Connection, wanted: Sequence[tuple[str, int]]
    ) -> Iterable[tuple[str, int, datetime, str, str]]:
        """See Database; one statement finds all."""
        if not wanted:
            return []
        run_ids, numbers = zip(*wanted, strict=True)
        return self.run(connection, _EVENTS, (run_ids, numbers))

    def hold(self, connection: Connection, *names: str) -> None:
        """See Database."""
        for name in sorted(set(names)):
            self.run(connection, _HOLD, (name,))

    def note(
        self,
        connection: Connection,  # noqa: ARG002 - the interface's
        *,
        deliveries: bool = False,
        work: bool = False,
        runs: Iterable[str] = (),
    ) -> None:
        """See Database; it is told when the transaction is committed."""
        self._news.has_deliveries |= deliveries
        self._news.has_work |= work
        self._news.runs.update(runs)

    async def listen(self, tell: Callable[[News], None]) -> None:
        """See Database."""
        await listen(self.options, tell, is_own=lambda pid: pid == self._pid)


def driver(connection: Connection) -> Any:
    """Return asyncpg's connection, which is in a transaction while a batch is written."""
    return connection.connection.driver_connection


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection
