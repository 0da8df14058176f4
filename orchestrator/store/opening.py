"""Opening a store: the database that a URL names, and what reads and writes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from orchestrator.store.choosing import choose
from orchestrator.store.schema import check_schema
from orchestrator.store.store import Store
from orchestrator.store.writer import Writer, no_hook


@asynccontextmanager
async def open_store(
    url: str, *, now: Callable[[], datetime], hook: Callable[[str], None] = no_hook
) -> AsyncIterator[Store]:
    """Open a database that has been migrated; close it at the end.

    Args:
        url: `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE`.
        now: Where the writer takes the instant that counts from.
        hook: Called with the name of each point at which a process may be killed.

    Raises:
        StoreError: The URL cannot be used.
        StoreUnavailableError: The database cannot be opened.
        SchemaOutOfDateError: `signoff migrate` has to run first.
    """
    database = choose(url)
    try:
        await database.look(check_schema)
    except BaseException:
        database.close()
        raise
    holder: list[Store] = []
    writer = Writer(
        database,
        now=now,
        has_chat=lambda: holder[0].has_chat,
        places=lambda: holder[0].queue,
        hook=hook,
    )
    store = Store(database, writer, now)
    holder.append(store)
    store.queue = database.make_queue(writer.submit)
    writer.start()
    try:
        await store.open()
        yield store
    finally:
        await store.close()
