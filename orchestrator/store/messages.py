"""Where the messages about approvals stand: the question in its channel, and people's copies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from orchestrator.store.outbox import DIGEST, hold
from orchestrator.store.reader import Reader
from orchestrator.store.records import Delivery, Message
from orchestrator.store.tables import AnyRow, deliveries, messages


def save(connection: Connection, now: datetime, message: Message) -> None:
    """Remember where a message stands; a newer place replaces the old one."""
    hold(connection, message.approval_id)
    connection.execute(
        delete(messages).where(
            messages.c.approval_id == message.approval_id,
            or_(
                messages.c.person.is_not_distinct_from(message.person),
                messages.c.channel == message.channel,
            ),
        )
    )
    connection.execute(
        insert(messages).values(
            approval_id=message.approval_id,
            channel=message.channel,
            ts=message.ts,
            person=message.person,
            reason=message.reason,
            posted_at=now,
        )
    )


def save_in_digest(
    connection: Connection, now: datetime, delivery: Delivery, *, channel: str, ts: str
) -> None:
    """Remember that a person's digest shows an approval, unless they have a copy of its own."""
    hold(connection, delivery.approval_id)
    copies = select(messages.c.ts).where(
        messages.c.approval_id == delivery.approval_id,
        messages.c.person == delivery.person,
        messages.c.reason.is_distinct_from(DIGEST),
    )
    if connection.execute(copies).first() is None:
        place = Message(
            approval_id=delivery.approval_id,
            channel=channel,
            ts=ts,
            person=delivery.person,
            reason=DIGEST,
        )
        save(connection, now, place)


def leave(connection: Connection, approval_id: str) -> None:
    """Keep the question that is about to stand elsewhere as a copy, which is for its channel."""
    connection.execute(
        update(messages)
        .where(messages.c.approval_id == approval_id, messages.c.person.is_(None))
        .values(person=messages.c.channel)
    )


def move(connection: Connection, old: str, new: str) -> None:
    """Follow a channel whose id has changed."""
    connection.execute(update(messages).where(messages.c.channel == old).values(channel=new))
    connection.execute(update(messages).where(messages.c.person == old).values(person=new))
    connection.execute(update(deliveries).where(deliveries.c.channel == old).values(channel=new))


_FIND = select(messages).where(
    messages.c.approval_id == bindparam("approval_id"),
    messages.c.person.is_not_distinct_from(bindparam("person")),
)
_OF = (
    select(messages)
    .where(messages.c.approval_id == bindparam("approval_id"))
    .order_by(messages.c.person.is_not(None), messages.c.person)
)
_AT = select(messages).where(
    messages.c.channel == bindparam("channel"), messages.c.ts == bindparam("ts")
)
_IN_CHANNEL = select(messages).where(
    messages.c.channel == bindparam("channel"), messages.c.person.is_(None)
)


async def find(reader: Reader, approval_id: str, person: str | None) -> Message | None:
    """Return where the question stands, or a person's copy of it."""
    for row in await reader.fetch(_FIND, approval_id=approval_id, person=person):
        return _to_message(row)
    return None


async def of(reader: Reader, approval_id: str) -> list[Message]:
    """Return all places of an approval, the question's first."""
    return [_to_message(row) for row in await reader.fetch(_OF, approval_id=approval_id)]


async def in_channel(reader: Reader, channel: str) -> list[Message]:
    """Return the questions that stand in a channel."""
    return [_to_message(row) for row in await reader.fetch(_IN_CHANNEL, channel=channel)]


async def at(reader: Reader, channel: str, ts: str) -> list[Message]:
    """Return the approvals that a message is about: a digest is about several."""
    return [_to_message(row) for row in await reader.fetch(_AT, channel=channel, ts=ts)]


def _to_message(row: AnyRow) -> Message:
    return Message(
        approval_id=row.approval_id,
        channel=row.channel,
        ts=row.ts,
        person=row.person,
        reason=row.reason,
    )
