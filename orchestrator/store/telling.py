"""How far people have been told the story of an approval."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from orchestrator.store.outbox import EDITS, SENT
from orchestrator.store.reader import Reader
from orchestrator.store.records import Delivery
from orchestrator.store.tables import deliveries


async def told_until(reader: Reader, delivery: Delivery) -> datetime | None:
    """Return up to when an edit before this one has told everything; None: there was none.

    An edit for which a newer one stands has told nothing.
    """
    query = select(func.max(deliveries.c.created_at).label("at")).where(
        deliveries.c.approval_id == delivery.approval_id,
        deliveries.c.purpose.in_(EDITS),
        deliveries.c.person.is_(None),
        deliveries.c.status == SENT,
        deliveries.c.error.is_(None),
        deliveries.c.id < delivery.id,
    )
    found: datetime | None = (await reader.fetch(query))[0].at
    return found
