"""The rows that say what is to be done: ready nodes, running attempts, timers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, tuple_, update

from orchestrator.core.commands import TimerKind
from orchestrator.store.live import LEASE
from orchestrator.store.reader import Reader
from orchestrator.store.tables import AnyRow, jobs, timers


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something that is to happen to a run at an instant."""

    run_id: str
    kind: TimerKind
    subject: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A node that is ready (attempt 0) or being run."""

    run_id: str
    path: str
    attempt: int


async def due_timers(
    reader: Reader, now: datetime, limit: int, *, skip: int = 0, is_free: bool = False
) -> list[Timer]:
    """Return timers that are due, in the order of their ranks, the oldest of each first.

    Args:
        reader: Where to look.
        now: The instant by which they are due.
        limit: The most that are returned.
        skip: How many to leave out at the front: those that turned out not to fire.
        is_free: Only those at which no process is.
    """
    query = select(timers).where(timers.c.due_at <= now).order_by(*_ORDER)
    if is_free:
        query = query.where(_is_free(now))
    return _to_timers(await reader.fetch(query.limit(limit).offset(skip)))


_ORDER = (timers.c.rank, timers.c.due_at, timers.c.run_id, timers.c.subject)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(timers.c.leased_until.is_(None), timers.c.leased_until <= now)


def _to_timers(rows: Iterable[AnyRow]) -> list[Timer]:
    return [
        Timer(run_id=row.run_id, kind=TimerKind(row.kind), subject=row.subject, due_at=row.due_at)
        for row in rows
    ]


def lease_timers(connection: Connection, now: datetime, limit: int) -> list[Timer]:
    """Take timers that are due, in their order, and hide them from other processes for a while.

    Whether one fires is for the core to say; this only spares several processes the same work.
    """
    rows = connection.execute(
        select(timers)
        .where(timers.c.due_at <= now, _is_free(now))
        .order_by(*_ORDER)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        keys = [(row.run_id, row.kind, row.subject) for row in rows]
        taken = tuple_(timers.c.run_id, timers.c.kind, timers.c.subject).in_(keys)
        connection.execute(update(timers).where(taken).values(leased_until=now + LEASE))
    return _to_timers(rows)


async def next_timer_at(reader: Reader, *, after: datetime | None = None) -> datetime | None:
    """Return when the next timer is due, of those that are due after an instant."""
    query = select(func.min(timers.c.due_at).label("due_at"))
    if after is not None:
        query = query.where(timers.c.due_at > after)
    found: datetime | None = (await reader.fetch(query))[0].due_at
    return found


def drop_timer(connection: Connection, timer: Timer) -> None:
    """Delete a timer that has nothing to do any more."""
    connection.execute(
        delete(timers).where(
            timers.c.run_id == timer.run_id,
            timers.c.kind == timer.kind.value,
            timers.c.subject == timer.subject,
            timers.c.due_at <= timer.due_at,
        )
    )


async def ready_jobs(reader: Reader, limit: int) -> list[Job]:
    """Return nodes that nobody has taken on, oldest first."""
    query = select(jobs).where(jobs.c.owner.is_(None)).order_by(jobs.c.ready_at).limit(limit)
    return _to_jobs(await reader.fetch(query))


async def lost_jobs(reader: Reader, now: datetime, limit: int) -> list[Job]:
    """Return attempts whose lease has run out."""
    query = select(jobs).where(jobs.c.owner.is_not(None), jobs.c.lease_until <= now)
    return _to_jobs(await reader.fetch(query.limit(limit)))


def _to_jobs(rows: Sequence[AnyRow]) -> list[Job]:
    return [Job(run_id=row.run_id, path=row.path, attempt=row.attempt) for row in rows]


async def stopped_jobs(reader: Reader, owner: str) -> list[Job]:
    """Return the attempts of an owner that have to stop: what is around them, or the run, is over.

    What takes back what was done is not among them.
    """
    query = select(jobs).where(jobs.c.owner == owner, jobs.c.is_stopped)
    return _to_jobs(await reader.fetch(query))


async def vanished(
    reader: Reader, owner: str, running: Iterable[tuple[str, str, int]]
) -> list[tuple[str, str, int]]:
    """Return those of an owner's attempts that the runs know nothing of any more.

    Their bodies were closed, or their leases had run out and others have them.

    Args:
        reader: Where to look.
        owner: The process.
        running: What it runs: run, path and number of the attempt.
    """
    query = select(jobs.c.run_id, jobs.c.path, jobs.c.attempt).where(jobs.c.owner == owner)
    known = {(row.run_id, row.path, row.attempt) for row in await reader.fetch(query)}
    return [each for each in running if each not in known]


def renew(
    connection: Connection, now: datetime, owner: str, places: Sequence[tuple[str, str]]
) -> None:
    """Extend the leases of an owner's attempts, given by run and path."""
    mine = (jobs.c.owner == owner) & tuple_(jobs.c.run_id, jobs.c.path).in_(places)
    connection.execute(update(jobs).where(mine).values(lease_until=now + LEASE))


def release(connection: Connection, now: datetime, owner: str) -> None:
    """Let others have the attempts of an owner that stops."""
    connection.execute(update(jobs).where(jobs.c.owner == owner).values(lease_until=now))
