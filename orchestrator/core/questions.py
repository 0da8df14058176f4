"""Approvals: how one is opened, answered, timed and resolved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from orchestrator.core import events as e
from orchestrator.core.commands import Decide, FireTimer, MarkDelivered, TimerKind
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.ids import approval_id
from orchestrator.core.refusals import (
    BadResponse,
    NotAllowed,
    NotCurrent,
    NotOpen,
    PayloadChanged,
    Refusal,
    TooLate,
    UnknownDecision,
)
from orchestrator.core.state import OpenApproval, Place
from orchestrator.core.turn import Turn
from orchestrator.core.view import RunView, digest, select
from orchestrator.graph.nodes import (
    DECISION_KEY,
    RESPONSE_KEY,
    ApprovalNode,
    Duration,
    Text,
)

_CONFIRM = (e.Decision.APPROVE, e.Decision.REJECT)
_ERROR = (e.Decision.RETRY, e.Decision.SKIP, e.Decision.FAIL)


def _length(duration: Duration | None, view: RunView) -> timedelta | None:
    if duration is None:
        return None
    length = duration(view) if callable(duration) else duration
    if length <= timedelta(0):
        raise ValueError(f"a timeout must be longer than nothing, this one is {length}")
    return length


def _text(template: Text, view: RunView) -> str:
    # Anything else could be stored, but not be read again.
    text: object = template(view)
    if not isinstance(text, str):
        raise TypeError(f"a title or prompt must be a text, this one is {text!r}")
    return text


def _due(turn: Turn, opened: timedelta | None) -> datetime | None:
    """Say when the clock runs out; until delivery a grace is added."""
    if opened is None:
        return None
    return turn.now + opened + (turn.terms.delivery_grace or timedelta(0))


def _remind(due_at: datetime | None, remind_before: timedelta | None) -> datetime | None:
    return due_at - remind_before if due_at and remind_before else None


def _open(turn: Turn, event: e.ApprovalOpened) -> None:
    turn.emit(event)
    turn.request(Deliver(purpose=Purpose.QUESTION, approval_id=event.approval_id))


def open_confirm(turn: Turn, place: Place, node: ApprovalNode) -> None:
    """Ask the question of an approval node. What the author's functions raise, this raises."""
    view = RunView(turn.graph, turn.state, node.reads)
    timeout = _length(node.timeout, view)
    remind_before = _length(node.remind_before, view)
    if timeout and remind_before and remind_before >= timeout:
        remind_before = timeout / 2
    shown = select(view, turn.state, node.review_keys)
    due_at = _due(turn, timeout)
    _open(
        turn,
        e.ApprovalOpened(
            approval_id=approval_id(turn.run_id, place.path, place.questions + 1),
            path=place.path,
            node=node.id,
            kind=e.ApprovalKind.CONFIRM,
            title=_text(node.title, view) if node.title else f"Approve {node.id}?",
            prompt=_text(node.prompt, view) if node.prompt else "",
            shows={label: stored.pointer for label, stored in shown.items()},
            digest=digest({label: stored.value for label, stored in shown.items()}),
            decisions=_CONFIRM,
            approvers=tuple(map(str, node.approvers)),
            timeout=timeout,
            on_timeout=node.on_timeout.value if node.on_timeout else None,
            remind_before=remind_before,
            due_at=due_at,
            remind_at=_remind(due_at, remind_before),
        ),
    )


def open_error(turn: Turn, place: Place, error: e.ErrorFacts) -> None:
    """Ask the operators what to do about a node that only a person can judge."""
    approvers = turn.graph.operators or turn.graph.approvers
    _open(
        turn,
        e.ApprovalOpened(
            approval_id=approval_id(turn.run_id, place.path, place.questions + 1),
            path=place.path,
            node=place.node,
            kind=e.ApprovalKind.ERROR,
            title=f"What should happen to {place.node}?",
            prompt="",
            shows={},
            digest=digest({}),
            decisions=_ERROR,
            approvers=tuple(map(str, approvers)),
            error=error,
        ),
    )


def deliver(turn: Turn, command: MarkDelivered) -> Refusal | None:
    """Start the clock of a question that people can see now."""
    approval = turn.state.approvals.get(command.approval_id)
    if approval is None:
        return NotOpen(approval_id=command.approval_id)
    if approval.delivered_at is not None:
        return NotCurrent(reason="it was delivered before")
    opened = approval.opened
    at = min(command.at, turn.now)
    due_at = at + opened.timeout if opened.timeout else None
    turn.emit(
        e.ApprovalDelivered(
            approval_id=opened.approval_id,
            surface=command.surface,
            due_at=due_at,
            remind_at=_remind(due_at, opened.remind_before),
        )
    )
    return None


