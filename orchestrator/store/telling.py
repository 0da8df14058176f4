"""How far people have been told the story of an approval."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select

from orchestrator.store.outbox import EDITS, SENT
from orchestrator.store.reader import Reader
from orchestrator.store.records import Delivery
from orchestrator.store.tables import approvals, deliveries

#: Questions that come up together and are each named in the thread that led to them.
_MOST_LED = 3


_mine = approvals.alias("mine")
_siblings = approvals.alias("siblings")
_before = (
    select(func.count())
    .where(
        _siblings.c.run_id == _mine.c.run_id,
        _siblings.c.opened_at == _mine.c.opened_at,
        _siblings.c.seq < _mine.c.seq,
    )
    .scalar_subquery()
)
_TOLD = select(func.max(deliveries.c.created_at).label("at")).where(
    deliveries.c.approval_id == bindparam("approval_id"),
    deliveries.c.purpose.in_(EDITS),
    deliveries.c.person.is_(None),
    deliveries.c.status == SENT,
    deliveries.c.error.is_(None),
    deliveries.c.id < bindparam("delivery"),
)
_LED = (
    select(approvals.c.id)
    .join(_mine, _mine.c.run_id == approvals.c.run_id)
    .where(
        _mine.c.id == bindparam("approval_id"),
        approvals.c.id != _mine.c.id,
        approvals.c.resolved_at <= _mine.c.opened_at,
        _before < _MOST_LED,
    )
    .order_by(approvals.c.resolved_at.desc(), approvals.c.seq.desc())
    .limit(1)
)


async def told_until(reader: Reader, delivery: Delivery) -> datetime | None:
    """Return up to when an edit before this one has told everything; None: there was none.

    An edit for which a newer one stands has told nothing.
    """
    values = {"approval_id": delivery.approval_id, "delivery": delivery.id}
    found: datetime | None = (await reader.fetch(_TOLD, **values))[0].at
    return found


async def led_from(reader: Reader, approval_id: str) -> str | None:
    """Return the question of the same run whose outcome led to this one.

    None: there is none, or others that came up with this one have been led from it already.
    """
    for row in await reader.fetch(_LED, approval_id=approval_id):
        return str(row.id)
    return None
