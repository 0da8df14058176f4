"""Who may send what next: rows of the outbox, claimed in order by one sender at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.sql.expression import FromClause

from orchestrator.core.effects import Purpose
from orchestrator.store.database import database_of
from orchestrator.store.outbox import COPIES, DIGEST, EDITS, PENDING, SENT, add
from orchestrator.store.reader import Reader
from orchestrator.store.records import Backlog, Delivery
from orchestrator.store.tables import AnyRow, deliveries, messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a sender would send now."""

    is_of_one: bool = False  #: only what belongs to one workspace
    one_a_channel: bool = False  #: no two for one channel or person at a time
    without: frozenset[Purpose] = frozenset()  #: what is left where it is


def _of_same_message(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Say of two rows that they are about the same approval, for the same eyes."""
    return and_(
        other.c.approval_id == one.c.approval_id,
        other.c.person.is_not_distinct_from(one.c.person),
    )


def _is_edit(rows: FromClause) -> ColumnElement[bool]:
    # Not IN, whose values the reader would have to know beforehand.
    return or_(*(rows.c.purpose == purpose for purpose in EDITS))


def _is_superseded(rows: FromClause) -> ColumnElement[bool]:
    """Say of an edit that a newer one of the same message waits."""
    newer = deliveries.alias("newer")
    return and_(
        _is_edit(rows),
        rows.c.owner.is_(None),
        exists().where(
            _of_same_message(rows, newer),
            _is_edit(newer),
            newer.c.status == PENDING,
            newer.c.id > rows.c.id,
        ),
    )


def _is_blocked(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Say of a row that an older one about the same message has to be done first.

    One that nobody has tried, and that is for later, holds nothing up.
    """
    older = deliveries.alias("older")
    return exists().where(
        _of_same_message(deliveries, older),
        older.c.status == PENDING,
        older.c.id < deliveries.c.id,
        or_(older.c.not_before <= now, older.c.attempts > 0),
        ~and_(_is_edit(older), _is_edit(deliveries), older.c.owner.is_(None)),
        ~_is_superseded(older),
    )


def lane(rows: FromClause) -> ColumnElement[str]:
    """Return where a row is sent to: one row at a time goes there."""
    standing = (
        select(messages.c.channel)
        .where(messages.c.approval_id == rows.c.approval_id, messages.c.person.is_(None))
        .limit(1)
        .scalar_subquery()
    )
    place = func.coalesce(rows.c.person, rows.c.channel, standing, "")
    return rows.c.workspace + ":" + place


def due(wanted: Wanted, now: BindParameter[datetime]) -> list[ColumnElement[bool]]:
    """Say of a row that its time has come, as far as the row itself tells."""
    conditions = [
        deliveries.c.status == PENDING,
        deliveries.c.not_before <= now,
        *(deliveries.c.purpose != purpose.value for purpose in wanted.without),
    ]
    if wanted.is_of_one:
        conditions.append(deliveries.c.workspace == bindparam("workspace"))
    return conditions


def claimable(
    wanted: Wanted,
    now: BindParameter[datetime],
    *,
    until: BindParameter[datetime] | None = None,
) -> list[ColumnElement[bool]]:
    """Say of a row that it may be claimed now, as far as the others of its message let it.

    Args:
        wanted: What is sent.
        now: The instant that counts.
        until: Only rows whose time came by then, which may be long before.
    """
    is_due = due(wanted, now if until is None else until)
    conditions = [*is_due, ~_is_superseded(deliveries), ~_is_blocked(now)]
    if wanted.one_a_channel:
        under_way = deliveries.alias("under_way")
        busy = select(lane(under_way)).where(
            under_way.c.status == PENDING,
            under_way.c.not_before > now,
            under_way.c.owner.is_not(None),
        )
        conditions.append(lane(deliveries).not_in(busy))
    return conditions


@cache
def _chosen(wanted: Wanted) -> Select[Any]:
    ids = deliveries.c.id.in_(bindparam("ids", expanding=True))
    return select(deliveries).where(ids, *claimable(wanted, bindparam("now")))


def claim(  # noqa: PLR0913 - what a sender may ask for, by keyword
    connection: Connection,
    now: datetime,
    ids: Sequence[int],
    *,
    wanted: Wanted,
    workspace: str | None,
    owner: str,
    lease: timedelta,
) -> list[Delivery]:
    """Take those of `ids` that may still be claimed, and hide them from others for `lease`.

    A row is not taken before all older rows about the same message are done, so that what people
    see never goes back in time. Of several edits that wait, the newest one stands for all; of
    questions, reminders and notices each is sent. With the first edit of a question come those of
    its copies, as rows of their own.
    """
    # Who else claims at the same moment must be seen: its rows block others of the same message.
    database_of(connection).hold(connection, "claims")
    values = {} if workspace is None else {"workspace": workspace}
    query = _chosen(wanted).order_by(deliveries.c.id).with_for_update(skip_locked=True)
    rows = connection.execute(query, {"ids": list(ids), "now": now, **values}).all()
    for row in rows:
        if row.purpose in EDITS:
            _supersede(connection, row)
    return _take(connection, now, rows, owner=owner, lease=lease)


def claim_digest(
    connection: Connection, now: datetime, first: Delivery, *, owner: str, lease: timedelta
) -> list[Delivery]:
    """Take everything else that is due for the digest of which one row has been claimed."""
    database_of(connection).hold(connection, "claims")
    rows = connection.execute(
        select(deliveries)
        .where(
            deliveries.c.status == PENDING,
            deliveries.c.not_before <= now,
            deliveries.c.purpose == Purpose.DIRECT.value,
            deliveries.c.detail == DIGEST,
            deliveries.c.person == first.person,
            deliveries.c.workspace == first.workspace,
            deliveries.c.id != first.id,
        )
        .order_by(deliveries.c.id)
        .with_for_update(skip_locked=True)
    ).all()
    return _take(connection, now, rows, owner=owner, lease=lease)


def _supersede(connection: Connection, edit: AnyRow) -> None:
    """Be done with the older edits of a message for which this one stands."""
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.approval_id == edit.approval_id,
            deliveries.c.person.is_not_distinct_from(edit.person),
            deliveries.c.id < edit.id,
            deliveries.c.status == PENDING,
            deliveries.c.owner.is_(None),
            _is_edit(deliveries),
        )
        .values(status=SENT, error="a newer edit stands for it")
    )


