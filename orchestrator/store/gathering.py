"""What was gathered for people's digests, and still waits for its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from orchestrator.core.effects import Purpose
from orchestrator.store.database import database_of
from orchestrator.store.outbox import COPY, DIGEST, PENDING, SENT, DirectMessage, has_copy, hold
from orchestrator.store.reader import Reader
from orchestrator.store.records import Delivery
from orchestrator.store.tables import deliveries

#: A row and what becomes of it.
Move = tuple[Delivery, DirectMessage]
_GATHERED = (
    select(deliveries)
    .where(
        deliveries.c.status == PENDING,
        deliveries.c.purpose == Purpose.DIRECT.value,
        deliveries.c.detail == DIGEST,
        deliveries.c.attempts == 0,
        deliveries.c.not_before > bindparam("now"),
        deliveries.c.person == bindparam("person"),
        deliveries.c.workspace == bindparam("workspace"),
    )
    .order_by(deliveries.c.id)
)


async def gathered(reader: Reader, now: datetime, person: str, workspace: str) -> list[Delivery]:
    """Return what waits for a person's next digest and is not due yet, the oldest first."""
    return [
        Delivery(
            id=row.id,
            purpose=Purpose(row.purpose),
            approval_id=row.approval_id,
            run_id=row.run_id,
            seq=row.seq,
            attempts=row.attempts,
            created_at=row.created_at,
            workspace=row.workspace,
            person=row.person,
            detail=row.detail,
            channel=row.channel,
        )
        for row in await reader.fetch(_GATHERED, now=now, person=person, workspace=workspace)
    ]


def move(connection: Connection, moves: Sequence[Move]) -> None:
    """Have rows that nobody has taken told at another time, in a digest or as a copy.

    Whoever has a copy of the question already gets no second one.
    """
    for approval_id in sorted({delivery.approval_id for delivery, _ in moves}):
        hold(connection, approval_id)
    database_of(connection).note(connection, deliveries=True)
    for delivery, direct in moves:
        is_told = direct.detail == COPY and has_copy(
            connection, delivery.approval_id, direct.person
        )
        told = {"status": SENT, "error": "there is a copy of the question"} if is_told else {}
        connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == delivery.id,
                deliveries.c.status == PENDING,
                deliveries.c.attempts == 0,
            )
            .values(detail=direct.detail, not_before=direct.not_before, **told)
        )
