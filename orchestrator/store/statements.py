"""Core statements compiled once, for the few that run in every batch.

SQLAlchemy spends more time on compiling and binding a statement than SQLite on running it, so the
text and the columns' own converters are kept and rows go to the driver as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.sql.expression import Delete, Insert, Update
from sqlalchemy.types import TypeEngine

from orchestrator.store.database import Database, database_of
from orchestrator.store.tables import Instant

_Converter = Callable[[Any], Any]


class Prepared:
    """A statement with its parameters' order and converters."""

    def __init__(self, statement: Insert | Update | Delete, kind: type[Database]) -> None:
        compiled = statement.compile(dialect=kind.dialect)
        self.text = str(compiled)
        names: Sequence[str] = compiled.positiontup or ()
        columns = [name.removeprefix(_PREFIX) for name in names]
        self._pick = itemgetter(*columns) if len(columns) > 1 else _only(columns[0])
        converters = [_converter(compiled.binds[name].type, kind) for name in names]
        self._converting = [(at, each) for at, each in enumerate(converters) if each]

    def parameters(self, row: Mapping[str, Any]) -> list[Any]:
        """Return a row's values as the driver takes them."""
        return self.converted([*self._pick(row)])

    def converted(self, values: list[Any]) -> list[Any]:
        """Return values, which are in the statement's order, as the driver takes them."""
        for at, convert in self._converting:
            if values[at] is not None:
                values[at] = convert(values[at])
        return values


_PREFIX = "key_"


def _only(name: str) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    return lambda row: (row[name],)


def _converter(column: TypeEngine[Any], kind: type[Database]) -> _Converter | None:
    if isinstance(column, Instant):
        return kind.instant
    return column.dialect_impl(kind.dialect).bind_processor(kind.dialect)


@lru_cache(maxsize=256)
def _insert(table: Table, columns: tuple[str, ...], kind: type[Database]) -> Prepared:
    return Prepared(table.insert().values({name: bindparam(name) for name in columns}), kind)


@lru_cache(maxsize=64)
def _upsert(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], kind: type[Database]
) -> Prepared:
    insert = kind.insert(table).values({name: bindparam(name) for name in columns})
    values = {name: insert.excluded[name] for name in columns if name not in keys}
    return Prepared(insert.on_conflict_do_update(index_elements=keys, set_=values), kind)


@lru_cache(maxsize=256)
def _update(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], kind: type[Database]
) -> Prepared:
    where = [table.c[key] == bindparam(_PREFIX + key) for key in keys]
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return Prepared(table.update().where(*where).values(values), kind)


@lru_cache(maxsize=64)
def _delete(table: Table, keys: tuple[str, ...], kind: type[Database]) -> Prepared:
    where = [table.c[key] == bindparam(_PREFIX + key) for key in keys]
    return Prepared(table.delete().where(*where), kind)


def _execute(connection: Connection, prepared: Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
    database = database_of(connection)
    database.run_many(connection, prepared.text, [prepared.parameters(row) for row in rows])


def insert_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns."""
    rows = list(rows)
    if rows:
        prepared = _insert(table, tuple(rows[0]), type(database_of(connection)))
        _execute(connection, prepared, rows)


def insert_values(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Insert rows that are given in the order of `columns`; instants may be their texts."""
    if rows:
        database = database_of(connection)
        prepared = _insert(table, columns, type(database))
        database.run_many(connection, prepared.text, [prepared.converted([*row]) for row in rows])


def insert_new(
    connection: Connection, table: Table, keys: tuple[str, ...], row: Mapping[str, Any]
) -> bool:
    """Insert a row unless there is one with the same `keys`; return whether there was none."""
    insert = database_of(connection).insert(table).values(row)
    done = connection.execute(insert.on_conflict_do_nothing(index_elements=keys))
    return bool(done.rowcount)


def upsert_rows(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Insert rows that all name the same columns, or replace those with the same `keys`."""
    rows = list(rows)
    if rows:
        prepared = _upsert(table, keys, tuple(rows[0]), type(database_of(connection)))
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
        groups.setdefault(columns, []).append(row)
    for columns, group in groups.items():
        _execute(connection, _update(table, keys, columns, type(database_of(connection))), group)


def delete_rows(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Delete rows by their keys; rows that are not there do not matter."""
    keyed = [dict(zip(keys, row, strict=True)) for row in rows]
    if keyed:
        _execute(connection, _delete(table, keys, type(database_of(connection))), keyed)
