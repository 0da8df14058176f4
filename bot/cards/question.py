"""The card of an approval that waits for an answer, and the reminder about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards.asides import asides_of
from bot.cards.buttons import question_buttons
from bot.cards.card import MOST_FACTS, Card, Fact
from bot.cards.changes import change_passages
from bot.cards.excerpt import excerpt
from bot.cards.gist import told_apart
from bot.cards.passages import Passage, PassageStyle
from bot.cards.progress import notes, progress_words, waiting_for
from bot.cards.shapes import whole_payload
from bot.cards.turns import turn_notes
from bot.cards.values import clean, one_line
from bot.cards.words import Code, Moment, Person, Strong, Words, join, name_words
from orchestrator.graph.kinds import QUORUM_KINDS, Decision, Risk
from orchestrator.store.records import Approval

_REVISION = 12  # digits of the digest
_MOST_CALLED = 20  # people that a reminder calls
_MOST_NAMED = 10  # values that are named without being shown
_DECIDED = {
    Decision.REQUEST_CHANGES: "request changes",
    Decision.RESULT: "enter the result",
}


def question_card(
    approval: Approval,
    *,
    due_at: datetime | None,
    turn: Sequence[Approval] = (),
    share: int = 1,
) -> Card:
    """Show an open approval.

    Args:
        approval: What is asked.
        due_at: The deadline to show. Until the question has been delivered it is not yet fixed,
            so whoever delivers it says what it will be.
        turn: The calls of an agent's turn that it is one of; see `calls_of_turn`.
        share: How many questions share the message.
    """
    shown = excerpt(whole_payload(approval), facts=MOST_FACTS, share=share)
    error = _error_passages(approval)
    buttons = question_buttons(approval, is_cut=shown.is_cut, facts=shown.facts)
    return Card(
        approval_id=approval.id,
        run_id=approval.run_id,
        graph=approval.graph,
        node=place(approval),
        kind=approval.kind.value,
        revision=revision(approval),
        digest=approval.digest,
        heading=heading(approval),
        calls=_calls(approval),
        title=one_line(approval.title) or f"Approve {approval.node}?",
        gist=told_apart(approval),
        prompt=clean(approval.prompt).strip(),
        changes=change_passages(approval),
        passages=(*error, *shown.passages),
        facts=(
            Fact(label="Decide by", words=(Moment(due_at),) if due_at else ("no deadline",)),
            _progress(approval),
        ),
        notes=(*turn_notes(approval, turn), *notes(approval), *_left_off(shown.left_off)),
        buttons=buttons.row,
        asides=(*buttons.spared, *asides_of(approval)),
        footer=_footer(approval),
        summary=_summary(approval, due_at),
    )


def main_values(approval: Approval) -> tuple[Fact, ...]:
    """Return the short values that weigh most, or else come first."""
    shown = excerpt(whole_payload(approval), facts=MOST_FACTS)
    return tuple(Fact(label=each.label, words=(each.text,)) for each in shown.facts)


def revision(approval: Approval) -> str:
    """Return a short text that changes when the payload that is asked about changes."""
    return approval.digest[:_REVISION]


def heading(approval: Approval) -> Words:
    """Say which graph, which gate, who asks."""
    asked: Words = (f" · {place(approval)} · asked by ", Person(approval.requester))
    risk: Words = (" · ⚠️ ", Strong("high risk")) if approval.risk is Risk.HIGH else ()
    return (Strong(approval.graph), *asked, *risk)


def place(approval: Approval) -> str:
    """Say where in the run it is asked: the node, with the numbers of items and rounds."""
    return one_line(approval.path) or one_line(approval.node) or "the run"


def references(approval: Approval) -> Words:
    """Name the run and the approval as commands take them."""
    return ("Run ", Code(approval.run.ref), " · approval ", Code(approval.ref))


def people_to_remind(approval: Approval, now: datetime) -> tuple[str, ...]:
    """Return the names whose answer is missing, as the graph has them, without who snoozed."""
    return tuple(name for name in waiting_for(approval) if not has_snoozed(approval, name, now))


def has_snoozed(approval: Approval, person: str, now: datetime) -> bool:
    """Does a person not want to be reminded yet?"""
    until = approval.snoozed.get(person)
    return until is not None and until > now


def reminder_words(approval: Approval, names: Sequence[str]) -> Words:
    """Write a reminder: whom it calls, what waits, until when."""
    deadline: Words = (" Decide by ", Moment(approval.due_at), ".") if approval.due_at else ()
    return (
        *name_words(names, most=_MOST_CALLED, last="and"),
        ": still waiting for your answer: ",
        Strong(one_line(approval.title)),
        *deadline,
    )


def _calls(approval: Approval) -> Words:
    if not approval.notify:
        return ()
    return ("for ", *name_words(list(map(str, approval.notify)), most=_MOST_CALLED, last="and"))


def _left_off(labels: Sequence[str]) -> tuple[Words, ...]:
    if not labels:
        return ()
    count = "1 more value" if len(labels) == 1 else f"{len(labels):,} more values"
    rest = f" and {len(labels) - _MOST_NAMED:,} more" if len(labels) > _MOST_NAMED else ""
    return ((f"{count}: {', '.join(labels[:_MOST_NAMED])}{rest}",),)


def _error_passages(approval: Approval) -> tuple[Passage, ...]:
    if approval.error is None:
        return ()
    told = clean(approval.error.message).strip() or "(no message)"
    whole = Passage(label=one_line(approval.error.type), text=told, style=PassageStyle.CODE)
    return excerpt([whole]).passages


def _progress(approval: Approval) -> Fact:
    if approval.kind in QUORUM_KINDS:
        return Fact(label="Approvals", words=progress_words(approval))
    return Fact(label="Decides", words=name_words(waiting_for(approval), most=3))


def _footer(approval: Approval) -> Words:
    reminded: Words = ("reminded ", Moment(approval.reminded_at)) if approval.reminded_at else ()
    return join([references(approval), reminded])


def _summary(approval: Approval, due_at: datetime | None) -> Words:
    verbs = [_DECIDED.get(decision, decision.value) for decision in approval.decisions]
    asked = " or ".join([", ".join(verbs[:-1]), verbs[-1]] if len(verbs) > 1 else verbs)
    deadline: Words = (", decide by ", Moment(due_at)) if due_at else ()
    return (
        f"{asked.capitalize()}: {one_line(approval.title)} — {approval.graph}, asked by ",
        Person(approval.requester),
        *deadline,
        f" ({approval.ref})",
    )
