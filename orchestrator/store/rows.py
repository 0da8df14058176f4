"""What an advance means for the rows: everything that is derived from its events and states."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.core import chain, checkpoint
from orchestrator.core.advance import Advance
from orchestrator.core.approval_events import ApprovalOpened
from orchestrator.core.ids import run_ref
from orchestrator.core.state import State
from orchestrator.store import codec
from orchestrator.store.approval_rows import ApprovalRows
from orchestrator.store.live import LiveRows, Row
from orchestrator.store.tables import to_instant_text

EVENT = ("run_id", "seq", "at", "kind", "body", "hash", "approval_id")


@dataclass(slots=True)
class Rows:
    """The writes of one batch, by table; each collection becomes one statement."""

    new_runs: dict[str, Row] = field(default_factory=dict)
    runs: dict[str, Row] = field(default_factory=dict)
    #: In the order of `EVENT`, as the driver takes them.
    events: list[tuple[Any, ...]] = field(default_factory=list)
    approvals: ApprovalRows = field(default_factory=ApprovalRows)
    live: LiveRows = field(default_factory=LiveRows)
    deliveries: list[Row] = field(default_factory=list)
    _states: dict[str, State] = field(default_factory=dict)

    def finish(self) -> None:
        """Write the checkpoints: one a run, however often the batch has moved it."""
        for row in (*self.runs.values(), *self.new_runs.values()):
            row["checkpoint"] = checkpoint.to_json(self._states[row["id"]])

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
            instant = to_instant_text(record.at)
            head = chain.link(head, run_id=run_id, seq=record.seq, at=instant, kind=kind, body=body)
            is_about = type(record.event) in codec.ABOUT_APPROVALS
            about = codec.approval_of(record.event) if is_about else None
            self.events.append((run_id, record.seq, instant, kind, body, head, about))
            if is_about:
                self.approvals.add(old, new.state, record)
        self._add_run(old, new.state, head, at)
        self.approvals.move(old, new.state)
        self.live.add(old, new.state, at)
        if new.effects:
            self._add_deliveries(new, at)
        return head

    def _add_deliveries(self, new: Advance, at: datetime) -> None:
        channels = {
            record.event.approval_id: record.event.channel
            for record in new.records
            if isinstance(record.event, ApprovalOpened)
        }
        for effect in new.effects:
            self.deliveries.append(
                {
                    "purpose": effect.purpose.value,
                    "approval_id": effect.approval_id,
                    "run_id": new.state.run_id,
                    "seq": effect.seq,
                    "status": "pending",
                    "attempts": 0,
                    "created_at": at,
                    "not_before": at,
                    "workspace": new.state.workspace,
                    "channel": channels.get(effect.approval_id),
                }
            )

    def _add_run(self, old: State | None, state: State, head: str, at: datetime) -> None:
        row: Row = {
            "id": state.run_id,
            "version": state.version,
            "status": state.status.value,
            "updated_at": at,
            "finished_at": at if state.is_finished else None,
            "error": state.error,
            "seq": state.seq,
            "head": head,
            "checkpoint": None,
        }
        self._states[state.run_id] = state
        if old is not None and state.run_id not in self.new_runs:
            self.runs[state.run_id] = row
            return
        self.new_runs[state.run_id] = row | {
            "ref": run_ref(state.run_id),
            "graph": state.graph,
            "requester": state.requester,
            "surface": state.surface,
            "started_at": state.started_at,
            "labels": codec.to_text(dict(state.labels)),
            "workspace": state.workspace,
        }
