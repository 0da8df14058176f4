"""What an advance means for the rows: everything that is derived from its events and states."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orchestrator.core import chain, checkpoint
from orchestrator.core import events as e
from orchestrator.core.advance import Advance
from orchestrator.core.commands import TimerKind
from orchestrator.core.ids import approval_ref, run_ref
from orchestrator.core.state import PlaceStatus, State
from orchestrator.store import codec
from orchestrator.store.records import OPEN
from orchestrator.store.tables import to_instant_text

Row = dict[str, Any]
#: How long a process may be silent before its attempts count as lost.
LEASE = timedelta(seconds=5)
_RANKS = {TimerKind.EXPIRY: 0, TimerKind.RETRY: 1, TimerKind.REMINDER: 2}


@dataclass(slots=True)
class Rows:
    """The writes of one batch, by table; each list becomes one statement."""

    new_runs: dict[str, Row] = field(default_factory=dict)
    runs: dict[str, Row] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    new_approvals: dict[str, Row] = field(default_factory=dict)
    approvals: dict[str, Row] = field(default_factory=dict)
    decisions: list[Row] = field(default_factory=list)
    #: By key; None deletes the row.
    timers: dict[tuple[str, str, str], Row | None] = field(default_factory=dict)
    jobs: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    deliveries: list[Row] = field(default_factory=list)

    def add(self, old: State | None, new: Advance, head: str, at: datetime) -> str:
        """Add what one advance leads to; return the hash of its newest event.

        Args:
            old: The state before, None for a new run.
            new: The advance.
            head: Hash of the run's newest event before.
            at: When the batch began.
        """
        run_id = new.state.run_id
        for record in new.records:
            kind, body = codec.encode(record.event)
            head = chain.link(
                head,
                run_id=run_id,
                seq=record.seq,
                at=to_instant_text(record.at),
                kind=kind,
                body=body,
            )
            self.events.append(
                {
                    "run_id": run_id,
                    "seq": record.seq,
                    "at": record.at,
                    "kind": kind,
                    "body": body,
                    "hash": head,
                }
            )
            self._add_approval(run_id, record)
        self._add_run(old, new.state, head, at)
        self._add_live(old, new, at)
        for effect in new.effects:
            self.deliveries.append(
                {
                    "purpose": effect.purpose.value,
                    "approval_id": effect.approval_id,
                    "run_id": run_id,
                    "status": "pending",
                    "attempts": 0,
                    "created_at": at,
                    "not_before": at,
                }
            )
        return head

    def _add_run(self, old: State | None, state: State, head: str, at: datetime) -> None:
        row: Row = {
            "id": state.run_id,
            "status": state.status.value,
            "updated_at": at,
            "finished_at": at if state.is_finished else None,
            "error": state.error,
            "seq": state.seq,
            "head": head,
            "checkpoint": codec.to_text(checkpoint.dump(state)),
        }
        if old is not None and state.run_id not in self.new_runs:
            self.runs[state.run_id] = row
            return
        self.new_runs[state.run_id] = row | {
            "ref": run_ref(state.run_id),
            "graph": state.graph,
            "version": state.version,
            "requester": state.requester,
            "surface": state.surface,
            "started_at": state.started_at,
            "labels": codec.to_text(dict(state.labels)),
        }

    def _add_approval(self, run_id: str, record: e.Record) -> None:
        event, at = record.event, record.at
        match event:
            case e.ApprovalOpened():
                self.new_approvals[event.approval_id] = {
                    "id": event.approval_id,
                    "ref": approval_ref(event.approval_id),
                    "run_id": run_id,
                    "seq": record.seq,
                    "status": OPEN,
                    "opened_at": at,
                    "due_at": event.due_at,
                }
            case e.ApprovalDelivered():
                self._set_approval(event.approval_id, delivered_at=at, due_at=event.due_at)
            case e.ApprovalDeferred():
                self._set_approval(event.approval_id, due_at=event.due_at)
            case e.ReminderFired():
                self._set_approval(event.approval_id, reminded_at=at)
            case e.ApprovalResolved():
                self._set_approval(
                    event.approval_id,
                    status=event.outcome.value,
                    resolved_at=at,
                    action=event.action,
                )
            case e.DecisionRecorded():
                self.decisions.append(
                    {
                        "run_id": run_id,
                        "seq": record.seq,
                        "approval_id": event.approval_id,
                        "decision": event.decision.value,
                        "by": event.by,
                        "comment": event.comment,
                        "surface": event.surface,
                        "at": at,
                        "key": event.key,
                    }
                )
            case _:
                pass

    def _set_approval(self, approval_id: str, **changes: Any) -> None:
        row = self.approvals.setdefault(approval_id, {"id": approval_id})
        row.update(changes)

    def _add_live(self, old: State | None, new: Advance, at: datetime) -> None:
        paths, approval_ids = _touched(old, new)
        for path in paths:
            self._add_job(old, new.state, path, at)
        for approval_id in approval_ids:
            before = old.approvals.get(approval_id) if old else None
            after = new.state.approvals.get(approval_id)
            for kind, field_ in ((TimerKind.EXPIRY, "due_at"), (TimerKind.REMINDER, "remind_at")):
                self._add_timer(
                    new.state.run_id,
                    kind,
                    approval_id,
                    getattr(before, field_, None),
                    getattr(after, field_, None),
                )

    def _add_job(self, old: State | None, state: State, path: str, at: datetime) -> None:
        before = old.places.get(path) if old else None
        after = state.places.get(path)
        self._add_timer(
            state.run_id,
            TimerKind.RETRY,
            path,
            before.retry_at if before else None,
            after.retry_at if after else None,
        )
        key = (state.run_id, path)
        active = (PlaceStatus.READY, PlaceStatus.RUNNING)
        if after is not None and after.status in active:
            is_running = after.status is PlaceStatus.RUNNING
            self.jobs[key] = {
                "run_id": state.run_id,
                "path": path,
                "attempt": after.attempt if is_running else 0,
                "owner": after.owner if is_running else None,
                "lease_until": at + LEASE if is_running else None,
                "ready_at": at,
            }
        elif key in self.jobs or (before is not None and before.status in active):
            self.jobs[key] = None

    def _add_timer(
        self,
        run_id: str,
        kind: TimerKind,
        subject: str,
        before: datetime | None,
        after: datetime | None,
    ) -> None:
        key = (run_id, kind.value, subject)
        if after is not None:
            self.timers[key] = {
                "run_id": run_id,
                "kind": kind.value,
                "subject": subject,
                "rank": _RANKS[kind],
                "due_at": after,
            }
        elif before is not None or key in self.timers:
            self.timers[key] = None


def _touched(old: State | None, new: Advance) -> tuple[set[str], set[str]]:
    """Return the paths and approvals that may have changed; cost follows the change's size."""
    if old is not None and (new.state.is_finished or new.state.cancel != old.cancel):
        paths = set(old.places)
        approval_ids = set(old.approvals)
    else:
        paths, approval_ids = set(), set()
    for record in new.records:
        event: Any = record.event
        if hasattr(event, "path") and event.path is not None:
            paths.add(event.path)
        if hasattr(event, "approval_id"):
            approval_ids.add(event.approval_id)
    return paths, approval_ids
