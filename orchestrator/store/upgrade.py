"""Running the migrations; see `migrations/NOTES.md`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from orchestrator.errors import SchemaOutOfDateError, StoreUnavailableError
from orchestrator.store import sqlite

_MIGRATIONS = Path(__file__).parent / "migrations"


def _run_migrations(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def upgrade(url: URL) -> None:
    """Bring a database to the newest schema, in one transaction.

    Raises:
        SchemaOutOfDateError: A newer version of Signoff has made it.
        StoreUnavailableError: It cannot be opened, or is locked.
    """
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
            _run_migrations(connection)
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
