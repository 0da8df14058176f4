"""How far people have been told the story of an approval."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from orchestrator.store.outbox import EDITS, SENT
from orchestrator.store.reader import Reader
from orchestrator.store.records import Delivery
from orchestrator.store.tables import approvals, deliveries

#: Questions that come up together and are each named in the thread that led to them.
_MOST_LED = 3


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


async def led_from(reader: Reader, approval_id: str) -> str | None:
    """Return the question of the same run whose outcome led to this one.

    None: there is none, or others that came up with this one have been led from it already.
    """
    mine = approvals.alias("mine")
    siblings = approvals.alias("siblings")
    before = (
        select(func.count())
        .where(
            siblings.c.run_id == mine.c.run_id,
            siblings.c.opened_at == mine.c.opened_at,
            siblings.c.seq < mine.c.seq,
        )
        .scalar_subquery()
    )
    query = (
        select(approvals.c.id)
        .join(mine, mine.c.run_id == approvals.c.run_id)
        .where(mine.c.id == approval_id, approvals.c.resolved_at <= mine.c.opened_at)
        .where(approvals.c.id != approval_id, before < _MOST_LED)
        .order_by(approvals.c.resolved_at.desc(), approvals.c.seq.desc())
        .limit(1)
    )
    for row in await reader.fetch(query):
        return str(row.id)
    return None
