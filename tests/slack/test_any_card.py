"""Any payload, kind and outcome becomes a message, a window and a file (row S1).

Four judges look at each: the simulator's rules, slack_sdk's models, our own table of limits, and
Slack's published types where SLACK_REFERENCE names a folder of them.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from slack_sdk.models.blocks import Block

from bot.cards import Card, outcome_card, question_card, whole_payload
from bot.cards.quiet import mentioned_in, quiet_card
from bot.simulator.blockkit import message_faults, view_faults
from bot.slack.kit import limits
from bot.slack.kit.messages import card_blocks, render, render_plainly
from bot.slack.kit.mrkdwn import units
from bot.slack.windows.payload_pages import pages_of, payload_file, payload_view
from orchestrator.core.approval_events import Outcome
from orchestrator.core.state import Vote
from orchestrator.graph import Format, FormatKind
from orchestrator.graph.kinds import DECISIONS, ApprovalKind, Decision, Risk
from orchestrator.graph.policy import in_order, parse_approvers, quorum
from orchestrator.store.records import Approval
from tests.slack.bench import mrkdwn_texts, shown
from tests.slack.samples import HOSTILE, NOW, answer, approval, failure, resolved

GROUPS = {"@editors": "S0EDITORS"}
NASTY = (
    HOSTILE, "", " ", "\n\n", "x" * 5000, "😀" * 2000, "&" * 3000, "\u202eabc", "שלום עולם",
    "<!subteam^S1|@all>", "[a](https://evil.example)", "# h\n- **b**\n```\nc", "a\x00b\x1bc",
    "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y", "*" * 200, "`" * 90, "| a |\n|---|", "e\u0301" * 99,
    "https://x.example/?a=<b>&c", "👩‍👩‍👧" * 400, "\ud800", "_" * 3000, "word " * 900,
)  # fmt: skip
TEXTS = st.text(max_size=60) | st.sampled_from(NASTY)
KEYS = st.text(max_size=12) | st.sampled_from(
    [*NASTY, "amount", "target", "before", "after", "name", "url", "size", "a.b"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just(10**4000)
ROWS = st.lists(st.fixed_dictionaries({"name": TEXTS, "amount": SCALARS}), max_size=130) | st.lists(
    st.dictionaries(KEYS, SCALARS, max_size=25), max_size=6
)
VALUES = ROWS | st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
FORMATS = st.builds(
    Format, st.sampled_from(list(FormatKind)), st.sampled_from(["", "EUR", HOSTILE])
)


@st.composite
def approvals(draw: st.DrawFn) -> Approval:
    """Make an approval of any kind, open or with any outcome."""
    payload = draw(st.dictionaries(KEYS, VALUES, max_size=6))
    formats = {key: draw(FORMATS) for key in payload if draw(st.booleans())}
    kind = draw(st.sampled_from(list(ApprovalKind)))
    outcome = draw(st.none() | st.sampled_from(list(Outcome)))
    names = draw(st.lists(st.sampled_from(["@editors", "U0BOB", "a@b.example", "#c"]), min_size=1))
    decision = draw(st.sampled_from(DECISIONS[kind]))
    text = draw(TEXTS)
    facts: dict[str, Any] = {
        "payload": payload,
        "formats": formats,
        "kind": kind,
        "decisions": DECISIONS[kind],
        "title": draw(TEXTS),
        "prompt": draw(TEXTS),
        "path": draw(TEXTS),
        "risk": draw(st.sampled_from(list(Risk))),
        "notify": parse_approvers(names) if draw(st.booleans()) else (),
        "choices": tuple(draw(st.lists(TEXTS, max_size=6))),
        "policy": in_order(quorum(2, names, four_eyes=True), quorum(1, "@finance")),
        "edits": payload,
        "error": failure(text).error if kind is ApprovalKind.ERROR else None,
        "before_edit": draw(st.none() | st.dictionaries(KEYS, VALUES, max_size=3)),
        "votes": tuple(
            Vote(seat=by, by=by, decision=Decision.APPROVE, via=("@editors",), stage=0, at=NOW,
                 comment=text)
            for by in ("U0BOB", "U0CAROL")[: draw(st.integers(0, 2))]
        ),
    }  # fmt: skip
    if outcome is None:
        return approval(**facts)
    value = answer(decision, comment=text)
    return resolved(outcome.value, **(facts | {"answers": (value,), "reason": text}))


def card_of(asked: Approval) -> Card:
    """Return what a message about it says now."""
    return question_card(asked, due_at=asked.due_at) if asked.is_open else outcome_card(asked)


#: Making an approval of any kind takes long, above all where others use the machine, too.
PATIENT = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@settings(deadline=None, max_examples=120, suppress_health_check=PATIENT)
@given(asked=approvals())
@example(
    asked=approval(
        kind=ApprovalKind.CHOOSE,
        choices=("\ud800", HOSTILE),
        decisions=DECISIONS[ApprovalKind.CHOOSE],
    )
)
@example(asked=approval(payload={}))
@example(asked=approval(payload={"t": [{f"c{n}": "y" * 100 for n in range(20)}] * 99}))
def test_s1_any_card_is_taken_by_slack_and_calls_nobody(asked: Approval):
    """Rendering cannot fail, whatever there is to show."""
    card = card_of(asked)
    names = dict.fromkeys(mentioned_in(card), HOSTILE)
    for each in (card, quiet_card(card, names)):
        for message in (render(each, GROUPS), render_plainly(each, GROUPS)):
            assert 0 < units(message.text) <= limits.UPDATE_TEXT
            assert len(json.dumps(message.metadata)) <= limits.METADATA_BYTES
            judge(message.blocks, "KnownBlock")
            assert_harmless({"text": message.text, "blocks": message.blocks, "ts": "1"})
    window = {"type": "modal", "title": PLAIN, "blocks": card_blocks(card, GROUPS)}

    assert view_faults(window, kind="modal") == []


PLAIN = {"type": "plain_text", "text": "Question"}


@settings(deadline=None, max_examples=60, suppress_health_check=PATIENT)
@given(asked=approvals())
def test_s1_any_payload_is_read_in_pages_and_in_a_file(asked: Approval):
    """Each page is taken by Slack, and the file is text that can be stored."""
    pages, _ = pages_of(whole_payload(asked))
    for page in {0, len(pages) // 2, len(pages) - 1}:
        view = payload_view(asked, page)

        assert view_faults(view, kind="modal") == []
        assert len(json.dumps(view)) <= limits.VIEW_BYTES
        judge(view["blocks"], "KnownBlock")
        assert_harmless(view)
    assert payload_file(asked).encode()


def judge(blocks: list[dict[str, Any]], kind: str) -> None:
    """Assert that nobody who knows Block Kit finds a fault."""
    assert message_faults([each for each in blocks if each["type"] != "input"]) == []
    assert len(blocks) <= limits.VIEW_BLOCKS
    for made, parsed in zip(blocks, Block.parse_all(blocks), strict=True):
        assert parsed.to_dict()["type"] == made["type"]
    validator = _validator(kind)
    for block in blocks if validator else ():
        problem = best_match(validator.iter_errors(block))

        assert problem is None, f"{block['type']}: {problem and problem.message[:300]}"


@cache
def _validator(kind: str) -> Draft7Validator | None:
    reference = os.environ.get("SLACK_REFERENCE")
    if not reference:
        return None
    path = Path(reference) / "schemas" / "block-kit.schema.json"
    definitions = json.loads(path.read_text(encoding="utf-8"))["definitions"]
    return Draft7Validator({"$ref": f"#/definitions/{kind}", "definitions": definitions})


def assert_harmless(message: dict[str, Any]) -> None:
    """Assert that no text from outside calls anybody or hides an address."""
    for text in mrkdwn_texts(message):
        assert "<!channel" not in text
        assert "<!subteam^S1|" not in text
        assert "<https" not in text
    assert "<!channel" not in shown(without_values(message))


def without_values(part: Any) -> Any:
    """Return blocks without what buttons carry, which nobody sees and Slack does not read."""
    if isinstance(part, list):
        return [without_values(each) for each in part]
    if isinstance(part, dict):
        return {key: without_values(each) for key, each in part.items() if key != "value"}
    return part
