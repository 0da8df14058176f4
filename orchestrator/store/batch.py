"""One batch of the writer: load the runs, let each step decide, write everything, once.

Everything here runs inside one transaction, and loading a run locks it, so what is loaded is still
true when it is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table

from orchestrator.core import checkpoint
from orchestrator.core.advance import Advance
from orchestrator.core.chain import GENESIS
from orchestrator.core.events import Record
from orchestrator.core.refusals import Refusal
from orchestrator.core.state import RunStatus, State
from orchestrator.errors import CorruptHistoryError, StoreError
from orchestrator.store import codec, tables
from orchestrator.store.database import database_of
from orchestrator.store.ready import Queue, ready_places
from orchestrator.store.rows import EVENT, Rows
from orchestrator.store.statements import Writes
from orchestrator.store.tables import AnyRow, to_instant
from orchestrator.store.warm import Loaded

if TYPE_CHECKING:
    from orchestrator.store.nodejobs import QueuedNode

#: What is due later than this is seen in time by the schedulers, which look once a second.
SOON = timedelta(seconds=2)
#: Decides about one run from its newest state. Pure; may be called again after a conflict.
Step = Callable[[State | None, datetime], Advance | Refusal]
#: Follows up what a step has led to.
Then = Callable[[Any], None]
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
    #: A job of the queue that is done with when the step has answered, whatever it answered.
    ends: QueuedNode | None = None
    #: Told the result in the caller's event loop, None where there is none, before the caller is,
    #: and whether or not the caller still waits.
    then: Then | None = None
    result: Any = None
    error: BaseException | None = None


def run_batch(
    connection: Connection,
    units: Sequence[Unit],
    now: datetime,
    *,
    warm: Mapping[str, Loaded],
    has_chat: bool,
    queue: Queue | None = None,
) -> Mapping[str, Loaded]:
    """Carry out all units; return the runs that moved. A step that raises fails its unit only.

    Args:
        connection: In a transaction.
        units: What is to be done, in this order.
        now: The instant that counts.
        warm: States that are likely to be the newest ones.
        has_chat: Store deliveries.
        queue: Where to put what has become ready.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database failed; nothing may be committed.
    """
    run_ids = {unit.run_id for unit in units if unit.run_id is not None}
    loaded = load(connection, sorted(run_ids), warm)
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
    ended = [unit.ends for unit in units if unit.ends is not None and unit.error is None]
    if ended and queue is not None:
        queue.finish(connection, ended)
    ids = {unit.run_id for unit in accepted if isinstance(unit.result, Advance)}
    moved: dict[str, Loaded] = {run_id: loaded[run_id] for run_id in ids if run_id is not None}
    _hand_over(connection, rows, moved, queue, now)
    return moved


def _hand_over(
    connection: Connection,
    rows: Rows,
    moved: Mapping[str, Loaded],
    queue: Queue | None,
    now: datetime,
) -> None:
    """Let others know what the batch leaves to be done."""
    jobs, database = rows.live.jobs, database_of(connection)
    places = ready_places(
        jobs,
        {
            (run_id, path): moved[run_id].state.places[path].attempt
            for (run_id, path), row in jobs.items()
            if row is not None
        },
    )
    if places and queue is not None:
        queue.enqueue(connection, places)
    database.note(
        connection,
        deliveries=bool(rows.deliveries),
        work=bool(places and queue is None) or _has_soon(rows, now),
        runs=[
            run_id for run_id, each in moved.items() if each.state.status is not RunStatus.RUNNING
        ],
    )


def _has_soon(rows: Rows, now: datetime) -> bool:
    timers = rows.live.timers.values()
    return any(row is not None and row["due_at"] - now < SOON for row in timers)


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


def load(
    connection: Connection, run_ids: Sequence[str], warm: Mapping[str, Loaded]
) -> dict[str, Any]:
    """Return the newest state of each run that exists, or the error that its log has.

    Args:
        connection: In a transaction, which has the runs to itself from now on.
        run_ids: The runs, in order, so that no two transactions wait for each other.
        warm: States that are taken where they are the newest ones.
    """
    database = database_of(connection)
    known = {run_id: (each.state.seq, each.head) for run_id, each in warm.items()}
    loaded: dict[str, Any] = {}
    cold: dict[str, tuple[int, str, Any, Sequence[int]]] = {}
    for run_id, seq, head, text in database.fetch_runs(connection, run_ids, known):
        if text is None:
            loaded[run_id] = warm[run_id]
            continue
        try:
            document = json.loads(text)
            cold[run_id] = seq, head, document, sorted(checkpoint.references(document))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            loaded[run_id] = CorruptHistoryError(run_id, seq, f"no checkpoint: {error!r}")
    wanted = [(run_id, number) for run_id, each in cold.items() for number in each[3]]
    found: dict[str, list[tuple[int, Any, str, str]]] = {run_id: [] for run_id in cold}
    for run_id, *row in database.fetch_events(connection, wanted):
        found[run_id].append((row[0], row[1], row[2], row[3]))
    for run_id, (seq, head, document, _) in cold.items():
        try:
            loaded[run_id] = Loaded(_restored(run_id, seq, document, found[run_id]), head)
        except CorruptHistoryError as error:
            loaded[run_id] = error
    return loaded


def _restored(
    run_id: str, seq: int, document: Any, rows: Iterable[tuple[int, Any, str, str]]
) -> State:
    """Rebuild a state from its checkpoint and the events that it refers to.

    Raises:
        CorruptHistoryError: They do not add up.
    """
    records = {number: _decoded(run_id, number, *row) for number, *row in rows}
    try:
        return checkpoint.restore(run_id, seq, document, records)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CorruptHistoryError(run_id, seq, repr(error)) from error


def _decoded(run_id: str, seq: int, at: Any, kind: str, body: str) -> Record:
    try:
        return Record(seq, to_instant(at), codec.decode(kind, body))
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
    approvals, live, writes = rows.approvals, rows.live, Writes(connection)
    writes.insert(tables.runs, rows.new_runs.values())
    writes.update(tables.runs, ("id",), rows.runs.values())
    writes.insert_values(tables.events, EVENT, rows.events)
    writes.insert(tables.approvals, approvals.opened.values())
    writes.update(tables.approvals, ("id",), approvals.changed.values())
    writes.insert(tables.decisions, approvals.decisions)
    writes.insert(tables.rules, approvals.granted.values())
    writes.update(tables.rules, ("id",), approvals.revoked.values())
    # A timer that was set anew is nobody's.
    free = {key: row and row | {"leased_until": None} for key, row in live.timers.items()}
    _replace(writes, tables.timers, ("run_id", "kind", "subject"), free)
    _replace(writes, tables.jobs, ("run_id", "path"), live.jobs)
    writes.insert(tables.deliveries, rows.deliveries)
    writes.send()


def _replace(
    writes: Writes, table: Table, keys: tuple[str, ...], rows: Mapping[Any, dict[str, Any] | None]
) -> None:
    writes.delete(table, keys, [key for key, row in rows.items() if row is None])
    writes.upsert(table, keys, filter(None, rows.values()))
