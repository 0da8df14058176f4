"""Who may decide about a question: names, whose answer is there, who is away, and the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.cards.gist import told_apart
from bot.cards.progress import VOTED, standing_of
from bot.cards.values import one_line
from bot.cards.words import Code, Moment, Person, Strong, Words, approver_words, join, name_words
from orchestrator.graph.kinds import QUORUM_KINDS
from orchestrator.graph.policy import Approver, ApproverKind, Slot, Stage
from orchestrator.store.records import Approval

#: The members of an entry, or why they are not known.
Roster = frozenset[str] | str
_MOST = 30  # people of an entry that are listed
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoGroup:
    """People who are asked for the same."""

    #: What is asked of whom.
    title: Words
    people: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoCard:
    """Who may decide."""

    title: str
    #: Which question of that title it is.
    reference: Words
    #: How far it is, in a sentence.
    standing: Words
    groups: tuple[WhoGroup, ...]
    rules: tuple[Words, ...]


def who_card(approval: Approval, rosters: Mapping[str, Roster], *, now: datetime) -> WhoCard:
    """Say who may decide.

    Args:
        approval: What is asked.
        rosters: The people behind each entry of the policy, by the entry's name.
        now: People who have snoozed until after this are away.
    """
    stages = approval.policy.stages
    groups = [
        WhoGroup(
            title=_title(approval, number, slot, is_alone=len(stages) == 1),
            people=tuple(_people(approval, number, slot, rosters, now)),
        )
        for number, stage in enumerate(stages)
        for slot in stage.slots
    ]
    return WhoCard(
        title=one_line(approval.title) or f"Approve {approval.node}?",
        reference=reference_of(approval),
        standing=_standing(approval),
        groups=tuple(groups),
        rules=tuple(rules(approval)),
    )


def reference_of(approval: Approval) -> Words:
    """Say which question of its title it is: by its main values, and as commands name it."""
    return join([told_apart(approval), (Code(approval.ref),)])


def rules(approval: Approval) -> Iterator[Words]:
    """Put the rules of the policy into words, one a line."""
    policy = approval.policy
    if approval.kind not in QUORUM_KINDS:
        yield ("The first valid answer counts.",)
    if len(policy.stages) > 1:
        yield ("The stages are asked one after the other.",)
    if any(stage.four_eyes for stage in policy.stages):
        yield (Person(approval.requester), " asked for this and may not approve it.")
    if policy.distinct and sum(len(stage.slots) for stage in policy.stages) > 1:
        yield ("Nobody counts twice: each approval must come from somebody else.",)
    yield from _against(approval)
    if not policy.last_editor_may_approve:
        yield ("Whoever edited it last may not approve it.",)
    if policy.break_glass:
        yield (*_named(policy.break_glass), " may approve alone, with a reason that all are told.")
    count = "count if they are named" if policy.outsiders else "do not count"
    yield (f"Guests, apps and people from outside {count}.",)


def _against(approval: Approval) -> Iterator[Words]:
    policy = approval.policy
    if policy.deny_threshold > 1:
        yield (f"It takes {policy.deny_threshold} rejections to reject it.",)
    elif approval.kind in QUORUM_KINDS:
        yield ("One rejection is enough to reject it.",)
    if policy.veto:
        yield ("A rejection by ", *_named(policy.veto), " always counts.")


def _named(names: Sequence[Approver]) -> Words:
    return name_words(list(map(str, names)), most=_MOST_NAMES)


def _standing(approval: Approval) -> Words:
    now = standing_of(approval)
    if not approval.is_open:
        return (f"It is decided: {approval.status}.",)
    waiting = now.waiting or approval.approvers
    return ("Missing: ", *name_words(waiting, most=_MOST_NAMES, last="and"), ".")


def _title(approval: Approval, number: int, slot: Slot, *, is_alone: bool) -> Words:
    needed = "everybody of" if slot.count is None else f"{slot.count} of"
    names = name_words(list(map(str, slot.approvers)), most=_MOST_NAMES)
    if is_alone:
        return (Strong(needed.capitalize()), " ", *names)
    stage = _stage(approval, number, approval.policy.stages[number])
    return (Strong(f"{stage} · {needed}"), " ", *names)


def _stage(approval: Approval, number: int, stage: Stage) -> str:
    when = "done" if number < approval.stage else "now" if number == approval.stage else "later"
    name = f" {one_line(stage.name)}" if stage.name.strip() else ""
    return f"Stage {number + 1}{name}, {when}"


def _people(
    approval: Approval, number: int, slot: Slot, rosters: Mapping[str, Roster], now: datetime
) -> Iterator[Words]:
    seen: list[str] = []
    for entry in slot.asked:
        roster = rosters.get(str(entry), "not looked up")
        if isinstance(roster, str):
            yield ("• ", approver_words(str(entry)), f": {one_line(roster)}")
            continue
        is_group = entry.kind in {ApproverKind.GROUP, ApproverKind.CHANNEL}
        new = sorted(roster - set(seen))
        seen += new
        for person in new[:_MOST]:
            yield _person(approval, number, person, now)
        if len(new) > _MOST:
            yield (f"• and {len(new) - _MOST} more",)
        if is_group and not roster:
            yield ("• ", approver_words(str(entry)), " has no members")


def _person(approval: Approval, number: int, person: str, now: datetime) -> Words:
    vote = next(
        (
            each
            for each in approval.votes
            if person in (each.by, each.seat) and each.stage == number
        ),
        None,
    )
    facts: list[Words] = []
    if vote is not None:
        facts.append((VOTED.get(vote.decision, vote.decision.value),))
    if vote is None and _is_barred(approval, number, person):
        facts.append(("may not approve",))
    for helper, delegation in approval.delegations.items():
        if delegation.seat == person:
            facts.append((Person(helper), " may answer in their place"))
    until = approval.snoozed.get(person)
    if vote is None and until is not None and until > now:
        facts.append(("away until ", Moment(until)))
    told: Words = (" · ", *join(facts)) if facts else ()
    return ("• ", Person(person), *told)


def _is_barred(approval: Approval, number: int, person: str) -> bool:
    is_requester = approval.policy.stages[number].four_eyes and person == approval.requester
    is_editor = not approval.policy.last_editor_may_approve and person == approval.editor
    return is_requester or is_editor
