"""The schema's versions: bringing a database to the newest one, and refusing another one."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, inspect, text

from orchestrator.errors import SchemaOutOfDateError
from orchestrator.store.choosing import choose

#: The newest migration; `tests` hold it equal to the migrations folder.
HEAD = "0003"


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
