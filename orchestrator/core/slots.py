"""Which approvals fill which slots of a stage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.core.state import Vote
from orchestrator.graph.kinds import Decision
from orchestrator.graph.policy import Approver, ApproverKind, Policy, Slot

#: Decisions that fill a slot. The others count as they are given.
FAVOURABLE = frozenset({Decision.APPROVE, Decision.EDIT})


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


class Barred:
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

    def __or__(self, taken: frozenset[str]) -> Barred:
        kept = taken if self._policy.distinct else frozenset()
        return Barred(self._policy, self._requester, self._editor, kept)

    def in_stage(self, stage: int) -> frozenset[str]:
        """Return whose approvals do not count in a stage."""
        barred = set(self._taken)
        if self._policy.stages[stage].four_eyes and self._requester is not None:
            barred.add(self._requester)
        if not self._policy.last_editor_may_approve and self._editor is not None:
            barred.add(self._editor)
        return frozenset(barred)


def taken_before(
    policy: Policy,
    votes: Collection[Vote],
    stage: int,
    barred: Barred,
    rosters: Mapping[str, Collection[str]],
) -> frozenset[str]:
    """Return whose approvals fill the slots of the stages before, and who gave them."""
    taken: frozenset[str] = frozenset()
    for number in range(stage):
        fills = fills_of(policy, votes, number, barred | taken, rosters)
        seats = {seat for fill in fills for seat in fill.by}
        taken |= seats
        taken |= {each.by for each in votes if each.stage == number and each.seat in seats}
    return taken


def fills_of(
    policy: Policy,
    votes: Collection[Vote],
    stage: int,
    barred: Barred,
    rosters: Mapping[str, Collection[str]],
) -> tuple[Fill, ...]:
    """Say how far each slot of a stage is filled; see `standing` for the arguments."""
    out = barred.in_stage(stage)
    slots = policy.stages[stage].slots
    members = [_asked(slot, rosters, out) for slot in slots]
    counted = [
        vote
        for vote in in_order(votes)
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
    is_shared = policy.distinct and len(slots) > 1
    filled = match(choices, needs) if is_shared else _each(choices, needs)
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
        names = names_of(slot.deputies)
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
        waiting = [*sorted(members - set(by)), *map(str, slot.deputies)]
    elif missing:
        waiting = map(str, slot.asked)
    return Fill(slot=slot, needed=needed, by=tuple(by), missing=missing, waiting=tuple(waiting))


def _asked(
    slot: Slot, rosters: Mapping[str, Collection[str]], out: frozenset[str]
) -> frozenset[str] | None:
    """Return the members whose approvals a slot for everybody takes, None if they are unknown."""
    if slot.count is not None:
        return None
    users = {str(each): {each.name} for each in slot.approvers if each.kind is ApproverKind.USER}
    known = members_of(slot, {**users, **rosters})
    return None if known is None else frozenset(known) - out


def _needs(slot: Slot, members: frozenset[str] | None, most: int) -> int:
    if slot.count is not None:
        return slot.count
    return most if members is None else len(members)


def _fits(vote: Vote, slot: Slot, members: frozenset[str] | None) -> bool:
    if not names_of(slot.approvers) & set(vote.via):
        return False
    return members is None or vote.seat in members


def members_of(slot: Slot, members: Mapping[str, Collection[str]]) -> set[str] | None:
    """Return everybody behind a slot's entries, None if one of them is unknown."""
    found: set[str] = set()
    for approver in slot.approvers:
        if str(approver) not in members:
            return None
        found |= set(members[str(approver)])
    return found


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


def in_order(votes: Iterable[Vote]) -> list[Vote]:
    """Return votes from the oldest to the newest."""
    return sorted(votes, key=lambda vote: (vote.at, vote.stage, vote.seat))


def names_of(approvers: Iterable[Approver]) -> frozenset[str]:
    """Return the names of entries."""
    return frozenset(map(str, approvers))
