"""Core statements compiled once, for the few that run in every batch.

SQLAlchemy spends more time on compiling and binding a statement than SQLite on running it, so
the text and the columns' own converters are kept and rows go to the driver as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import Delete, Insert, Update

_Converter = Callable[[Any], Any]


class Prepared:
    """A statement with its parameters' order and converters."""

    def __init__(self, statement: Insert | Update | Delete, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.names: Sequence[str] = compiled.positiontup or ()
        self._converters: list[_Converter | None] = [
            compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            for name in self.names
        ]

    def parameters(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return a row's values as the driver takes them."""
        return tuple(
            convert(row[name]) if convert else row[name]
            for name, convert in zip(self.names, self._converters, strict=True)
        )


_PREFIX = "key_"


@lru_cache(maxsize=256)
def _insert(table: Table, columns: tuple[str, ...], dialect: Dialect) -> Prepared:
    return Prepared(table.insert().values({name: bindparam(name) for name in columns}), dialect)


@lru_cache(maxsize=64)
def _upsert(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], dialect: Dialect
) -> Prepared:
    insert = sqlite.insert(table).values({name: bindparam(name) for name in columns})
    values = {name: insert.excluded[name] for name in columns if name not in keys}
    return Prepared(insert.on_conflict_do_update(index_elements=keys, set_=values), dialect)


@lru_cache(maxsize=256)
def _update(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], dialect: Dialect
) -> Prepared:
    where = [table.c[key] == bindparam(_PREFIX + key) for key in keys]
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return Prepared(table.update().where(*where).values(values), dialect)


@lru_cache(maxsize=64)
def _delete(table: Table, keys: tuple[str, ...], dialect: Dialect) -> Prepared:
    where = [table.c[key] == bindparam(_PREFIX + key) for key in keys]
    return Prepared(table.delete().where(*where), dialect)


def _execute(connection: Connection, prepared: Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
    parameters = [prepared.parameters(row) for row in rows]
    connection.exec_driver_sql(prepared.text, parameters)


def insert_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns."""
    rows = list(rows)
    if rows:
        prepared = _insert(table, tuple(rows[0]), connection.dialect)
        _execute(connection, prepared, rows)


def upsert_rows(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Insert rows that all name the same columns, or replace those with the same `keys`."""
    rows = list(rows)
    if rows:
        prepared = _upsert(table, keys, tuple(rows[0]), connection.dialect)
        _execute(connection, prepared, rows)


def update_rows(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Update rows, found by `keys`; rows with the same columns share a statement."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        columns = tuple(name for name in row if name not in keys)
        keyed = {(_PREFIX + name if name in keys else name): row[name] for name in row}
        groups.setdefault(columns, []).append(keyed)
    for columns, group in groups.items():
        _execute(connection, _update(table, keys, columns, connection.dialect), group)


def delete_rows(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Delete rows by their keys; rows that are not there do not matter."""
    keyed = [dict(zip((_PREFIX + key for key in keys), row, strict=True)) for row in rows]
    if keyed:
        _execute(connection, _delete(table, keys, connection.dialect), keyed)
