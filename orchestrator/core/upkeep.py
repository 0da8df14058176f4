"""What people do about an open approval beside answering it. A refusal has changed nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestrator.core import approval_events as a
from orchestrator.core import commands as c
from orchestrator.core.clicks import click_of
from orchestrator.core.deadlines import tell, times_after
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.outcomes import Resolution, withdraw_one
from orchestrator.core.policy import names_of_stage, users_of, why_unsatisfiable
from orchestrator.core.refusals import (
    NotCurrent,
    NotOpen,
    NotPermitted,
    NotPossible,
    Outsider,
    OwnRequest,
    Refusal,
    TooLate,
)
from orchestrator.core.state import OpenApproval
from orchestrator.core.times import is_past
from orchestrator.core.turn import Turn
from orchestrator.graph.kinds import QUORUM_KINDS, Decision
from orchestrator.graph.policy import Policy

#: A deadline further ahead than this is a slip of the pen.
LONGEST = timedelta(days=3650)
_Command = c.Withdraw | c.Reassign | c.Delegate | c.Snooze | c.Extend | c.Comment


def withdraw(turn: Turn, command: c.Withdraw) -> Refusal | Resolution:
    """Take a question back: by the requester or an operator."""
    approval = _find(turn, command)
    if not isinstance(approval, OpenApproval):
        return approval
    if not (command.by.is_operator or command.by.id == turn.state.requester):
        return _not_permitted(command.by, "withdraw this", "its requester or an operator")
    return withdraw_one(turn, approval, command.by.id, command.reason, command.key)


def reassign(turn: Turn, command: c.Reassign) -> Refusal | None:
    """Ask other people: by an approver, who may not weaken the policy, or an operator."""
    approval = _find(turn, command)
    if not isinstance(approval, OpenApproval):
        return approval
    refusal = _refuse_hand(approval, command.by, "reassign this")
    if refusal is not None:
        return refusal
    if command.by.id == turn.state.requester and _has_four_eyes(approval.policy):
        # Who may not approve it may not choose who does, either; an operator is no exception,
        # for where a graph names none all approvers are operators.
        return OwnRequest(by=command.by.id, approvers=tuple(map(str, approval.policy.approvers())))
    reason = _why_unfit(turn, approval, command)
    if reason is not None:
        return NotPossible(message=reason)
    seq = turn.emit(
        a.ApprovalReassigned(
            approval_id=command.approval_id,
            by=command.by.id,
            policy=command.policy,
            reason=command.reason,
            times=times_after(turn, approval, policy=command.policy, stage=0, stage_at=turn.now),
            key=command.key,
        )
    )
    tell(turn, command.approval_id, seq)
    return None


def _why_unfit(turn: Turn, approval: OpenApproval, command: c.Reassign) -> str | None:
    """Say why a policy cannot take the place of an approval's own, or None."""
    policy, kind = command.policy, approval.opened.kind
    if policy == approval.policy:
        return "these people are asked already; name others"
    slots = [slot for stage in policy.stages for slot in stage.slots]
    if policy.deny_threshold < 1 or any(
        slot.count is not None and slot.count < 1 for slot in slots
    ):
        return "a policy cannot take fewer than one answer; ask for at least one"
    if kind not in QUORUM_KINDS and [slot.count for slot in slots] != [1]:
        return (
            f"the first answer to a question of kind {kind.value} counts; name one list of people"
        )
    reason = why_unsatisfiable(policy, users_of(policy), requester=turn.state.requester)
    if reason is not None:
        return f"these people could not answer it: {reason}"
    weaker = None if command.by.is_operator else _why_weaker(approval.policy, policy)
    return weaker and f"this would {weaker}, which takes an operator; keep to the policy's rules"


