"""The schema's versions: bringing a database to the newest one, and refusing another one."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, inspect, select, text

from orchestrator.errors import SchemaOutOfDateError
from orchestrator.store.choosing import choose
from orchestrator.store.tables import schema_floor

#: The newest migration; `tests` hold it equal to the migrations folder.
HEAD = "0004"


async def migrate(url: str) -> str:
    """Bring a database to the newest schema, making it if need be; return the schema's version.

    Running it again changes nothing; when it fails nothing was changed.

    Raises:
        DatabaseUrlError: The URL cannot be used.
        StoreUnavailableError: The database cannot be opened, or is locked by another migration.
        SchemaOutOfDateError: The database is of a newer version, or too old to be carried on.
    """
    # Alembic takes half a second to import, and only this needs it.
    from orchestrator.store.upgrade import upgrade  # noqa: PLC0415 - see above

    await asyncio.to_thread(upgrade, choose(url))
    return HEAD


def check_schema(connection: Connection) -> None:
    """Refuse a database that this version cannot use.

    One whose migrations have only added to what this version knows can be used, so that processes
    of two versions run side by side; it says so itself.

    Raises:
        SchemaOutOfDateError: `signoff migrate` has to run, or the database is of a newer version.
    """
    if not inspect(connection).has_table("alembic_version"):
        raise SchemaOutOfDateError("the database has no tables yet; run `signoff migrate`")
    found = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
    if found == HEAD:
        return
    if found < HEAD:
        raise SchemaOutOfDateError(
            f"the database's schema is {found}, this version needs {HEAD}; run `signoff migrate`"
        )
    floor = connection.execute(select(schema_floor.c.version)).scalar()
    if floor is None or floor > HEAD:
        raise SchemaOutOfDateError(
            f"the database's schema is {found}, and this version knows {HEAD}; install the version "
            "that migrated it"
        )
