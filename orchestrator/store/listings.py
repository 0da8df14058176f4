"""Lists that people look at page by page: finished runs, and what concerns one person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from orchestrator.store.approvals import fetch_approvals
from orchestrator.store.reader import Reader
from orchestrator.store.reads import fetch_runs, find_run_id
from orchestrator.store.records import OPEN, Approval, Run
from orchestrator.store.tables import approvals, decisions, runs

#: Newest decisions of a person, and newest runs, that a list looks through at most.
REACH = 2000


class Listings:
    """The part of a store that answers with lists for people."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def list_newest(
        self, *, before: str | None = None, limit: int = 50, **filters: Any
    ) -> list[Run]:
        """Return a page of runs, newest first; see `Reading.list_newest`."""
        place = await self._place(before) if before is not None else None
        return await fetch_runs(self._reader, _newest_query(filters, place, limit))

    async def list_decided(self, person: str, *, limit: int = 50) -> list[Approval]:
        """Return the approvals that a person decided about, the newest decision first."""
        query = select(decisions.c.approval_id).where(decisions.c.by == person)
        rows = await self._reader.fetch(query.order_by(decisions.c.at.desc()).limit(REACH))
        ids = list(dict.fromkeys(row.approval_id for row in rows))[:limit]
        wanted = select(approvals).where(approvals.c.id.in_(ids))
        by_id = {each.id: each for each in await fetch_approvals(self._reader, wanted)}
        return [by_id[each] for each in ids if each in by_id]

    async def list_asked(self, requester: str, *, limit: int = 50) -> list[Approval]:
        """Return the open approvals of a person's newest runs, the oldest deadline first."""
        own = select(runs.c.id).where(runs.c.requester == requester)
        newest = own.order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(REACH).subquery()
        query = (
            select(approvals)
            .join(newest, newest.c.id == approvals.c.run_id)
            # The index on the run is the one to take; that on the status must not fit.
            .where(approvals.c.status.concat("") == OPEN)
            .order_by(approvals.c.due_at.nulls_last(), approvals.c.opened_at, approvals.c.id)
        )
        return await fetch_approvals(self._reader, query.limit(limit))

    async def _place(self, before: str) -> tuple[datetime, str]:
        run_id = await find_run_id(self._reader, before)
        (row,) = await self._reader.fetch(select(runs.c.started_at).where(runs.c.id == run_id))
        return row.started_at, run_id


def _newest_query(
    filters: Mapping[str, Any], before: tuple[datetime, str] | None, limit: int
) -> Select[Any]:
    query = select(runs)
    for name, value in filters.items():
        if value is None:
            continue
        if name == "is_finished":
            ended = runs.c.finished_at
            query = query.where(ended.is_not(None) if value else ended.is_(None))
        else:
            query = query.where(runs.c[name] == value)
    if before is not None:
        started_at, run_id = before
        earlier = and_(runs.c.started_at == started_at, runs.c.id < run_id)
        query = query.where(or_(runs.c.started_at < started_at, earlier))
    return query.order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
