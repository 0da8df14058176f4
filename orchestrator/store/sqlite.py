"""SQLite: how the writer's connection is set up."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

#: How long a statement waits for another process's lock. A click has two seconds in all.
BUSY_TIMEOUT = 1.5  # seconds


def writer_engine(url: URL) -> Engine:
    """Make the engine of the writer's thread: one connection, transactions begun by hand.

    The driver is in autocommit mode: its own implicit BEGIN is deferred, so a transaction that
    reads before it writes could fail half-way because another process wrote in between.
    """
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        poolclass=StaticPool,
        connect_args={
            "isolation_level": None,
            "check_same_thread": False,
            "timeout": BUSY_TIMEOUT,
        },
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    return engine


def begin(connection: Connection) -> None:
    """Begin a transaction that holds the write lock from its start."""
    connection.begin()
    run(connection, "BEGIN IMMEDIATE")


def data_version(connection: Connection) -> int:
    """Return a number that changes whenever another connection has committed."""
    ((version,),) = run(connection, "PRAGMA data_version")
    return int(version)


def run(connection: Connection, text: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """Run a statement by the driver itself, which costs a tenth; return its rows.

    Raises:
        DBAPIError: The database refused it, as SQLAlchemy says it.
    """
    try:
        found: list[Any] = _driver(connection).execute(text, parameters).fetchall()
    except sqlite3.Error as error:
        raise _translated(connection, text, error) from error
    return found


def run_many(connection: Connection, text: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement by the driver itself, once for each of the rows; see `run`."""
    try:
        _driver(connection).executemany(text, rows)
    except sqlite3.Error as error:
        raise _translated(connection, text, error) from error


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: Any = connection.connection.driver_connection
    opened: sqlite3.Connection = driver
    return opened


def _translated(connection: Connection, text: str, error: sqlite3.Error) -> BaseException:
    return DBAPIError.instance(
        text, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
    )
