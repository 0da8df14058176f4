"""The schema: migrations lead to the tables, and other schemas are refused."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from orchestrator.errors import SchemaOutOfDateError, StoreError, StoreUnavailableError
from orchestrator.store import Message, migrate, open_store, schema
from orchestrator.store.choosing import choose
from orchestrator.store.tables import metadata
from orchestrator.store.upgrade import RETIRED
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql, connected
from tests.store.steps import RUNS, approve, ask

NOW = FakeClock().now
MIGRATIONS = Path(schema.__file__).parent / "migrations"


def alembic(path: Path, run) -> None:
    """Run an Alembic command on a file, as the engine's own migration does."""
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        run(config)
    engine.dispose()


def schema_of(path: Path) -> list[tuple[str, str]]:
    """Return the statements that would make a database's tables and indexes."""
    with connected(path) as connection:
        return connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' "
            "AND name NOT LIKE 'sqlite%' ORDER BY name"
        ).fetchall()


def test_migrations_lead_to_the_tables_of_the_code(file: Path):
    """Types, indexes and nullability included."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


def test_a_database_made_from_the_code_has_the_same_tables(file: Path, tmp_path: Path):
    """Column by column, primary keys and indexes by name."""
    made, migrated = (
        create_engine(f"sqlite:///{tmp_path / 'made.db'}"),
        create_engine(f"sqlite:///{file}"),
    )
    metadata.create_all(made)

    def picture(engine):
        found = inspect(engine)
        return {
            table: (
                sorted((each["name"], str(each["type"]), each["nullable"]) for each in columns),
                found.get_pk_constraint(table),
                sorted((each["name"], tuple(each["column_names"])) for each in indexes),
            )
            for table in found.get_table_names()
            if table != "alembic_version"
            for columns, indexes in [(found.get_columns(table), found.get_indexes(table))]
        }

    expected, actual = picture(made), picture(migrated)
    made.dispose()
    migrated.dispose()

    assert expected == actual


def test_the_code_names_the_newest_migration():
    """There is one newest migration, and a database of it is opened."""
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [schema.HEAD]


def test_migrations_are_named_in_order():
    """Each file begins with its number, and follows the one before."""
    script = ScriptDirectory(str(MIGRATIONS))
    revisions = list(script.walk_revisions())[::-1]

    first = int(RETIRED) + 1
    assert [each.revision for each in revisions] == [
        f"{number:04d}" for number in range(first, first + len(revisions))
    ]
    assert all(Path(each.path).name.startswith(f"v{each.revision}_") for each in revisions)


async def test_a_schema_that_is_too_old_is_refused_in_words(tmp_path: Path):
    """Nothing of it is changed, and the message says what to do."""
    file = tmp_path / "old.db"
    with sqlite3.connect(file) as old:
        old.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        old.execute("INSERT INTO alembic_version VALUES (?)", [RETIRED])
    with pytest.raises(SchemaOutOfDateError, match="name a new file"):
        await migrate(f"sqlite+aiosqlite:///{file}")
    with sqlite3.connect(file) as kept:
        assert [row[0] for row in kept.execute("SELECT name FROM sqlite_master")] == [
            "alembic_version"
        ]


async def test_migrating_again_changes_nothing(file: Path, url: str):
    """Neither the schema nor what is stored."""
    async with open_store(url, now=NOW) as store:
        await ask(store, RUNS[0])
    before = schema_of(file)

    assert await migrate(url) == schema.HEAD
    assert schema_of(file) == before
    async with open_store(url, now=NOW) as store:
        assert (await store.verify(RUNS[0])).is_sound


def test_every_migration_can_be_taken_back(file: Path):
    """Down to nothing and up again is the same schema."""
    before = schema_of(file)
    alembic(file, lambda config: command.downgrade(config, "base"))

    assert schema_of(file) == []

    alembic(file, lambda config: command.upgrade(config, "head"))

    assert schema_of(file) == before


@pytest.mark.slow
async def test_migrations_by_two_processes_at_once_are_one(tmp_path: Path):
    """Processes that start together all find a usable database."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    code = "import asyncio, sys; from orchestrator.store import migrate; "
    code += "input(); print(asyncio.run(migrate(sys.argv[1])))"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, url, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        for _ in range(2)
    ]
    answers = await asyncio.gather(*(each.communicate(b"go\n") for each in processes))

    assert [each[0].decode().strip() for each in answers] == [schema.HEAD] * 2, answers
    async with open_store(url, now=NOW) as store:
        assert await store.list_runs() == []


async def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path):
    """A half-made schema could neither be used nor migrated."""
    path = tmp_path / "signoff.db"
    with connected(path) as connection:
        connection.execute("CREATE TABLE timers (id INTEGER)")  # the last table to be made
    before = schema_of(path)
    with pytest.raises(StoreUnavailableError, match="table timers already exists"):
        await migrate(f"sqlite+aiosqlite:///{path}")

    assert schema_of(path) == before


