"""SQLite: a file, whose writer holds the lock for the whole of a transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import aiosqlite
from sqlalchemy import Connection, Dialect, Engine, StaticPool, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    SQLAlchemyError,
)

from orchestrator.errors import StoreUnavailableError
from orchestrator.store.database import Database, Fault, adopt
from orchestrator.store.tables import to_instant_text

if TYPE_CHECKING:
    from orchestrator.store.statements import Write

#: How long a statement waits for another process's lock. A click has two seconds in all.
BUSY_TIMEOUT = 1.5  # seconds
#: Let other processes have the lock: SQLite's busy handler is unfair to those who sleep in it.
YIELD = 0.002  # seconds
_RUN = "SELECT seq, head, checkpoint FROM runs WHERE id = ?"
_EVENT = "SELECT at, kind, body FROM events WHERE run_id = ? AND seq = ?"
#: What says something about a unit's rows or values, and nothing about the database.
_OWN_FAULTS = (IntegrityError, DataError, InterfaceError, ProgrammingError)
_T = TypeVar("_T")


class SQLite(Database):
    """A file."""

    dialect: ClassVar[Dialect] = SQLiteDialect_aiosqlite()
    #: The driver has waited for the lock already.
    patience: ClassVar[float] = 0.0

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._engine = self._make_engine()
        self._connection: Connection | None = None
        self._version: int | None = None
        self._has_neighbours = False

    def _make_engine(self) -> Engine:
        """Make the engine of the writer's thread: one connection, transactions begun by hand.

        The driver is in autocommit mode: its own implicit BEGIN is deferred, so a transaction
        that reads before it writes could fail half-way because another process wrote in between.
        """
        engine = create_engine(
            self._url.set(drivername="sqlite+pysqlite"),
            poolclass=StaticPool,
            connect_args={
                "isolation_level": None,
                "check_same_thread": False,
                "timeout": BUSY_TIMEOUT,
            },
        )

        @event.listens_for(engine, "connect")
        def set_up(connection: Any, record: Any) -> None:
            adopt(self, record.info)
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.close()

        return engine

    async def look(self, work: Callable[[Connection], _T]) -> _T:
        """See Database."""
        try:
            with self._engine.connect() as connection:
                return work(connection)
        except DBAPIError as error:
            raise StoreUnavailableError(f"cannot open {self.name}: {error.orig}") from error

    def migrate(self, work: Callable[[Connection], None]) -> None:
        """See Database.

        In autocommit mode, because the driver's own transactions leave out statements that make
        tables: https://docs.python.org/3/library/sqlite3.html#transaction-control
        """
        folder = Path(self.name).parent
        if not folder.is_dir():
            raise StoreUnavailableError(
                f"the folder {folder} of the database does not exist; make it"
            )
        engine = create_engine(
            self._url.set(drivername="sqlite+pysqlite"), connect_args={"isolation_level": None}
        )
        try:
            with engine.connect() as connection:
                adopt(self, connection.info)
                self._begin(connection)
                work(connection)
                connection.commit()
        except DBAPIError as error:
            raise StoreUnavailableError(f"cannot migrate {self.name}: {error.orig}") from error
        finally:
            engine.dispose()

    def source(self) -> File:
        """See Database."""
        return File(self.name)

    def transact(self, work: Callable[[Connection, bool], _T]) -> _T:
        """See Database; the transaction holds the write lock from its start."""
        if self._has_neighbours:
            time.sleep(YIELD)
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        try:
            self._begin(connection)
            ((version,),) = self.run(connection, "PRAGMA data_version")
            self._has_neighbours = self._version not in (None, version)
            self._version = version
            answer = work(connection, not self._has_neighbours)
            connection.commit()
        except BaseException:
            self._disconnect()
            raise
        return answer

    def _begin(self, connection: Connection) -> None:
        connection.begin()
        self.run(connection, "BEGIN IMMEDIATE")

    def _disconnect(self) -> None:
        """Let go of the connection, and of what was not committed."""
        connection, self._connection = self._connection, None
        with suppress(SQLAlchemyError):
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """See Database."""
        self._disconnect()
        self._engine.dispose()

    def fault(self, error: BaseException) -> Fault:
        """See Database."""
        if not isinstance(error, SQLAlchemyError):
            return Fault.OTHER
        is_own = isinstance(error, _OWN_FAULTS) or not isinstance(error, DBAPIError)
        return Fault.OWN if is_own else Fault.AWAY

    def reason(self, error: BaseException) -> str:
        """See Database."""
        return str(error.orig if isinstance(error, DBAPIError) else error)

    def run(self, connection: Connection, text: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """See Database.

        Raises:
            DBAPIError: The database refused it, as SQLAlchemy says it.
        """
        try:
            found: list[Any] = _driver(connection).execute(text, parameters).fetchall()
        except sqlite3.Error as error:
            raise _translated(connection, text, error) from error
        return found

    def write(self, connection: Connection, writes: Sequence[Write]) -> None:
        """See Database; raises as `run` does."""
        driver = _driver(connection)
        for prepared, rows in writes:
            try:
                driver.executemany(prepared.text, rows)
            except sqlite3.Error as error:
                raise _translated(connection, prepared.text, error) from error

    @staticmethod
    def insert(table: Any) -> Any:
        """See Database."""
        return sqlite.insert(table)

    @staticmethod
    def instant(value: Any) -> Any:
        """See Database."""
        return value if isinstance(value, str) else to_instant_text(value)

    def fetch_runs(
        self, connection: Connection, run_ids: Sequence[str], known: Mapping[str, tuple[int, str]]
    ) -> Iterable[tuple[str, int, str, str | None]]:
        """See Database; what is known is true, or it would have been forgotten."""
        for run_id in run_ids:
            if run_id in known:
                yield run_id, *known[run_id], None
                continue
            for row in self.run(connection, _RUN, (run_id,)):
                yield run_id, *row

    def fetch_events(
        self, connection: Connection, wanted: Sequence[tuple[str, int]]
    ) -> Iterable[tuple[str, int, Any, str, str]]:
        """See Database."""
        for run_id, seq in wanted:
            for row in self.run(connection, _EVENT, (run_id, seq)):
                yield run_id, seq, *row


class File:
    """One connection that cannot write."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = None

    async def open(self) -> None:
        """See Source."""
        try:
            self._connection = await aiosqlite.connect(
                self._path, isolation_level=None, timeout=BUSY_TIMEOUT
            )
            await self._connection.execute_fetchall("PRAGMA query_only=ON")
        except aiosqlite.Error as error:
            raise StoreUnavailableError(f"cannot open {self._path}: {error}") from error

    async def close(self) -> None:
        """See Source."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def fetch(self, text: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """See Source."""
        if self._connection is None:
            raise StoreUnavailableError("the store is closed")
        try:
            found: Any = await self._connection.execute_fetchall(text, parameters)
        except (aiosqlite.Error, ValueError) as error:
            raise StoreUnavailableError(f"the database does not answer: {error}") from error
        rows: Sequence[Sequence[Any]] = found
        return rows


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: Any = connection.connection.driver_connection
    opened: sqlite3.Connection = driver
    return opened


def _translated(connection: Connection, text: str, error: sqlite3.Error) -> BaseException:
    return DBAPIError.instance(
        text, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
    )
