"""The store: every write goes through the one writer, every read through other connections."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from orchestrator.core import chain, checkpoint, fold
from orchestrator.core.advance import Advance
from orchestrator.core.events import Record
from orchestrator.core.refusals import Refusal
from orchestrator.core.state import State
from orchestrator.errors import (
    ApprovalNotFoundError,
    CorruptHistoryError,
    RunNotFoundError,
    StoreUnavailableError,
)
from orchestrator.store import outbox, reads, sqlite, work
from orchestrator.store.batch import SideWrite, Step, Unit, decode_record
from orchestrator.store.reader import Reader
from orchestrator.store.records import Approval, Delivery, Message, Question, Run, Verification
from orchestrator.store.schema import check_schema, parse_url
from orchestrator.store.tables import approvals, decisions, runs, to_instant_text
from orchestrator.store.work import Job, Timer
from orchestrator.store.writer import Writer, no_hook


class Store:
    """Runs, their logs, and what is to be done about them, in one database.

    Made by `open_store`. Every `StoreUnavailableError` means that nothing was recorded.
    """

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer
        self.has_chat = False

    @property
    def commits(self) -> int:
        """Transactions of this process so far."""
        return self._writer.commits

    @property
    def units(self) -> int:
        """Writes that those transactions carried."""
        return self._writer.units

    async def commit(self, run_id: str, step: Step) -> Advance | Refusal:
        """Let a step decide about a run, and store what it leads to, in one transaction.

        The step gets the run's newest state, None if there is no such run, and the instant that
        counts. It runs in the writer's thread, must be pure, and may be called again. Durable
        when this returns.

        Raises:
            StoreUnavailableError: The database cannot be reached or is locked.
            CorruptHistoryError: The run's log does not add up.
        """
        unit = Unit(run_id=run_id, step=step)
        answer: Advance | Refusal = await self._writer.submit(unit)
        return answer

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

    async def find_run_id(self, reference: str) -> str:
        """Return a run's id from its id or short reference; raises RunNotFoundError."""
        return await reads.find_run_id(self._reader, reference)

    async def find_approval_id(self, reference: str) -> str:
        """Return an approval's id from its id or short reference; raises ApprovalNotFoundError."""
        return await reads.find_approval_id(self._reader, reference)

    async def get_question(self, reference: str) -> Question:
        """Return what a decision needs to know; raises ApprovalNotFoundError."""
        found = await reads.find_question(self._reader, reference)
        if found is None:
            approval_id = await reads.find_approval_id(self._reader, reference)
            found = await reads.find_question(self._reader, approval_id)
        if found is None:
            raise ApprovalNotFoundError(reference)
        return found

    async def has_decision(self, approval_id: str, key: str) -> bool:
        """Was a decision of this key recorded before?"""
        query = select(decisions.c.seq).where(
            decisions.c.approval_id == approval_id, decisions.c.key == key
        )
        return bool(await self._reader.fetch(query.limit(1)))

    async def get_run(self, reference: str) -> Run:
        """Return a run by its id or short reference; raises RunNotFoundError."""
        found = await reads.find_run(self._reader, reference)
        if found is None:
            run_id = await reads.find_run_id(self._reader, reference)
            found = await reads.find_run(self._reader, run_id)
        if found is None:
            raise RunNotFoundError(reference)
        return found

    async def list_runs(self, *, before: str | None = None, **filters: Any) -> list[Run]:
        """Return a page of runs, newest first; see `reads.runs_query`."""
        place = None
        if before is not None:
            run_id = await reads.find_run_id(self._reader, before)
            (row,) = await self._reader.fetch(select(runs).where(runs.c.id == run_id))
            place = (row.started_at, row.id)
        return await reads.fetch_runs(self._reader, reads.runs_query(before=place, **filters))

    async def get_approval(self, approval_id: str) -> Approval:
        """Return an approval by its full id."""
        query = select(approvals).where(approvals.c.id == approval_id)
        return (await reads.fetch_approvals(self._reader, query))[0]

    async def list_pending(self, *, run_id: str | None = None, limit: int = 50) -> list[Approval]:
        """Return open approvals, the oldest deadline first."""
        query = reads.pending_query(run_id=run_id, limit=limit)
        return await reads.fetch_approvals(self._reader, query)

    async def list_approvals(self, run_id: str) -> list[Approval]:
        """Return all approvals of a run, in the order in which they were opened."""
        query = select(approvals).where(approvals.c.run_id == run_id).order_by(approvals.c.seq)
        return await reads.fetch_approvals(self._reader, query)

    async def get_events(self, run_id: str, *, after: int = 0) -> list[Record]:
        """Return a run's events after a number, in order."""
        rows = await reads.fetch_log(self._reader, run_id, after)
        return [decode_record(run_id, row) for row in rows]

    async def get_output(self, run_id: str) -> Mapping[str, Any] | None:
        """Return what a completed run brought; None while it is not completed."""
        return await reads.fetch_output(self._reader, run_id)

    async def find_message(self, approval_id: str) -> Message | None:
        """Return where the message about an approval stands."""
        return await outbox.find_message(self._reader, approval_id)

    async def next_delivery_at(self) -> datetime | None:
        """Return when the next delivery may be claimed."""
        return await outbox.next_at(self._reader)

    async def due_timers(self, now: datetime, limit: int, *, skip: int = 0) -> list[Timer]:
        """Return timers that are due; see `work.due_timers`."""
        return await work.due_timers(self._reader, now, limit, skip=skip)

    async def next_timer_at(self, *, after: datetime | None = None) -> datetime | None:
        """Return when the next timer is due, of those that are due after an instant."""
        return await work.next_timer_at(self._reader, after=after)

    async def ready_jobs(self, limit: int) -> list[Job]:
        """Return nodes that nobody has taken on, oldest first."""
        return await work.ready_jobs(self._reader, limit)

    async def lost_jobs(self, now: datetime, limit: int) -> list[Job]:
        """Return attempts whose lease has run out."""
        return await work.lost_jobs(self._reader, now, limit)

    async def cancelling_jobs(self, owner: str) -> list[Job]:
        """Return an owner's attempts in runs that are being cancelled."""
        return await work.cancelling_jobs(self._reader, owner)

    async def verify(self, run_id: str) -> Verification:
        """Check a run's hash chain, and that its log leads to the state that is stored."""
        rows = await reads.fetch_log(self._reader, run_id, 0)
        (row,) = await self._reader.fetch(select(runs).where(runs.c.id == run_id))
        problem = _find_problem(run_id, rows, row)
        return Verification(run_id=run_id, events=len(rows), problem=problem)


