"""Queries of runs and approvals, asynchronous and read only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select

from orchestrator.core import checkpoint
from orchestrator.core import events as e
from orchestrator.core.ids import REFERENCE_LENGTH
from orchestrator.core.state import RunStatus
from orchestrator.errors import ApprovalNotFoundError, RunNotFoundError
from orchestrator.store import codec
from orchestrator.store.batch import decode_record
from orchestrator.store.reader import Reader
from orchestrator.store.records import OPEN, Answer, Approval, Question, Run
from orchestrator.store.tables import AnyRow, approvals, decisions, events, runs

_REFERENCE = re.compile(rf"([ra])-([0-9a-z]{{{REFERENCE_LENGTH}}})", re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{32}")


def _matches(table: Any, letter: str, reference: str) -> Any | None:
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
    condition = _matches(runs, "r", reference)
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
    condition = _matches(approvals, "a", reference)
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


_ONE_QUESTION = (
    select(
        approvals.c.id,
        approvals.c.run_id,
        runs.c.graph,
        runs.c.version,
        events.c.kind,
        events.c.body,
    )
    .join(runs, runs.c.id == approvals.c.run_id)
    .join(events, (events.c.run_id == approvals.c.run_id) & (events.c.seq == approvals.c.seq))
    .where(approvals.c.id == bindparam("approval_id"))
)


async def find_question(reader: Reader, approval_id: str) -> Question | None:
    """Return what must be known of an approval, by its full id."""
    for row in await reader.fetch(_ONE_QUESTION, approval_id=approval_id):
        opened: Any = codec.decode(row.kind, row.body)
        return Question(
            approval_id=row.id,
            run_id=row.run_id,
            graph=row.graph,
            version=row.version,
            approvers=opened.approvers,
        )
    return None


def _to_run(row: AnyRow, started: Any) -> Run:
    """Make a run from its row and its first event."""
    document = json.loads(row.checkpoint)
    cancel = document["cancel"] or (None, None)
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
        labels=json.loads(row.labels),
        input=started.input,
        places=tuple(document["places"]),
        seq=row.seq,
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


async def fetch_output(reader: Reader, run_id: str) -> Mapping[str, Any] | None:
    """Return what a completed run brought; None while it is not completed."""
    query = select(events).where(events.c.run_id == run_id).order_by(events.c.seq.desc())
    for row in await reader.fetch(query.limit(1)):
        ending = decode_record(run_id, row).event
        if isinstance(ending, e.RunCompleted):
            wanted = [(run_id, pointer.seq) for pointer in ending.output.values() if pointer.seq]
            found = await fetch_records(reader, wanted)
            records = {seq: record for (_, seq), record in found.items()}
            return {
                name: checkpoint.resolve(pointer, records)
                for name, pointer in ending.output.items()
            }
    return None


async def fetch_log(reader: Reader, run_id: str, after: int) -> Sequence[AnyRow]:
    """Return the rows of a run's events after a number, in order."""
    query = select(events).where(events.c.run_id == run_id, events.c.seq > after)
    return await reader.fetch(query.order_by(events.c.seq))


async def fetch_approvals(reader: Reader, query: Select[Any]) -> list[Approval]:
    """Return the approvals that a query of the table selects, in its order."""
    rows = await reader.fetch(query)
    if not rows:
        return []
    opened = await fetch_records(reader, [(row.run_id, row.seq) for row in rows])
    pointers = [
        (row.run_id, pointer.seq)
        for row in rows
        for pointer in _opened(opened, row).shows.values()
        if pointer.seq
    ]
    stored = await fetch_records(reader, pointers)
    run_ids = {row.run_id for row in rows}
    of_runs = {
        run.id: run for run in await fetch_runs(reader, select(runs).where(runs.c.id.in_(run_ids)))
    }
    answers = await _fetch_answers(reader, [row.id for row in rows])
    return [
        _to_approval(row, _opened(opened, row), stored, of_runs[row.run_id], answers)
        for row in rows
    ]


def _opened(records: dict[tuple[str, int], e.Record], row: AnyRow) -> e.ApprovalOpened:
    event = records[row.run_id, row.seq].event
    if not isinstance(event, e.ApprovalOpened):
        raise TypeError(f"event {row.seq} of run {row.run_id} opens no approval")
    return event


async def _fetch_answers(reader: Reader, approval_ids: list[str]) -> dict[str, list[Answer]]:
    query = select(decisions).where(decisions.c.approval_id.in_(approval_ids))
    found: dict[str, list[Answer]] = {}
    for row in await reader.fetch(query.order_by(decisions.c.seq)):
        answer = Answer(
            approval_id=row.approval_id,
            decision=e.Decision(row.decision),
            by=row.by,
            comment=row.comment,
            surface=row.surface,
            at=row.at,
        )
        found.setdefault(row.approval_id, []).append(answer)
    return found


def _to_approval(
    row: AnyRow,
    opened: e.ApprovalOpened,
    stored: dict[tuple[str, int], e.Record],
    run: Run,
    answers: dict[str, list[Answer]],
) -> Approval:
    records = {seq: record for (run_id, seq), record in stored.items() if run_id == row.run_id}
    return Approval(
        id=row.id,
        run_id=row.run_id,
        graph=run.graph,
        node=opened.node,
        path=opened.path,
        kind=opened.kind,
        status=row.status,
        title=opened.title,
        prompt=opened.prompt,
        payload={
            label: checkpoint.resolve(pointer, records) for label, pointer in opened.shows.items()
        },
        digest=opened.digest,
        decisions=opened.decisions,
        approvers=opened.approvers,
        requester=run.requester,
        opened_at=row.opened_at,
        timeout=opened.timeout,
        on_timeout=opened.on_timeout,
        due_at=row.due_at,
        delivered_at=row.delivered_at,
        reminded_at=row.reminded_at,
        resolved_at=row.resolved_at,
        action=row.action,
        error=opened.error,
        answers=tuple(answers.get(row.id, ())),
        run=run,
    )


def runs_query(
    *,
    status: str | None = None,
    graph: str | None = None,
    requester: str | None = None,
    before: tuple[Any, str] | None = None,
    limit: int = 50,
) -> Select[Any]:
    """Return the query for a page of runs, newest first.

    Args:
        status: Only runs of this status.
        graph: Only runs of this graph.
        requester: Only runs that this person started.
        before: Start and id of the last run of the page before.
        limit: The most that are returned.
    """
    query = select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
    for column, value in (("status", status), ("graph", graph), ("requester", requester)):
        if value is not None:
            query = query.where(runs.c[column] == value)
    if before is not None:
        started_at, run_id = before
        earlier = and_(runs.c.started_at == started_at, runs.c.id < run_id)
        query = query.where(or_(runs.c.started_at < started_at, earlier))
    return query


def pending_query(*, run_id: str | None = None, limit: int = 50) -> Select[Any]:
    """Return the query for open approvals, those with the oldest deadline first."""
    query = select(approvals).where(approvals.c.status == OPEN)
    if run_id is not None:
        query = query.where(approvals.c.run_id == run_id)
    order = (approvals.c.due_at.is_(None), approvals.c.due_at, approvals.c.opened_at)
    return query.order_by(*order).limit(limit)
