"""The schema on PostgreSQL: migrations lead to the tables, all or nothing, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from orchestrator.errors import StoreUnavailableError
from orchestrator.store import migrate
from orchestrator.store.choosing import choose
from orchestrator.store.schema import HEAD
from orchestrator.store.tables import metadata
from tests.postgres import Server, run
from tests.store.test_schema import MIGRATIONS


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """Return the URL of a migrated database."""
    with postgres.database() as url:
        yield url


async def test_migrations_lead_to_the_tables_of_the_code(database: str):
    """Types, indexes and nullability included."""

    def compare(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "include_name": _is_ours}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    assert await choose(database).look(compare) == []


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or name in metadata.tables


async def test_every_migration_can_be_taken_back(postgres: Server):
    """Down to nothing and up again is the same schema."""
    with postgres.bare() as url:
        await migrate(url)
        before = run(url, _COLUMNS)

        def back(connection: Connection) -> None:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.downgrade(config, "base")

        await asyncio.to_thread(choose(url).migrate, back)
        nothing = run(url, _COLUMNS)
        await migrate(url)

        assert nothing == []
        assert run(url, _COLUMNS) == before


_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
    FROM information_schema.columns WHERE table_schema = 'public'
    AND table_name NOT LIKE 'signoff_%' AND table_name <> 'alembic_version' ORDER BY 1, 2
"""


async def test_migrations_by_several_processes_at_once_are_one(postgres: Server):
    """Processes that start together all find a usable database."""
    with postgres.bare() as url:
        assert await asyncio.gather(*(migrate(url) for _ in range(3))) == [HEAD] * 3


async def test_a_migration_that_fails_leaves_nothing_behind(postgres: Server):
    """A half-made schema could neither be used nor migrated."""
    with postgres.bare() as url:
        run(url, "CREATE TABLE timers (id INTEGER)")  # the last table of the first migration
        with pytest.raises(StoreUnavailableError, match='relation "timers" already exists'):
            await migrate(url)

        assert run(url, _COLUMNS) == [("timers", "id", "integer", "YES", None, None)]
