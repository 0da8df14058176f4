"""The rows of approvals, decisions and standing rules, read off the events about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.ids import approval_ref, rule_ref
from orchestrator.core.state import State
from orchestrator.graph.graph import address_of
from orchestrator.store.live import Row, changes
from orchestrator.store.records import OPEN


@dataclass(slots=True)
class ApprovalRows:
    """The writes of one batch; new rows are kept by id, so that later changes go into them."""

    opened: dict[str, Row] = field(default_factory=dict)
    changed: dict[str, Row] = field(default_factory=dict)
    decisions: list[Row] = field(default_factory=list)
    granted: dict[str, Row] = field(default_factory=dict)
    revoked: dict[str, Row] = field(default_factory=dict)

    def add(self, old: State | None, new: State, record: e.Record) -> None:
        """Add what one event means.

        Args:
            old: The run before the advance that the event is part of.
            new: The run after it.
            record: The event.
        """
        event, at = record.event, record.at
        match event:
            case e.ApprovalOpened():
                self.opened[event.approval_id] = _opened(new, record, event)
            case e.ApprovalDelivered():
                self._change(event.approval_id, delivered_at=event.at or at)
            case e.ReminderFired():
                self._change(event.approval_id, reminded_at=at)
            case e.ApprovalResolved():
                self._change(
                    event.approval_id,
                    status=event.outcome.value,
                    resolved_at=at,
                    action=event.action,
                )
            case e.DecisionRecorded():
                self.decisions.append(
                    {
                        "run_id": new.run_id,
                        "seq": record.seq,
                        "approval_id": event.approval_id,
                        "decision": event.decision.value,
                        "by": event.by,
                        "at": at,
                        "key": event.key,
                    }
                )
            case e.RuleGranted():
                self.granted[event.rule] = self._granted(old, new, record, event)
            case e.RuleRevoked():
                row = self.granted.get(event.rule)
                if row is None:
                    row = self.revoked.setdefault(event.rule, {"id": event.rule})
                row.update(revoked_at=at, revoked_by=event.by)
            case _:
                pass

    def move(self, old: State | None, new: State) -> None:
        """Add the deadlines that are others than before, for whatever reason."""
        before = old.approvals if old else {}
        for approval_id, was, approval in changes(before, new.approvals):
            if approval is None:
                continue
            known = was.times if was else approval.opened.times
            if approval.times.due_at != known.due_at:
                self._change(approval_id, due_at=approval.times.due_at)

    def _change(self, approval_id: str, **values: Any) -> None:
        row = self.opened.get(approval_id)
        if row is None:
            row = self.changed.setdefault(approval_id, {"id": approval_id})
        row.update(values)

    def _granted(
        self, old: State | None, new: State, record: e.Record, event: e.RuleGranted
    ) -> Row:
        return {
            "id": event.rule,
            "ref": rule_ref(event.rule),
            **self._subject(old, new, event.approval_id),
            "run_id": new.run_id if event.expires_at is None else None,
            "by": event.by,
            "surface": event.surface,
            "granted_at": record.at,
            "expires_at": event.expires_at,
            "revoked_at": None,
            "revoked_by": None,
            "approval_id": event.approval_id,
            "granted_in": new.run_id,
        }

    def _subject(self, old: State | None, new: State, approval_id: str) -> Row:
        """Return what a rule is about: what the approval is about at which it was granted."""
        row = self.opened.get(approval_id)
        if row is not None:
            path, kind = row["path"], row["kind"]
        else:
            known = (old or new).approvals.get(approval_id) or new.approvals[approval_id]
            path, kind = known.opened.path, known.opened.kind.value
        return {"graph": new.graph, "node": address_of(path), "kind": kind}


def _opened(state: State, record: e.Record, event: e.ApprovalOpened) -> Row:
    return {
        "id": event.approval_id,
        "ref": approval_ref(event.approval_id),
        "run_id": state.run_id,
        "graph": state.graph,
        "node": event.node,
        "path": event.path,
        "kind": event.kind.value,
        "seq": record.seq,
        "status": OPEN,
        "opened_at": record.at,
        "due_at": event.times.due_at,
        "delivered_at": None,
        "reminded_at": None,
        "resolved_at": None,
        "action": None,
    }
