"""The store: every write goes through the one writer, every read through other connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from orchestrator.core.advance import Advance
from orchestrator.core.refusals import Refusal
from orchestrator.errors import StoreUnavailableError
from orchestrator.graph.graph import Graph
from orchestrator.store import definitions, outbox, sqlite, work
from orchestrator.store.batch import SideWrite, Step, Unit
from orchestrator.store.queries import Queries
from orchestrator.store.reader import Reader
from orchestrator.store.records import Delivery
from orchestrator.store.schema import check_schema, parse_url
from orchestrator.store.work import Timer
from orchestrator.store.writer import Writer, no_hook


class Store(Queries):
    """Runs, their logs, and what is to be done about them, in one database.

    Made by `open_store`. Every `StoreUnavailableError` means that nothing was recorded.
    """

    def __init__(self, reader: Reader, writer: Writer, now: Callable[[], datetime]) -> None:
        super().__init__(reader, now)
        self._writer = writer
        self._saved: set[tuple[str, str]] = set()
        self.has_chat = False

    @property
    def commits(self) -> int:
        """Transactions of this process so far."""
        return self._writer.commits

    @property
    def units(self) -> int:
        """Writes that those transactions carried."""
        return self._writer.units

    async def commit(
        self, run_id: str, step: Step, *, graph: Graph | None = None
    ) -> Advance | Refusal:
        """Let a step decide about a run, and store what it leads to, in one transaction.

        The step gets the run's newest state, None if there is no such run, and the instant that
        counts. It runs in the writer's thread, must be pure and leave the state as it is, and may
        be called again. Durable when this returns.

        Args:
            run_id: The run.
            step: What decides.
            graph: What the run is to follow from now on; its definition is saved with the rest.

        Raises:
            StoreUnavailableError: The database cannot be reached or is locked.
            CorruptHistoryError: The run's log does not add up.
        """
        unit = Unit(run_id=run_id, step=step)
        if graph is not None and not self._has_saved(graph):
            unit.side = _saving(graph)
        answer: Advance | Refusal = await self._writer.submit(unit)
        if unit.side is not None and graph is not None and isinstance(answer, Advance):
            self._saved.add((graph.id, graph.version))
        return answer

    async def save_graph(self, graph: Graph) -> None:
        """Keep a graph's definition, so that later versions can be compared with it.

        Once it has been stored, saving it again costs nothing.
        """
        if not self._has_saved(graph):
            await self.write(_saving(graph))
            self._saved.add((graph.id, graph.version))

    def _has_saved(self, graph: Graph) -> bool:
        return (graph.id, graph.version) in self._saved

    async def write(self, side: SideWrite) -> Any:
        """Carry out a write that belongs to no run's log; return what it returned."""
        return await self._writer.submit(Unit(run_id=None, side=side))

    async def claim_deliveries(self, *, owner: str, limit: int, lease: timedelta) -> list[Delivery]:
        """Take deliveries, oldest first; see `outbox.claim`."""

        def side(connection: Connection, now: datetime) -> list[Delivery]:
            return outbox.claim(connection, now, owner=owner, limit=limit, lease=lease)

        found: list[Delivery] = await self.write(side)
        return found

    async def save_question(
        self, run_id: str, step: Step, delivery: Delivery, *, channel: str, ts: str
    ) -> Advance | Refusal:
        """Let a step say that a question was delivered; finish the delivery in any case.

        The message's place is remembered even when the approval was resolved meanwhile.
        """

        def side(connection: Connection, now: datetime) -> None:
            outbox.finish(connection, delivery.id)
            outbox.save_message(
                connection, now, approval_id=delivery.approval_id, channel=channel, ts=ts
            )

        unit = Unit(run_id=run_id, step=step, side=side, is_side_certain=True)
        answer: Advance | Refusal = await self._writer.submit(unit)
        return answer

    async def finish_delivery(self, delivery: Delivery) -> None:
        """Mark a delivery as sent."""
        await self.write(lambda connection, _now: outbox.finish(connection, delivery.id))

    async def put_off_delivery(
        self, delivery: Delivery, *, not_before: datetime, error: str
    ) -> None:
        """Try a delivery again later."""

        def side(connection: Connection, _now: datetime) -> None:
            outbox.put_off(connection, delivery.id, not_before=not_before, error=error)

        await self.write(side)

    async def give_up_delivery(self, delivery: Delivery, *, error: str) -> None:
        """Mark a delivery as failed; it stays for the operator to see."""

        def side(connection: Connection, _now: datetime) -> None:
            outbox.give_up(connection, delivery.id, error=error)

        await self.write(side)

    def renew_leases(self, owner: str, places: Sequence[tuple[str, str]]) -> None:
        """Extend the leases of an owner's attempts; from any thread, without waiting."""

        def side(connection: Connection, now: datetime) -> None:
            work.renew(connection, now, owner, places)

        self._writer.post(Unit(run_id=None, side=side))

    async def release_leases(self, owner: str) -> None:
        """Let others have the attempts of an owner that stops."""
        await self.write(lambda connection, now: work.release(connection, now, owner))

    async def drop_timer(self, timer: Timer) -> None:
        """Delete a timer that has nothing to do any more."""
        await self.write(lambda connection, _now: work.drop_timer(connection, timer))

    async def close(self) -> None:
        """Finish what was submitted, then close every connection."""
        await self._writer.close()
        await self._reader.close()


def _saving(graph: Graph) -> SideWrite:
    return lambda connection, now: definitions.save(connection, now, graph)


@asynccontextmanager
async def open_store(
    url: str, *, now: Callable[[], datetime], hook: Callable[[str], None] = no_hook
) -> AsyncIterator[Store]:
    """Open a database that has been migrated; close it at the end.

    Args:
        url: `sqlite+aiosqlite:///FILE`.
        now: Where the writer takes the instant that counts from.
        hook: Called with the name of each point at which a process may be killed.

    Raises:
        StoreError: The URL cannot be used.
        StoreUnavailableError: The file cannot be opened.
        SchemaOutOfDateError: `signoff migrate` has to run first.
    """
    parsed = parse_url(url)
    engine = sqlite.writer_engine(parsed)
    try:
        with engine.connect() as connection:
            check_schema(connection)
    except DBAPIError as error:
        engine.dispose()
        raise StoreUnavailableError(f"cannot open {parsed.database}: {error.orig}") from error
    except BaseException:
        engine.dispose()
        raise
    holder: list[Store] = []
    writer = Writer(engine, now=now, has_chat=lambda: holder[0].has_chat, hook=hook)
    reader = Reader(str(parsed.database))
    store = Store(reader, writer, now)
    holder.append(store)
    writer.start()
    try:
        await reader.open()
        yield store
    finally:
        await store.close()
