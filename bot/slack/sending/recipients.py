"""Whom a delivery concerns: who is asked, who asked, who follows, and never who did it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.cards import has_snoozed, people_to_remind
from bot.slack.people.preferences import Preference
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.core import approval_events as a
from orchestrator.core.approval_events import Outcome
from orchestrator.core.state import RunStatus
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.policy import parse_approver
from orchestrator.store.records import Approval, Run

#: More people than this are told in the thread only.
MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Some people, as a graph or an event names them, and how they may be told."""

    names: tuple[str, ...]
    #: Ids of those who know already.
    without: frozenset[str] = frozenset()
    #: Need they do nothing, so that whoever muted the run is left alone?
    is_mutable: bool = False
    #: Are they told even in their quiet hours?
    is_urgent: bool = False
    #: Have they asked for it themselves, however many they are?
    is_wanted: bool = False


def circle_of(approval: Approval, event: object) -> Circle | None:
    """Return whom an event of a question concerns; None: nobody is told by themselves."""
    asker = approval.requester
    match event:
        case a.CommentAdded():
            asked = tuple(each.by for each in approval.comments if each.wants_answer)
            names = asked if event.by == asker else (asker,)
            is_mutable = not event.wants_answer and event.by != asker
            return Circle(names=names, without=frozenset({event.by}), is_mutable=is_mutable)
        case a.DecisionRecorded() if event.breaks_glass:
            names = tuple(map(str, approval.policy.everybody()))
            return Circle(names=names, without=frozenset({event.by}), is_urgent=True)
        case _:
            return _around_open(approval, event) if approval.is_open else None


def _around_open(approval: Approval, event: object) -> Circle | None:
    match event:
        case a.ApprovalEscalated():
            names = tuple(map(str, event.to))
            return Circle(names=names, without=_voters(approval), is_urgent=True)
        case a.ApprovalReassigned():
            names = tuple(map(str, event.policy.approvers()))
            return Circle(names=names, without=frozenset({event.by}))
        case a.ApprovalDelegated():
            return Circle(names=(event.to,), without=frozenset({event.by}))
        case a.ApprovalExtended():
            without = frozenset({event.by})
            return Circle(names=(approval.requester,), without=without, is_mutable=True)
        case a.ApprovalRevised():
            void = tuple(dict.fromkeys(answer.by for answer in approval.answers))
            return Circle(names=void, without=_voters(approval) | {event.by})
        case _:
            return None


def listeners_of(run: Run, everybody: Iterable[tuple[str, Preference]]) -> tuple[str, ...]:
    """Return who hears how a run and its questions ended: who started it, and who follows."""
    following = [who for who, each in everybody if each.does_follow(run=run.id, graph=run.graph)]
    return tuple(dict.fromkeys([run.requester, *following]))


def is_worth_telling(approval: Approval) -> bool:
    """Is an outcome news by itself? A question that fell away with its run is not."""
    is_fallen = approval.status == Outcome.WITHDRAWN and approval.resolved_by is None
    ends = {RunStatus.CANCELLING, RunStatus.CANCELLED, RunStatus.FAILED, RunStatus.TIMED_OUT}
    return not (is_fallen and approval.run.status in ends)


def decided_by(approval: Approval) -> str | None:
    """Return the one person who decided; None: it took several, or nobody did."""
    people = {answer.by for answer in approval.answers}
    if len(people) > 1:
        return None
    return next(iter(people), approval.resolved_by)


def _voters(approval: Approval) -> frozenset[str]:
    return frozenset(vote.by for vote in approval.votes)


async def still_asked(
    approval: Approval, directory: SlackDirectory, now: datetime
) -> tuple[str, ...]:
    """Return the ids of those whose answer is missing now and who have not snoozed."""
    asked = await resolve(people_to_remind(approval, now), directory)
    deputies = [deputy for deputy, each in approval.delegations.items() if each.seat in asked]
    stage = approval.policy.stages[approval.stage]
    barred = set(_voters_here(approval))
    if stage.four_eyes:
        barred.add(approval.requester)
    return tuple(
        person
        for person in dict.fromkeys([*asked, *deputies])
        if person not in barred and not has_snoozed(approval, person, now)
    )


def _voters_here(approval: Approval) -> Iterable[str]:
    for vote in approval.votes:
        if vote.stage == approval.stage:
            yield from (vote.by, vote.seat)


async def resolve(names: Iterable[str], directory: SlackDirectory) -> tuple[str, ...]:
    """Return the ids of the people behind names. Who cannot be found is called in the thread."""
    people: list[str] = []
    names = tuple(dict.fromkeys(names))
    for name in names:
        try:
            people += sorted(await directory.members(parse_approver(name)))
        except (ApproversError, DirectoryError, ValueError):
            continue
    found = tuple(dict.fromkeys(people))
    if len(found) > MOST_PEOPLE:  # of these nobody is told by themselves
        return found
    named = set(names)
    return tuple([each for each in found if each in named or await _is_ours(each, directory)])


async def _is_ours(person: str, directory: SlackDirectory) -> bool:
    """Is somebody of a group or a channel no guest, app or stranger? In doubt they are."""
    try:
        return not await directory.is_outsider(person)
    except (ApproversError, DirectoryError):
        return False
