"""Core statements compiled once, for the few that run in every batch.

SQLAlchemy spends more time on compiling and binding a statement than SQLite on running it, so the
text and the columns' own converters are kept and rows go to the driver as they are. What a batch
writes is collected first: a database may carry it out together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.sql.expression import Delete, Insert, Update
from sqlalchemy.types import TypeEngine

from orchestrator.store.database import Database, database_of
from orchestrator.store.tables import Instant

_Converter = Callable[[Any], Any]


class Verb(Enum):
    """What a statement does."""

    INSERT = auto()
    UPSERT = auto()
    UPDATE = auto()
    DELETE = auto()


class Prepared:
    """A statement with its parameters' order and converters.

    Attributes:
        text: It, for one row.
        columns: Names of the columns that its parameters are for, in their order.
        keys: Those by which rows are found.
    """

    def __init__(
        self,
        statement: Insert | Update | Delete,
        kind: type[Database],
        verb: Verb,
        keys: tuple[str, ...] = (),
    ) -> None:
        compiled = statement.compile(dialect=kind.dialect)
        self.text = str(compiled)
        self.table: Any = statement.table
        self.verb = verb
        self.keys = keys
        names: Sequence[str] = compiled.positiontup or ()
        self.columns = columns = [name.removeprefix(_PREFIX) for name in names]
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


#: A statement and its rows.
Write = tuple[Prepared, list[list[Any]]]
_PREFIX = "key_"


def _only(name: str) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    return lambda row: (row[name],)


def _converter(column: TypeEngine[Any], kind: type[Database]) -> _Converter | None:
    if isinstance(column, Instant):
        return kind.instant
    return column.dialect_impl(kind.dialect).bind_processor(kind.dialect)


@lru_cache(maxsize=256)
def _insert(table: Table, columns: tuple[str, ...], kind: type[Database]) -> Prepared:
    insert = table.insert().values({name: bindparam(name) for name in columns})
    return Prepared(insert, kind, Verb.INSERT)


@lru_cache(maxsize=64)
def _upsert(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], kind: type[Database]
) -> Prepared:
    insert = kind.insert(table).values({name: bindparam(name) for name in columns})
    values = {name: insert.excluded[name] for name in columns if name not in keys}
    upsert = insert.on_conflict_do_update(index_elements=keys, set_=values)
    return Prepared(upsert, kind, Verb.UPSERT, keys)


@lru_cache(maxsize=256)
def _update(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], kind: type[Database]
) -> Prepared:
    where = [table.c[key] == bindparam(_PREFIX + key) for key in keys]
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return Prepared(table.update().where(*where).values(values), kind, Verb.UPDATE, keys)


@lru_cache(maxsize=64)
def _delete(table: Table, keys: tuple[str, ...], kind: type[Database]) -> Prepared:
    where = [table.c[key] == bindparam(_PREFIX + key) for key in keys]
    return Prepared(table.delete().where(*where), kind, Verb.DELETE, keys)


class Writes:
    """What is to be written, each row of a table once at most; `send` writes it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._database = database_of(connection)
        self._kind = type(self._database)
        self._writes: list[Write] = []

    def send(self) -> None:
        """Write what was collected."""
        if self._writes:
            self._database.write(self._connection, self._writes)
        self._writes = []

    def _add(self, prepared: Prepared, rows: Iterable[Mapping[str, Any]]) -> None:
        self._writes.append((prepared, [prepared.parameters(row) for row in rows]))

    def insert(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows that all name the same columns."""
        rows = list(rows)
        if rows:
            self._add(_insert(table, tuple(rows[0]), self._kind), rows)

    def insert_values(
        self, table: Table, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Insert rows that are given in the order of `columns`; instants may be their texts."""
        if rows:
            prepared = _insert(table, columns, self._kind)
            self._writes.append((prepared, [prepared.converted([*row]) for row in rows]))

    def upsert(
        self, table: Table, keys: tuple[str, ...], rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """Insert rows that all name the same columns, or replace those with the same `keys`."""
        rows = list(rows)
        if rows:
            self._add(_upsert(table, keys, tuple(rows[0]), self._kind), rows)

    def update(
        self, table: Table, keys: tuple[str, ...], rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """Update rows, found by `keys`; rows with the same columns share a statement."""
        groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for row in rows:
            columns = tuple(name for name in row if name not in keys)
            groups.setdefault(columns, []).append(row)
        for columns, group in groups.items():
            self._add(_update(table, keys, columns, self._kind), group)

    def delete(self, table: Table, keys: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
        """Delete rows by their keys; rows that are not there do not matter."""
        keyed = [dict(zip(keys, row, strict=True)) for row in rows]
        if keyed:
            self._add(_delete(table, keys, self._kind), keyed)


def insert_new(
    connection: Connection, table: Table, keys: tuple[str, ...], row: Mapping[str, Any]
) -> bool:
    """Insert a row unless there is one with the same `keys`; return whether there was none."""
    insert = database_of(connection).insert(table).values(row)
    done = connection.execute(insert.on_conflict_do_nothing(index_elements=keys))
    return bool(done.rowcount)
