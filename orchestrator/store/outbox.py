"""The rows of the outbox: what a chat surface is to show, claimed by one sender at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, update

from orchestrator.core.effects import Purpose
from orchestrator.store.reader import Reader
from orchestrator.store.records import Delivery, Message
from orchestrator.store.tables import deliveries, messages

PENDING, SENT, FAILED = "pending", "sent", "failed"
#: Bring a message up to date, whatever is in it: the newest stands for all that wait.
_EDITS = (Purpose.PROGRESS.value, Purpose.OUTCOME.value)


def _is_blocked() -> ColumnElement[bool]:
    """Say of a row that an older one about the same approval has to be done first."""
    older = deliveries.alias("older")
    return exists().where(
        older.c.approval_id == deliveries.c.approval_id,
        older.c.status == PENDING,
        older.c.id < deliveries.c.id,
        ~and_(
            older.c.purpose.in_(_EDITS),
            deliveries.c.purpose.in_(_EDITS),
            older.c.attempts == 0,
        ),
    )


def claim(
    connection: Connection, now: datetime, *, owner: str, limit: int, lease: timedelta
) -> list[Delivery]:
    """Take up to `limit` rows, oldest first, and hide them from others for `lease`.

    A row is not taken before all older rows about the same approval are done, so that what people
    see never goes back in time. Of several edits that wait, the newest one stands for all; of
    questions, reminders and notices each is sent.
    """
    newer = deliveries.alias("newer")
    is_superseded = exists().where(
        newer.c.approval_id == deliveries.c.approval_id,
        newer.c.purpose.in_(_EDITS),
        newer.c.status == PENDING,
        newer.c.id > deliveries.c.id,
    )
    query = (
        select(deliveries)
        .where(deliveries.c.status == PENDING, deliveries.c.not_before <= now, ~_is_blocked())
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    superseded = (
        update(deliveries)
        .where(
            deliveries.c.status == PENDING,
            deliveries.c.purpose.in_(_EDITS),
            deliveries.c.attempts == 0,
            is_superseded,
        )
        .values(status=SENT, error="a newer edit stands for it")
    )
    connection.execute(superseded)
    rows = connection.execute(query).all()
    if rows:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([row.id for row in rows]))
            .values(owner=owner, attempts=deliveries.c.attempts + 1, not_before=now + lease)
        )
    return [
        Delivery(
            id=row.id,
            purpose=Purpose(row.purpose),
            approval_id=row.approval_id,
            run_id=row.run_id,
            seq=row.seq,
            attempts=row.attempts + 1,
            created_at=row.created_at,
        )
        for row in rows
    ]


def finish(connection: Connection, delivery_id: int) -> None:
    """Mark a row as sent."""
    connection.execute(
        update(deliveries).where(deliveries.c.id == delivery_id).values(status=SENT, error=None)
    )


def save_message(
    connection: Connection, now: datetime, *, approval_id: str, channel: str, ts: str
) -> None:
    """Remember where the message about an approval stands; a newer place replaces the old one."""
    connection.execute(delete(messages).where(messages.c.approval_id == approval_id))
    connection.execute(
        insert(messages).values(approval_id=approval_id, channel=channel, ts=ts, posted_at=now)
    )


def put_off(connection: Connection, delivery_id: int, *, not_before: datetime, error: str) -> None:
    """Try a row again later."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(not_before=not_before, error=error)
    )


def give_up(connection: Connection, delivery_id: int, *, error: str) -> None:
    """Mark a row as failed; it stays for the operator to see."""
    connection.execute(
        update(deliveries).where(deliveries.c.id == delivery_id).values(status=FAILED, error=error)
    )


async def find_message(reader: Reader, approval_id: str) -> Message | None:
    """Return where the message about an approval stands."""
    query = select(messages).where(messages.c.approval_id == approval_id)
    for row in await reader.fetch(query):
        return Message(approval_id=row.approval_id, channel=row.channel, ts=row.ts)
    return None


async def next_at(reader: Reader) -> datetime | None:
    """Return when the next row may be claimed."""
    first = func.min(deliveries.c.not_before).label("not_before")
    query = select(first).where(deliveries.c.status == PENDING, ~_is_blocked())
    found: datetime | None = (await reader.fetch(query))[0].not_before
    return found
