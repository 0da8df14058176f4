"""The card of an approval that waits for an answer, and the reminder about it."""

from __future__ import annotations

from datetime import datetime

from bot.cards.card import MOST_FACTS, Button, ButtonStyle, Card, Confirm, Fact, Form
from bot.cards.excerpt import Passage, PassageStyle, by_weight, excerpt
from bot.cards.values import clean, label_text, one_line, value_text
from bot.cards.words import Code, Moment, Person, Strong, Words, join, name_words
from orchestrator.core.events import ApprovalKind
from orchestrator.store.records import Approval

_REVISION = 12  # digits of the digest

_APPROVE = Button(label="Approve", decision="approve", style=ButtonStyle.PRIMARY)
_REJECT = Button(label="Reject…", decision="reject", opens=Form.REASON, style=ButtonStyle.DANGER)
_SHOW_ALL = Button(label="Show all", opens=Form.PAYLOAD)
_RETRY = Button(label="Retry", decision="retry", style=ButtonStyle.PRIMARY)
_SKIP = Button(label="Skip", decision="skip")


def question_card(approval: Approval, *, due_at: datetime | None) -> Card:
    """Show an open approval.

    Args:
        approval: What is asked.
        due_at: The deadline to show. Until the question has been delivered it is not yet fixed,
            so whoever delivers it says what it will be.
    """
    facts = _payload_facts(approval)
    shown = excerpt(approval.payload, without=facts)
    error = _error_passages(approval)
    is_cut = shown.is_cut
    return Card(
        approval_id=approval.id,
        run_id=approval.run_id,
        graph=approval.graph,
        node=approval.node,
        revision=revision(approval),
        digest=approval.digest,
        heading=heading(approval),
        title=one_line(approval.title) or f"Approve {approval.node}?",
        prompt=clean(approval.prompt).strip(),
        passages=(*error, *shown.passages),
        facts=(
            *(
                Fact(
                    label=label_text(label), words=(one_line(value_text(approval.payload[label])),)
                )
                for label in facts
            ),
            Fact(label="Decide by", words=(Moment(due_at),) if due_at else ("no deadline",)),
            _progress(approval),
        ),
        buttons=_buttons(approval, is_cut=is_cut),
        footer=_footer(approval),
        summary=_summary(approval, due_at),
    )


def revision(approval: Approval) -> str:
    """Return a short text that changes when the payload that is asked about changes."""
    return approval.digest[:_REVISION]


def heading(approval: Approval) -> Words:
    """Say which graph, which gate, who asks."""
    return (Strong(approval.graph), f" · {approval.node} · asked by ", Person(approval.requester))


def references(approval: Approval) -> Words:
    """Name the run and the approval as commands take them."""
    return ("Run ", Code(approval.run.ref), " · approval ", Code(approval.ref))


def reminder_words(approval: Approval) -> Words:
    """Write the one reminder: whom it calls, what waits, until when."""
    deadline: Words = (" Decide by ", Moment(approval.due_at), ".") if approval.due_at else ()
    return (
        *name_words(approval.approvers, most=10, last="and"),
        ": still waiting for your answer: ",
        Strong(one_line(approval.title)),
        *deadline,
    )


def _payload_facts(approval: Approval) -> list[str]:
    room = MOST_FACTS - 2  # the deadline and the progress always have theirs
    return by_weight(approval.payload)[:room]


def _error_passages(approval: Approval) -> tuple[Passage, ...]:
    if approval.error is None:
        return ()
    shown = excerpt({approval.error.type: clean(approval.error.message) + "\n"})
    passage = shown.passages[0]
    return (Passage(label=passage.label, text=passage.text, style=PassageStyle.CODE),)


def _progress(approval: Approval) -> Fact:
    waiting = ("waiting for ", *name_words(approval.approvers, most=3))
    if approval.kind is ApprovalKind.ERROR:
        return Fact(label="Decides", words=name_words(approval.approvers, most=3))
    given = sum(answer.decision == "approve" for answer in approval.answers)
    return Fact(label="Approvals", words=join([(f"{given} of 1",), waiting]))


def _buttons(approval: Approval, *, is_cut: bool) -> tuple[Button, ...]:
    if approval.kind is ApprovalKind.ERROR:
        known = {"retry": _RETRY, "skip": _SKIP, "fail": _fail(approval)}
    else:
        known = {"approve": _APPROVE, "reject": _REJECT}
    buttons = [known[decision] for decision in approval.decisions if decision in known]
    return (*buttons, _SHOW_ALL) if is_cut else tuple(buttons)


def _fail(approval: Approval) -> Button:
    return Button(
        label="Fail",
        decision="fail",
        style=ButtonStyle.DANGER,
        confirm=Confirm(
            title="Let the run fail?",
            text=f"{one_line(approval.title)} The run {approval.run.ref} ends as failed.",
            yes="Fail the run",
        ),
    )


def _footer(approval: Approval) -> Words:
    reminded: Words = ("reminded ", Moment(approval.reminded_at)) if approval.reminded_at else ()
    return join([references(approval), reminded])


def _summary(approval: Approval, due_at: datetime | None) -> Words:
    verbs = [decision.value for decision in approval.decisions]
    asked = " or ".join([", ".join(verbs[:-1]), verbs[-1]] if len(verbs) > 1 else verbs)
    deadline: Words = (", decide by ", Moment(due_at)) if due_at else ()
    return (
        f"{asked.capitalize()}: {one_line(approval.title)} — {approval.graph}, asked by ",
        Person(approval.requester),
        *deadline,
        f" ({approval.ref})",
    )
