"""Queries of runs and their logs, and of what a reference names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select

from orchestrator.core import events as e
from orchestrator.core.fold import apply, begin
from orchestrator.core.ids import REFERENCE_LENGTH
from orchestrator.core.state import RunStatus, State
from orchestrator.core.values import Ref, numbers, resolve
from orchestrator.errors import ApprovalNotFoundError, CorruptHistoryError, RunNotFoundError
from orchestrator.store import codec
from orchestrator.store.batch import decode_record
from orchestrator.store.reader import Reader
from orchestrator.store.records import Run
from orchestrator.store.tables import AnyRow, approvals, events, runs

_REFERENCE = re.compile(rf"([ras])-([0-9a-z]{{{REFERENCE_LENGTH}}})", re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{32}")


def matches(table: Any, letter: str, reference: str) -> Any | None:
    """Return the condition that finds a row by id or short reference; None if it is neither."""
    text = reference.strip().strip("`")
    short = _REFERENCE.fullmatch(text)
    if short and short[1].lower() == letter:
        return table.c.ref == f"{letter}-{short[2].upper()}"
    plain = text.lower().replace("-", "")
    return table.c.id == plain if _ID.fullmatch(plain) else None


async def find_run_id(reader: Reader, reference: str) -> str:
    """Return the id of the run that a full id or short reference names.

    Raises:
        RunNotFoundError: There is none, or the short reference fits several.
    """
    condition = matches(runs, "r", reference)
    found = [] if condition is None else await _ids(reader, select(runs.c.id).where(condition))
    if not found:
        raise RunNotFoundError(reference)
    if len(found) > 1:
        names = ", ".join(found)
        raise RunNotFoundError(reference, f"{reference} fits several runs: {names}; use a full id")
    return found[0]


async def find_approval_id(reader: Reader, reference: str) -> str:
    """Return the id of the approval that a full id or short reference names.

    Raises:
        ApprovalNotFoundError: There is none, or the short reference fits several.
    """
    condition = matches(approvals, "a", reference)
    query = select(approvals.c.id).where(condition) if condition is not None else None
    found = await _ids(reader, query) if query is not None else []
    if not found:
        raise ApprovalNotFoundError(reference)
    if len(found) > 1:
        names = ", ".join(found)
        raise ApprovalNotFoundError(
            reference, f"{reference} fits several approvals: {names}; use a full id"
        )
    return found[0]


async def _ids(reader: Reader, query: Select[Any]) -> list[str]:
    return [row.id for row in await reader.fetch(query.limit(5))]


async def fetch_runs(reader: Reader, query: Select[Any]) -> list[Run]:
    """Return the runs that a query of the table selects, in its order."""
    rows = await reader.fetch(query)
    firsts = await fetch_records(reader, [(row.id, 1) for row in rows])
    return [_to_run(row, firsts[row.id, 1].event) for row in rows]


_ONE_RUN = (
    select(runs, events.c.at, events.c.kind, events.c.body)
    .join(events, (events.c.run_id == runs.c.id) & (events.c.seq == 1))
    .where(runs.c.id == bindparam("run_id"))
)


async def find_run(reader: Reader, run_id: str) -> Run | None:
    """Return a run by its full id."""
    for row in await reader.fetch(_ONE_RUN, run_id=run_id):
        return _to_run(row, codec.decode(row.kind, row.body))
    return None


def _to_run(row: AnyRow, started: Any) -> Run:
    """Make a run from its row and its first event."""
    document = json.loads(row.checkpoint)
    cancel = document.get("cancel") or (None, None)
    paused = document.get("paused") or (None, None)
    return Run(
        id=row.id,
        graph=row.graph,
        version=row.version,
        status=RunStatus(row.status),
        requester=row.requester,
        surface=row.surface,
        started_at=row.started_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
        error=row.error,
        cancelled_by=cancel[0],
        cancel_reason=cancel[1],
        paused_by=paused[0],
        pause_reason=paused[1],
        held=document.get("held"),
        spent=document.get("spent", {}),
        labels=json.loads(row.labels),
        input=started.input,
        places=tuple(document.get("places", ())),
        seq=row.seq,
        workspace=started.workspace,
    )


async def fetch_records(
    reader: Reader, keys: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], e.Record]:
    """Return single events of several runs, by run and number."""
    wanted = set(keys)
    if not wanted:
        return {}
    query = select(events).where(
        events.c.run_id.in_({run_id for run_id, _ in wanted}),
        events.c.seq.in_({seq for _, seq in wanted}),
    )
    rows = await reader.fetch(query)
    return {
        (row.run_id, row.seq): decode_record(row.run_id, row)
        for row in rows
        if (row.run_id, row.seq) in wanted
    }


async def fetch_values(
    reader: Reader, wanted: Iterable[tuple[str, Ref]]
) -> Callable[[str, Ref], Any]:
    """Return a function from run and reference to the value, for the references that are wanted."""
    keys = {(run_id, seq) for run_id, ref in wanted for seq in numbers(ref)}
    records = await fetch_records(reader, keys)

    def value_of(run_id: str, ref: Ref) -> Any:
        return resolve(ref, lambda seq: getattr(records[run_id, seq].event, "values", None))

    return value_of


async def fetch_output(reader: Reader, run_id: str) -> Mapping[str, Any] | None:
    """Return what a completed run brought; None while it is not completed."""
    query = select(events).where(events.c.run_id == run_id).order_by(events.c.seq.desc())
    for row in await reader.fetch(query.limit(1)):
        ending = decode_record(run_id, row).event
        if isinstance(ending, e.RunCompleted):
            output = ending.output
            value_of = await fetch_values(reader, [(run_id, ref) for ref in output.values()])
            return {name: value_of(run_id, ref) for name, ref in output.items()}
    return None


async def fetch_state(reader: Reader, run_id: str, seq: int) -> State:
    """Return the run as it was after its event of a number; see `Reads.get_state_at`."""
    query = select(events).where(events.c.run_id == run_id, events.c.seq <= seq)
    rows = await reader.fetch(query.order_by(events.c.seq))
    if not rows and seq > 0:
        raise RunNotFoundError(run_id)
    if seq != len(rows) or not rows:
        raise ValueError(f"run {run_id} has no event {seq}; take one from 1 to its newest")
    first, *rest = (decode_record(run_id, row) for row in rows)
    try:
        state = begin(run_id, first)
        for record in rest:
            apply(state, record)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CorruptHistoryError(run_id, seq, f"the log leads nowhere: {error!r}") from error
    return state


async def fetch_log(reader: Reader, run_id: str, after: int) -> Sequence[AnyRow]:
    """Return the rows of a run's events after a number, in order."""
    query = select(events).where(events.c.run_id == run_id, events.c.seq > after)
    return await reader.fetch(query.order_by(events.c.seq))


def runs_query(
    *,
    status: str | None = None,
    graph: str | None = None,
    requester: str | None = None,
    workspace: str | None = None,
    before: tuple[Any, str] | None = None,
    limit: int = 50,
) -> Select[Any]:
    """Return the query for a page of runs, newest first.

    Args:
        status: Only runs of this status.
        graph: Only runs of this graph.
        requester: Only runs that this person started.
        workspace: Only runs of this chat workspace.
        before: Start and id of the last run of the page before.
        limit: The most that are returned.
    """
    query = select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
    wanted = {"status": status, "graph": graph, "requester": requester, "workspace": workspace}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(runs.c[column] == value)
    if before is not None:
        started_at, run_id = before
        earlier = and_(runs.c.started_at == started_at, runs.c.id < run_id)
        query = query.where(or_(runs.c.started_at < started_at, earlier))
    return query