def _why_weaker(old: Policy, new: Policy) -> str | None:
    """Say what a policy demands less than another, whoever is named in it; or None."""
    reliefs = {
        "ask in fewer stages": len(new.stages) < len(old.stages),
        "ask for fewer approvals": _demand(new) < _demand(old),
        "no longer ask everybody": _asks_everybody(old) and not _asks_everybody(new),
        "let the requester approve": _has_four_eyes(old) and not _keeps_four_eyes(old, new),
        "take a veto away": bool(set(old.veto) - set(new.veto)),
        "need more rejections": new.deny_threshold > old.deny_threshold,
        "let one person fill several slots": old.distinct and not new.distinct,
        "let the last editor approve": new.last_editor_may_approve
        and not old.last_editor_may_approve,
        "let further people decide alone": bool(set(new.break_glass) - set(old.break_glass)),
        "let outsiders decide": new.outsiders and not old.outsiders,
    }
    return next((text for text, is_so in reliefs.items() if is_so), None)


def _demand(policy: Policy) -> int:
    """Return how many approvals a policy takes, at least."""
    slots = [slot for stage in policy.stages for slot in stage.slots]
    return sum(len(slot.approvers) if slot.count is None else slot.count for slot in slots)


def _asks_everybody(policy: Policy) -> bool:
    return any(slot.count is None for stage in policy.stages for slot in stage.slots)


def _has_four_eyes(policy: Policy) -> bool:
    return any(stage.four_eyes for stage in policy.stages)


def _keeps_four_eyes(old: Policy, new: Policy) -> bool:
    pairs = zip(old.stages, new.stages, strict=False)
    return all(theirs.four_eyes or not mine.four_eyes for mine, theirs in pairs)


def delegate(turn: Turn, command: c.Delegate) -> Refusal | None:
    """Let another person answer in one's place: by somebody who may decide."""
    approval = _find(turn, command)
    if not isinstance(approval, OpenApproval):
        return approval
    person, policy = command.by, approval.policy
    known = set(map(str, policy.everybody()))
    via = tuple(name for name in person.via if name in known)
    mine = [
        stage
        for number, stage in enumerate(policy.stages)
        if names_of_stage(policy, number) & set(via)
    ]
    if not mine:
        names = ", ".join(map(str, policy.approvers()))
        return _not_permitted(person, "delegate this", f"one of {names}")
    if person.is_outsider and not policy.outsiders:
        return Outsider(by=person.id)
    if all(stage.four_eyes for stage in mine) and person.id == turn.state.requester:
        return OwnRequest(by=person.id, approvers=tuple(map(str, policy.approvers())))
    reason = _why_no_deputy(turn, approval, command)
    if reason is not None:
        return NotPossible(message=reason)
    seq = turn.emit(
        a.ApprovalDelegated(
            approval_id=command.approval_id,
            by=person.id,
            to=command.to,
            via=via,
            key=command.key,
        )
    )
    tell(turn, command.approval_id, seq)
    return None


def _why_no_deputy(turn: Turn, approval: OpenApproval, command: c.Delegate) -> str | None:
    """Say why somebody cannot answer in another one's place, or None."""
    to, policy = command.to, approval.policy
    if not to.strip():
        return "nobody is named; say who answers in your place"
    if to == command.by.id:
        return f"{to} cannot delegate to themselves; name somebody else"
    if to == turn.state.requester and _has_four_eyes(policy):
        return f"{to} started this run and may not approve it; name somebody else"
    if to in {each.name for each in policy.approvers() if str(each) in users_of(policy)}:
        return f"{to} may decide this already; name somebody else"
    before = approval.delegations.get(to)
    if before is not None and before.seat != command.by.id:
        return f"{to} answers in the place of {before.seat} already; name somebody else"
    if any(vote.by == to and vote.seat != command.by.id for vote in approval.votes):
        return f"{to} has answered this already; name somebody else"
    return None


