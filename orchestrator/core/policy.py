"""What votes amount to under a policy, and who may vote. Knows no run, clock or directory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from orchestrator.core import refusals as r
from orchestrator.core.slots import (
    FAVOURABLE,
    Barred,
    Fill,
    fills_of,
    in_order,
    match,
    members_of,
    names_of,
    taken_before,
)
from orchestrator.core.state import Vote
from orchestrator.graph.kinds import Decision
from orchestrator.graph.policy import Approver, ApproverKind, Policy, Slot

__all__ = [
    "FAVOURABLE",
    "Click",
    "Fill",
    "Standing",
    "handed_to",
    "names_of_stage",
    "refuse_person",
    "rosters_of",
    "standing",
    "users_of",
    "why_unsatisfiable",
]

#: Decisions that let nothing through, so that nobody has to be kept from them.
_AGAINST = frozenset({Decision.REJECT, Decision.REQUEST_CHANGES, Decision.FAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the votes amount to in the present stage."""

    stage: int
    fills: tuple[Fill, ...]
    #: Who rejected in this stage, oldest first.
    rejected_by: tuple[str, ...]
    is_stage_filled: bool
    is_approved: bool
    is_rejected: bool

    @property
    def waiting(self) -> tuple[str, ...]:
        """Everybody who is still asked, each once."""
        return _once(name for fill in self.fills for name in fill.waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A person about to decide."""

    by: str
    decision: Decision
    #: Entries of the policy that the person, or the one who delegated, belongs to.
    via: tuple[str, ...]
    #: Whose place is taken: the person's own, or of the one who delegated.
    seat: str
    is_outsider: bool = False
    breaks_glass: bool = False


def standing(
    policy: Policy,
    votes: Collection[Vote],
    stage: int,
    *,
    requester: str | None = None,
    editor: str | None = None,
    rosters: Mapping[str, Collection[str]] | None = None,
) -> Standing:
    """Say what the votes amount to.

    Args:
        policy: What must come together.
        votes: Everybody's newest vote in each stage; their order in here does not matter.
        stage: The present stage, from 0.
        requester: Who started the run; does not count where a stage has `four_eyes`.
        editor: Who edited last; does not count where the policy says so.
        rosters: Members of groups, by the entry's name; default: those in the newest votes.
    """
    known = rosters_of(votes) if rosters is None else rosters
    barred = Barred(policy, requester, editor)
    taken = taken_before(policy, votes, stage, barred, known)
    fills = fills_of(policy, votes, stage, barred | taken, known)
    here = names_of_stage(policy, stage)
    against = [each for each in in_order(votes) if each.decision is Decision.REJECT]
    rejected_by = _once(
        each.seat for each in against if each.stage == stage and here & set(each.via)
    )
    is_vetoed = any(names_of(policy.veto) & set(each.via) for each in against)
    is_filled = all(fill.missing == 0 for fill in fills)
    is_broken = any(each.breaks_glass and each.decision is Decision.APPROVE for each in votes)
    return Standing(
        stage=stage,
        fills=fills,
        rejected_by=rejected_by,
        is_stage_filled=is_filled,
        is_approved=is_broken or (is_filled and stage == len(policy.stages) - 1),
        is_rejected=is_vetoed or len(rejected_by) >= policy.deny_threshold,
    )


def refuse_person(
    policy: Policy,
    votes: Collection[Vote],
    stage: int,
    click: Click,
    *,
    requester: str | None = None,
    editor: str | None = None,
) -> r.PersonRefusal | None:
    """Say why a person may not give this decision now, or None."""
    via = set(click.via)
    if click.is_outsider and not policy.outsiders:
        return r.Outsider(by=click.by)
    if click.breaks_glass:
        return _refuse_breaking(policy, click)
    if click.decision is Decision.REJECT and via & names_of(policy.veto):
        return None
    barred = Barred(policy, requester, editor)
    taken = taken_before(policy, votes, stage, barred, rosters_of(votes))
    counted = bool({click.seat, click.by} & taken)
    if via & names_of_stage(policy, stage):
        if click.decision in _AGAINST:
            return None
        if not (counted and policy.distinct):
            return _refuse_own(policy, stage, click, requester, editor)
    waiting = standing(policy, votes, stage, requester=requester, editor=editor).waiting
    if counted:
        return r.AlreadyCounted(by=click.by, waiting_for=waiting)
    return _refuse_elsewhere(policy, stage, click, waiting)


def _refuse_elsewhere(
    policy: Policy, stage: int, click: Click, waiting: tuple[str, ...]
) -> r.PersonRefusal:
    later = range(stage + 1, len(policy.stages))
    if any(set(click.via) & names_of_stage(policy, each) for each in later):
        return r.NotYet(by=click.by, waiting_for=waiting)
    may = [*_entries(policy, stage), *_of_veto(policy, click.decision)]
    return r.NotAllowed(by=click.by, approvers=_once(may))


def _refuse_own(
    policy: Policy, stage: int, click: Click, requester: str | None, editor: str | None
) -> r.PersonRefusal | None:
    people = {click.by, click.seat}
    approvers = _once(_entries(policy, stage))
    if policy.stages[stage].four_eyes and requester in people:
        return r.OwnRequest(by=click.by, approvers=approvers)
    is_own = editor in people and not policy.last_editor_may_approve
    if is_own and click.decision is not Decision.EDIT:
        return r.OwnEdit(by=click.by, approvers=approvers)
    return None


def _refuse_breaking(policy: Policy, click: Click) -> r.PersonRefusal | None:
    if not policy.break_glass:
        message = "this policy lets nobody decide alone; ask its approvers"
        return r.NotPossible(message=message)
    if set(click.via) & names_of(policy.break_glass):
        return None
    return r.NotAllowed(by=click.by, approvers=_once(map(str, policy.break_glass)))


def why_unsatisfiable(
    policy: Policy,
    members: Mapping[str, Collection[str]],
    *,
    requester: str | None = None,
    editor: str | None = None,
) -> str | None:
    """Say in a sentence why no people can ever satisfy a policy, with a remedy; None: they can.

    Args:
        policy: What must come together.
        members: Whom each entry stands for, by its name. An entry that is missing is taken to
            stand for enough people.
        requester: Who started the run; may not approve where a stage has `four_eyes`.
        editor: Who edited last; may not approve where the policy says so.
    """
    if not policy.stages or not all(stage.slots for stage in policy.stages):
        return "it asks nobody; name at least one approver"
    needs: list[int] = []
    choices: dict[str, list[int]] = {}
    barred = Barred(policy, requester, editor)
    for number, stage in enumerate(policy.stages):
        for slot in stage.slots:
            if not slot.approvers:
                return "one of its slots names nobody; name at least one approver"
            known = members_of(slot, members)
            if known is None:
                continue
            eligible = known - barred.in_stage(number)
            reason = _too_few(slot, known, eligible)
            if reason is not None:
                return reason
            # In a later stage, those who were counted before are not asked again.
            everybody = len(eligible) if number == 0 else 1
            for seat in eligible:
                choices.setdefault(seat, []).append(len(needs))
            needs.append(everybody if slot.count is None else slot.count)
    is_shared = policy.distinct and len(needs) > 1  # one slot has enough people for itself
    if is_shared and sum(map(len, match(choices, needs))) < sum(needs):
        return (
            f"its slots take {sum(needs)} different people and {_list(sorted(choices))} are not "
            "enough for that; name more, ask for fewer, or let one person fill several slots"
        )
    return None


def _too_few(slot: Slot, known: set[str], eligible: set[str]) -> str | None:
    names = _list(map(str, slot.approvers))
    if not known:
        return f"nobody stands behind {names}; name somebody who may decide"
    needed = 1 if slot.count is None else slot.count
    if len(eligible) >= needed:
        return None
    out = known - eligible
    without = f" without {_list(sorted(out))}, who may not approve this" if out else ""
    people = "person" if needed == 1 else "people"
    return (
        f"it takes {needed} {people} of {names}, and{without} there are only {len(eligible)}; "
        "name more approvers or ask for fewer"
    )


def users_of(policy: Policy) -> Mapping[str, frozenset[str]]:
    """Return whom the entries stand for that name users, which needs no look-up."""
    return {
        str(each): frozenset({each.name})
        for each in policy.everybody()
        if each.kind is ApproverKind.USER
    }


def handed_to(policy: Policy, approvers: tuple[Approver, ...]) -> Policy:
    """Return the same policy with other people in every slot; its rules stay as they are."""
    stages = tuple(
        replace(
            stage,
            slots=tuple(replace(slot, approvers=approvers, deputies=()) for slot in stage.slots),
        )
        for stage in policy.stages
    )
    return replace(policy, stages=stages)


def rosters_of(votes: Iterable[Vote]) -> Mapping[str, tuple[str, ...]]:
    """Return the members of entries as the newest votes recorded them."""
    return {name: people for vote in in_order(votes) for name, people in vote.roster.items()}


def names_of_stage(policy: Policy, stage: int) -> frozenset[str]:
    """Return the names of a stage's entries."""
    return frozenset(_entries(policy, stage))


def _entries(policy: Policy, stage: int) -> Iterable[str]:
    return (str(each) for slot in policy.stages[stage].slots for each in slot.asked)


def _of_veto(policy: Policy, decision: Decision) -> Iterable[str]:
    return map(str, policy.veto) if decision is Decision.REJECT else ()


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
