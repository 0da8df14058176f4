"""Fills a database with many runs that are rows of one real run under new ids.

The engine wrote the first run; SQL copies its rows, so that they have the very shape that the
engine gives them. Ids are made as the engine makes them, so that every copy can be decided.
Hashes of events are copied as they are: `signoff verify` would complain about a copy.
"""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.core.ids import approval_id, approval_ref, run_ref

#: Tables whose rows belong to a run, and the column that says to which.
TABLES = {"runs": "id", "events": "run_id", "approvals": "run_id", "timers": "run_id"}
BATCH = 50_000  # runs a transaction
_MADE = """
CREATE TEMP TABLE made AS
WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :last)
SELECT run_id_of(n) AS run, gate_id_of(n) AS gate, run_ref_of(run_id_of(n)) AS run_ref,
       gate_ref_of(gate_id_of(n)) AS gate_ref
FROM numbers
"""


def multiply(database: str, run: str, count: int, *, gate: str) -> None:
    """Copy a run that waits at a gate so many times.

    Args:
        database: The SQLite file.
        run: The run's id.
        count: How many copies are wanted.
        gate: The node of the run's one open approval.
    """
    connection = sqlite3.connect(Path(database), isolation_level=None, timeout=60)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        indexes = _take_indexes(connection)
        _make_ids(connection, gate)
        statements = list(_statements(connection, Ids(run, approval_id(run, gate, 1))))
        for first in range(0, count, BATCH):
            numbers = {"first": first, "last": min(count, first + BATCH)}
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_MADE, numbers)
            for statement, literals in statements:
                connection.execute(statement, literals)
            connection.execute("DROP TABLE made")
            connection.execute("COMMIT")
        for statement in indexes:
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _take_indexes(connection: sqlite3.Connection) -> list[str]:
    """Drop the indexes, and return what makes them again."""
    query = "SELECT name, sql FROM sqlite_master WHERE type='index' AND sql IS NOT NULL"
    found = connection.execute(query).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    return [sql for _, sql in found]


def _make_ids(connection: sqlite3.Connection, gate: str) -> None:
    """Let SQL make ids, which rise as those of the engine do."""
    prefix = uuid.uuid4().hex[:16]
    for name, function in {
        "run_id_of": lambda number: f"{prefix}{number:016x}",
        "gate_id_of": lambda number: approval_id(f"{prefix}{number:016x}", gate, 1),
        "run_ref_of": run_ref,
        "gate_ref_of": approval_ref,
    }.items():
        connection.create_function(name, 1, function, deterministic=True)


class Ids:
    """The ids of the run that is copied, and the columns of `made` that replace them."""

    def __init__(self, run: str, gate: str) -> None:
        self.run = run
        self.columns = {
            run: "run",
            gate: "gate",
            run_ref(run): "run_ref",
            approval_ref(gate): "gate_ref",
        }
        self.pattern = re.compile("|".join(f"({re.escape(each)})" for each in self.columns))


def split(value: Any, ids: Ids) -> list[tuple[str, bool]] | None:
    """Return a text in parts, each with whether it is a column; None: it has no id in it."""
    if not isinstance(value, str) or not ids.pattern.search(value):
        return None
    parts = filter(None, ids.pattern.split(value))
    return [(ids.columns.get(part, part), part in ids.columns) for part in parts]


def _statements(connection: sqlite3.Connection, ids: Ids) -> Iterator[tuple[str, list[Any]]]:
    """Yield what copies each of the run's rows, and the values that stay as they are."""
    for table, key in TABLES.items():
        query = f"SELECT * FROM {table} WHERE {key} = ?"  # noqa: S608 - our own tables
        for row in connection.execute(query, (ids.run,)).fetchall():
            literals: list[Any] = []
            values = ", ".join(_value(each, ids, literals) for each in row)
            yield f"INSERT INTO {table} SELECT {values} FROM made", literals  # noqa: S608 - as above


def _value(value: Any, ids: Ids, literals: list[Any]) -> str:
    """Return what makes a value in SQL, with the ids of the copy; literals go to the list."""
    parts = split(value, ids)
    if parts is None:
        literals.append(value)
        return "?"
    literals += [part for part, is_id in parts if not is_id]
    return " || ".join(part if is_id else "?" for part, is_id in parts)
