"""Reading: a Core query becomes text and parameters, and takes one hop to aiosqlite's thread.

SQLAlchemy's own asynchronous engine takes four hops a query and two more a connection, each of
which costs more than the query itself. A query that is a module's constant is compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import aiosqlite
from sqlalchemy import Select
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

from orchestrator.errors import StoreUnavailableError
from orchestrator.store.sqlite import BUSY_TIMEOUT
from orchestrator.store.tables import AnyRow, Instant, to_instant_text

_DIALECT = SQLiteDialect_aiosqlite()


class _Prepared:
    """A query as the driver takes it, and how its rows are read."""

    def __init__(self, query: Select[Any]) -> None:
        compiled = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self._order: Sequence[str] = compiled.positiontup or ()
        self._fixed: Mapping[str, Any] = compiled.construct_params(_check=False)
        self._columns = [
            (str(column.key), isinstance(column.type, Instant)) for column in query.selected_columns
        ]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the parameters in the driver's order."""
        given = {**self._fixed, **values}
        return [
            to_instant_text(value) if isinstance(value, datetime) else value
            for value in (given[name] for name in self._order)
        ]

    def row(self, raw: Sequence[Any]) -> AnyRow:
        """Return a row with its columns as attributes."""
        row = SimpleNamespace()
        for (name, is_instant), value in zip(self._columns, raw, strict=True):
            is_text = is_instant and value is not None
            setattr(row, name, datetime.fromisoformat(value) if is_text else value)
        return row


class Reader:
    """One connection that cannot write; `open` it first."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = None
        self._prepared: WeakKeyDictionary[Select[Any], _Prepared] = WeakKeyDictionary()

    async def open(self) -> None:
        """Connect.

        Raises:
            StoreUnavailableError: The file cannot be opened.
        """
        try:
            self._connection = await aiosqlite.connect(
                self._path, isolation_level=None, timeout=BUSY_TIMEOUT
            )
            await self._connection.execute_fetchall("PRAGMA query_only=ON")
        except aiosqlite.Error as error:
            raise StoreUnavailableError(f"cannot open {self._path}: {error}") from error

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            await self._connection.close()

    async def fetch(self, query: Select[Any], **values: Any) -> list[AnyRow]:
        """Return the rows of a query, with their columns as attributes.

        Args:
            query: The query; a module's constant is compiled once.
            values: Its bound parameters, by name.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        prepared = self._prepared.get(query)
        if prepared is None:
            prepared = self._prepared[query] = _Prepared(query)
        if self._connection is None:
            raise StoreUnavailableError("the store is closed")
        parameters = prepared.parameters(values)
        try:
            rows = await self._connection.execute_fetchall(prepared.text, parameters)
        except (aiosqlite.Error, ValueError) as error:
            raise StoreUnavailableError(f"the database does not answer: {error}") from error
        return [prepared.row(row) for row in rows]
