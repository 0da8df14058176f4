"""Calls of any kind of payload make a card that Slack takes (rows S1 and H17)."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import Card, question_card
from bot.cards.turn_card import mentioned_in_turn, quiet_turn, turn_card
from bot.cards.turns import MOST_CALLS
from bot.slack.kit import limits
from bot.slack.kit.mrkdwn import units
from bot.slack.kit.turn_messages import render_turn, render_turn_plainly
from orchestrator.graph.kinds import DECISIONS, ApprovalKind
from orchestrator.store.records import Approval
from tests.slack.samples import HOSTILE
from tests.slack.specimens import CALLS, messages
from tests.slack.test_any_card import GROUPS, PATIENT, approvals, assert_harmless, judge

#: Slack takes no more text in all blocks of a message: 12,000 characters, their frames included.
_TEXT = 12_000
_TOOL = ApprovalKind.TOOL


@st.composite
def turns(draw: st.DrawFn) -> tuple[Approval, ...]:
    """Make the calls of a card, open or with any outcome."""
    count = draw(st.integers(2, MOST_CALLS))
    return tuple(
        replace(draw(approvals()), id=f"{n:x}" * 32, kind=_TOOL, decisions=DECISIONS[_TOOL])
        for n in range(1, count + 1)
    )


def shown(asked: Approval) -> Card:
    """Return the card of an open call."""
    return question_card(asked, due_at=asked.due_at, share=3)


@settings(deadline=None, max_examples=60, suppress_health_check=PATIENT)
@given(calls=turns())
def test_s1_h17_any_calls_make_a_card_that_calls_nobody(calls: tuple[Approval, ...]):
    """Rendering cannot fail, and every open call keeps its buttons."""
    card = turn_card(calls, calls, shown)
    is_open = sum(call.is_open for call in calls)
    for each in (card, quiet_turn(card, dict.fromkeys(mentioned_in_turn(card), HOSTILE))):
        for message in (render_turn(each, GROUPS), render_turn_plainly(each, GROUPS)):
            assert 0 < units(message.text) <= limits.UPDATE_TEXT
            assert len(message.blocks) < limits.MESSAGE_BLOCKS
            assert len(json.dumps(message.metadata)) <= limits.METADATA_BYTES
            assert (
                sum("signoff_decide_approve" in str(block) for block in message.blocks) == is_open
            )
            judge(message.blocks, "KnownBlock")
            assert_harmless({"text": message.text, "blocks": message.blocks, "ts": "1"})
        plain = render_turn_plainly(each, GROUPS)

        assert text_of(plain.blocks) < _TEXT


def test_h17_a_usual_card_of_five_long_calls_is_not_too_long():
    """A long text, a table and many values in each leave room below what Slack takes."""
    long = {
        "amount": 1250,
        "body": "Honey bees do not sleep. " * 200,
        "lines": [{f"column {n}": "wax " * 30 for n in range(12)}] * 50,
    } | {f"value {n}": "some words" for n in range(40)}
    calls = tuple(
        replace(CALLS[0], id=f"{n:x}" * 32, payload=long, prompt="Please look. " * 100)
        for n in range(1, MOST_CALLS + 1)
    )
    card = turn_card(calls, calls, lambda asked: question_card(asked, due_at=None, share=5))

    assert text_of(render_turn(card, GROUPS).blocks) < _TEXT
    assert text_of(messages()["turn"].blocks) < _TEXT


def text_of(part: object) -> int:
    """Count the characters that a message shows."""
    if isinstance(part, list):
        return sum(map(text_of, part))
    if not isinstance(part, dict):
        return 0
    own = units(part["text"]) if isinstance(part.get("text"), str) else 0
    return own + sum(text_of(each) for each in part.values())
