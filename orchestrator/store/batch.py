"""One batch of the writer: load the runs, let each step decide, write everything, once.

Everything here runs inside one transaction that already holds the write lock, so what is loaded is
still true when it is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select

from orchestrator.core import checkpoint
from orchestrator.core.advance import Advance
from orchestrator.core.chain import GENESIS
from orchestrator.core.events import Record
from orchestrator.core.refusals import Refusal
from orchestrator.core.state import State
from orchestrator.errors import CorruptHistoryError, StoreError
from orchestrator.store import codec, tables
from orchestrator.store.rows import EVENT, Rows
from orchestrator.store.statements import (
    Query,
    delete_rows,
    insert_rows,
    insert_values,
    update_rows,
    upsert_rows,
)
from orchestrator.store.tables import AnyRow
from orchestrator.store.warm import Loaded

#: Decides about one run from its newest state. Pure; may be called again after a conflict.
Step = Callable[[State | None, datetime], Advance | Refusal]
#: Writes rows that belong to no run's log.
SideWrite = Callable[[Connection, datetime], Any]


@dataclass(slots=True)
class Unit:
    """One caller's part of a batch."""

    run_id: str | None
    step: Step | None = None
    #: Done after the step, in the same transaction; if the step was refused, only when certain.
    side: SideWrite | None = None
    is_side_certain: bool = False
    result: Any = None
    error: BaseException | None = None


def run_batch(
    connection: Connection,
    units: Sequence[Unit],
    now: datetime,
    *,
    warm: Mapping[str, Loaded],
    has_chat: bool,
) -> Mapping[str, Loaded]:
    """Carry out all units; return the runs that moved. A step that raises fails its unit only.

    Args:
        connection: In a transaction that holds the write lock.
        units: What is to be done, in this order.
        now: The instant that counts.
        warm: States that are known to be the newest ones.
        has_chat: Store deliveries.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database failed; nothing may be committed.
    """
    run_ids = {unit.run_id for unit in units if unit.run_id is not None}
    loaded = load(connection, sorted(run_ids - warm.keys())) | dict(warm)
    rows = Rows()
    accepted = [unit for unit in units if _decide(unit, loaded, rows, now) or unit.is_side_certain]
    if not has_chat:
        rows.deliveries.clear()
    _write(connection, rows)
    for unit in accepted:
        if unit.side is not None:
            answer = unit.side(connection, now)
            if unit.step is None:
                unit.result = answer
    moved = {unit.run_id for unit in accepted if isinstance(unit.result, Advance)}
    return {run_id: loaded[run_id] for run_id in moved if run_id is not None}


def _decide(unit: Unit, loaded: dict[str, Loaded | Exception], rows: Rows, now: datetime) -> bool:
    if unit.step is None or unit.run_id is None:
        return True
    known = loaded.get(unit.run_id)
    if isinstance(known, Exception):
        unit.error = known
        return False
    try:
        unit.result = unit.step(known.state if known else None, now)
    except Exception as error:  # noqa: BLE001 - the caller gets it; its neighbours go on
        # No future takes a StopIteration.
        unit.error = _unusual(error) if isinstance(error, StopIteration) else error
        return False
    except BaseException as error:  # noqa: BLE001 - an author's sys.exit() must not end the writer
        unit.error = _unusual(error)
        return False
    if not isinstance(unit.result, Advance):
        return False
    head = rows.add(
        known.state if known else None, unit.result, known.head if known else GENESIS, now
    )
    loaded[unit.run_id] = Loaded(unit.result.state, head)
    return True


def _unusual(error: BaseException) -> StoreError:
    return StoreError(f"nothing was recorded, because a function raised {error!r}")


_RUN = Query(
    select(tables.runs.c.seq, tables.runs.c.head, tables.runs.c.checkpoint).where(
        tables.runs.c.id == bindparam("run_id")
    )
)
_EVENT = Query(
    select(tables.events.c.at, tables.events.c.kind, tables.events.c.body).where(
        tables.events.c.run_id == bindparam("run_id"), tables.events.c.seq == bindparam("seq")
    )
)


def load(connection: Connection, run_ids: Iterable[str]) -> dict[str, Any]:
    """Return the newest state of each run that exists, or the error that its log has."""
    loaded: dict[str, Any] = {}
    for run_id in run_ids:
        for seq, head, text in _RUN.rows(connection, run_id):
            try:
                loaded[run_id] = Loaded(_restored(connection, run_id, seq, text), head)
            except CorruptHistoryError as error:
                loaded[run_id] = error
    return loaded


def _restored(connection: Connection, run_id: str, seq: int, text: str) -> State:
    """Rebuild a state from its checkpoint and the events that it refers to.

    Raises:
        CorruptHistoryError: They do not add up.
    """
    try:
        document = json.loads(text)
        wanted = checkpoint.references(document)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CorruptHistoryError(run_id, seq, f"no checkpoint: {error!r}") from error
    records = {
        number: _decoded(run_id, number, *row)
        for number in wanted
        for row in _EVENT.rows(connection, run_id, number)
    }
    try:
        return checkpoint.restore(run_id, seq, document, records)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CorruptHistoryError(run_id, seq, repr(error)) from error


def _decoded(run_id: str, seq: int, at: str, kind: str, body: str) -> Record:
    try:
        return Record(seq, datetime.fromisoformat(at), codec.decode(kind, body))
    except ValueError as error:
        raise CorruptHistoryError(run_id, seq, str(error)) from error


def decode_record(run_id: str, row: AnyRow) -> Record:
    """Rebuild an event from its row.

    Raises:
        CorruptHistoryError: The row is no event that this version knows.
    """
    try:
        return Record(row.seq, row.at, codec.decode(row.kind, row.body))
    except ValueError as error:
        raise CorruptHistoryError(run_id, row.seq, str(error)) from error


def _write(connection: Connection, rows: Rows) -> None:
    rows.finish()
    approvals, live = rows.approvals, rows.live
    insert_rows(connection, tables.runs, rows.new_runs.values())
    update_rows(connection, tables.runs, ("id",), rows.runs.values())
    insert_values(connection, tables.events, EVENT, rows.events)
    insert_rows(connection, tables.approvals, approvals.opened.values())
    update_rows(connection, tables.approvals, ("id",), approvals.changed.values())
    insert_rows(connection, tables.decisions, approvals.decisions)
    insert_rows(connection, tables.rules, approvals.granted.values())
    update_rows(connection, tables.rules, ("id",), approvals.revoked.values())
    _replace(connection, tables.timers, ("run_id", "kind", "subject"), live.timers)
    _replace(connection, tables.jobs, ("run_id", "path"), live.jobs)
    insert_rows(connection, tables.deliveries, rows.deliveries)


def _replace(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Mapping[Any, dict[str, Any] | None],
) -> None:
    delete_rows(connection, table, keys, [key for key, row in rows.items() if row is None])
    upsert_rows(connection, table, keys, filter(None, rows.values()))
