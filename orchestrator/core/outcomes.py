"""How an approval ends, and what its end brings the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.core import approval_events as a
from orchestrator.core.approval_events import Outcome
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.state import OpenApproval
from orchestrator.core.turn import Turn
from orchestrator.core.values import NOTHING, Pointer, Ref
from orchestrator.graph.gates import NO_GATES, Gate, Gates
from orchestrator.graph.graph import Graph
from orchestrator.graph.kinds import ApprovalKind, Decision, OnTimeout
from orchestrator.graph.views import DECISION_KEY, RESPONSE_KEY

_FAVOURABLE = frozenset({Outcome.APPROVED, Outcome.EDITED, Outcome.ANSWERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """An approval that has just got its outcome; what the run does about it is up to the caller."""

    approval: OpenApproval  #: as it was
    outcome: Outcome
    #: The decision that brought it, or `on_timeout`, or `withdraw`.
    action: str
    decision: Decision | None = None
    by: str | None = None
    comment: str = ""
    #: Where the answer's values are stored: an input, a result, routes, or what an edit made.
    answer: Ref | None = None
    chosen: tuple[str, ...] | None = None

    @property
    def digest(self) -> str:
        """The digest of what was decided on."""
        return self.approval.digest


def gate_of(graph: Graph, opened: a.ApprovalOpened) -> Gate | None:
    """Return the gate that an approval comes from; None where the graph at hand has it not."""
    gates: Gates = getattr(graph.find_node(opened.path), "gates", NO_GATES)
    return gates.get(opened.kind)


def resolve(
    turn: Turn,
    resolution: Resolution,
    *,
    updates: Mapping[str, Any] | None = None,
    reason: str = "",
    key: str | None = None,
) -> Resolution:
    """Give an approval its outcome, and bring its message up to date."""
    opened = resolution.approval.opened
    turn.emit(
        a.ApprovalResolved(
            approval_id=opened.approval_id,
            outcome=resolution.outcome,
            action=resolution.action,
            by=resolution.by,
            values=_values(turn, resolution, updates or {}),
            answer=resolution.answer,
            chosen=resolution.chosen,
            reason=reason,
            key=key,
        )
    )
    turn.request(Deliver(purpose=Purpose.OUTCOME, approval_id=opened.approval_id))
    return resolution


def _values(turn: Turn, resolution: Resolution, updates: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state keys that an outcome sets."""
    opened = resolution.approval.opened
    if resolution.outcome is Outcome.WITHDRAWN:
        return {}
    if opened.kind is ApprovalKind.ERROR:
        return dict(updates)
    response: dict[str, Any] = {
        "approval_id": opened.approval_id,
        "by": resolution.by,
        "comment": resolution.comment,
        "at": turn.now.isoformat(),
    }
    if resolution.chosen is not None:
        response["chosen"] = list(resolution.chosen)
    elif resolution.answer is not None:
        response["values"] = turn.state.value(resolution.answer)
    saved = _saved(turn, resolution)
    return {**updates, **saved, DECISION_KEY: resolution.outcome.value, RESPONSE_KEY: response}


def _saved(turn: Turn, resolution: Resolution) -> dict[str, Any]:
    """Return the values under the key that the gate keeps them under, too."""
    approval = resolution.approval
    gate = gate_of(turn.graph, approval.opened)
    if gate is None or gate.save_as is None:
        return {}
    answer = resolution.answer
    if answer is None and resolution.outcome in _FAVOURABLE:
        answer = approval.edits
    return {} if answer is None else {gate.save_as: turn.state.value(answer)}


def accepted(approval: OpenApproval) -> Ref | None:
    """Return what an approval of the newest revision accepts, None if nothing was edited."""
    return approval.edits if approval.revision else None


def expire(turn: Turn, approval: OpenApproval) -> Resolution:
    """End an approval that nobody answered in time."""
    opened = approval.opened
    action = OnTimeout(opened.on_timeout or OnTimeout.EXPIRE)
    answer: Ref | None = None
    chosen: tuple[str, ...] | None = None
    if action is OnTimeout.ANSWER:
        answer = NOTHING if opened.default is None else Pointer(approval.seq)
        if opened.kind is ApprovalKind.CHOOSE:
            chosen = tuple(opened.default)
    elif action is OnTimeout.APPROVE:
        answer = accepted(approval)
    return resolve(
        turn,
        Resolution(
            approval=approval,
            outcome=Outcome.EXPIRED,
            action=action.value,
            answer=answer,
            chosen=chosen,
        ),
    )


def withdraw_one(
    turn: Turn,
    approval: OpenApproval,
    by: str | None = None,
    reason: str = "",
    key: str | None = None,
) -> Resolution:
    """Take a question back."""
    ended = Resolution(
        approval=approval, outcome=Outcome.WITHDRAWN, action="withdraw", by=by, comment=reason
    )
    return resolve(turn, ended, reason=reason, key=key)


def withdraw_all(turn: Turn, inside: str = "", *, by: str | None = None, reason: str = "") -> None:
    """Withdraw every open approval of the run, or of one of its places or frames."""
    inner = (f"{inside}/", f"{inside}[")
    for approval in list(turn.state.approvals.values()):
        path = approval.opened.path
        if not inside or path == inside or path.startswith(inner):
            withdraw_one(turn, approval, by, reason)