def refuse(turn: Turn, command: Decide) -> Refusal | None:
    """Say why a decision cannot be taken, or None."""
    approval = turn.state.approvals.get(command.approval_id)
    if approval is None:
        return NotOpen(approval_id=command.approval_id)
    opened = approval.opened
    if approval.due_at and approval.due_at <= turn.now:
        return TooLate(approval_id=command.approval_id)
    if command.decision not in opened.decisions:
        allowed = tuple(decision.value for decision in opened.decisions)
        return UnknownDecision(decision=command.decision, allowed=allowed)
    if command.via is None:
        return NotAllowed(by=command.by, approvers=opened.approvers)
    if command.digest is not None and command.digest != opened.digest:
        return PayloadChanged(approval_id=command.approval_id)
    return _refuse_updates(turn, opened, command)


def _refuse_updates(turn: Turn, opened: e.ApprovalOpened, command: Decide) -> Refusal | None:
    if not command.updates:
        return None
    node = turn.graph.nodes[opened.node]
    writes = node.writes if isinstance(node, ApprovalNode) else ()
    reserved = {DECISION_KEY, RESPONSE_KEY} & command.updates.keys()
    outside = set() if writes == ("*",) else command.updates.keys() - set(writes)
    refused = sorted(reserved | outside)
    if not refused:
        return None
    allowed = ", ".join(writes) or "none"
    names = ", ".join(refused)
    return BadResponse(message=f"an answer cannot set {names}; this gate's writes are: {allowed}")


def record(turn: Turn, command: Decide) -> None:
    """Store an answer that `refuse` has let through."""
    turn.emit(
        e.DecisionRecorded(
            approval_id=command.approval_id,
            decision=e.Decision(command.decision),
            by=command.by,
            via=command.via or "",
            surface=command.surface,
            comment=command.comment,
            recorded_by=command.recorded_by,
            key=command.key,
        )
    )


def resolve(  # noqa: PLR0913 - what an outcome is made of
    turn: Turn,
    approval: OpenApproval,
    outcome: e.Outcome,
    action: str,
    *,
    by: str | None = None,
    comment: str = "",
    updates: Mapping[str, Any] | None = None,
) -> None:
    """Give an approval its outcome; its message is brought up to date."""
    opened = approval.opened
    values: Mapping[str, Any] = {}
    if opened.kind is e.ApprovalKind.CONFIRM and outcome is not e.Outcome.WITHDRAWN:
        response = {
            "approval_id": opened.approval_id,
            "by": by,
            "comment": comment,
            "at": turn.now.isoformat(),
        }
        values = {**(updates or {}), DECISION_KEY: outcome.value, RESPONSE_KEY: response}
    turn.emit(
        e.ApprovalResolved(
            approval_id=opened.approval_id, outcome=outcome, action=action, by=by, values=values
        )
    )
    turn.request(Deliver(purpose=Purpose.OUTCOME, approval_id=opened.approval_id))


def withdraw_all(turn: Turn) -> None:
    """Withdraw every open approval of the run."""
    for approval in list(turn.state.approvals.values()):
        resolve(turn, approval, e.Outcome.WITHDRAWN, "withdraw")


def find_due(turn: Turn, command: FireTimer) -> OpenApproval | Refusal:
    """Return the approval whose timer is due, or say why there is nothing to do."""
    approval = turn.state.approvals.get(command.subject)
    if approval is None:
        return NotOpen(approval_id=command.subject)
    is_expiry = command.kind is TimerKind.EXPIRY
    due_at = approval.due_at if is_expiry else approval.remind_at
    if due_at is None or due_at > turn.now:
        return NotCurrent(reason=f"its {command.kind.value} is not due")
    return approval


def remind(turn: Turn, approval: OpenApproval) -> None:
    """Fire the reminder, unless nobody has seen the question yet."""
    opened = approval.opened
    turn.emit(e.ReminderFired(approval_id=opened.approval_id))
    if approval.delivered_at is not None or turn.terms.delivery_grace is None:
        turn.request(Deliver(purpose=Purpose.REMINDER, approval_id=opened.approval_id))


def defer(turn: Turn, approval: OpenApproval) -> bool:
    """Put an expiry off once when the question has not reached anybody; say whether it was."""
    grace = turn.terms.delivery_grace
    if grace is None or approval.delivered_at is not None or approval.is_deferred:
        return False
    opened = approval.opened
    turn.emit(e.ApprovalDeferred(approval_id=opened.approval_id, due_at=turn.now + grace))
    return True
