"""What happens to an approval by itself: delivery starts its clock, timers fire."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrator.core import approval_events as a
from orchestrator.core.changing import changed
from orchestrator.core.commands import FireTimer, MarkDelivered, TimerKind
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.outcomes import gate_of
from orchestrator.core.refusals import NotCurrent, NotOpen, Refusal
from orchestrator.core.state import OpenApproval
from orchestrator.core.times import is_past, times_of
from orchestrator.core.turn import Turn


def times_after(
    turn: Turn, approval: OpenApproval, *, since: datetime | None = None, **changes: Any
) -> a.Times:
    """Return the instants of an approval once it has changed; its reminders go on after `since`.

    Where the graph at hand lacks the gate, its calendar is not known; then the deadline does not
    come nearer.
    """
    gate = gate_of(turn.graph, approval.opened)
    times = times_of(
        changed(approval, **changes),
        grace=turn.terms.delivery_grace,
        calendar=gate.calendar if gate else None,
        since=since or turn.now,
    )
    known = approval.times.due_at
    if gate is None and times.due_at is not None and known is not None:
        return replace(times, due_at=max(times.due_at, known))
    return times


def deliver(turn: Turn, command: MarkDelivered) -> Refusal | None:
    """Start the clock of a question that people can see now."""
    approval = turn.state.approvals.get(command.approval_id)
    if approval is None:
        return NotOpen(approval_id=command.approval_id)
    if approval.delivered_at is not None:
        return NotCurrent(reason="it was delivered before")
    at = min(command.at, turn.now)
    turn.emit(
        a.ApprovalDelivered(
            approval_id=command.approval_id,
            surface=command.surface,
            times=times_after(turn, approval, since=at, delivered_at=at),
            at=at,
        )
    )
    return None


def find_due(turn: Turn, command: FireTimer) -> OpenApproval | Refusal:
    """Return the approval whose timer is due, or say why there is nothing to do."""
    approval = turn.state.approvals.get(command.subject)
    if approval is None:
        return NotOpen(approval_id=command.subject)
    instants = {
        TimerKind.EXPIRY: approval.times.due_at,
        TimerKind.REMINDER: approval.times.remind_at,
        TimerKind.ESCALATION: approval.times.escalate_at,
    }
    if not is_past(instants.get(command.kind), turn.now):
        return NotCurrent(reason=f"its {command.kind.value} is not due")
    # What is past its deadline expires; nobody is reminded of it any more.
    if command.kind is not TimerKind.EXPIRY and is_past(approval.times.due_at, turn.now):
        return NotCurrent(reason="its deadline has passed")
    return approval


def defer(turn: Turn, approval: OpenApproval) -> bool:
    """Put an expiry off once when the question has not reached anybody; say whether it was."""
    grace = turn.terms.delivery_grace
    if grace is None or approval.delivered_at is not None or approval.is_deferred:
        return False
    times = replace(approval.times, due_at=turn.now + grace, remind_at=None, escalate_at=None)
    turn.emit(a.ApprovalDeferred(approval_id=approval.opened.approval_id, times=times))
    return True


def remind(turn: Turn, approval: OpenApproval) -> None:
    """Fire the reminder; nobody is told of a question that nobody has seen yet."""
    opened = approval.opened
    times = times_after(turn, approval)
    seq = turn.emit(a.ReminderFired(approval_id=opened.approval_id, times=times))
    if approval.delivered_at is not None or turn.terms.delivery_grace is None:
        reminder = Deliver(purpose=Purpose.REMINDER, approval_id=opened.approval_id, seq=seq)
        turn.request(reminder)


def escalate(turn: Turn, approval: OpenApproval) -> None:
    """Let the next people on the list decide, too, and tell them.

    Nothing is approved by that alone, even where the votes so far would now do.
    """
    opened = approval.opened
    to = opened.escalations[approval.escalated].to
    times = times_after(turn, approval, escalated=approval.escalated + 1)
    # The reminder that is ahead does not change.
    times = replace(times, remind_at=approval.times.remind_at)
    seq = turn.emit(a.ApprovalEscalated(approval_id=opened.approval_id, to=to, times=times))
    tell(turn, opened.approval_id, seq)


def tell(turn: Turn, approval_id: str, seq: int) -> None:
    """Bring the message of an open approval up to date, and tell people of an event."""
    turn.request(Deliver(purpose=Purpose.PROGRESS, approval_id=approval_id))
    turn.request(Deliver(purpose=Purpose.NOTICE, approval_id=approval_id, seq=seq))
