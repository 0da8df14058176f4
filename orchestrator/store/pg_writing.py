"""Writing a batch's rows to PostgreSQL in one statement, which also tells its transaction's number.

Rows come as one array a column, so the text depends on which tables are written, and not on how
many rows. All parts of a statement see the rows as they were before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy.dialects import postgresql
from sqlalchemy.types import Boolean, Integer

from orchestrator.store.statements import Prepared, Verb, Write
from orchestrator.store.tables import Instant

_quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]


def combined(writes: Sequence[Write]) -> tuple[str, list[list[Any]]]:
    """Return a statement that does all of it and returns the transaction's number, and its arrays.

    Args:
        writes: At least one; none of them concerns a row of another one.
    """
    text = _text(tuple(prepared for prepared, _ in writes))
    return text, [[*column] for _, rows in writes for column in zip(*rows, strict=True)]


@lru_cache(maxsize=1024)
def _text(statements: tuple[Prepared, ...]) -> str:
    numbers = count(1)
    parts = ", ".join(
        f"part{number} AS ({_part(prepared, numbers)})"
        for number, prepared in enumerate(statements, start=1)
    )
    return f"WITH {parts} SELECT pg_current_xact_id()::text"


def _part(prepared: Prepared, numbers: count[int]) -> str:
    table, columns = _quote(prepared.table.name), [_quote(name) for name in prepared.columns]
    arrays = ", ".join(f"${next(numbers)}::{_type(prepared, name)}[]" for name in prepared.columns)
    names = ", ".join(columns)
    given = f"unnest({arrays}) AS given ({names})"
    keys = [_quote(name) for name in prepared.keys]
    found = " AND ".join(f"{table}.{key} = given.{key}" for key in keys)
    others = [name for name in columns if name not in keys]
    insert = f"INSERT INTO {table} ({names}) SELECT {names} FROM {given}"  # noqa: S608 - as above
    match prepared.verb:
        case Verb.INSERT:
            return insert
        case Verb.UPSERT:
            values = ", ".join(f"{name} = excluded.{name}" for name in others)
            return f"{insert} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {values}"
        case Verb.UPDATE:
            values = ", ".join(f"{name} = given.{name}" for name in others)
            return f"UPDATE {table} SET {values} FROM {given} WHERE {found}"  # noqa: S608 - as above
        case Verb.DELETE:
            return f"DELETE FROM {table} USING {given} WHERE {found}"  # noqa: S608 - as above


def _type(prepared: Prepared, name: str) -> str:
    """Return the type of a column; there are four."""
    column = prepared.table.c[name].type
    if isinstance(column, Instant):
        return "timestamptz"
    if isinstance(column, Boolean):
        return "boolean"
    return "integer" if isinstance(column, Integer) else "text"
