"""Reading: a Core query becomes text and parameters, which go to the driver itself.

SQLAlchemy's own asynchronous engine takes four hops a query to aiosqlite's thread and two more a
connection, each of which costs more than the query itself. Queries that differ in their values
only are compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Select

from orchestrator.store.database import Database
from orchestrator.store.tables import AnyRow, Instant, to_instant


class _Shape:
    """Queries that differ in their values only, as the driver takes them."""

    def __init__(
        self,
        query: Select[Any],
        parameters: Sequence[BindParameter[Any]],
        kind: type[Database],
    ) -> None:
        """Compile a query, which has these parameters, for a kind of database."""
        self._instant = kind.instant
        self._compiled: Any = query.compile(dialect=kind.dialect)
        self._text = str(self._compiled)
        self._keys = [each.key for each in parameters]
        bound: Mapping[str, BindParameter[Any]] = self._compiled.binds
        self._order = [bound[name].key for name in self._compiled.positiontup or ()]
        #: Some come from the dialect, such as an offset of nothing.
        self._fixed = {each.key: each.effective_value for each in bound.values()}
        #: Are there lists, each of whose values is a parameter of its own?
        self._is_open = bool(self._compiled.post_compile_params)
        columns = list(query.selected_columns)
        self._names = [str(column.key) for column in columns]
        self._instants = [
            name
            for name, column in zip(self._names, columns, strict=True)
            if isinstance(column.type, Instant)
        ]

    def given(self, parameters: Sequence[BindParameter[Any]]) -> dict[str, Any]:
        """Return the values of another query's parameters, which are in the same order."""
        values = [each.effective_value for each in parameters]
        return self._fixed | dict(zip(self._keys, values, strict=True))

    def ask(self, given: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Return the text for such values, and the values in the driver's order."""
        if not self._is_open:
            return self._text, [self._bound(given[key]) for key in self._order]
        filled = self._compiled.construct_params(given, _check=False)
        state = self._compiled.construct_expanded_state(filled)
        return state.statement, [self._bound(value) for value in state.positional_parameters]

    def row(self, raw: Sequence[Any]) -> AnyRow:
        """Return a row with its columns as attributes."""
        row = dict(zip(self._names, raw, strict=True))
        for name in self._instants:
            if row[name] is not None:
                row[name] = to_instant(row[name])
        return SimpleNamespace(**row)

    def _bound(self, value: Any) -> Any:
        return self._instant(value) if isinstance(value, datetime) else value


class _Shapes:
    """Finds the shapes of queries; each is compiled once, which takes longer than to run it."""

    def __init__(self, kind: type[Database]) -> None:
        self._kind = kind
        self._by_key: dict[Any, _Shape] = {}
        self._by_query: WeakKeyDictionary[Select[Any], tuple[_Shape, dict[str, Any]]] = (
            WeakKeyDictionary()
        )

    def find(self, query: Select[Any]) -> tuple[_Shape, dict[str, Any]]:
        """Return a query's shape, and the values of its parameters."""
        known = self._by_query.get(query)
        if known is None:
            # By what SQLAlchemy's own engine finds statements that it has compiled.
            key = query._generate_cache_key()  # noqa: SLF001
            parameters = key.bindparams if key else ()
            shape = self._by_key.get(key.key) if key else None
            if shape is None:
                shape = _Shape(query, parameters, self._kind)
                if key is not None:
                    self._by_key[key.key] = shape
            known = self._by_query[query] = shape, shape.given(parameters)
        return known


class Reader:
    """Connections that cannot write; `open` it first."""

    def __init__(self, database: Database) -> None:
        self._source = database.source()
        self._shapes = _Shapes(type(database))

    async def open(self) -> None:
        """Connect.

        Raises:
            StoreUnavailableError: The database cannot be opened.
        """
        await self._source.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._source.close()

    async def fetch(self, query: Select[Any], **values: Any) -> list[AnyRow]:
        """Return the rows of a query, with their columns as attributes.

        Args:
            query: The query; those that differ in their values only are compiled once.
            values: Its bound parameters, by name.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        shape, given = self._shapes.find(query)
        text, parameters = shape.ask({**given, **values})
        return [shape.row(row) for row in await self._source.fetch(text, parameters)]
