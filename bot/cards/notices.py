"""What people are told in a question's thread: an event in a sentence, and whom it calls."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards.progress import standing_of
from bot.cards.values import clean, one_line
from bot.cards.words import Code, Moment, Person, Strong, Words, name_words
from orchestrator.core import approval_events as a
from orchestrator.store.records import Approval, Run

_MOST = 20  # names that a notice calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message for the thread of a question."""

    words: Words
    #: Verbatim what somebody wrote, set apart.
    quote: str = ""
    #: The approval in whose thread it stands; None: the one that it is told of.
    about: str | None = None


def start_notice(run: Run) -> Notice:
    """Say in the thread of a message what was started from it."""
    who: Words = (Person(run.requester), " started ", Strong(run.graph), " from here: run ")
    return Notice(words=(*who, Code(run.ref), "."))


def notice_of(approval: Approval, event: object) -> Notice | None:
    """Say what happened; None: there is nothing to tell, or not any more."""
    match event:
        case a.CommentAdded():
            return _comment(approval, event)
        case a.DecisionRecorded() if event.breaks_glass:
            return _break_glass(approval, event)
        case _:
            return _about_open(approval, event) if approval.is_open else None


def _comment(approval: Approval, event: a.CommentAdded) -> Notice:
    quote = clean(event.text).strip()
    if event.wants_answer:
        who = (Person(approval.requester), ": ", Person(event.by))
        return Notice(words=(*who, " needs to know from you before deciding:"), quote=quote)
    return Notice(words=(Person(event.by), " wrote:"), quote=quote)


def _break_glass(approval: Approval, event: a.DecisionRecorded) -> Notice:
    everybody = name_words(list(map(str, approval.policy.everybody())), most=_MOST, last="and")
    return Notice(
        words=(
            *everybody,
            ": ",
            Person(event.by),
            " broke the glass and approved this alone, against the policy: ",
            Strong(one_line(approval.title)),
            ". The reason:",
        ),
        quote=clean(event.comment).strip(),
    )


def _about_open(approval: Approval, event: object) -> Notice | None:
    match event:
        case a.StageReached():
            return _stage(approval, event)
        case a.ApprovalEscalated():
            called = name_words([str(each) for each in event.to], most=_MOST, last="and")
            words: Words = (" Decide by ", Moment(approval.due_at), ".") if approval.due_at else ()
            title = Strong(one_line(approval.title))
            return Notice(
                words=(
                    *called,
                    ": nobody has answered yet, so you may decide, too: ",
                    title,
                    *words,
                )
            )
        case a.ApprovalRevised():
            return Notice(
                words=(
                    *_waiting(approval),
                    Person(event.by),
                    (
                        " edited what is asked about. Votes before that do not count any more; "
                        "read it again."
                    ),
                )
            )
        case a.ApprovalReassigned():
            return _reassigned(event)
        case a.ApprovalDelegated():
            may = " may answer this in the place of "
            return Notice(words=(Person(event.to), ": you", may, Person(event.by), "."))
        case a.ApprovalExtended():
            by: Words = (Person(event.by), " extended the deadline")
            until = event.times.due_at
            to: Words = (" to ", Moment(until)) if until else ()
            return Notice(words=(*by, *to, "."), quote=clean(event.reason).strip())
        case _:
            return None


def _stage(approval: Approval, event: a.StageReached) -> Notice | None:
    if event.stage != approval.stage:
        return None
    stages = approval.policy.stages
    name = one_line(stages[event.stage].name)
    number = f"stage {event.stage + 1} of {len(stages)}" + (f", {name}" if name else "")
    asked = standing_of(approval).waiting or approval.approvers
    return Notice(
        words=(
            *name_words(asked, most=_MOST, last="and"),
            f": now it is your turn ({number}): ",
            Strong(one_line(approval.title)),
        )
    )


def _reassigned(event: a.ApprovalReassigned) -> Notice:
    asked = name_words(list(map(str, event.policy.approvers())), most=_MOST, last="and")
    by = (Person(event.by),) if event.by else ("Somebody",)
    return Notice(
        words=(*asked, ": ", *by, " asks you to decide this. Votes so far do not count any more."),
        quote=clean(event.reason).strip(),
    )


def _waiting(approval: Approval) -> Words:
    asked = standing_of(approval).waiting
    return (*name_words(asked, most=_MOST, last="and"), ": ") if asked else ()
