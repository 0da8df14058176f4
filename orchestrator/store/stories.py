"""An approval as its own events tell it, whatever else has happened in the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.fold import apply
from orchestrator.core.state import OpenApproval, State
from orchestrator.core.values import NOTHING
from orchestrator.store.records import OPEN, Answer, Comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An approval as it is, or was when it was resolved, and what people said about it."""

    approval: OpenApproval
    answers: tuple[Answer, ...]
    comments: tuple[Comment, ...]
    reminded_at: datetime | None = None
    resolved: e.ApprovalResolved | None = None
    resolved_at: datetime | None = None

    @property
    def status(self) -> str:
        """`open`, or the outcome."""
        return self.resolved.outcome.value if self.resolved else OPEN

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of what people did about it."""
        last = self.resolved.key if self.resolved else None
        return self.approval.keys if last is None else (*self.approval.keys, last)


def tell(run_id: str, records: Iterable[e.Record]) -> Story:
    """Fold the events of one approval, in their order.

    Raises:
        TypeError: The first of them does not open it.
    """
    first, *rest = records
    if not isinstance(first.event, e.ApprovalOpened):
        raise TypeError(f"event {first.seq} of run {run_id} opens no approval")
    # A run of which nothing else is known: no place waits for the approval.
    scratch = State(
        run_id=run_id,
        seq=0,
        graph="",
        version="",
        requester="",
        surface="",
        started_at=first.at,
        input=NOTHING,
    )
    apply(scratch, first)
    facts: dict[str, Any] = {}
    for record in rest:
        if isinstance(record.event, e.ApprovalResolved):
            facts |= {"resolved": record.event, "resolved_at": record.at}
        elif "resolved" not in facts:
            apply(scratch, record)
        if isinstance(record.event, e.ReminderFired):
            facts["reminded_at"] = record.at
    (approval,) = scratch.approvals.values()
    return Story(
        approval=approval,
        answers=tuple(_answer(each) for each in rest if isinstance(each.event, e.DecisionRecorded)),
        comments=tuple(_comment(each) for each in rest if isinstance(each.event, e.CommentAdded)),
        **facts,
    )


def _answer(record: e.Record) -> Answer:
    event: Any = record.event
    return Answer(
        approval_id=event.approval_id,
        decision=event.decision,
        by=event.by,
        comment=event.comment,
        surface=event.surface,
        at=record.at,
        via=event.via,
        values=event.values,
        instead_of=event.instead_of,
        breaks_glass=event.breaks_glass,
        rule=event.rule,
        recorded_by=event.recorded_by,
    )


def _comment(record: e.Record) -> Comment:
    event: Any = record.event
    return Comment(
        by=event.by,
        text=event.text,
        surface=event.surface,
        at=record.at,
        wants_answer=event.wants_answer,
    )
