"""The card of an approval that has its outcome: who, what, when, and what the run does now."""

from __future__ import annotations

from datetime import timedelta

from bot.cards.card import Button, Card, Comment, Form
from bot.cards.question import heading, revision
from bot.cards.runs import run_state
from bot.cards.values import clean, one_line
from bot.cards.words import Code, Moment, Person, Words, join, name_words
from orchestrator.core.events import Decision, Outcome
from orchestrator.graph.durations import format_duration
from orchestrator.store.records import Answer, Approval

_ICONS = {
    Outcome.APPROVED: "✅",
    Outcome.REJECTED: "⛔",
    Outcome.ANSWERED: "✅",
    Outcome.EXPIRED: "⌛",
    Outcome.WITHDRAWN: "🚫",
}
_ANSWERED = {
    Decision.RETRY: "Tried again",
    Decision.SKIP: "Skipped",
    Decision.FAIL: "Given up",
}
_AFTER_EXPIRY = {
    "expire": "The run ended as timed out; nothing behind this question was done.",
    "reject": "That counts as rejected.",
    "approve": "That counts as approved, as the graph says.",
    "skip": "The question was passed over and the run went on.",
    "route": "The run went on the way that the graph has for this.",
}
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
        node=approval.node,
        revision=revision(approval),
        digest=approval.digest,
        heading=heading(approval),
        icon=_ICONS[outcome],
        title=title,
        story=(sentence,),
        comments=tuple(
            Comment(text=clean(answer.comment).strip(), by=answer.by)
            for answer in approval.answers
            if answer.comment.strip()
        ),
        buttons=again if outcome is Outcome.EXPIRED and approval.action == "expire" else (),
        footer=_footer(approval),
        summary=(f"{_ICONS[outcome]} {title} ", *sentence),
    )


def _sentence(approval: Approval, outcome: Outcome) -> Words:
    match outcome:
        case Outcome.APPROVED:
            return ("Approved by ", *_who(approval, Decision.APPROVE), *_after(approval))
        case Outcome.REJECTED:
            return ("Rejected by ", *_who(approval, Decision.REJECT), *_after(approval))
        case Outcome.ANSWERED:
            answer = approval.answers[-1] if approval.answers else None
            verb = _ANSWERED.get(answer.decision, "Answered") if answer else "Answered"
            return (f"{verb} by ", *_people(approval.answers[-1:]), *_after(approval))
        case Outcome.EXPIRED:
            return _expired(approval)
        case Outcome.WITHDRAWN:
            return _withdrawn(approval)


def _who(approval: Approval, decision: Decision) -> Words:
    return _people([answer for answer in approval.answers if answer.decision == decision])


def _people(answers: list[Answer] | tuple[Answer, ...]) -> Words:
    people = list(dict.fromkeys(answer.by for answer in answers))
    if not people:
        return ("somebody",)
    return join([(Person(person),) for person in people], " and ")


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
    return (
        "Expired",
        *when,
        ": nobody of ",
        *name_words(approval.approvers, last="and"),
        f" answered{within}. ",
        _AFTER_EXPIRY.get(approval.action or "", "The run went on as the graph says."),
    )


def _withdrawn(approval: Approval) -> Words:
    run = approval.run
    if run.cancelled_by is None:
        return ("Withdrawn: the run does not need an answer any more.",)
    reason = f": {one_line(run.cancel_reason)}" if run.cancel_reason else "."
    return ("Withdrawn: ", Person(run.cancelled_by), f" cancelled the run{reason}")


def _footer(approval: Approval) -> Words:
    reminded: Words = ("reminded ", Moment(approval.reminded_at)) if approval.reminded_at else ()
    payload: Words = ("payload ", Code(f"sha256:{approval.digest[:_DIGEST]}…"))
    return join(
        [
            ("Run ", Code(approval.run.ref), " ", *run_state(approval.run)),
            ("approval ", Code(approval.ref)),
            payload if approval.payload else (),
            reminded,
        ]
    )
