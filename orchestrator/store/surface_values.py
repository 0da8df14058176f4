"""What chat surfaces keep beside the runs: texts by scope and name, which nothing here reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from orchestrator.store.batch import SideWrite
from orchestrator.store.reader import Reader
from orchestrator.store.statements import Writes, insert_new
from orchestrator.store.tables import surface_values

_KEYS = ("scope", "name")


class SurfaceValues:
    """Preferences, installations and the like; each change is durable when it returns.

    Every method raises StoreUnavailableError when the database cannot be reached; nothing was
    recorded then.
    """

    def __init__(self, reader: Reader, write: Callable[[SideWrite], Awaitable[Any]]) -> None:
        self._reader = reader
        self._write = write

    async def get(self, scope: str, name: str) -> str | None:
        """Return the text of a name, None if there is none."""
        query = select(surface_values.c.body).where(
            surface_values.c.scope == scope, surface_values.c.name == name
        )
        for row in await self._reader.fetch(query):
            return str(row.body)
        return None

    async def list(self, scope: str, prefix: str = "") -> dict[str, str]:
        """Return the texts of all names that begin with `prefix`, in the order of the names."""
        query = (
            select(surface_values)
            .where(
                surface_values.c.scope == scope,
                surface_values.c.name.startswith(prefix, autoescape=True),
            )
            .order_by(surface_values.c.name)
        )
        # LIKE takes no account of case on SQLite.
        rows = await self._reader.fetch(query)
        return {row.name: row.body for row in rows if row.name.startswith(prefix)}

    async def put(self, scope: str, name: str, body: str) -> None:
        """Store a text under a name; the one that was there is replaced."""

        def side(connection: Connection, now: datetime) -> None:
            row = {"scope": scope, "name": name, "body": body, "updated_at": now}
            writes = Writes(connection)
            writes.upsert(surface_values, _KEYS, [row])
            writes.send()

        await self._write(side)

    async def swap(self, scope: str, name: str, *, old: str | None, new: str) -> bool:
        """Store a text if `old` is what is there, None for nothing; return whether it was.

        Of several processes that read the same text and change it, one succeeds.
        """

        def side(connection: Connection, now: datetime) -> bool:
            if old is None:
                row = {"scope": scope, "name": name, "body": new, "updated_at": now}
                return insert_new(connection, surface_values, _KEYS, row)
            is_there = (
                (surface_values.c.scope == scope)
                & (surface_values.c.name == name)
                & (surface_values.c.body == old)
            )
            change = update(surface_values).where(is_there).values(body=new, updated_at=now)
            return bool(connection.execute(change).rowcount)

        return bool(await self._write(side))

    async def delete(self, scope: str, name: str) -> None:
        """Forget a name; that it is not there does not matter."""

        def side(connection: Connection, _now: datetime) -> None:
            connection.execute(
                delete(surface_values).where(
                    surface_values.c.scope == scope, surface_values.c.name == name
                )
            )

        await self._write(side)
