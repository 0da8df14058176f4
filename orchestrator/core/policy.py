"""What votes amount to under a policy, and who may vote. Knows no run, clock or directory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.core import refusals as r
from orchestrator.core.state import Vote
from orchestrator.graph.kinds import Decision
from orchestrator.graph.policy import Approver, ApproverKind, Policy, Slot

#: Decisions that fill a slot. The others count as they are given.
FAVOURABLE = frozenset({Decision.APPROVE, Decision.EDIT})
#: Decisions that let nothing through, so that nobody has to be kept from them.
_AGAINST = frozenset({Decision.REJECT, Decision.REQUEST_CHANGES, Decision.FAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """How far a slot of the present stage is filled."""

    slot: Slot
    #: How many approvals it takes; None: everybody's, and not all members are known yet.
    needed: int | None
    #: Whose approvals fill it, oldest first.
    by: tuple[str, ...]
    #: How many more it takes, at least; 0: it is filled.
    missing: int
    #: Who is still asked: entries of the slot, or the members that have not approved.
    waiting: tuple[str, ...]


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
    barred = _Barred(policy, requester, editor)
    taken = _taken(policy, votes, stage, barred, known)
    fills = _fills(policy, votes, stage, barred | taken, known)
    here = names_of_stage(policy, stage)
    against = [each for each in _in_order(votes) if each.decision is Decision.REJECT]
    rejected_by = _once(
        each.seat for each in against if each.stage == stage and here & set(each.via)
    )
    is_vetoed = any(_names(policy.veto) & set(each.via) for each in against)
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
    if click.decision is Decision.REJECT and via & _names(policy.veto):
        return None
    now = standing(policy, votes, stage, requester=requester, editor=editor)
    barred = _Barred(policy, requester, editor)
    counted = click.seat in _taken(policy, votes, stage, barred, rosters_of(votes))
    again = r.AlreadyCounted(by=click.by, waiting_for=now.waiting)
    if not via & names_of_stage(policy, stage):
        return again if counted else _refuse_elsewhere(policy, stage, click, now)
    if click.decision in _AGAINST:
        return None
    if counted and policy.distinct:
        return again
    return _refuse_own(policy, stage, click, requester, editor)


def _refuse_elsewhere(policy: Policy, stage: int, click: Click, now: Standing) -> r.PersonRefusal:
    later = range(stage + 1, len(policy.stages))
    if any(set(click.via) & names_of_stage(policy, each) for each in later):
        return r.NotYet(by=click.by, waiting_for=now.waiting)
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
    if set(click.via) & _names(policy.break_glass):
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
    barred = _Barred(policy, requester, editor)
    for number, stage in enumerate(policy.stages):
        for slot in stage.slots:
            if not slot.approvers:
                return "one of its slots names nobody; name at least one approver"
            known = _members(slot, members)
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
    if policy.distinct and sum(map(len, match(choices, needs))) < sum(needs):
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


def rosters_of(votes: Iterable[Vote]) -> Mapping[str, tuple[str, ...]]:
    """Return the members of entries as the newest votes recorded them."""
    return {name: people for vote in _in_order(votes) for name, people in vote.roster.items()}


def names_of_stage(policy: Policy, stage: int) -> frozenset[str]:
    """Return the names of a stage's entries."""
    return frozenset(_entries(policy, stage))


def match(choices: Mapping[str, Sequence[int]], needs: Sequence[int]) -> list[list[str]]:
    """Give as many people as possible a slot each; whoever comes first keeps one.

    Args:
        choices: The slots that each person may fill, by their numbers.
        needs: How many people each slot takes.
    """
    filled: list[list[str]] = [[] for _ in needs]

    def place(seat: str, seen: set[int]) -> bool:
        for slot in choices[seat]:
            if slot in seen:
                continue
            seen.add(slot)
            if len(filled[slot]) < needs[slot]:
                filled[slot].append(seat)
                return True
            for other in filled[slot]:
                if place(other, seen):
                    filled[slot].remove(other)
                    filled[slot].append(seat)
                    return True
        return False

    for seat in choices:
        place(seat, set())
    return filled


