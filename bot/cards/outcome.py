"""The card of an approval that has its outcome: who, what, when, and what the run does now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.cards.card import Button, Card, Comment, Form
from bot.cards.changes import change_passages
from bot.cards.excerpt import excerpt
from bot.cards.passages import Passage
from bot.cards.progress import waiting_for
from bot.cards.question import heading, place, revision
from bot.cards.runs import run_end
from bot.cards.secrets import formats_of_answer
from bot.cards.shapes import passages_of
from bot.cards.values import clean, cut, one_line
from bot.cards.words import Code, Moment, Person, Strong, Words, join, name_words
from orchestrator.core.approval_events import Outcome
from orchestrator.core.ids import rule_ref
from orchestrator.graph.durations import format_duration
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.store.records import Answer, Approval

_ICONS = {
    Outcome.APPROVED: "✅",
    Outcome.REJECTED: "⛔",
    Outcome.EDITED: "✏️",
    Outcome.CHANGES_REQUESTED: "🔁",
    Outcome.ANSWERED: "✅",
    Outcome.EXPIRED: "⌛",
    Outcome.WITHDRAWN: "🚫",
}
_ANSWERED = {
    Decision.RETRY: "Tried again",
    Decision.SKIP: "Skipped",
    Decision.FAIL: "Given up",
    Decision.RESULT: "Result entered",
}
_AFTER_EXPIRY = {
    "expire": "The run ended as timed out; nothing behind this question was done.",
    "reject": "That counts as rejected.",
    "approve": "That counts as approved, as the graph says.",
    "skip": "The question was passed over and the run went on.",
    "answer": "The answer that the graph has for this counts.",
    "route": "The run went on the way that the graph has for this.",
    "fail": "The node failed.",
}
_FAVOURABLE = (Decision.APPROVE, Decision.EDIT)
_COMMENTS = 10  # newest comments that are shown
_REASON = 300  # characters of why it was withdrawn
_ROUTES = 200  # characters of the routes that were chosen
_DIGEST = 8  # digits of the payload's digest that people see
_MINUTE = 60  # seconds


def outcome_card(approval: Approval) -> Card:
    """Show an approval that is not open any more."""
    outcome = Outcome(approval.status)
    sentence = _sentence(approval, outcome)
    title = one_line(approval.title) or f"Approve {approval.node}?"
    again = (Button(label="Start again", opens=Form.AGAIN),)
    return Card(
        approval_id=approval.id,
        run_id=approval.run_id,
        graph=approval.graph,
        node=place(approval),
        kind=approval.kind.value,
        revision=revision(approval),
        digest=approval.digest,
        heading=heading(approval),
        icon=_ICONS[outcome],
        title=title,
        changes=change_passages(approval),
        passages=_answered_with(approval, outcome),
        story=(sentence,),
        comments=_comments(approval),
        buttons=again if outcome is Outcome.EXPIRED and approval.action == "expire" else (),
        footer=_footer(approval),
        summary=(f"{_ICONS[outcome]} {title} ", *sentence),
    )


def _comments(approval: Approval) -> tuple[Comment, ...]:
    written = [answer for answer in approval.answers if answer.comment.strip()]
    return tuple(
        Comment(text=clean(answer.comment).strip(), by=Person(answer.by))
        for answer in written[-_COMMENTS:]
    )


def _sentence(approval: Approval, outcome: Outcome) -> Words:
    match outcome:
        case Outcome.APPROVED | Outcome.EDITED:
            return (*_approved(approval, outcome), *_after(approval))
        case Outcome.REJECTED:
            return ("Rejected by ", *_who(approval, Decision.REJECT), *_after(approval))
        case Outcome.CHANGES_REQUESTED:
            verb = "Another round" if approval.kind is ApprovalKind.ITERATE else "Changes"
            people = _who(approval, Decision.REQUEST_CHANGES)
            return (f"{verb} requested by ", *people, *_after(approval))
        case Outcome.ANSWERED:
            return (*_answered(approval), *_after(approval))
        case Outcome.EXPIRED:
            return _expired(approval)
        case Outcome.WITHDRAWN:
            return _withdrawn(approval)


def _approved(approval: Approval, outcome: Outcome) -> Words:
    last = approval.answers[-1] if approval.answers else None
    if last is not None and last.breaks_glass:
        return ("Approved alone, against the policy, by ", Person(last.by))
    if last is not None and last.rule is not None:
        return ("Approved by the standing rule ", _rule(last.rule), " of ", Person(last.by))
    if outcome is Outcome.EDITED:
        editors = _who(approval, Decision.EDIT)
        others = _counted(approval, Decision.APPROVE)
        also: Words = (", approved by ", *_people(others)) if others else ()
        return ("Edited and approved by ", *editors, *also)
    return ("Approved by ", *_who(approval, *_FAVOURABLE))


def _rule(rule: str) -> Code:
    try:
        return Code(rule_ref(rule))
    except ValueError:
        return Code(rule)


def _answered(approval: Approval) -> Words:
    answer = approval.answers[-1] if approval.answers else None
    if answer is None:
        return ("Answered by ", *_people(()))
    if answer.decision is Decision.CHOOSE:
        return (Strong(_routes(answer)), " chosen by ", *_people([answer]))
    return (f"{_ANSWERED.get(answer.decision, 'Answered')} by ", *_people([answer]))


def _routes(answer: Answer) -> str:
    routes = answer.values if isinstance(answer.values, list | tuple) else [answer.values]
    return cut(one_line(", ".join(map(str, routes))), _ROUTES)


def _answered_with(approval: Approval, outcome: Outcome) -> tuple[Passage, ...]:
    """Show the values that an input or a result brought."""
    answer = approval.answers[-1] if approval.answers else None
    if outcome is not Outcome.ANSWERED or answer is None or answer.values is None:
        return ()
    if answer.decision is Decision.CHOOSE:
        return ()
    values = answer.values
    shown = values if isinstance(values, Mapping) else {"result": values}
    return excerpt(passages_of(shown, formats_of_answer(approval))).passages


def _who(approval: Approval, *decisions: Decision) -> Words:
    """Name those whose decision it was."""
    given = [answer for answer in approval.answers if answer.decision in decisions]
    return _people(_counted(approval, *decisions) or given)


def _counted(approval: Approval, *decisions: Decision) -> list[Answer]:
    """Return the decisions that counted in the end: an edit voids those before it."""
    people = {vote.by for vote in approval.votes if vote.decision in decisions}
    return [
        answer
        for answer in approval.answers
        if answer.decision in decisions and answer.by in people
    ]


def _people(answers: Sequence[Answer]) -> Words:
    people = {answer.by: answer.instead_of for answer in answers}
    if not people:
        return ("somebody",)
    names: list[Words] = [
        (Person(person), " (for ", Person(other), ")") if other else (Person(person),)
        for person, other in people.items()
    ]
    return join(names, " and ")


def _after(approval: Approval) -> Words:
    if approval.resolved_at is None:
        return ()
    asked = approval.delivered_at or approval.opened_at
    return (f" · {about(approval.resolved_at - asked)} after it was asked",)


def about(length: timedelta) -> str:
    """Round a duration for people: `40 s`, `12 min`, `3 h`, `2 days`."""
    seconds = max(int(length.total_seconds()), 0)
    minutes, hours = seconds // _MINUTE, seconds // _MINUTE**2
    days = length.days
    if seconds < _MINUTE:
        return f"{seconds} s"
    if hours < 1:
        return f"{minutes} min"
    if days < 2:  # noqa: PLR2004 - up to 47 hours are counted as hours
        return f"{hours} h"
    return f"{days} days"


def _expired(approval: Approval) -> Words:
    when: Words = (" ", Moment(approval.resolved_at)) if approval.resolved_at else ()
    within = f" within {format_duration(approval.timeout)}" if approval.timeout else " in time"
    silent = name_words(waiting_for(approval), last="and")
    answered: Words = ("nobody of ", *silent, f" answered{within}. ")
    if approval.votes:
        answered = (f"not enough answers came{within}; missing are those of ", *silent, ". ")
    return (
        "Expired",
        *when,
        ": ",
        *answered,
        _AFTER_EXPIRY.get(approval.action or "", "The run went on as the graph says."),
    )


def _withdrawn(approval: Approval) -> Words:
    run, by = approval.run, approval.resolved_by
    why = f": {cut(one_line(approval.reason), _REASON)}" if approval.reason.strip() else "."
    if by is not None:
        return ("Withdrawn by ", Person(by), why)
    if approval.reason.strip():
        return (f"Withdrawn{why}",)
    if run.cancelled_by is None:
        return ("Withdrawn: the run does not need an answer any more.",)
    why = f": {one_line(run.cancel_reason)}" if run.cancel_reason else "."
    return ("Withdrawn: ", Person(run.cancelled_by), f" cancelled the run{why}")


def _footer(approval: Approval) -> Words:
    reminded: Words = ("reminded ", Moment(approval.reminded_at)) if approval.reminded_at else ()
    payload: Words = ("payload ", Code(f"sha256:{approval.digest[:_DIGEST]}…"))
    return join(
        [
            ("Run ", Code(approval.run.ref), " ", *run_end(approval.run)),
            ("approval ", Code(approval.ref)),
            payload if approval.payload else (),
            reminded,
        ]
    )
