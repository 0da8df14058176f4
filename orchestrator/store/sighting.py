"""What may be claimed next, found by looking at a bounded number of rows however many wait.

The oldest rows are always looked at. Where more wait, so do the rows behind them, a window each
time: it moves on when it has nothing for a place that the oldest rows leave free, so that one
place with very many rows keeps no other one waiting for long. Rows about one message keep their
order always, and those for one place as long as they are among the oldest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, select, tuple_

from orchestrator.store.claiming import Wanted, claimable, due, lane
from orchestrator.store.reader import Reader
from orchestrator.store.tables import AnyRow, Instant, deliveries

#: Rows that are looked at: the oldest, and behind them.
OLDEST = 500
BEHIND = 1500


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A place in the order of what waits."""

    not_before: datetime
    id: int


_FIRST = _Place(datetime.fromtimestamp(0, UTC), 0)
_LAST_ID = 2**62
#: Up to where the rows behind the oldest have been looked at, by what is wanted and where.
_SEEN: WeakKeyDictionary[Reader, dict[tuple[Wanted, str | None], _Place]] = WeakKeyDictionary()


async def candidates(
    reader: Reader, now: datetime, wanted: Wanted, *, workspace: str | None, limit: int
) -> list[int]:
    """Return the numbers of rows that may be claimed, the oldest first.

    It is asked outside of the writer's transactions.
    """
    values: dict[str, Any] = {"now": now} | ({} if workspace is None else {"workspace": workspace})
    end = await _end(reader, wanted, values, _FIRST, OLDEST)
    found = await _between(reader, wanted, values, _FIRST, end)
    if end is not None and len(found) < limit:
        seen, key = _SEEN.setdefault(reader, {}), (wanted, workspace)
        start = max(seen.get(key, end), end)
        stop = await _end(reader, wanted, values, start, BEHIND)
        taken = {row.lane for row in found}
        behind = await _between(reader, wanted, values, start, stop)
        fresh = [row for row in behind if row.lane not in taken]
        found = [*found, *fresh]
        if not fresh:
            seen[key] = stop or end
    return sorted(row.id for row in found)[:limit]


async def _end(
    reader: Reader, wanted: Wanted, values: dict[str, Any], after: _Place, size: int
) -> _Place | None:
    """Return where so many rows end; None: there are fewer."""
    rows = await reader.fetch(
        _end_query(wanted), **values, start_at=after.not_before, start_id=after.id, skipped=size - 1
    )
    return _Place(rows[0].not_before, rows[0].id) if rows else None


async def _between(
    reader: Reader, wanted: Wanted, values: dict[str, Any], after: _Place, end: _Place | None
) -> list[AnyRow]:
    last = end or _Place(values["now"], _LAST_ID)
    return list(
        await reader.fetch(
            _lanes_query(wanted),
            **values,
            start_at=after.not_before,
            start_id=after.id,
            end_at=last.not_before,
            end_id=last.id,
        )
    )


def _after(name: str) -> ColumnElement[bool]:
    """Say of a row that it stands behind a place that is given by name."""
    place = tuple_(
        bindparam(f"{name}_at", None, Instant), bindparam(f"{name}_id", None, BigInteger)
    )
    return tuple_(deliveries.c.not_before, deliveries.c.id) > place


@cache
def _end_query(wanted: Wanted) -> Select[Any]:
    columns = (deliveries.c.not_before, deliveries.c.id)
    query = select(*columns).where(*due(wanted, bindparam("now")), _after("start"))
    return query.order_by(*columns).limit(1).offset(bindparam("skipped"))


@cache
def _lanes_query(wanted: Wanted) -> Select[Any]:
    """Return the query for the oldest row of each lane; without lanes each row is one."""
    until = bindparam("end_at", None, Instant)
    conditions = claimable(wanted, bindparam("now"), until=until)
    conditions += [_after("start"), ~_after("end")]
    if not wanted.one_a_channel:
        columns: tuple[Any, ...] = (deliveries.c.id, deliveries.c.id.label("lane"))
        return select(*columns).where(*conditions).order_by(deliveries.c.id)
    where: Any = lane(deliveries).label("lane")
    first: Any = func.min(deliveries.c.id).label("id")
    return select(first, where).where(*conditions).group_by(where).order_by(first)
