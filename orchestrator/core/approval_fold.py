"""How the events of an approval change a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.core import approval_events as a
from orchestrator.core.changing import changed
from orchestrator.core.folding import write
from orchestrator.core.state import (
    Delegation,
    OpenApproval,
    Place,
    PlaceStatus,
    State,
    Vote,
    frame_of,
)
from orchestrator.core.values import Gather, Pointer, Ref, part_of
from orchestrator.graph.kinds import ApprovalKind, Decision, OnTimeout
from orchestrator.graph.policy import Approver, Policy, Slot

_Handler = Callable[[State, Any, Any], None]


def _set(state: State, approval_id: str, **changes: Any) -> None:
    approval = changed(state.approvals[approval_id], **changes)
    state.approvals[approval_id] = approval


def _opened(state: State, record: Any, event: a.ApprovalOpened) -> None:
    approval = OpenApproval(
        seq=record.seq,
        opened=event,
        opened_at=record.at,
        policy=event.policy,
        times=event.times,
        digest=event.digest,
        shows=event.shows,
        edits=event.edits,
    )
    state.approvals[event.approval_id] = approval
    state.has_started = True
    place = state.places.get(event.path)
    if place is not None:
        waiting = changed(
            place,
            status=PlaceStatus.WAITING,
            owner=None,
            approval_id=event.approval_id,
            questions=place.questions + 1,
            # A wait that has failed is over; when people say retry, it begins anew.
            wake_at=None,
            signal=None,
        )
        state.places[event.path] = waiting


def _delivered(state: State, record: Any, event: a.ApprovalDelivered) -> None:
    _set(state, event.approval_id, delivered_at=event.at or record.at, times=event.times)


def _deferred(state: State, record: Any, event: a.ApprovalDeferred) -> None:
    _set(state, event.approval_id, times=event.times, is_deferred=True)


def _reminded(state: State, record: Any, event: a.ReminderFired) -> None:
    reminded = state.approvals[event.approval_id].reminded + 1
    _set(state, event.approval_id, times=event.times, reminded=reminded)


def _escalated(state: State, record: Any, event: a.ApprovalEscalated) -> None:
    approval = state.approvals[event.approval_id]
    _set(
        state,
        event.approval_id,
        times=event.times,
        escalated=approval.escalated + 1,
        policy=widened(approval.policy, event.to),
    )


def widened(policy: Policy, to: tuple[Approver, ...]) -> Policy:
    """Return a policy in which further people may fill every slot.

    Where everybody must approve, any one of them may do so in everybody's place.
    """
    stages = tuple(
        replace(stage, slots=tuple(_widened(slot, to) for slot in stage.slots))
        for stage in policy.stages
    )
    return replace(policy, stages=stages)


def _widened(slot: Slot, to: tuple[Approver, ...]) -> Slot:
    if slot.count is None:
        return replace(slot, deputies=tuple(dict.fromkeys([*slot.deputies, *to])))
    return replace(slot, approvers=tuple(dict.fromkeys([*slot.approvers, *to])))


def _decided(state: State, record: Any, event: a.DecisionRecorded) -> None:
    approval = state.approvals[event.approval_id]
    vote = Vote(
        seat=event.instead_of or event.by,
        by=event.by,
        decision=event.decision,
        via=event.via,
        stage=approval.stage,
        at=record.at,
        comment=event.comment,
        breaks_glass=event.breaks_glass,
        roster=event.roster,
        updates=event.updates,
    )
    # A person has one vote, also one who answered in another's place and may now decide, too.
    others = tuple(
        each
        for each in approval.votes
        if each.stage != vote.stage or (each.seat != vote.seat and each.by != vote.by)
    )
    _set(state, event.approval_id, votes=(*others, vote), keys=_keys(state, event))


def _keys(state: State, event: Any) -> tuple[str, ...]:
    """Return what the approval has recorded so far, each by its key, with an event that is new."""
    keys = state.approvals[event.approval_id].keys
    return keys if event.key is None else (*keys, event.key)


def _stage_reached(state: State, record: Any, event: a.StageReached) -> None:
    _set(state, event.approval_id, stage=event.stage, stage_at=record.at, times=event.times)


def _revised(state: State, record: Any, event: a.ApprovalRevised) -> None:
    _set(
        state,
        event.approval_id,
        revision=event.revision,
        edits=event.edits,
        shows=event.shows,
        digest=event.digest,
        editor=event.by,
        votes=_of_editor(state.approvals[event.approval_id], event.by),
        stage=0,
        stage_at=record.at,
        times=event.times,
    )


def _of_editor(approval: OpenApproval, editor: str) -> tuple[Vote, ...]:
    """Return the one vote that an edit does not void: the edit itself."""
    if not approval.policy.last_editor_may_approve:
        return ()
    return tuple(
        vote for vote in approval.votes if vote.by == editor and vote.decision is Decision.EDIT
    )[-1:]


def _resolved(state: State, record: Any, event: a.ApprovalResolved) -> None:
    approval = state.approvals[event.approval_id]
    opened = approval.opened
    del state.approvals[event.approval_id]
    state.asked = event.approval_id
    if state.held == event.approval_id:
        state.held = None
    keys = {key: Pointer(record.seq, (key,)) for key in event.values}
    write(state, frame_of(opened.path), keys)
    place = state.places.get(opened.path)
    if place is None or place.approval_id != event.approval_id:
        return
    answered = _answer(state, place, approval, event)
    if opened.kind is ApprovalKind.ERROR:
        answered |= {"failures": 0, "lost": 0}
    elif _is_passed(event):
        answered["passed"] = (*place.passed, opened.kind)
    state.places[opened.path] = changed(place, approval_id=None, **answered)


def _is_passed(event: a.ApprovalResolved) -> bool:
    """Did the gate end in favour of what is behind it?"""
    in_favour = (a.Outcome.APPROVED, a.Outcome.EDITED, a.Outcome.ANSWERED)
    by_policy = event.action in (OnTimeout.APPROVE, OnTimeout.ANSWER)
    return event.outcome in in_favour or (event.outcome is a.Outcome.EXPIRED and by_policy)


def _answer(
    state: State, place: Place, approval: OpenApproval, event: a.ApprovalResolved
) -> dict[str, Any]:
    """Return what a place gets from the outcome of its approval."""
    match approval.opened.kind:
        case ApprovalKind.CONFIRM:
            return {"is_confirmed": event.action == Decision.APPROVE}
        case ApprovalKind.INPUT if event.answer is not None:
            return {"answer": _over(state, place.answer, event.answer)}
        case ApprovalKind.TOOL if event.answer is not None:
            return {"answer": event.answer}
        case ApprovalKind.CHOOSE:
            return {"chosen": event.chosen}
        case ApprovalKind.RESULT | ApprovalKind.REVIEW if event.answer is not None:
            return {"result": event.answer}
        case _:
            return {}


def _over(state: State, before: Ref | None, given: Ref) -> Ref:
    """Lay the values of an answer over the arguments that a call had before."""
    if before is None:
        return given
    parts = {key: part_of(before, key) for key in state.value(before)}
    parts.update({key: part_of(given, key) for key in state.value(given)})
    return Gather(tuple(parts.values()), tuple(parts))


def _reassigned(state: State, record: Any, event: a.ApprovalReassigned) -> None:
    _set(
        state,
        event.approval_id,
        policy=event.policy,
        votes=(),
        stage=0,
        stage_at=record.at,
        times=event.times,
        delegations={},
        keys=_keys(state, event),
    )


def _delegated(state: State, record: Any, event: a.ApprovalDelegated) -> None:
    # Whoever was named before does not answer in that place any more.
    delegations = {
        name: each
        for name, each in state.approvals[event.approval_id].delegations.items()
        if each.seat != event.by
    }
    given = Delegation(seat=event.by, via=event.via)
    _set(
        state,
        event.approval_id,
        delegations={**delegations, event.to: given},
        keys=_keys(state, event),
    )


def _snoozed(state: State, record: Any, event: a.ApprovalSnoozed) -> None:
    snoozed = state.approvals[event.approval_id].snoozed
    snoozed = {**snoozed, event.by: event.until}
    _set(state, event.approval_id, snoozed=snoozed, keys=_keys(state, event))


def _extended(state: State, record: Any, event: a.ApprovalExtended) -> None:
    _set(
        state,
        event.approval_id,
        times=event.times,
        extended_to=event.times.due_at,
        keys=_keys(state, event),
    )


def _commented(state: State, record: Any, event: a.CommentAdded) -> None:
    if event.key is not None:
        _set(state, event.approval_id, keys=_keys(state, event))


def _nothing(state: State, record: Any, event: Any) -> None:
    pass


APPROVAL_HANDLERS: Mapping[type, _Handler] = {
    a.ApprovalOpened: _opened,
    a.ApprovalDelivered: _delivered,
    a.ApprovalDeferred: _deferred,
    a.ReminderFired: _reminded,
    a.ApprovalEscalated: _escalated,
    a.DecisionRecorded: _decided,
    a.StageReached: _stage_reached,
    a.ApprovalRevised: _revised,
    a.ApprovalResolved: _resolved,
    a.ApprovalReassigned: _reassigned,
    a.ApprovalDelegated: _delegated,
    a.ApprovalSnoozed: _snoozed,
    a.ApprovalExtended: _extended,
    a.CommentAdded: _commented,
    a.RuleGranted: _nothing,
    a.RuleRevoked: _nothing,
}
