"""Rendering: every limit is kept and nobody is pinged, whatever a payload holds."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import outcome_card, question_card, whole_payload
from bot.cards.outcome import about
from bot.simulator import limits as slack_limits
from bot.simulator.blockkit import message_faults, view_faults
from bot.slack.kit import limits
from bot.slack.kit.messages import render, render_plainly
from bot.slack.kit.mrkdwn import escape, fit, fit_escaped, units
from bot.slack.windows.payload_pages import pages_of, payload_view
from orchestrator.core.state import RunStatus
from orchestrator.graph.kinds import Decision
from orchestrator.graph.policy import any_of
from orchestrator.store.records import Approval
from tests.slack.bench import labels, mrkdwn_texts, shown
from tests.slack.samples import HOSTILE, NOW, answer, approval, failure, resolved, run

GROUPS = {"@editors": "S0EDITORS"}
TEXTS = st.text(max_size=80) | st.sampled_from([HOSTILE, "", "x" * 5000, "😀" * 2000, "&" * 3000])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def check(blocks: list[dict[str, Any]]) -> None:
    """Assert what Slack checks: the simulator's rules are written from its documents."""
    faults = message_faults(blocks)

    assert faults == []


def check_window(asked: Approval) -> None:
    """Assert that Slack takes each page of the window with the whole payload."""
    pages, _ = pages_of(whole_payload(asked))
    for page in range(len(pages)):
        view = payload_view(asked, page, note="Sent.")

        assert view_faults(view, kind="modal") == []
        assert len(json.dumps(view)) <= limits.VIEW_BYTES


def assert_harmless(message: dict[str, Any]) -> None:
    """Assert that no text from outside mentions, links or pings."""
    for text in mrkdwn_texts(message):
        assert "<!channel" not in text
        assert "<!here" not in text
        assert "<https" not in text
    assert "<!channel" not in shown(message)
    assert "<@U0EVIL" not in shown(message)


@settings(deadline=None, max_examples=150)
@given(payload=st.dictionaries(TEXTS, VALUES, max_size=8), title=TEXTS, prompt=TEXTS)
def test_any_question_keeps_every_limit(payload: dict[str, Any], title: str, prompt: str):
    """Rendering cannot fail, and what it makes passes Slack's rules."""
    asked = approval(payload=payload, title=title, prompt=prompt)
    message = render(question_card(asked, due_at=asked.due_at), GROUPS)

    check(message.blocks)
    assert 0 < units(message.text) <= limits.UPDATE_TEXT
    assert len(json.dumps(message.metadata)) <= limits.METADATA_BYTES
    assert_harmless({"text": message.text, "blocks": message.blocks, "ts": "1"})


@settings(deadline=None, max_examples=60)
@given(
    comment=TEXTS,
    title=TEXTS,
    status=st.sampled_from(["approved", "rejected", "answered", "expired", "withdrawn"]),
    action=st.sampled_from(["expire", "reject", "approve", "skip", "route", "odd", None]),
    names=st.lists(st.sampled_from(["@editors", "U0BOB", "a@b.example", "S0FINANCE"]), max_size=30),
)
def test_any_outcome_keeps_every_limit(
    comment: str, title: str, status: str, action: str | None, names: list[str]
):
    """The same for what a message becomes."""
    answers = (answer(Decision.APPROVE, comment=comment),)
    asked = resolved(
        status, title=title, action=action, policy=any_of(names), answers=answers,
        run=run(cancelled_by="U0BOB", cancel_reason=comment, error=comment),
    )  # fmt: skip
    message = render(outcome_card(asked), GROUPS)

    check(message.blocks)
    assert not labels({"blocks": message.blocks}) & {"Approve", "Reject…"}
    assert_harmless({"text": message.text, "blocks": message.blocks, "ts": "1"})


@settings(deadline=None, max_examples=60)
@given(payload=st.dictionaries(TEXTS, VALUES, max_size=8), title=TEXTS)
def test_any_payload_fits_into_its_window(payload: dict[str, Any], title: str):
    """Show all works for whatever there is to show."""
    check_window(approval(payload=payload, title=title))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"text": "word " * 12_000}, id="60 kB of prose"),
        pytest.param({f"key_{n}": n for n in range(1000)}, id="1000 keys"),
        pytest.param({"text": "&" * 60_000}, id="60 kB that escape to five times as much"),
        pytest.param({"text": "👩‍👩‍👧" * 9000}, id="emoji of many parts"),
        pytest.param({f"t{n}": HOSTILE * 40 for n in range(100)}, id="100 hostile texts"),
        pytest.param({"n": 10**5000}, id="a number that Python does not write"),
        pytest.param({"x" * 5000: {"y" * 5000: ["z" * 5000]}}, id="long names"),
        pytest.param({"half": "\ud800 a lonely surrogate"}, id="half a character"),
    ],
)
def test_an_extreme_payload_becomes_an_excerpt_and_a_window(payload: dict[str, Any]):
    """Both keep the limits, and a cut excerpt offers the rest."""
    asked = approval(payload=payload)
    message = render(question_card(asked, due_at=asked.due_at), GROUPS)

    check(message.blocks)
    check_window(asked)
    assert "\ud800" not in shown({"text": message.text, "blocks": message.blocks})


def test_a_payload_deeper_than_json_can_go_is_named_not_shown():
    """Recursion has an end; the message still comes."""
    deep: Any = "end"
    for _ in range(100_000):
        deep = [deep]
    message = render(question_card(approval(payload={"deep": deep}), due_at=None), GROUPS)

    check(message.blocks)
    assert "too deeply nested" in shown({"blocks": message.blocks})


