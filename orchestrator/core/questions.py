"""The life of an approval: answered, and resolved once the answers suffice.

An edit is recorded first: the new value lives in its DecisionRecorded, to which everything else
refers. If further approvals are needed an ApprovalRevised follows, which voids every vote but the
edit itself; the edit counts where the policy lets the last editor approve.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core import approval_events as a
from orchestrator.core import refusals as r
from orchestrator.core.answers import Answer
from orchestrator.core.approval_events import Outcome
from orchestrator.core.asking import ask, ask_operators
from orchestrator.core.clicks import click_of, read, refuse_click
from orchestrator.core.commands import Decide
from orchestrator.core.deadlines import (
    defer,
    deliver,
    escalate,
    find_due,
    remind,
    tell,
    times_after,
)
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.outcomes import (
    Resolution,
    accepted,
    expire,
    gate_of,
    resolve,
    withdraw_all,
)
from orchestrator.core.policy import (
    FAVOURABLE,
    Click,
    Standing,
    standing,
)
from orchestrator.core.state import OpenApproval
from orchestrator.core.times import is_past
from orchestrator.core.turn import Turn
from orchestrator.core.values import NOTHING, Pointer, Ref, Stored, part_of
from orchestrator.core.view import digest, parts
from orchestrator.graph.kinds import Decision

__all__ = [
    "Resolution",
    "answer",
    "ask",
    "ask_operators",
    "click_of",
    "defer",
    "deliver",
    "escalate",
    "expire",
    "find_due",
    "gate_of",
    "remind",
    "standing_of",
    "withdraw_all",
]


def answer(turn: Turn, command: Decide) -> r.Refusal | Resolution | None:
    """Record a person's answer; return what came of it.

    Returns:
        Why the answer was refused, which changed nothing; or the outcome, if the approval has one
        now; or None while further answers are needed.
    """
    approval = turn.state.approvals.get(command.approval_id)
    if approval is None:
        return r.NotOpen(approval_id=command.approval_id)
    if command.key is not None and command.key in approval.keys:
        return r.NotCurrent(reason="this decision has been recorded already")
    if is_past(approval.times.due_at, turn.now):
        return r.TooLate(approval_id=command.approval_id)
    if command.decision not in approval.opened.decisions:
        allowed = tuple(decision.value for decision in approval.opened.decisions)
        return r.UnknownDecision(decision=command.decision, allowed=allowed)
    decision = Decision(command.decision)
    click = click_of(approval, command.by, decision, breaks_glass=command.breaks_glass)
    given = refuse_click(turn, approval, click, command) or read(turn, approval, click, command)
    if not isinstance(given, Answer):
        return given
    return _follow(turn, approval, click, command, _record(turn, click, command, given.values))


def standing_of(turn: Turn, approval: OpenApproval) -> Standing:
    """Say what the votes for an open approval amount to."""
    return standing(
        approval.policy,
        approval.votes,
        approval.stage,
        requester=turn.state.requester,
        editor=approval.editor,
    )


def _record(turn: Turn, click: Click, command: Decide, values: Any) -> Ref:
    """Store an answer that was let through; return where its values are."""
    seq = turn.emit(
        a.DecisionRecorded(
            approval_id=command.approval_id,
            decision=click.decision,
            by=click.by,
            via=click.via,
            surface=command.by.surface,
            comment=command.comment,
            values=values,
            updates=dict(command.updates),
            instead_of=click.seat if click.seat != click.by else None,
            roster=command.roster,
            breaks_glass=command.breaks_glass,
            rule=command.rule,
            recorded_by=command.by.recorded_by,
            key=command.key,
        )
    )
    if command.grants_rule is not None:
        turn.emit(
            a.RuleGranted(
                approval_id=command.approval_id,
                rule=command.grants_rule,
                by=click.by,
                surface=command.by.surface,
                expires_at=command.rule_expires_at,
            )
        )
    if command.breaks_glass:
        notice = Deliver(purpose=Purpose.NOTICE, approval_id=command.approval_id, seq=seq)
        turn.request(notice)
    return NOTHING if values is None else Pointer(seq)


def _follow(
    turn: Turn, before: OpenApproval, click: Click, command: Decide, stored: Ref
) -> Resolution | None:
    """Carry on after an answer was recorded."""
    match click.decision:
        case Decision.EDIT:
            return _edit(turn, before, click, command, stored)
        case Decision.APPROVE:
            return _count(turn, click, command)
        case Decision.REJECT:
            return _reject(turn, click, command)
        case Decision.REQUEST_CHANGES:
            return _end(turn, click, command, Outcome.CHANGES_REQUESTED)
        case Decision.ANSWER | Decision.RESULT:
            return _end(turn, click, command, Outcome.ANSWERED, answer=stored)
        case Decision.CHOOSE:
            chosen = tuple(turn.state.value(stored))
            return _end(turn, click, command, Outcome.ANSWERED, answer=stored, chosen=chosen)
        case Decision.RETRY | Decision.SKIP | Decision.FAIL:
            return _end(turn, click, command, Outcome.ANSWERED)


def _end(  # noqa: PLR0913 - what an outcome is made of
    turn: Turn,
    click: Click,
    command: Decide,
    outcome: Outcome,
    *,
    answer: Ref | None = None,
    chosen: tuple[str, ...] | None = None,
    updates: Mapping[str, Any] | None = None,
) -> Resolution:
    return resolve(
        turn,
        Resolution(
            approval=turn.state.approvals[command.approval_id],
            outcome=outcome,
            action=click.decision.value,
            decision=click.decision,
            by=click.by,
            comment=command.comment,
            answer=answer,
            chosen=chosen,
        ),
        updates=command.updates if updates is None else updates,
    )


def _count(turn: Turn, click: Click, command: Decide) -> Resolution | None:
    """Approve once the last stage is filled; ask the next people once another one is."""
    while True:
        approval = turn.state.approvals[command.approval_id]
        now = standing_of(turn, approval)
        if now.is_approved:
            edited = accepted(approval)
            outcome = Outcome.APPROVED if edited is None else Outcome.EDITED
            votes = sorted(approval.votes, key=lambda vote: vote.at)
            updates = {
                key: value
                for vote in votes
                if vote.decision in FAVOURABLE
                for key, value in vote.updates.items()
            }
            return _end(turn, click, command, outcome, answer=edited, updates=updates)
        if not now.is_stage_filled:
            turn.request(Deliver(purpose=Purpose.PROGRESS, approval_id=command.approval_id))
            return None
        stage = approval.stage + 1
        times = times_after(turn, approval, stage=stage, stage_at=turn.now)
        reached = a.StageReached(approval_id=command.approval_id, stage=stage, times=times)
        turn.request(
            Deliver(purpose=Purpose.NOTICE, approval_id=command.approval_id, seq=turn.emit(reached))
        )


def _reject(turn: Turn, click: Click, command: Decide) -> Resolution | None:
    """Reject by a veto, or once enough people have."""
    if standing_of(turn, turn.state.approvals[command.approval_id]).is_rejected:
        return _end(turn, click, command, Outcome.REJECTED)
    turn.request(Deliver(purpose=Purpose.PROGRESS, approval_id=command.approval_id))
    return None


def _edit(
    turn: Turn, before: OpenApproval, click: Click, command: Decide, new: Ref
) -> Resolution | None:
    """Take the edit as the outcome if the editor's approval is enough; else make a revision."""
    policy = before.policy
    own = [each for each in turn.state.approvals[command.approval_id].votes if each.by == click.by]
    alone = standing(
        policy, own[-1:], before.stage, requester=turn.state.requester, editor=click.by
    )
    if alone.is_approved and len(policy.stages) == 1:
        return _end(turn, click, command, Outcome.EDITED, answer=new)
    shows = _reshown(turn, before, new)
    seq = turn.emit(
        a.ApprovalRevised(
            approval_id=command.approval_id,
            by=click.by,
            revision=before.revision + 1,
            edits=new,
            shows=shows,
            digest=digest({label: turn.state.value(ref) for label, ref in shows.items()}),
            times=times_after(turn, before, stage=0, stage_at=turn.now),
        )
    )
    tell(turn, command.approval_id, seq)
    return _count(turn, click, command)


def _reshown(turn: Turn, approval: OpenApproval, new: Ref) -> Mapping[str, Ref]:
    """Return what is shown after an edit: what showed the old value shows the new one."""
    old = turn.state.stored(approval.edits or NOTHING)
    value = turn.state.value(new)
    shown, label = approval.shows, approval.opened.node
    if dict(shown) == {name: each.ref for name, each in parts(label, old).items()}:
        return {name: each.ref for name, each in parts(label, Stored(new, value)).items()}
    moved: dict[Ref, Ref] = {old.ref: new}
    if isinstance(old.value, Mapping):
        moved |= {part_of(old.ref, key): part_of(new, key) for key in old.value if key in value}
    return {name: moved.get(ref, ref) for name, ref in shown.items()}
