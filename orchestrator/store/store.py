"""The store: every write goes through the one writer, every read through other connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from orchestrator.core.advance import Advance
from orchestrator.core.effects import Purpose
from orchestrator.core.refusals import Refusal
from orchestrator.graph.graph import Graph
from orchestrator.store import claiming, definitions, gathering, messages, outbox, sighting, work
from orchestrator.store.batch import SideWrite, Step, Then, Unit
from orchestrator.store.database import Database, News
from orchestrator.store.outbox import Anew, DirectMessage
from orchestrator.store.queries import Queries
from orchestrator.store.reader import Reader
from orchestrator.store.records import Delivery, Message
from orchestrator.store.surface_values import SurfaceValues
from orchestrator.store.work import Timer
from orchestrator.store.writer import Writer

if TYPE_CHECKING:
    from orchestrator.store.nodequeue import NodeQueue


class Store(Queries):
    """Runs, their logs, and what is to be done about them, in one database.

    Made by `open_store`. A `StoreUnavailableError` means that nothing was recorded, unless it says
    that PostgreSQL was lost in a commit and could not be asked what came of that.

    Attributes:
        values: What chat surfaces keep for themselves.
        has_chat: Deliveries are stored for a chat surface.
        queue: Where ready nodes are jobs; None: they are found by looking.
    """

    def __init__(self, database: Database, writer: Writer, now: Callable[[], datetime]) -> None:
        reader = Reader(database)
        super().__init__(reader, now)
        self._database = database
        self._listening: asyncio.Task[None] | None = None
        self._hearers: list[Callable[[News], None]] = []
        self._writer = writer
        self._saved: set[tuple[str, str]] = set()
        self.values = SurfaceValues(reader, self.write)
        self.has_chat = False
        self.queue: NodeQueue | None = None

    @property
    def commits(self) -> int:
        """Transactions of this process so far."""
        return self._writer.commits

    @property
    def units(self) -> int:
        """Writes that those transactions carried."""
        return self._writer.units

    async def commit(
        self, run_id: str, step: Step, *, graph: Graph | None = None, then: Then | None = None
    ) -> Advance | Refusal:
        """Let a step decide about a run, and store what it leads to, in one transaction.

        The step gets the run's newest state, None if there is no such run, and the instant that
        counts. It runs in the writer's thread, must be pure and leave the state as it is, and may
        be called again. Durable when this returns.

        Args:
            run_id: The run.
            step: What decides.
            graph: What the run is to follow from now on; its definition is saved with the rest.
            then: Told the answer, or None, in any case, also when the caller was cancelled.

        Raises:
            StoreUnavailableError: The database cannot be reached or is locked.
            CorruptHistoryError: The run's log does not add up.
        """
        unit = Unit(run_id=run_id, step=step, then=then)
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

    async def claim_deliveries(
        self,
        *,
        owner: str,
        limit: int,
        lease: timedelta,
        workspace: str | None = None,
        without: Collection[Purpose] = (),
        one_a_channel: bool = False,
    ) -> list[Delivery]:
        """Take deliveries, oldest first; see `claiming.claim`."""
        wanted = claiming.Wanted(
            is_of_one=workspace is not None,
            one_a_channel=one_a_channel,
            without=frozenset(without),
        )
        ids = await sighting.candidates(
            self._reader, self._now(), wanted, workspace=workspace, limit=limit
        )
        if not ids:
            return []

        def side(connection: Connection, now: datetime) -> list[Delivery]:
            return claiming.claim(
                connection,
                now,
                ids,
                wanted=wanted,
                workspace=workspace,
                owner=owner,
                lease=lease,
            )

        found: list[Delivery] = await self.write(side)
        return found

    async def claim_digest(
        self, first: Delivery, *, owner: str, lease: timedelta
    ) -> list[Delivery]:
        """Take what else is due for a digest; see `claiming.claim_digest`."""

        def side(connection: Connection, now: datetime) -> list[Delivery]:
            return claiming.claim_digest(connection, now, first, owner=owner, lease=lease)

        found: list[Delivery] = await self.write(side)
        return found

    async def save_question(  # noqa: PLR0913 - what is stored together, by keyword
        self,
        run_id: str,
        step: Step,
        delivery: Delivery,
        *,
        channel: str,
        ts: str,
        directs: Sequence[DirectMessage] = (),
        reason: str | None = None,
        leaves: bool = False,
        then: Then | None = None,
    ) -> Advance | Refusal:
        """Let a step say that a question was delivered; finish the delivery in any case.

        The message's place is remembered even when the approval was resolved meanwhile; `then` is
        as in `commit`.
        """
        finish = _finishing(delivery, channel=channel, ts=ts, directs=directs, reason=reason)

        def side(connection: Connection, now: datetime) -> None:
            if leaves:
                messages.leave(connection, delivery.approval_id)
            finish(connection, now)

        unit = Unit(run_id=run_id, step=step, side=side, is_side_certain=True, then=then)
        answer: Advance | Refusal = await self._writer.submit(unit)
        return answer

    async def finish_delivery(
        self,
        delivery: Delivery,
        *,
        channel: str | None = None,
        ts: str | None = None,
        directs: Sequence[DirectMessage] = (),
    ) -> None:
        """Mark a delivery as sent; keep the place of its message, and whom else to tell."""
        await self.write(_finishing(delivery, channel=channel, ts=ts, directs=directs))

    async def finish_digest(
        self, parts: Sequence[Delivery], *, channel: str | None = None, ts: str | None = None
    ) -> None:
        """Mark deliveries that went out as one message as sent, and remember where it stands."""

        def side(connection: Connection, now: datetime) -> None:
            for delivery in parts:
                outbox.finish(connection, now, delivery)
                if channel is not None and ts is not None:
                    messages.save_in_digest(connection, now, delivery, channel=channel, ts=ts)

        await self.write(side)

    async def ask_again(
        self,
        question: Mapping[str, Any],
        *,
        instead: Delivery | None = None,
        because: str | None = None,
        at_most: int | None = None,
        directs: Sequence[DirectMessage] = (),
    ) -> Anew:
        """Have a question posted anew; see `outbox.ask_again`. `instead` is finished with it."""

        def side(connection: Connection, now: datetime) -> Anew:
            answer = outbox.ask_again(connection, now, question, because=because, at_most=at_most)
            if instead is not None and answer is not Anew.ENOUGH:
                outbox.finish(connection, now, instead, directs)
            return answer

        answer: Anew = await self.write(side)
        return answer

    async def tell_thread(self, start: Mapping[str, Any]) -> None:
        """Have a thread told of the run that was started from it; see `outbox.tell_thread`."""
        await self.write(lambda connection, now: outbox.tell_thread(connection, now, start))

    async def put_off_delivery(
        self, delivery: Delivery, *, not_before: datetime, error: str
    ) -> None:
        """Try a delivery again later."""

        def side(connection: Connection, _now: datetime) -> None:
            outbox.put_off(connection, delivery.id, not_before=not_before, error=error)

        await self.write(side)

    async def move_gathered(self, moves: Sequence[gathering.Move]) -> None:
        """Have what waits for a digest told at another time; see `gathering.move`."""
        await self.write(lambda connection, _now: gathering.move(connection, moves))

    async def give_up_delivery(self, delivery: Delivery, *, error: str) -> None:
        """Mark a delivery as failed; it stays for the operator to see."""

        def side(connection: Connection, _now: datetime) -> None:
            outbox.give_up(connection, delivery.id, error=error)

        await self.write(side)

    async def hurry_deliveries(self, workspace: str) -> None:
        """Have what was put off tried now."""
        await self.write(lambda connection, now: outbox.hurry(connection, now, workspace))

    async def move_messages(self, old: str, new: str) -> None:
        """Follow a channel whose id has changed."""
        await self.write(lambda connection, _now: messages.move(connection, old, new))

    def renew_leases(self, owner: str, places: Sequence[tuple[str, str]]) -> None:
        """Extend the leases of an owner's attempts; from any thread, without waiting."""

        def side(connection: Connection, now: datetime) -> None:
            work.renew(connection, now, owner, places)

        self._writer.post(Unit(run_id=None, side=side))

    async def release_leases(self, owner: str) -> None:
        """Let others have the attempts of an owner that stops."""
        await self.write(lambda connection, now: work.release(connection, now, owner))

    async def take_timers(self, now: datetime, limit: int, *, skip: int = 0) -> list[Timer]:
        """Return timers that are due; where several processes fire them, ones that are its own.

        See `work.due_timers` and `work.lease_timers`.
        """
        if not self._database.is_shared:
            return await work.due_timers(self._reader, now, limit, skip=skip)
        if not await work.due_timers(self._reader, now, 1, is_free=True):
            return []
        found: list[Timer] = await self.write(
            lambda connection, _now: work.lease_timers(connection, now, limit)
        )
        return found

    def on_news(self, callback: Callable[[News], None]) -> None:
        """Have a function called, on the event loop, when another process has left something.

        Only PostgreSQL tells; on every database look once a second for what was not told.
        """
        self._hearers.append(callback)

    def _tell(self, news: News) -> None:
        for hear in self._hearers:
            hear(news)

    async def drop_timer(self, timer: Timer) -> None:
        """Delete a timer that has nothing to do any more."""
        await self.write(lambda connection, _now: work.drop_timer(connection, timer))

    async def open(self) -> None:
        """Connect what reads and what listens."""
        await self._reader.open()
        self._listening = asyncio.create_task(
            self._database.listen(self._tell), name="signoff-listening"
        )

    async def close(self) -> None:
        """Finish what was submitted, then close every connection."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._writer.close()
        await self._reader.close()


def _finishing(
    delivery: Delivery,
    *,
    channel: str | None,
    ts: str | None,
    directs: Sequence[DirectMessage],
    reason: str | None = None,
) -> SideWrite:
    def side(connection: Connection, now: datetime) -> None:
        outbox.finish(connection, now, delivery, directs)
        if channel is not None and ts is not None:
            place = Message(
                approval_id=delivery.approval_id,
                channel=channel,
                ts=ts,
                person=delivery.person,
                reason=reason,
            )
            messages.save(connection, now, place)

    return side


def _saving(graph: Graph) -> SideWrite:
    return lambda connection, now: definitions.save(connection, now, graph)