class _Barred:
    """Whose approvals do not count, by stage."""

    def __init__(
        self,
        policy: Policy,
        requester: str | None,
        editor: str | None,
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self._policy = policy
        self._requester = requester
        self._editor = editor
        self._taken = taken

    def __or__(self, taken: frozenset[str]) -> _Barred:
        kept = taken if self._policy.distinct else frozenset()
        return _Barred(self._policy, self._requester, self._editor, kept)

    def in_stage(self, stage: int) -> frozenset[str]:
        barred = set(self._taken)
        if self._policy.stages[stage].four_eyes and self._requester is not None:
            barred.add(self._requester)
        if not self._policy.last_editor_may_approve and self._editor is not None:
            barred.add(self._editor)
        return frozenset(barred)


def _taken(
    policy: Policy,
    votes: Collection[Vote],
    stage: int,
    barred: _Barred,
    rosters: Mapping[str, Collection[str]],
) -> frozenset[str]:
    """Return whose approvals fill the slots of the stages before."""
    taken: frozenset[str] = frozenset()
    for number in range(stage):
        fills = _fills(policy, votes, number, barred | taken, rosters)
        taken |= {seat for fill in fills for seat in fill.by}
    return taken


def _fills(
    policy: Policy,
    votes: Collection[Vote],
    stage: int,
    barred: _Barred,
    rosters: Mapping[str, Collection[str]],
) -> tuple[Fill, ...]:
    out = barred.in_stage(stage)
    slots = policy.stages[stage].slots
    members = [_asked(slot, rosters, out) for slot in slots]
    counted = [
        vote
        for vote in _in_order(votes)
        if vote.stage == stage
        and vote.decision in FAVOURABLE
        and not vote.breaks_glass
        and not {vote.seat, vote.by} & out
    ]
    needs = [_needs(slot, known, len(counted)) for slot, known in zip(slots, members, strict=True)]
    choices = {vote.seat: _choices(vote, slots, members) for vote in counted}
    deputies = _deputies(policy, slots, counted)
    for number, seat in deputies.items():
        needs[number] = 0
        if policy.distinct:
            choices[seat] = []
    filled = match(choices, needs) if policy.distinct else _each(choices, needs)
    order = list(choices)
    return tuple(
        _stood_in(slot, deputies[number])
        if number in deputies
        else _fill(slot, members[number], sorted(filled[number], key=order.index))
        for number, slot in enumerate(slots)
    )


def _choices(
    vote: Vote, slots: Sequence[Slot], members: Sequence[frozenset[str] | None]
) -> list[int]:
    """Return the numbers of the slots that a vote may fill."""
    pairs = enumerate(zip(slots, members, strict=True))
    return [number for number, (slot, known) in pairs if _fits(vote, slot, known)]


def _each(choices: Mapping[str, Sequence[int]], needs: Sequence[int]) -> list[list[str]]:
    """Fill every slot by itself: one person may fill several."""
    return [
        [seat for seat, fitting in choices.items() if number in fitting][:need]
        for number, need in enumerate(needs)
    ]


def _deputies(policy: Policy, slots: Sequence[Slot], votes: Sequence[Vote]) -> dict[int, str]:
    """Return who approved in everybody's place, by the slot's number."""
    found: dict[int, str] = {}
    for number, slot in enumerate(slots):
        names = _names(slot.deputies)
        for vote in votes:
            is_free = not policy.distinct or vote.seat not in found.values()
            if names & set(vote.via) and is_free:
                found[number] = vote.seat
                break
    return found


def _stood_in(slot: Slot, deputy: str) -> Fill:
    return Fill(slot=slot, needed=1, by=(deputy,), missing=0, waiting=())


def _fill(slot: Slot, members: frozenset[str] | None, by: Sequence[str]) -> Fill:
    needed = slot.count
    if slot.count is None and members is not None:
        needed = len(members)
    # Of unknown members, and of none at all, nobody can say that all have approved.
    missing = max(needed - len(by), 0) if needed else 1
    waiting: Iterable[str] = ()
    if missing and slot.count is None and members:
        waiting = sorted(members - set(by))
    elif missing:
        waiting = map(str, slot.approvers)
    return Fill(slot=slot, needed=needed, by=tuple(by), missing=missing, waiting=tuple(waiting))


def _asked(
    slot: Slot, rosters: Mapping[str, Collection[str]], out: frozenset[str]
) -> frozenset[str] | None:
    """Return the members whose approvals a slot for everybody takes, None if they are unknown."""
    if slot.count is not None:
        return None
    users = {str(each): {each.name} for each in slot.approvers if each.kind is ApproverKind.USER}
    known = _members(slot, {**users, **rosters})
    return None if known is None else frozenset(known) - out


def _needs(slot: Slot, members: frozenset[str] | None, most: int) -> int:
    if slot.count is not None:
        return slot.count
    return most if members is None else len(members)


def _fits(vote: Vote, slot: Slot, members: frozenset[str] | None) -> bool:
    if not _names(slot.approvers) & set(vote.via):
        return False
    return members is None or vote.seat in members


def _members(slot: Slot, members: Mapping[str, Collection[str]]) -> set[str] | None:
    """Return everybody behind a slot's entries, None if one of them is unknown."""
    found: set[str] = set()
    for approver in slot.approvers:
        if str(approver) not in members:
            return None
        found |= set(members[str(approver)])
    return found


def _in_order(votes: Iterable[Vote]) -> list[Vote]:
    return sorted(votes, key=lambda vote: (vote.at, vote.stage, vote.seat))


def _entries(policy: Policy, stage: int) -> Iterable[str]:
    return (str(each) for slot in policy.stages[stage].slots for each in slot.asked)


def _of_veto(policy: Policy, decision: Decision) -> Iterable[str]:
    return map(str, policy.veto) if decision is Decision.REJECT else ()


def _names(approvers: Iterable[Approver]) -> frozenset[str]:
    return frozenset(map(str, approvers))


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
