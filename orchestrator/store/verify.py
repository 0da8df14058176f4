"""Checking a run's log: that nothing was changed, and that it leads to what is stored."""

from __future__ import annotations

import json
from collections.abc import Sequence

from orchestrator.core import chain, checkpoint, fold
from orchestrator.core.state import State
from orchestrator.errors import CorruptHistoryError
from orchestrator.store import codec
from orchestrator.store.batch import decode_record
from orchestrator.store.tables import AnyRow, to_instant_text


def find_problem(run_id: str, rows: Sequence[AnyRow], run: AnyRow) -> str | None:
    """Return what is wrong with a run's log, None if nothing is.

    Args:
        run_id: The run's id.
        rows: All rows of its log, in order.
        run: Its row.
    """
    head = chain.GENESIS
    state: State | None = None
    for number, row in enumerate(rows, start=1):
        if row.seq != number:
            return f"event {number} is missing"
        at = to_instant_text(row.at)
        head = chain.link(head, run_id=run_id, seq=row.seq, at=at, kind=row.kind, body=row.body)
        if head != row.hash:
            return f"event {row.seq} was changed after it was stored"
        try:
            record = decode_record(run_id, row)
            if row.approval_id != codec.approval_of(record.event):
                return f"event {row.seq} is filed under another approval than its own"
            if state is None:
                state = fold.begin(run_id, record)
            else:
                fold.apply(state, record)
        except (AttributeError, CorruptHistoryError, LookupError, TypeError, ValueError) as error:
            return f"event {row.seq} does not follow from those before: {error}"
    if head != run.head:
        return "the newest events are missing"
    if state is None or not _follows(run, state):
        return "the stored state does not follow from the log"
    return None


def _follows(run: AnyRow, state: State) -> bool:
    """Does the row of a run say what the state says?"""
    try:
        document = json.loads(run.checkpoint)
    except ValueError:
        return False
    row = (run.seq, run.version, run.status, run.error)
    is_same = row == (state.seq, state.version, state.status, state.error)
    return is_same and document == checkpoint.dump(state)