def snooze(turn: Turn, command: c.Snooze) -> Refusal | None:
    """Be not reminded for a while: by an approver."""
    approval = _find(turn, command)
    if not isinstance(approval, OpenApproval):
        return approval
    if not _is_approver(approval, command.by):
        return _not_permitted(command.by, "snooze this", "one of its approvers")
    if command.by.is_outsider and not approval.policy.outsiders:
        return Outsider(by=command.by.id)
    if command.until <= turn.now:
        return NotPossible(message=f"{_at(command.until)} is over; snooze until a later instant")
    turn.emit(
        a.ApprovalSnoozed(
            approval_id=command.approval_id,
            by=command.by.id,
            until=command.until,
            key=command.key,
        )
    )
    return None


def extend(turn: Turn, command: c.Extend) -> Refusal | None:
    """Move the deadline further away: by an approver or an operator."""
    approval = _find(turn, command)
    if not isinstance(approval, OpenApproval):
        return approval
    refusal = _refuse_hand(approval, command.by, "extend this")
    if refusal is not None:
        return refusal
    due_at = approval.times.due_at
    if due_at is None:
        return NotPossible(message="this has no deadline, so there is nothing to extend")
    if command.until <= due_at:
        return NotPossible(
            message=f"the deadline is {_at(due_at)} already; extend it to a later instant"
        )
    if command.until > turn.now + LONGEST:
        return NotPossible(message="that is more than ten years ahead; extend it by less")
    seq = turn.emit(
        a.ApprovalExtended(
            approval_id=command.approval_id,
            by=command.by.id,
            times=times_after(turn, approval, extended_to=command.until),
            reason=command.reason,
            key=command.key,
        )
    )
    tell(turn, command.approval_id, seq)
    return None


def comment(turn: Turn, command: c.Comment) -> Refusal | None:
    """Write something beside a decision: by an approver, the requester or an operator."""
    approval = _find(turn, command)
    if not isinstance(approval, OpenApproval):
        return approval
    person = command.by
    is_concerned = person.is_operator or person.id == turn.state.requester
    if not is_concerned and not _is_approver(approval, person):
        takes = "one of its approvers, its requester or an operator"
        return _not_permitted(person, "comment on this", takes)
    if not is_concerned and person.is_outsider and not approval.policy.outsiders:
        return Outsider(by=person.id)
    if not command.text.strip():
        return NotPossible(message="the comment is empty; write something")
    seq = turn.emit(
        a.CommentAdded(
            approval_id=command.approval_id,
            by=person.id,
            text=command.text,
            surface=person.surface,
            wants_answer=command.wants_answer,
            key=command.key,
        )
    )
    turn.request(Deliver(purpose=Purpose.NOTICE, approval_id=command.approval_id, seq=seq))
    return None


def revoke_rule(turn: Turn, command: c.RevokeRule) -> Refusal | None:
    """Note that a standing rule, which was granted in this run, holds no longer."""
    turn.emit(a.RuleRevoked(rule=command.rule, by=command.by, surface=command.surface))
    return None


def _find(turn: Turn, command: _Command) -> OpenApproval | Refusal:
    approval = turn.state.approvals.get(command.approval_id)
    if approval is None:
        return NotOpen(approval_id=command.approval_id)
    if command.key is not None and command.key in approval.keys:
        return NotCurrent(reason="this has been recorded already")
    if is_past(approval.times.due_at, turn.now):
        return TooLate(approval_id=command.approval_id)
    return approval


def _is_approver(approval: OpenApproval, person: c.Person) -> bool:
    return bool(click_of(approval, person, Decision.APPROVE).via)


def _refuse_hand(approval: OpenApproval, person: c.Person, action: str) -> Refusal | None:
    """Refuse people who are neither approvers nor operators."""
    if person.is_operator:
        return None
    if not _is_approver(approval, person):
        return _not_permitted(person, action, "one of its approvers or an operator")
    if person.is_outsider and not approval.policy.outsiders:
        return Outsider(by=person.id)
    return None


def _not_permitted(person: c.Person, action: str, takes: str) -> NotPermitted:
    return NotPermitted(by=person.id, action=action, takes=takes)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
