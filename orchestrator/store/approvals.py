"""Queries of approvals: each is made of its own events, found by an index, and of its run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, bindparam, exists, select, tuple_

from orchestrator.core import events as e
from orchestrator.core.state import Vote
from orchestrator.core.values import Ref
from orchestrator.errors import CorruptHistoryError
from orchestrator.store.batch import decode_record
from orchestrator.store.places import Position
from orchestrator.store.reader import Reader
from orchestrator.store.reads import fetch_runs, fetch_values
from orchestrator.store.records import OPEN, Approval, Run
from orchestrator.store.stories import Story, tell
from orchestrator.store.tables import AnyRow, approvals, events, runs

_Story = tuple[AnyRow, Story]


def pending_query(
    *,
    kind: str | None = None,
    run_id: str | None = None,
    graph: str | None = None,
    workspace: str | None = None,
    after: Position | None = None,
    limit: int = 50,
) -> Select[Any]:
    """Return the query for open approvals, those with the oldest deadline first.

    Args:
        kind: Only approvals of this kind.
        run_id: Only approvals of this run.
        graph: Only approvals of this graph's runs.
        workspace: Only approvals of the runs of this chat workspace.
        after: Only approvals behind this place, as far as they have a deadline if that has one.
        limit: The most that are returned.
    """
    conditions = {"status": OPEN} | ({"kind": kind} if kind is not None else {})
    query = select(approvals)
    if graph is not None:
        query = query.where(approvals.c.graph == graph)
    if workspace is not None:
        is_theirs = exists().where(runs.c.id == approvals.c.run_id, runs.c.workspace == workspace)
        query = query.where(is_theirs)
    if run_id is not None:
        # A run has few: its own index is the one to take, and the others must not fit.
        query = query.where(approvals.c.run_id == run_id)
        for name, value in conditions.items():
            query = query.where(approvals.c[name].concat("") == value)
    else:
        for name, value in conditions.items():
            query = query.where(approvals.c[name] == value)
    columns: tuple[Any, ...] = (approvals.c.due_at, approvals.c.opened_at, approvals.c.id)
    if after is None:
        return query.order_by(columns[0].nulls_last(), *columns[1:]).limit(limit)
    place: tuple[Any, ...]
    # Each half is a range of the index; both in one query would have everything sorted.
    if after.due_at is None:
        query = query.where(columns[0].is_(None))
        columns, place = columns[1:], (after.opened_at, after.id)
    else:
        query = query.where(columns[0].is_not(None))
        place = (after.due_at, after.opened_at, after.id)
    return query.where(tuple_(*columns) > _row(columns, place)).order_by(*columns).limit(limit)


def _row(columns: Iterable[Any], values: Iterable[Any]) -> Any:
    return tuple_(*(bindparam(None, v, c.type) for c, v in zip(columns, values, strict=True)))


def of_run_query(run_id: str, *, kind: str | None = None) -> Select[Any]:
    """Return the query for all approvals of a run, in the order in which they were opened."""
    query = select(approvals).where(approvals.c.run_id == run_id)
    if kind is not None:
        query = query.where(approvals.c.kind == kind)
    return query.order_by(approvals.c.seq)


async def fetch_approvals(reader: Reader, query: Select[Any]) -> list[Approval]:
    """Return the approvals that a query of the table selects, in its order."""
    rows = await reader.fetch(query)
    if not rows:
        return []
    stories = await _fetch_stories(reader, rows)
    value_of = await fetch_values(reader, _references(stories))
    run_ids = {row.run_id for row in rows}
    found = await fetch_runs(reader, select(runs).where(runs.c.id.in_(run_ids)))
    by_id = {run.id: run for run in found}
    return [_to_approval(story, by_id[row.run_id], value_of) for row, story in stories]


async def _fetch_stories(reader: Reader, rows: list[AnyRow]) -> list[_Story]:
    query = select(events).where(events.c.approval_id.in_([row.id for row in rows]))
    told: dict[str, list[AnyRow]] = {row.id: [] for row in rows}
    for row in await reader.fetch(query.order_by(events.c.seq)):
        told[row.approval_id].append(row)
    return [(row, tell_story(row.run_id, told[row.id])) for row in rows]


def tell_story(run_id: str, rows: Iterable[AnyRow]) -> Story:
    """Return what the events of an approval say; raises CorruptHistoryError."""
    records: list[e.Record] = [decode_record(run_id, row) for row in rows]
    try:
        return tell(run_id, records)
    except (LookupError, TypeError, ValueError) as error:
        seq = records[0].seq if records else 0
        raise CorruptHistoryError(run_id, seq, str(error)) from error


def _references(stories: Iterable[_Story]) -> Iterable[tuple[str, Ref]]:
    for row, story in stories:
        now, opened = story.approval, story.approval.opened
        for ref in (*now.shows.values(), *opened.shows.values(), now.edits):
            if ref is not None:
                yield row.run_id, ref


def _to_approval(story: Story, run: Run, value_of: Callable[[str, Ref], Any]) -> Approval:
    now, opened, resolved = story.approval, story.approval.opened, story.resolved

    def show(shows: Any) -> dict[str, Any]:
        return {label: value_of(run.id, ref) for label, ref in shows.items()}

    return Approval(
        id=opened.approval_id,
        run_id=run.id,
        graph=run.graph,
        node=opened.node,
        path=opened.path,
        kind=opened.kind,
        status=story.status,
        title=opened.title,
        prompt=opened.prompt,
        payload=show(now.shows),
        digest=now.digest,
        decisions=opened.decisions,
        policy=now.policy,
        requester=run.requester,
        opened_at=now.opened_at,
        timeout=opened.timeout,
        on_timeout=opened.on_timeout,
        default=opened.default,
        due_at=_utc(now.times.due_at),
        remind_at=_utc(now.times.remind_at),
        escalate_at=_utc(now.times.escalate_at),
        delivered_at=now.delivered_at,
        reminded_at=story.reminded_at,
        resolved_at=story.resolved_at,
        resolved_by=resolved.by if resolved else None,
        action=resolved.action if resolved else None,
        reason=resolved.reason if resolved else "",
        error=opened.error,
        schema=opened.schema,
        choices=opened.choices,
        is_multiple=opened.is_multiple,
        edits=None if now.edits is None else value_of(run.id, now.edits),
        revision=now.revision,
        editor=now.editor,
        before_edit=show(opened.shows) if now.revision else None,
        stage=now.stage,
        votes=tuple(map(_plain, now.votes)),
        delegations=dict(now.delegations),
        snoozed={person: until.astimezone(UTC) for person, until in now.snoozed.items()},
        reminders_sent=now.reminded,
        escalated=now.escalated,
        answers=story.answers,
        comments=story.comments,
        formats=dict(opened.formats),
        risk=opened.risk,
        channel=opened.channel,
        notify=opened.notify,
        direct=opened.direct,
        run=run,
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None


def _plain(vote: Vote) -> Vote:
    """Return a vote whose mappings are dicts, as JSON has them."""
    return replace(vote, roster=dict(vote.roster), updates=dict(vote.updates))
