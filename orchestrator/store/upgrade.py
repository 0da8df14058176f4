"""Running the migrations; see `migrations/NOTES.md`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from orchestrator.errors import SchemaOutOfDateError
from orchestrator.store.database import Database

#: A schema from before runs had bodies and policies; what it holds cannot be carried on.
RETIRED = "0001"
_MIGRATIONS = Path(__file__).parent / "migrations"


def _refuse_retired(connection: Connection) -> None:
    if not inspect(connection).has_table("alembic_version"):
        return
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found == RETIRED:
        raise SchemaOutOfDateError(
            f"the database's schema is {found}, whose runs this version cannot carry on; "
            "finish them with the version that made it, and name a new file (the demo: `--fresh`)"
        )


def _run_migrations(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def upgrade(database: Database) -> None:
    """Bring a database to the newest schema, in one transaction.

    Raises:
        SchemaOutOfDateError: A newer version of Signoff has made it, or one that is too old.
        StoreUnavailableError: It cannot be opened, or is locked.
    """

    def work(connection: Connection) -> None:
        _refuse_retired(connection)
        _run_migrations(connection)

    try:
        database.migrate(work)
    except CommandError as error:
        raise SchemaOutOfDateError(
            f"cannot migrate {database.name}: {error}; if a newer version of Signoff made it, "
            "install that version"
        ) from error
