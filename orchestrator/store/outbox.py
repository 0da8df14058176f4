"""The rows of the outbox: what a chat surface is to show, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Connection, insert, select, union, update

from orchestrator.core.effects import Purpose
from orchestrator.store.database import database_of
from orchestrator.store.records import Delivery
from orchestrator.store.tables import deliveries, messages

PENDING, SENT, FAILED = "pending", "sent", "failed"
#: A copy of the question, in a direct message; it is edited with the question.
COPY = "question"
#: The same for an operator, because the question could not be asked where it belongs.
OPERATOR = "operator"
COPIES = (COPY, OPERATOR)
#: What is told together with everything of its kind that is due for the same person.
DIGEST = "digest"
#: Bring a message up to date, whatever is in it: the newest stands for all that wait.
EDITS = (Purpose.PROGRESS.value, Purpose.OUTCOME.value)


class DirectMessage(Protocol):
    """What one person is to be told in a direct message, because something else was sent."""

    @property
    def person(self) -> str:
        """Who."""

    @property
    def detail(self) -> str:
        """What kind of message."""

    @property
    def not_before(self) -> datetime:
        """When at the earliest."""


def add(connection: Connection, now: datetime, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows; each names its purpose, approval and run, and what else is not as usual."""
    usual = {"status": PENDING, "attempts": 0, "created_at": now, "not_before": now}
    for row in rows:
        connection.execute(insert(deliveries).values(usual | dict(row)))
        database_of(connection).note(connection, deliveries=True)


def hold(connection: Connection, approval_id: str) -> None:
    """Keep other writers from adding to what is sent about an approval."""
    database_of(connection).hold(connection, f"outbox {approval_id}")


def finish(
    connection: Connection,
    now: datetime,
    delivery: Delivery,
    directs: Sequence[DirectMessage] = (),
) -> None:
    """Mark a row as sent, and add whom it is also told in a direct message.

    A row that was finished before adds nothing. Nobody gets two copies of one question.
    """
    if directs:
        hold(connection, delivery.approval_id)
    done = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery.id, deliveries.c.status == PENDING)
        .values(status=SENT, error=None)
    )
    if done.rowcount == 0:
        return
    have = _have_copies(connection, delivery.approval_id) if directs else frozenset()
    add(
        connection,
        now,
        [
            {
                "purpose": Purpose.DIRECT.value,
                "approval_id": delivery.approval_id,
                "run_id": delivery.run_id,
                "seq": delivery.seq,
                "workspace": delivery.workspace,
                "person": direct.person,
                "detail": direct.detail,
                "not_before": direct.not_before,
            }
            for direct in directs
            if direct.detail != COPY or direct.person not in have
        ],
    )


def has_copy(connection: Connection, approval_id: str, person: str) -> bool:
    """Has a person a copy of a question, or will they have one?"""
    return person in _have_copies(connection, approval_id)


def _have_copies(connection: Connection, approval_id: str) -> frozenset[str]:
    shown = select(messages.c.person).where(
        messages.c.approval_id == approval_id,
        messages.c.person.is_not(None),
        messages.c.reason.is_distinct_from(DIGEST),
    )
    wanted = select(deliveries.c.person).where(
        deliveries.c.approval_id == approval_id,
        deliveries.c.purpose == Purpose.DIRECT.value,
        deliveries.c.detail == COPY,
        deliveries.c.status == PENDING,
    )
    return frozenset(connection.execute(union(shown, wanted)).scalars())


#: Why a question is posted anew by itself, as the detail of its row; put up on purpose it has none.
GONE, MOVED = "gone", "moved"


class Anew(StrEnum):
    """What came of the wish to have a question posted anew."""

    ADDED = "added"  #: it will be
    WAITING = "waiting"  #: it was going to be anyway
    ENOUGH = "enough"  #: it has been often enough


def ask_again(
    connection: Connection,
    now: datetime,
    question: Mapping[str, Any],
    *,
    because: str | None = None,
    at_most: int | None = None,
) -> Anew:
    """Add a row that posts a question anew, unless one waits or there were enough.

    A row that waits is from then on one of those on purpose, if this is.

    Args:
        connection: In a transaction.
        now: The instant that counts.
        question: The columns of the row: approval, run, workspace and channel.
        because: GONE or MOVED; None: somebody or the bot puts it up on purpose.
        at_most: How often that may have been done for the same reason since it was last put up on
            purpose; None: as often as one likes.
    """
    hold(connection, question["approval_id"])
    c = deliveries.c
    its_own = (c.approval_id == question["approval_id"], c.purpose == Purpose.QUESTION.value)
    posts = connection.execute(select(c.status, c.detail).where(*its_own).order_by(c.id)).all()
    if any(post.status == PENDING for post in posts):
        if because is None:
            waits = update(deliveries).where(*its_own, c.status == PENDING)
            connection.execute(waits.values(detail=None))
        return Anew.WAITING
    before = 0
    for post in posts:
        before = 0 if post.detail is None else before + (post.detail == because)
    if at_most is not None and before > at_most:
        return Anew.ENOUGH
    add(connection, now, [{"purpose": Purpose.QUESTION.value, "detail": because, **question}])
    return Anew.ADDED


def tell_thread(connection: Connection, now: datetime, start: Mapping[str, Any]) -> None:
    """Add the row that tells a thread of the run which was started from it, once for a run.

    Args:
        connection: In a transaction.
        now: The instant that counts.
        start: The columns of the row: run, workspace, channel, and the thread as its detail.
    """
    facts = {"purpose": Purpose.STARTED.value, "approval_id": start["run_id"]}
    hold(connection, start["run_id"])
    found = select(deliveries.c.id).where(
        deliveries.c.approval_id == facts["approval_id"], deliveries.c.purpose == facts["purpose"]
    )
    if connection.execute(found).first() is None:
        add(connection, now, [{**start, **facts}])


def put_off(connection: Connection, delivery_id: int, *, not_before: datetime, error: str) -> None:
    """Try a row again later; until then something newer may stand for it."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.status == PENDING)
        .values(not_before=not_before, error=error, owner=None)
    )


def hurry(connection: Connection, now: datetime, workspace: str) -> None:
    """Have everything that was put off tried now, because what was wrong was mended."""
    database_of(connection).note(connection, deliveries=True)
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.workspace == workspace,
            deliveries.c.status == PENDING,
            deliveries.c.owner.is_(None),
            deliveries.c.attempts > 0,
            deliveries.c.not_before > now,
        )
        .values(not_before=now)
    )


def give_up(connection: Connection, delivery_id: int, *, error: str) -> None:
    """Mark a row as failed; it stays for the operator to see."""
    connection.execute(
        update(deliveries).where(deliveries.c.id == delivery_id).values(status=FAILED, error=error)
    )