async def test_a_database_without_tables_is_refused(tmp_path: Path):
    """The remedy is in the message."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    with pytest.raises(SchemaOutOfDateError, match="no tables yet; run `signoff migrate`"):
        async with open_store(url, now=NOW):
            pass


async def test_a_database_of_an_older_version_is_refused(url: str, sql: Sql):
    """Both versions are named."""
    sql("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(
        SchemaOutOfDateError, match=f"schema is 0000, this version needs {schema.HEAD}"
    ):
        async with open_store(url, now=NOW):
            pass


async def test_a_database_of_a_newer_version_is_refused(url: str, sql: Sql):
    """Where something is gone that this version needs; the migration takes nothing back either."""
    sql("UPDATE alembic_version SET version_num = '9999'")
    sql("UPDATE schema_floor SET version = '9998'")
    with pytest.raises(SchemaOutOfDateError, match=r"schema is 9999, and this .*; install the"):
        async with open_store(url, now=NOW):
            pass
    with pytest.raises(SchemaOutOfDateError, match=r"9999.*newer version"):
        await migrate(url)


async def test_a_newer_database_to_which_was_only_added_is_used(url: str, sql: Sql):
    """So processes of two versions run side by side while one after the other is replaced."""
    sql("UPDATE alembic_version SET version_num = '9999'")
    sql("ALTER TABLE runs ADD COLUMN mood TEXT")
    sql("ALTER TABLE deliveries ADD COLUMN weight INTEGER NOT NULL DEFAULT 1")
    async with open_store(url, now=NOW) as store:
        store.has_chat = True
        approval_id = await ask(store, RUNS[0])
        await approve(store, RUNS[0], approval_id)

        assert (await store.verify(RUNS[0])).is_sound


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "'nonsense' is no database URL; write sqlite"),
        ("", "'' is no database URL; write sqlite"),
        ("mysql://h/db", "cannot use a database of type 'mysql'; write sqlite"),
        ("postgresql+asyncpg://h", "the URL names no database; write postgresql"),
        ("postgresql://h/db?colour=red", "has an option 'colour'; known: host, passfile, port"),
        ("sqlite+aiosqlite://", "the database must be a file"),
        ("sqlite+aiosqlite:///:memory:", "the database must be a file"),
    ],
)
async def test_a_url_that_cannot_be_used_is_refused(url: str, message: str):
    """By both ways into the store, with what to write instead."""
    with pytest.raises(StoreError, match=message):
        await migrate(url)
    with pytest.raises(StoreError, match=message):
        async with open_store(url, now=NOW):
            pass


async def test_a_password_is_not_repeated_in_a_message():
    """Messages end up in logs."""
    with pytest.raises(StoreError) as caught:
        await migrate("postgresql+asyncpg://me:hunter2@127.0.0.1:1/db")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
async def test_the_driver_need_not_be_named(file: Path, scheme: str):
    """Both spellings are the same database."""
    async with open_store(f"{scheme}:///{file}", now=NOW) as store:
        assert await store.list_runs() == []


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path):
    """A folder that is not there, a folder, and a file that is no database."""
    missing, no_database = tmp_path / "no" / "signoff.db", tmp_path / "text.db"
    no_database.write_text("Dear diary, " * 1000)
    for path in (missing, tmp_path, no_database):
        with pytest.raises(StoreUnavailableError, match=str(path.name)):
            async with open_store(f"sqlite+aiosqlite:///{path}", now=NOW):
                pass
        with pytest.raises(StoreUnavailableError):
            await migrate(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(StoreUnavailableError, match="does not exist; make it"):
        await migrate(f"sqlite+aiosqlite:///{missing}")


async def test_a_database_of_version_2_is_carried_on(tmp_path: Path):
    """Its runs, its messages and what it had still to send are as they were."""
    path = tmp_path / "old.db"
    at = NOW().isoformat(timespec="microseconds")
    path.touch()
    alembic(path, lambda config: command.upgrade(config, "0002"))
    with connected(path) as old:
        old.execute("INSERT INTO messages VALUES ('a1', 'C1', '1.5', ?)", [at])
        old.execute(
            "INSERT INTO deliveries (purpose, approval_id, run_id, status, attempts, created_at, "
            "not_before) VALUES ('outcome', 'a1', 'r1', 'pending', 0, ?, ?)",
            [at, at],
        )
    url = f"sqlite+aiosqlite:///{path}"

    assert await migrate(url) == schema.HEAD

    async with open_store(url, now=NOW) as store:
        found = await store.find_message("a1")
        (waiting,) = await store.claim_deliveries(
            owner="s1", limit=10, lease=timedelta(seconds=1), one_a_channel=True
        )

        assert found == Message(approval_id="a1", channel="C1", ts="1.5")
        assert (waiting.approval_id, waiting.workspace, waiting.person) == ("a1", "", None)
        assert (await store.claim_deliveries(owner="s1", limit=1, lease=timedelta())) == []


def test_how_postgresql_is_protected_may_be_said_as_other_programs_say_it():
    """The driver's word for it is another one."""
    url = choose("postgres://me@host/db?sslmode=require")._url

    assert (url.drivername, dict(url.query)) == ("postgresql+asyncpg", {"ssl": "require"})