def test_s1_the_amount_is_shown_even_when_prose_is_cut():
    """Values stand in the order of the author; amounts and targets are never cut."""
    payload = {
        "story": "prose " * 5000, "note": "a short note", "amount": 420.5, "colour": "green",
        "target": "production",
    }  # fmt: skip
    asked = approval(payload=payload)
    message = render(question_card(asked, due_at=asked.due_at), GROUPS)
    told = shown({"blocks": message.blocks})
    order = [told.index(text) for text in ("Story", "Note", "420.5", "Colour", "production")]

    assert order == sorted(order)
    assert {"Approve", "Reject…", "Show all"} == labels({"blocks": message.blocks})
    assert "a short note" in shown({"blocks": message.blocks})
    assert "green" in shown({"blocks": message.blocks})


def test_a_payload_that_is_shown_in_full_has_no_show_all():
    """The button is there only when something was left out."""
    message = render(question_card(approval(payload={"a": 1}), due_at=None), GROUPS)

    assert {"Approve", "Reject…"} == labels({"blocks": message.blocks})


def test_a_value_with_formatting_characters_is_shown_as_it_is():
    """A value such as `my_*_app` must not turn into bold or italics."""
    message = render(question_card(approval(payload={"app": "my_*_app"}), due_at=None), GROUPS)

    assert "my_*_app" in shown({"blocks": message.blocks})
    assert not any("my_" in text for text in mrkdwn_texts(message.blocks))


def test_t2_the_expired_card_says_what_the_run_did():
    """Each way to go on after a deadline has its words, and only the end offers a new start."""
    asked = resolved("expired", action="approve", reminded_at=NOW)
    message = render(outcome_card(asked), GROUPS)
    said = shown({"blocks": message.blocks})

    assert "⌛ *Publish “Bees”?*" in said
    assert "nobody of <!subteam^S0EDITORS> answered within 5 minutes" in said
    assert "counts as approved" in said
    assert "reminded <!date^" in said
    assert set() == labels({"blocks": message.blocks})


def test_s2_the_outcome_names_who_what_when_and_what_the_run_does():
    """The done card: icon, question, sentence, quote, references."""
    comment = "Looks great, but make the headline punchier."
    asked = resolved(
        "approved",
        answers=(answer(Decision.APPROVE, comment=comment),),
        run=run(status=RunStatus.RUNNING, places=("publish",)),
    )
    message = render(outcome_card(asked), GROUPS)
    _, sentence, quote, footer = message.blocks

    assert (
        sentence["text"]["text"]
        == "✅ *Publish “Bees”?*\nApproved by <@U0BOB> · 12 min after it was asked"
    )
    assert comment == quote["elements"][0]["elements"][0]["text"]
    assert footer["elements"][0]["text"].startswith("Run `r-")
    assert "goes on" in footer["elements"][0]["text"]
    assert "went on to" not in footer["elements"][0]["text"]
    assert "payload `sha256:41c041c0…`" in footer["elements"][0]["text"]


def test_the_question_about_a_failure_shows_the_error_and_no_payload():
    """Its buttons are its decisions, and the error's text cannot ping."""
    message = render(question_card(failure(f"on fire {HOSTILE}"), due_at=None), GROUPS)

    check(message.blocks)
    assert {"Retry", "Skip", "Fail"} == labels({"blocks": message.blocks})
    assert "on fire" in shown({"blocks": message.blocks})
    assert_harmless({"text": message.text, "blocks": message.blocks, "ts": "1"})


def test_the_plain_message_can_be_decided_too():
    """The fallback has a sentence and the same buttons."""
    asked = approval(payload={"text": HOSTILE})
    message = render_plainly(question_card(asked, due_at=asked.due_at), GROUPS)

    check(message.blocks)
    assert {"Approve", "Reject…"} == labels({"blocks": message.blocks})
    assert "Publish “Bees”?" in message.text


def test_the_limits_are_slack_s():
    """The renderer's table and the simulator's, written apart, agree wherever both speak."""
    ours = {name: value for name, value in vars(limits).items() if name.isupper()}
    theirs = {name: value for name, value in vars(slack_limits).items() if name.isupper()}
    common = ours.keys() & theirs.keys()

    assert {name: theirs[name] for name in common} == {name: ours[name] for name in common}
    assert len(common) > 20


@given(text=st.text(), limit=st.integers(min_value=0, max_value=60))
def test_cut_text_fits(text: str, limit: int):
    """Whatever is cut measures at most what was asked for, before and after escaping."""
    assert units(fit(text, limit)) <= limit
    assert units(fit_escaped(text, limit)) <= limit
    assert not set("<>") & set(fit_escaped(text, limit))


def test_escaping_takes_the_power_of_three_characters_only():
    """Only `&`, `<` and `>` have a meaning in mark-up; everything else stays."""
    assert escape("<!channel> &amp; ok") == "&lt;!channel&gt; &amp;amp; ok"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=5), "5 s"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 days"),
        (timedelta(seconds=-1), "0 s"),
    ],
)
def test_durations_are_rounded_for_people(length: timedelta, words: str):
    """One unit is enough to know how long something took."""
    assert words == about(length)


def test_a_mention_in_a_title_is_only_text():
    """The title comes from a template, which may have put a payload into it."""
    asked: Approval = approval(title=f"Publish {HOSTILE}?")
    for card in (question_card(asked, due_at=None), outcome_card(resolved("approved",
                 title=asked.title))):  # fmt: skip
        message = render(card, GROUPS)

        check(message.blocks)
        assert_harmless({"text": message.text, "blocks": message.blocks, "ts": "1"})