def _find_problem(run_id: str, rows: Sequence[Any], run: Any) -> str | None:
    head, records = chain.GENESIS, {}
    state: State | None = None
    for number, row in enumerate(rows, start=1):
        if row.seq != number:
            return f"event {number} is missing"
        at = to_instant_text(row.at)
        head = chain.link(head, run_id=run_id, seq=row.seq, at=at, kind=row.kind, body=row.body)
        if head != row.hash:
            return f"event {row.seq} was changed after it was stored"
        try:
            record = records[row.seq] = decode_record(run_id, row)
            state = fold.apply(state, record) if state else fold.begin(run_id, record)
        except (CorruptHistoryError, LookupError, TypeError, ValueError) as error:
            return f"event {row.seq} does not follow from those before: {error}"
    if head != run.head:
        return "the newest events are missing"
    if state is None or not _follows(run, state):
        return "the stored state does not follow from the log"
    return None


def _follows(run: Any, state: State) -> bool:
    """Does the row of a run say what the state says?"""
    try:
        document = json.loads(run.checkpoint)
    except ValueError:
        return False
    row = (run.seq, run.status, run.error)
    return row == (state.seq, state.status, state.error) and document == checkpoint.dump(state)


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
    store = Store(reader, writer)
    holder.append(store)
    writer.start()
    try:
        await reader.open()
        yield store
    finally:
        await store.close()