def _take(
    connection: Connection, now: datetime, rows: Sequence[AnyRow], *, owner: str, lease: timedelta
) -> list[Delivery]:
    if not rows:
        return []
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_([row.id for row in rows]))
        .values(owner=owner, attempts=deliveries.c.attempts + 1, not_before=now + lease)
    )
    for row in rows:
        if row.purpose in EDITS and row.person is None and row.attempts == 0:
            _edit_copies(connection, now, row)
    return [
        Delivery(
            id=row.id,
            purpose=Purpose(row.purpose),
            approval_id=row.approval_id,
            run_id=row.run_id,
            seq=row.seq,
            attempts=row.attempts + 1,
            created_at=row.created_at,
            workspace=row.workspace,
            person=row.person,
            detail=row.detail,
            channel=row.channel,
        )
        for row in rows
    ]


def _edit_copies(connection: Connection, now: datetime, edit: AnyRow) -> None:
    """Have the copies of a question edited, those that are just being posted included."""
    shown = select(messages.c.person).where(
        messages.c.approval_id == edit.approval_id, messages.c.person.is_not(None)
    )
    under_way = select(deliveries.c.person).where(
        deliveries.c.approval_id == edit.approval_id,
        deliveries.c.purpose == Purpose.DIRECT.value,
        deliveries.c.detail.in_(COPIES),
        deliveries.c.status == PENDING,
        deliveries.c.attempts > 0,
    )
    people = connection.execute(union(shown, under_way)).scalars().all()
    facts = {
        "purpose": edit.purpose,
        "approval_id": edit.approval_id,
        "run_id": edit.run_id,
        "workspace": edit.workspace,
    }
    add(connection, now, [facts | {"person": person} for person in sorted(people)])


async def next_at(reader: Reader, now: datetime, workspace: str | None) -> datetime | None:
    """Return when the next row may be claimed."""
    query = _next_query(is_of_one=workspace is not None)
    values = {} if workspace is None else {"workspace": workspace}
    found: datetime | None = (await reader.fetch(query, now=now, **values))[0].not_before
    return found


async def backlog(reader: Reader, now: datetime, workspace: str | None) -> Backlog:
    """Return what waits, without what is meant for later."""
    query = _backlog_query(is_of_one=workspace is not None)
    values = {} if workspace is None else {"workspace": workspace}
    row = (await reader.fetch(query, now=now, **values))[0]
    return Backlog(waiting=row.waiting, oldest_at=row.oldest_at)


@cache
def _next_query(*, is_of_one: bool) -> Select[Any]:
    first = func.min(deliveries.c.not_before).label("not_before")
    query = select(first).where(deliveries.c.status == PENDING, ~_is_blocked(bindparam("now")))
    return _of_workspace(query, is_of_one=is_of_one)


@cache
def _backlog_query(*, is_of_one: bool) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [
        func.count().label("waiting"),
        func.min(deliveries.c.created_at).label("oldest_at"),
    ]
    query = select(*columns).where(
        deliveries.c.status == PENDING,
        or_(deliveries.c.not_before <= bindparam("now"), deliveries.c.attempts > 0),
    )
    return _of_workspace(query, is_of_one=is_of_one)


def _of_workspace(query: Select[Any], *, is_of_one: bool) -> Select[Any]:
    return query.where(deliveries.c.workspace == bindparam("workspace")) if is_of_one else query
