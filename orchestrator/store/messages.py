"""Where the messages about approvals stand: the question in its channel, and people's copies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from orchestrator.store.reader import Reader
from orchestrator.store.records import Message
from orchestrator.store.tables import AnyRow, deliveries, messages


def save(connection: Connection, now: datetime, message: Message) -> None:
    """Remember where a message stands; a newer place replaces the old one."""
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


def move(connection: Connection, old: str, new: str) -> None:
    """Follow a channel whose id has changed."""
    connection.execute(update(messages).where(messages.c.channel == old).values(channel=new))
    connection.execute(update(deliveries).where(deliveries.c.channel == old).values(channel=new))


async def find(reader: Reader, approval_id: str, person: str | None) -> Message | None:
    """Return where the question stands, or a person's copy of it."""
    query = select(messages).where(
        messages.c.approval_id == approval_id, messages.c.person.is_not_distinct_from(person)
    )
    for row in await reader.fetch(query):
        return _to_message(row)
    return None


async def of(reader: Reader, approval_id: str) -> list[Message]:
    """Return all places of an approval, the question's first."""
    query = (
        select(messages)
        .where(messages.c.approval_id == approval_id)
        .order_by(messages.c.person.is_not(None), messages.c.person)
    )
    return [_to_message(row) for row in await reader.fetch(query)]


async def in_channel(reader: Reader, channel: str) -> list[Message]:
    """Return the questions that stand in a channel."""
    query = select(messages).where(messages.c.channel == channel, messages.c.person.is_(None))
    return [_to_message(row) for row in await reader.fetch(query)]


def _to_message(row: AnyRow) -> Message:
    return Message(
        approval_id=row.approval_id,
        channel=row.channel,
        ts=row.ts,
        person=row.person,
        reason=row.reason,
    )
