"""SQLite: how the writer's connection is set up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.engine import URL

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
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def data_version(connection: Connection) -> int:
    """Return a number that changes whenever another connection has committed."""
    return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())
