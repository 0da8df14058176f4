"""How far an open question is: votes and rules in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.cards.values import cut, one_line
from bot.cards.words import Person, Words, join, name_words
from orchestrator.core.policy import Standing, standing
from orchestrator.core.state import Vote
from orchestrator.graph.kinds import QUORUM_KINDS, Decision
from orchestrator.graph.policy import ApproverKind, Policy, parse_approver
from orchestrator.store.records import Approval

_MOST_NAMES = 3  # in a line
_MOST_VOTES = 10  # lines
_COMMENT = 120  # characters of a comment beside a vote
#: What somebody did, in a word.
VOTED = {
    Decision.APPROVE: "✓ approved",
    Decision.EDIT: "✎ edited",
    Decision.REJECT: "✗ rejected",
}


def standing_of(approval: Approval) -> Standing:
    """Return what the votes for an approval amount to."""
    return standing(
        approval.policy,
        approval.votes,
        approval.stage,
        requester=approval.requester,
        editor=approval.editor,
    )


def waiting_for(approval: Approval) -> tuple[str, ...]:
    """Return the names of those whose answer is missing now, as the graph or the votes have it."""
    asked = standing_of(approval).waiting or approval.approvers
    answered = {
        name
        for vote in approval.votes
        if vote.stage == approval.stage
        for name in (vote.by, vote.seat, *vote.via)
    }
    return tuple(name for name in asked if not (name in answered and _is_person(name))) or asked


def _is_person(name: str) -> bool:
    return parse_approver(name).kind in {ApproverKind.USER, ApproverKind.EMAIL}


def progress_words(approval: Approval) -> Words:
    """Say how far the policy is: `1 of 2 · waiting for @finance · stage 1 of 2, Money`."""
    now = standing_of(approval)
    waiting = ("waiting for ", *name_words(waiting_for(approval), most=_MOST_NAMES))
    if approval.kind not in QUORUM_KINDS:
        return waiting
    pieces: list[Words] = [(_count(now),), waiting]
    if now.rejected_by:
        needed = approval.policy.deny_threshold
        pieces.append((f"{len(now.rejected_by)} of {needed} rejections",))
    stage = _stage(approval.policy, approval.stage)
    if stage:
        pieces.append((stage,))
    return join(pieces)


def _count(now: Standing) -> str:
    given = sum(len(fill.by) for fill in now.fills)
    needed = [fill.needed for fill in now.fills]
    if None in needed:
        return f"{given} so far, everybody is asked"
    return f"{given} of {sum(each or 0 for each in needed)}"


def _stage(policy: Policy, number: int) -> str:
    name = one_line(policy.stages[number].name)
    if len(policy.stages) > 1:
        return f"stage {number + 1} of {len(policy.stages)}" + (f", {name}" if name else "")
    return name


def notes(approval: Approval) -> tuple[Words, ...]:
    """Say who has voted, who is asked later, and what rules there are, a line each."""
    return (*_slots(approval), *_votes(approval), *_places(approval), *_rules(approval))


def _slots(approval: Approval) -> Iterator[Words]:
    """Say of each list how far it is, where there are several at the same time."""
    fills = standing_of(approval).fills
    if approval.kind not in QUORUM_KINDS or len(fills) < 2:  # noqa: PLR2004 - one says no more
        return
    for fill in fills:
        names = name_words(list(map(str, fill.slot.approvers)), most=_MOST_NAMES)
        needed = "all" if fill.needed is None else str(fill.needed)
        mark = "✓" if fill.missing == 0 else "○"
        given: Words = (": ", *join([(Person(each),) for each in fill.by], ", ")) if fill.by else ()
        yield (f"{mark} {len(fill.by)} of {needed} from ", *names, *given)


def _votes(approval: Approval) -> Iterator[Words]:
    has_lists = len(standing_of(approval).fills) > 1
    votes = [
        vote
        for vote in sorted(approval.votes, key=lambda vote: vote.at)
        # Who merely approved stands beside the list that it counts for.
        if not (has_lists and _is_plain(approval, vote))
    ]
    for vote in votes[-_MOST_VOTES:]:
        yield _vote(vote)
    if approval.revision and approval.editor:
        yield (
            f"Revision {approval.revision}, edited by ",
            Person(approval.editor),
            "; votes before it do not count.",
        )


def _is_plain(approval: Approval, vote: Vote) -> bool:
    is_here = vote.stage == approval.stage and vote.seat == vote.by
    return is_here and vote.decision is Decision.APPROVE and not vote.comment.strip()


def _vote(vote: Vote) -> Words:
    verb = VOTED.get(vote.decision, vote.decision.value)
    instead: Words = (" for ", Person(vote.seat)) if vote.seat != vote.by else ()
    comment = f": “{cut(one_line(vote.comment), _COMMENT)}”" if vote.comment.strip() else ""
    return (f"{verb} by ", Person(vote.by), *instead, comment)


def _places(approval: Approval) -> Iterator[Words]:
    for person, delegation in approval.delegations.items():
        yield (Person(person), " may answer in the place of ", Person(delegation.seat), ".")
    if approval.escalated:
        yield ("Nobody had answered for a while, so more people may decide now.",)


def _rules(approval: Approval) -> Iterator[Words]:
    policy = approval.policy
    for number in range(approval.stage + 1, len(policy.stages)):
        names = [str(each) for slot in policy.stages[number].slots for each in slot.approvers]
        yield (f"Then {_stage(policy, number)}: {_uncalled(names)}.",)
    if policy.stages and policy.stages[approval.stage].four_eyes:
        yield (Person(approval.requester), " asked for this and may not approve it.")
    if policy.veto:
        yield (f"A rejection by {_uncalled(map(str, policy.veto))} is enough to stop it.",)


def _uncalled(names: Iterable[str]) -> str:
    """Name people who are not asked now. A mention would call them all the same."""
    kinds = {name: parse_approver(name).kind for name in names}
    shown = [name for name in kinds if name[0] in "@#" or kinds[name] is ApproverKind.EMAIL]
    people = sum(kind is ApproverKind.USER for kind in kinds.values())
    groups = len(kinds) - len(shown) - people
    if people:
        shown.append("1 person" if people == 1 else f"{people} people")
    if groups:
        shown.append("a group" if groups == 1 else f"{groups} groups")
    return one_line(" or ".join(shown))
