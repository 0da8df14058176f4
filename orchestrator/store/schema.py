"""The schema's versions: bringing a database to the newest one, and refusing another one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from orchestrator.errors import SchemaOutOfDateError, StoreError, StoreUnavailableError
from orchestrator.store import sqlite

#: The newest migration; `tests` hold it equal to the migrations folder.
HEAD = "0001"
_MIGRATIONS = Path(__file__).parent / "migrations"


def parse_url(url: str) -> URL:
    """Read a database URL.

    Raises:
        StoreError: It is no URL, or names a database that Signoff does not run on.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"{url!r} is no database URL; write sqlite+aiosqlite:///FILE") from error
    if parsed.drivername not in ("sqlite+aiosqlite", "sqlite"):
        raise StoreError(
            f"cannot use a database of type {parsed.drivername!r}; write sqlite+aiosqlite:///FILE"
        )
    if parsed.database in (None, "", ":memory:"):
        raise StoreError("the database must be a file; write sqlite+aiosqlite:///FILE")
    return parsed.set(drivername="sqlite+aiosqlite")


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _migrate(url: URL) -> str:
    folder = Path(str(url.database)).parent
    if not folder.is_dir():
        raise StoreUnavailableError(f"the folder {folder} of the database does not exist; make it")
    # In autocommit mode, because the driver's own transactions leave out statements that make
    # tables: https://docs.python.org/3/library/sqlite3.html#transaction-control
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"), connect_args={"isolation_level": None}
    )
    try:
        with engine.connect() as connection:
            sqlite.begin(connection)
            _upgrade(connection)
            connection.commit()
    except CommandError as error:
        raise SchemaOutOfDateError(
            f"cannot migrate {url.database}: {error}; if a newer version of Signoff made it, "
            "install that version"
        ) from error
    except DBAPIError as error:
        raise StoreUnavailableError(f"cannot migrate {url.database}: {error.orig}") from error
    finally:
        engine.dispose()
    return HEAD


async def migrate(url: str) -> str:
    """Bring a database to the newest schema, making it if need be; return the schema's version.

    Running it again changes nothing; when it fails nothing was changed.

    Raises:
        StoreError: The URL cannot be used.
        StoreUnavailableError: The file cannot be opened, or is locked by another migration.
        SchemaOutOfDateError: The database is of a newer version.
    """
    return await asyncio.to_thread(_migrate, parse_url(url))


def check_schema(connection: Connection) -> None:
    """Refuse a database that has another schema than this version's.

    Raises:
        SchemaOutOfDateError: `signoff migrate` has to run, or the database is of a newer version.
    """
    if not inspect(connection).has_table("alembic_version"):
        raise SchemaOutOfDateError("the database has no tables yet; run `signoff migrate`")
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found != HEAD:
        raise SchemaOutOfDateError(
            f"the database's schema is {found}, this version needs {HEAD}; run `signoff migrate`"
        )
