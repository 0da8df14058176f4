"""What is checked of a person's answer before it is recorded."""

from __future__ import annotations

from orchestrator.core import approval_events as a
from orchestrator.core import refusals as r
from orchestrator.core.answers import Answer, read_answer, refuse_updates
from orchestrator.core.commands import Decide, Person
from orchestrator.core.outcomes import gate_of
from orchestrator.core.policy import (
    Click,
    names_of_stage,
    refuse_person,
    users_of,
    why_unsatisfiable,
)
from orchestrator.core.state import OpenApproval
from orchestrator.core.times import is_past
from orchestrator.core.turn import Turn
from orchestrator.core.values import NOTHING
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.graph.policy import Policy

#: What an operator's decision is recorded with where the policy names nobody.
OPERATOR = "operator"
_RULED = frozenset({ApprovalKind.CONFIRM, ApprovalKind.TOOL, ApprovalKind.REVIEW})


def click_of(
    approval: OpenApproval, person: Person, decision: Decision, *, breaks_glass: bool = False
) -> Click:
    """Say through which entries a person decides, and in whose place.

    Only entries of the policy as it is now count. Who is named nowhere in it answers in the place
    of the one who delegated.
    """
    policy = approval.policy
    known = set(map(str, policy.everybody()))
    via = tuple(name for name in person.via if name in known)
    seat = person.id
    delegation = approval.delegations.get(person.id)
    if delegation is not None and not _is_in_a_stage(policy, via):
        seat = delegation.seat
        via = (*via, *(name for name in delegation.via if name in known))
    if not known and person.is_operator:
        via = (OPERATOR,)
    return Click(
        by=person.id,
        decision=decision,
        via=via,
        seat=seat,
        is_outsider=person.is_outsider,
        breaks_glass=breaks_glass,
    )


def _is_in_a_stage(policy: Policy, via: tuple[str, ...]) -> bool:
    stages = range(len(policy.stages))
    return any(not names_of_stage(policy, number).isdisjoint(via) for number in stages)


def refuse_click(
    turn: Turn, approval: OpenApproval, click: Click, command: Decide
) -> r.Refusal | None:
    """Say why a person's answer cannot be taken, whatever it brings; or None."""
    if click.via != (OPERATOR,):
        refusal = refuse_person(
            approval.policy,
            approval.votes,
            approval.stage,
            click,
            requester=turn.state.requester,
            editor=approval.editor,
        )
        if refusal is not None:
            return refusal
    if command.digest is not None and command.digest != approval.digest:
        return r.PayloadChanged(approval_id=command.approval_id)
    if command.breaks_glass:
        return _refuse_alone(click, command)
    if click.decision is Decision.EDIT:
        return _refuse_edit(turn, approval.policy, click)
    return None


def _refuse_alone(click: Click, command: Decide) -> r.Refusal | None:
    if click.decision is not Decision.APPROVE:
        return r.BadResponse(message="against the policy one can only approve")
    if not command.comment.strip():
        return r.BadResponse(message="to approve against the policy takes a reason; write it down")
    return None


def _refuse_edit(turn: Turn, policy: Policy, click: Click) -> r.Refusal | None:
    """Refuse an edit after which nobody could approve."""
    reason = why_unsatisfiable(
        policy, users_of(policy), requester=turn.state.requester, editor=click.seat
    )
    if reason is None:
        return None
    message = f"after an edit by {click.by} nobody could approve this: {reason}"
    return r.NotPossible(message=message)


def read(turn: Turn, approval: OpenApproval, click: Click, command: Decide) -> Answer | r.Refusal:
    """Check what an answer brings."""
    opened = approval.opened
    gate = gate_of(turn.graph, opened)
    given = read_answer(
        click.decision,
        command.values,
        opened=opened,
        gate=gate,
        old=lambda: turn.state.value(approval.edits or NOTHING),
    )
    if not isinstance(given, Answer):
        return given
    refusal = refuse_updates(command.updates, opened, gate) or _refuse_rule(turn, opened, command)
    return given if refusal is None else refusal


def _refuse_rule(turn: Turn, opened: a.ApprovalOpened, command: Decide) -> r.Refusal | None:
    if command.grants_rule is None:
        return None
    if opened.kind not in _RULED or command.decision != Decision.APPROVE or command.breaks_glass:
        return r.BadResponse(
            message="only approving a confirm, review or tool question can be repeated by a rule"
        )
    approval = turn.state.approvals[command.approval_id]
    if command.by.id in approval.delegations and not command.by.via:
        return r.BadResponse(
            message="a rule is granted by an approver, not by somebody who answers in their place"
        )
    if is_past(command.rule_expires_at, turn.now):
        return r.BadResponse(message="the rule would be over before it began; let it end later")
    return None
