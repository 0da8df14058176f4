"""One card of each sort, as the pictures of the documentation show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.cards import Card, outcome_card, question_card, who_card
from bot.cards.turn_card import turn_card
from bot.slack.kit import blocks as b
from bot.slack.kit.messages import SlackMessage, render
from bot.slack.kit.turn_messages import render_turn
from bot.slack.windows.payload_pages import payload_view
from bot.slack.windows.who import who_view
from orchestrator.core.state import Delegation, RunStatus, Vote
from orchestrator.graph import parse_format
from orchestrator.graph.kinds import DECISIONS, ApprovalKind, Decision, Risk
from orchestrator.graph.policy import Policy, Slot, Stage, any_of, in_order, parse_approvers, quorum
from orchestrator.store.records import Answer, Approval
from tests.slack.samples import NOW, answer, approval, failure, run

GROUPS = {"@editors": "S0EDITORS", "@release": "S0RELEASE", "@finance": "S0FINANCE"}
_K, _D = ApprovalKind, Decision
_DUE = NOW + timedelta(hours=4)
_ARTICLE = (
    "# Bees in winter\n\nHoney bees do **not** sleep through the winter. They form a ball around "
    "the queen and shiver, each bee in turn on the *warm inside* and on the cold outside, so that "
    "the hive keeps 35 °C while the snow lies on its roof.\n\n- A hive eats 15 kg of honey\n"
    "- It wakes at 12 °C\n\nOn the first warm day all of them fly out at once. "
) + "Beekeepers leave them alone until then, and listen at the wall of the hive instead. " * 4
_CONFIG = {
    "before": "replicas: 3\nimage: billing:2.4.0\nmemory: 512Mi\ntimeout: 30s",
    "after": "replicas: 6\nimage: billing:2.4.1\nmemory: 512Mi\ntimeout: 10s",
}
_LINES = [
    {"item": "Honey, 500 g", "count": 40, "price": 7.5, "sum": 300},
    {"item": "Beeswax candles", "count": 120, "price": 6.25, "sum": 750},
    {"item": "Hive frames", "count": 50, "price": 4, "sum": 200},
]
_FILES = [
    {"name": "invoice-2026-118.pdf", "size": 184_320, "url": "https://files.example.com/118.pdf"},
    {"name": "delivery-note.pdf", "size": 45_000, "url": "https://files.example.com/note.pdf"},
]


def _formats(**written: str) -> Mapping[str, Any]:
    return {key.replace("__", "."): parse_format(text) for key, text in written.items()}


def asked(graph: str, node: str, kind: ApprovalKind, title: str, **changes: Any) -> Approval:
    """Return an open question."""
    facts: dict[str, Any] = {
        "graph": graph,
        "node": node,
        "path": node,
        "kind": kind,
        "title": title,
        "decisions": DECISIONS[kind],
        "due_at": _DUE,
        "timeout": timedelta(hours=4),
        "run": run(graph=graph, places=(node,)),
    }
    return approval(**(facts | changes))


def _vote(by: str, decision: Decision = _D.APPROVE, **changes: Any) -> Vote:
    facts: dict[str, Any] = {"seat": by, "by": by, "decision": decision, "via": ("@editors",),
                             "stage": 0, "at": NOW}  # fmt: skip
    return Vote(**(facts | changes))


DEPLOY = asked(
    "deploy", "go-live", _K.CONFIRM, "Deploy billing 2.4.1 to production?",
    prompt="Goes out to all regions at once; a rollback takes about two minutes.",
    payload={"environment": "production", "version": "2.4.1",
             "image": "registry/billing@sha256:4f9c", "changes": _CONFIG},
    policy=Policy(stages=(Stage(slots=(
        Slot(approvers=parse_approvers("@release"), count=2),
        Slot(approvers=parse_approvers("@editors")),
    ), four_eyes=True),)),
    votes=(_vote("U0BOB", via=("@release",), comment="tests are green"),),
    risk=Risk.HIGH, notify=parse_approvers("@release"),
)  # fmt: skip
PAYMENT = asked(
    "payment", "pay", _K.CONFIRM, "Pay 1,250.00 EUR to Hive & Sons?",
    payload={"amount": 1250, "recipient": "Hive & Sons GmbH", "account": {"iban": "DE02 1203 0000",
             "pin": "0000"}, "lines": _LINES, "files": _FILES},
    formats=_formats(amount="number:EUR", account__pin="secret", lines__price="number:EUR",
                     lines__sum="number:EUR"),
    policy=in_order(any_of("@editors"), any_of("@finance")),
)  # fmt: skip
REVIEW = asked(
    "publish-article", "review", _K.REVIEW, "Publish “Bees in winter”?",
    payload={"words": 1240, "round": "2 of 3", "draft": _ARTICLE},
    formats=_formats(draft="markdown"), policy=quorum(2, "@editors"), votes=(_vote("U0BOB"),),
)  # fmt: skip
INPUT = asked(
    "refund",
    "details",
    _K.INPUT,
    "Which order is refunded, and why?",
    payload={"customer": "C-20817", "asked for": "The jar arrived broken."},
)
CHOOSE = asked(
    "support",
    "route",
    _K.CHOOSE,
    "Who should look into this ticket?",
    payload={"ticket": "T-311", "text": "Since the update the export of 2025 has no totals."},
    choices=("billing", "engineering", "sales"),
)
ITERATE = asked(
    "refine",
    "polish",
    _K.ITERATE,
    "Is round 3 of polish good enough?",
    payload={"score": 0.92, "cost": 0.41, "summary": "Shorter sentences, price first."},
    formats=_formats(cost="number:USD"),
)
CALLS = tuple(
    asked(
        "assistant", "send_mail", _K.TOOL, f"May the assistant write to {to}?", id=f"{number}" * 32,
        path=f"assistant/send_mail#{number}",
        payload={"to": to, "subject": "Your order", "body": "It leaves today."},
    )
    for number, to in ((1, "ann@example.com"), (2, "ben@example.com"), (3, "cem@example.com"))
)  # fmt: skip
RESULT = asked(
    "audit",
    "fire-drill",
    _K.RESULT,
    "What came of the fire drill?",
    payload={"building": "North", "planned": "Friday, 10:00"},
    policy=any_of("U0CAROL"),
)
ERROR = replace(
    failure("HTTP 502 from https://ledger.example.com/book after 3 tries\nupstream timed out"),
    title="What should happen to book?", graph="payment", node="book", path="book",
    policy=any_of("@finance"), run=run(graph="payment", places=("book",)),
)  # fmt: skip
EDITED = asked(
    "publish-article", "review", _K.REVIEW, "Publish “Bees in winter”?",
    payload={"headline": "How bees keep warm", "price": 0, "text": "Honey bees do not sleep."},
    before_edit={"headline": "Bees in winter", "price": 2, "text": "Honey bees do not sleep."},
    revision=1, editor="U0CAROL", policy=quorum(2, "@editors"),
    votes=(_vote("U0CAROL", _D.EDIT),),
)  # fmt: skip

_QUESTIONS = {
    "confirm": DEPLOY, "payment": PAYMENT, "review": REVIEW, "input": INPUT, "choose": CHOOSE,
    "iterate": ITERATE, "tool": CALLS[1], "result": RESULT, "error": ERROR, "edited": EDITED,
}  # fmt: skip


def _done(question: Approval, status: str, *answers: Answer, **changes: Any) -> Approval:
    at = NOW + timedelta(minutes=12)
    graph = question.graph
    after = run(graph=graph, status=RunStatus.RUNNING, places=("publish",))
    facts: dict[str, Any] = {"status": status, "resolved_at": at, "answers": answers, "run": after}
    return replace(question, **(facts | changes))


def _said(decision: Decision, by: str = "U0BOB", comment: str = "", **changes: Any) -> Answer:
    return replace(answer(decision, by=by, comment=comment), **changes)


_OUTCOMES = {
    "approved": _done(REVIEW, "approved", _said(_D.APPROVE), _said(
        _D.APPROVE, "U0CAROL", "Looks great, but make the headline punchier next time."),
        votes=(_vote("U0BOB"), _vote("U0CAROL"))),
    "rejected": _done(PAYMENT, "rejected", _said(
        _D.REJECT, "U0CAROL", "The delivery note says 40 candles, the invoice 120."),
        run=run(graph="payment", status=RunStatus.CANCELLED, cancelled_by="U0CAROL")),
    "changes": _done(REVIEW, "changes-requested", _said(
        _D.REQUEST_CHANGES, comment="Say in the first sentence what it costs.")),
    "changed": _done(EDITED, "edited", _said(_D.EDIT, "U0CAROL"), _said(_D.APPROVE),
                     votes=(*EDITED.votes, _vote("U0BOB"))),
    "answered": _done(INPUT, "answered", _said(
        _D.ANSWER, values={"order": "A-4471", "amount": 19.9, "reason": "broken"})),
    "chosen": _done(CHOOSE, "answered", _said(_D.CHOOSE, values=["billing"])),
    "expired": _done(REVIEW, "expired", action="expire", votes=(), reminded_at=NOW,
                     run=run(graph="publish-article", status=RunStatus.TIMED_OUT)),
    "withdrawn": _done(DEPLOY, "withdrawn", resolved_by="U0ALICE",
                       reason="2.4.2 is built already, and has the fix",
                       run=run(graph="deploy", status=RunStatus.CANCELLED, cancelled_by="U0ALICE")),
    "glass": _done(DEPLOY, "approved", _said(
        _D.APPROVE, "U0DAVE", "Customers cannot pay; nobody else is awake.", breaks_glass=True)),
}  # fmt: skip


_ANSWERED = (
    _done(CALLS[0], "approved", _said(_D.APPROVE)),
    _done(CALLS[1], "rejected", _said(
        _D.REJECT, "U0CAROL", "Ben's parcel comes back.")),
)  # fmt: skip
_TURNS = {
    "turn": CALLS,
    "turn-half": (*_ANSWERED, CALLS[2]),
    "turn-done": (*_ANSWERED, _done(
        CALLS[2], "edited", _said(_D.EDIT, values={
            **CALLS[2].payload, "subject": "Your order A-4471"}), edits=CALLS[2].payload)),
}  # fmt: skip


def messages() -> dict[str, SlackMessage]:
    """Return a message of each sort by its name."""
    turns = {name: turn_card(calls, calls, _call) for name, calls in _TURNS.items()}
    cards = {name: _question(each) for name, each in _QUESTIONS.items()}
    cards |= {name: outcome_card(each) for name, each in _OUTCOMES.items()}
    shown = {name: render(card, GROUPS) for name, card in cards.items()}
    return shown | {name: render_turn(card, GROUPS) for name, card in turns.items()}


def _question(question: Approval) -> Card:
    return question_card(question, due_at=question.due_at)


def _call(question: Approval) -> Card:
    return question_card(question, due_at=question.due_at, share=len(CALLS))


def windows() -> dict[str, dict[str, Any]]:
    """Return a window of each sort by its name."""
    rosters = {
        "@release": frozenset({"U0BOB", "U0CAROL", "U0ALICE"}),
        "@editors": frozenset({"U0DAVE"}),
    }
    helped = replace(
        DEPLOY,
        delegations={"U0CAROL": Delegation(seat="U0DAVE", via=("@editors",))},
        snoozed={"U0CAROL": NOW + timedelta(hours=3)},
    )
    long = replace(PAYMENT, payload={**PAYMENT.payload, "lines": _LINES * 43})
    return {
        "window-who": who_view(who_card(helped, rosters, now=NOW), GROUPS),
        "window-all": payload_view(PAYMENT),
        "window-page": payload_view(long, 1),
    }


def opener(name: str) -> dict[str, Any]:
    """Return a row with a button that opens a window."""
    return b.actions([b.button(f"Open {name}", action_id="open", value=name)])
