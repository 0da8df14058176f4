"""Fills a PostgreSQL database with copies of one run; see `multiply`."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg

from benchmarks.multiply import BATCH, TABLES, Ids, split
from orchestrator.core.ids import approval_id, approval_ref, run_ref

_TYPES = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


async def multiply(database: str, run: str, count: int, *, gate: str) -> None:
    """Copy a run that waits at a gate so many times; see `multiply.multiply`."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(
            "CREATE TEMP TABLE made (run text, gate text, run_ref text, gate_ref text)"
        )
        ids = Ids(run, approval_id(run, gate, 1))
        statements = [each async for each in _statements(connection, ids)]
        for records in _batches(count, gate):
            async with connection.transaction():
                await connection.execute("TRUNCATE made")
                await connection.copy_records_to_table("made", records=records)
                for statement, literals in statements:
                    await connection.execute(statement, *literals)
        await connection.execute("ANALYZE")  # as the server does by itself after a while
    finally:
        await connection.close()


def _batches(count: int, gate: str) -> Iterator[Sequence[tuple[str, ...]]]:
    prefix = uuid.uuid4().hex[:16]
    numbers = iter(range(count))
    while batch := list(itertools.islice(numbers, BATCH)):
        found = [(run := f"{prefix}{number:016x}", approval_id(run, gate, 1)) for number in batch]
        yield [(run, asked, run_ref(run), approval_ref(asked)) for run, asked in found]


async def _statements(connection: Any, ids: Ids) -> Any:
    """Yield what copies each of the run's rows, and the values that stay as they are."""
    for table, key in TABLES.items():
        types = [str(row[1]) for row in await connection.fetch(_TYPES, table)]
        query = f"SELECT * FROM {table} WHERE {key} = $1"  # noqa: S608 - our own tables
        for row in await connection.fetch(query, ids.run):
            literals: list[Any] = []
            values = ", ".join(
                _value(value, kind, ids, literals)
                for value, kind in zip(row.values(), types, strict=True)
            )
            yield f"INSERT INTO {table} SELECT {values} FROM made", literals  # noqa: S608 - as above


def _value(value: Any, kind: str, ids: Ids, literals: list[Any]) -> str:
    parts = split(value, ids)
    if parts is None:
        literals.append(value)
        return f"${len(literals)}::{kind}"
    made = []
    for part, is_id in parts:
        if is_id:
            made.append(part)
        else:
            literals.append(part)
            made.append(f"${len(literals)}::text")
    return f"({' || '.join(made)})::{kind}"
