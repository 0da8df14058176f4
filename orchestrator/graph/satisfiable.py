"""Policies that nobody could ever fulfil, as far as their lists name single people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.graph.kinds import DECISIONS, QUORUM_KINDS, ApprovalKind, Decision
from orchestrator.graph.policy import Approver, ApproverKind, Policy, Slot

_PEOPLE = frozenset({ApproverKind.USER, ApproverKind.EMAIL})


def find_policy_problems(kind: ApprovalKind, policy: Policy) -> Iterator[str]:
    """List what is wrong with who must answer."""
    if not policy.approvers():
        yield "has no approvers, so nobody could answer; name at least one"
        return
    found = [*_slots(policy), *_denials(policy)]
    yield from found or [*_together(policy), *_one_answer(kind, policy)]


def _slots(policy: Policy) -> Iterator[str]:
    for number, stage in enumerate(policy.stages, 1):
        if not stage.slots:
            yield f"stage {number} has no slots; give it one, or take the stage out"
        for slot in stage.slots:
            if not slot.approvers:
                yield f"stage {number} has a list without approvers; name at least one"
            elif not _is_count(slot.count):
                yield f"stage {number} asks for {slot.count!r} approvals; make it at least 1"
            elif not slot.deputies and _size(slot.approvers) < (slot.count or 0):
                yield (
                    f"asks for {slot.count} approvals of {_list(slot.approvers)}, who are only "
                    f"{len(set(slot.approvers))}; name more people, or ask for fewer"
                )


def _is_count(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)


def _denials(policy: Policy) -> Iterator[str]:
    if not _is_count(policy.deny_threshold):
        yield f"deny_threshold is {policy.deny_threshold!r}; make it at least 1"
        return
    for stage in policy.stages:
        people = [each for slot in stage.slots for each in slot.asked]
        if people and _size(people) < policy.deny_threshold:
            yield (
                f"deny_threshold is {policy.deny_threshold}, but only {len(set(people))} could "
                f"reject ({_list(people)}); make it smaller, or name more people"
            )


def _together(policy: Policy) -> Iterator[str]:
    """Look for too few people for all slots, where one person fills one slot only."""
    if not policy.distinct:
        return
    seats = [seat for stage in policy.stages for slot in stage.slots for seat in _seats(slot)]
    taken: dict[Approver, int] = {}
    for number in range(len(seats)):
        if not _seat(number, seats, taken, set()):
            people = sorted(frozenset[Approver]().union(*seats), key=str)
            yield (
                f"asks for {len(seats)} approvals by different people, but {_list(people)} cannot "
                "give them, as each fills one slot only; name more people, or set distinct=False"
            )
            return


def _seats(slot: Slot) -> Iterator[frozenset[Approver]]:
    """Yield who could give each approval that only named people can give."""
    people = frozenset(each for each in slot.approvers if each.kind in _PEOPLE)
    if slot.deputies:
        return
    if slot.count is None:
        yield from (frozenset({each}) for each in sorted(people, key=str))
    elif len(people) == len(set(slot.approvers)):
        yield from [people] * slot.count


def _seat(
    number: int, seats: list[frozenset[Approver]], taken: dict[Approver, int], tried: set[Approver]
) -> bool:
    """Find somebody for a seat, moving others to seats that they could have, too."""
    for person in sorted(seats[number] - tried, key=str):
        tried.add(person)
        if person not in taken or _seat(taken[person], seats, taken, tried):
            taken[person] = number
            return True
    return False


def _one_answer(kind: ApprovalKind, policy: Policy) -> Iterator[str]:
    if kind not in QUORUM_KINDS:
        slots = [slot for stage in policy.stages for slot in stage.slots]
        if len(policy.stages) > 1 or len(slots) > 1 or any(slot.count != 1 for slot in slots):
            yield (
                f"asks for several answers, but of {kind} the first valid one counts; "
                "name one list, and ask the others by a confirm or a review"
            )
        if policy.deny_threshold > 1:
            yield f"deny_threshold is for {_list(sorted(QUORUM_KINDS))}; leave it at 1"
    if policy.veto and Decision.REJECT not in DECISIONS[kind]:
        yield f"has a veto, but {kind} cannot be rejected; take it out"


def _size(approvers: Iterable[Approver]) -> float:
    """Return how many people a list is at most."""
    listed = set(approvers)
    return len(listed) if all(each.kind in _PEOPLE for each in listed) else float("inf")


def _list(names: Iterable[object]) -> str:
    return ", ".join(str(each) for each in dict.fromkeys(names))
