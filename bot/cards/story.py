"""The story of a run in the thread of a question: a short line a step, which calls nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.cards.direct import end_words
from bot.cards.outcome import outcome_card
from bot.cards.progress import progress_words
from bot.cards.runs import run_state
from bot.cards.values import cut, one_line
from bot.cards.words import Code, Group, Link, Moment, Part, Person, Strong, Words, join
from orchestrator.core.state import RunStatus
from orchestrator.graph.kinds import Decision
from orchestrator.store.records import Answer, Approval

_COMMENT = 120  # characters
_TITLE = 150  # characters
_VERBS = {
    Decision.APPROVE: ("✓", "approved"),
    Decision.EDIT: ("✎", "edited it and approved"),
    Decision.REJECT: ("✗", "rejected"),
}
_ENDS = {
    RunStatus.COMPLETED: "🏁",
    RunStatus.FAILED: "❌",
    RunStatus.CANCELLED: "🚫",
    RunStatus.TIMED_OUT: "⌛",
}


def story_words(approval: Approval, *, since: datetime | None, until: datetime) -> Words:
    """Say what happened after `since`, up to `until`; nothing: no words.

    People are named as Person, whom the caller makes into names that call nobody.
    """
    lines: list[Words] = []
    if _is_within(approval.resolved_at, since, until):
        lines.append(_outcome(approval))
    else:
        answers = [each for each in approval.answers if _is_within(each.at, since, until)]
        lines += [_vote(each) for each in answers if not each.breaks_glass]
        if lines and approval.is_open:
            lines[-1] = join([lines[-1], progress_words(approval)])
    if has_ended(approval, since=since, until=until):
        icon = _ENDS.get(approval.run.status, "🏁")
        lines.append((f"{icon} ", *end_words(approval.run), "."))
    return join(lines, "\n")


def has_ended(approval: Approval, *, since: datetime | None, until: datetime) -> bool:
    """Did the run end in that time?"""
    return _is_within(approval.run.finished_at, since, until)


def has_outcome(approval: Approval, *, since: datetime | None, until: datetime) -> bool:
    """Did the question get its outcome in that time?"""
    return _is_within(approval.resolved_at, since, until)


def next_words(approval: Approval, url: str | None) -> Words:
    """Say what the run asks next."""
    title = cut(one_line(approval.title) or approval.node, _TITLE)
    return ("➡️ Next in this run: ", Link(title, url) if url else Strong(title))


def uncalled(words: Words, names: Mapping[str, str]) -> Words:
    """Put plain names where mentions are, so that nobody is called."""
    return tuple(_uncalled(part, names) for part in words)


def people_in(words: Iterable[Part]) -> frozenset[str]:
    """Return the ids of those who are mentioned."""
    return frozenset(part.id for part in words if isinstance(part, Person))


def _uncalled(part: Part, names: Mapping[str, str]) -> Part:
    match part:
        case Person(id=person):
            return Strong(names.get(person, "somebody"))
        case Group(name=name):
            return name if name.startswith("@") else "a group"
        case _:
            return part


def _is_within(at: datetime | None, since: datetime | None, until: datetime) -> bool:
    return at is not None and at <= until and (since is None or since < at)


def _vote(answer: Answer) -> Words:
    icon, verb = _VERBS.get(answer.decision, ("✓", "answered"))
    comment = f": “{cut(one_line(answer.comment), _COMMENT)}”" if answer.comment.strip() else ""
    instead: Words = (" for ", Person(answer.instead_of)) if answer.instead_of else ()
    words = (f"{icon} ", Person(answer.by), f" {verb}", *instead, comment)
    return join([words, (Moment(answer.at),)])


def _outcome(approval: Approval) -> Words:
    card = outcome_card(approval)
    run = approval.run
    # How the run ended is told by itself, now or when that is sent.
    is_over = run.finished_at is not None
    goes: Words = () if is_over else ("run ", Code(run.ref), " ", *run_state(run))
    return join([(f"{card.icon} ", *card.story[0]), goes])
