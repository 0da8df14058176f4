"""Forms: what they hold comes back as it was, and every limit is kept."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from bot.cards import (
    Aside,
    FieldType,
    asides_of,
    fields_of,
    question_card,
    read_fields_of,
)
from bot.simulator.blockkit import view_faults
from bot.simulator.elements import initial_values
from bot.slack.kit import limits
from bot.slack.kit.inputs import block_id_of, errors_at, places_of, typed_of
from bot.slack.kit.messages import render
from bot.slack.kit.payloads import FormButton
from bot.slack.listeners.asides import reassigned
from bot.slack.windows.asides import aside_view, more_view
from bot.slack.windows.forms import VALUES_CALLBACK, values_view
from bot.slack.windows.modals import reason_view
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import DECISIONS, ApprovalKind, Decision
from orchestrator.graph.policy import Policy, any_of, in_order, parse_approvers, quorum
from orchestrator.store.records import Approval
from tests.slack import kinds
from tests.slack.bench import button, shown
from tests.slack.samples import APPROVAL_ID, HOSTILE, approval
from tests.slack.test_rendering import GROUPS, TEXTS, check

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def review(edits: Any, **changes: Any) -> Approval:
    """Return an open question about an output."""
    facts: dict[str, Any] = {
        "kind": ApprovalKind.REVIEW,
        "decisions": DECISIONS[ApprovalKind.REVIEW],
        "edits": edits,
    }
    return approval(**(facts | changes))


def of_kind(kind: ApprovalKind, **changes: Any) -> Approval:
    """Return an open question of a kind."""
    return approval(kind=kind, decisions=DECISIONS[kind], **changes)


def untouched(asked: Approval, decision: Decision) -> tuple[Any, list[tuple[str, str]]]:
    """Submit a form as it opens; return what is read."""
    view = values_view(asked, decision)
    fields = fields_of(asked, decision)
    state = {"state": {"values": initial_values(_named(view["blocks"]))}}
    return read_fields_of(fields, typed_of(state, range(len(fields))))


def _named(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for block in blocks if block["type"] == "input"]


@settings(deadline=None, max_examples=200)
@given(value=VALUES)
def test_h22_an_edit_that_changes_nothing_brings_what_was_there(value: Any):
    """Whatever it is: a form opens with it and reads it back, or says that it cannot hold it."""
    asked = review(value)
    view = values_view(asked, Decision.EDIT)

    assert view_faults(view, kind="modal") == []
    if view["callback_id"] == VALUES_CALLBACK:
        assert untouched(asked, Decision.EDIT) == (value, [])
    else:
        assert asked.ref in shown(view)


@settings(deadline=None, max_examples=100)
@given(
    names=st.lists(TEXTS, max_size=6, unique=True),
    texts=st.lists(TEXTS, min_size=6, max_size=6),
    kind=st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "any"]),
)
def test_any_schema_makes_a_form_that_slack_takes(names: list[str], texts: list[str], kind: str):
    """Titles, descriptions and defaults may be anything."""
    properties: dict[str, Any] = {
        name: {"title": text, "description": text, "enum": [text, name, 3]}
        if number % 2
        else {"title": text, **({"type": kind} if kind != "any" else {})}
        for number, (name, text) in enumerate(zip(names, texts, strict=False))
    }
    asked = of_kind(ApprovalKind.INPUT, schema={"type": "object", "properties": properties})
    view = values_view(asked, Decision.ANSWER)

    assert view_faults(view, kind="modal") == []
    assert len(json.dumps(view)) <= limits.VIEW_BYTES


class Address(BaseModel):
    """A part of an order."""

    city: str


class Order(BaseModel):
    """What pydantic makes a schema of."""

    name: str
    size: Literal["S", "M"] = "M"
    day: date | None = None
    note: str | None = Field(default=None, description="For the kitchen.")
    places: list[Literal["in", "out"]] = []
    address: Address


def test_h14_a_pydantic_model_becomes_a_form():
    """Unions with null, references and lists of choices are seen through."""
    schema = InputSchema(Order).json_schema
    fields = fields_of(of_kind(ApprovalKind.INPUT, schema=schema), Decision.ANSWER)

    assert [(field.name, field.type, field.is_required) for field in fields] == [
        ("name", FieldType.TEXT, True),
        ("size", FieldType.ONE, False),
        ("day", FieldType.DATE, False),
        ("note", FieldType.TEXT, False),
        ("places", FieldType.SEVERAL, False),
        ("address.city", FieldType.TEXT, True),
    ]
    assert fields[3].about == "For the kitchen."
    assert fields[5].group is not None
    assert fields[5].group.label == "Address"


def test_h14_what_is_emptied_becomes_null_an_empty_text_or_a_problem():
    """A default that somebody took out does not come back by itself."""
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string", "default": "a"},
            "maybe": {"type": ["integer", "null"], "default": 3},
            "number": {"type": "integer", "default": 3},
            "other": {"type": "integer"},
        },
    }
    fields = fields_of(of_kind(ApprovalKind.INPUT, schema=schema), Decision.ANSWER)

    assert read_fields_of(fields, {}) == (
        {"text": "", "maybe": None},
        [("number", "was emptied; write a value")],
    )


def test_h14_problems_stand_at_their_fields_and_inner_ones_say_where():
    """What belongs to no field stands at the first one."""
    fields = fields_of(of_kind(ApprovalKind.INPUT, schema=kinds.ORDER), Decision.ANSWER)
    problems = [("address.city", "is too short"), ("count", "is less than 1"), ("", "no")]
    found = errors_at(places_of(fields, [*problems, ("x", "odd")]))

    assert found == {
        block_id_of(8): "This is too short. At least 2 characters.",
        block_id_of(1): "This is less than 1. At least 1.",
        block_id_of(0): "no; x: odd.",
    }


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"text": "x" * 3001}, "3001 characters"),
        ({"text": "a\x00b"}, "would change"),
        ({"text": "a\r\nb"}, "would change"),
        ({f"key_{n}": n for n in range(201)}, "201 fields"),
    ],
)
def test_h22_what_a_form_cannot_hold_is_sent_to_the_command_line(edits: Any, words: str):
    """The window says why, and the command that takes it."""
    asked = review(edits)
    view = values_view(asked, Decision.EDIT)

    assert view_faults(view, kind="modal") == []
    assert words in shown(view)
    assert f"signoff decide {asked.ref} edit --as YOU --data @FILE" in shown(view)


def test_h22_large_texts_are_spread_over_pages():
    """Each page is one that Slack takes."""
    asked = review({f"key_{n}": "\u00fc" * 2990 for n in range(90)})
    view = values_view(asked, Decision.EDIT)

    assert view_faults(view, kind="modal") == []
    assert len(json.dumps(view)) <= limits.VIEW_BYTES
    assert "Page 1 of" in shown(view)


def test_a_hostile_choice_or_title_is_only_text():
    """Nothing of it is mark-up, and it is not the value that travels."""
    schema = {"type": "object", "properties": {"a": {"enum": [HOSTILE], "title": HOSTILE}}}
    asked = of_kind(ApprovalKind.INPUT, schema=schema, title=HOSTILE, path=HOSTILE)
    view = values_view(asked, Decision.ANSWER)

    assert view_faults(view, kind="modal") == []
    assert "<!channel" not in shown(view)
    assert read_fields_of(fields_of(asked, Decision.ANSWER), {0: "0"}) == ({"a": HOSTILE}, [])


@pytest.mark.parametrize("kind", list(ApprovalKind))
def test_every_kind_has_a_message_that_slack_takes(kind: ApprovalKind):
    """With its own buttons, in the order of its decisions."""
    asked = of_kind(kind, choices=("a", "b"), policy=quorum(1, "@editors"))
    message = render(question_card(asked, due_at=asked.due_at), GROUPS)
    labels = [
        element["text"]["text"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button"
    ]

    check(message.blocks)
    assert labels[: len(_LABELS[kind])] == _LABELS[kind]


_LABELS = {
    ApprovalKind.CONFIRM: ["Approve", "Reject…"],
    ApprovalKind.INPUT: ["Answer…", "Reject…"],
    ApprovalKind.CHOOSE: ["a", "b", "Reject…"],
    ApprovalKind.REVIEW: ["Approve", "Reject…", "Request changes…", "Edit…"],
    ApprovalKind.ITERATE: ["Accept", "Reject…", "Another round…"],
    ApprovalKind.TOOL: ["Approve", "Reject…", "Edit arguments…"],
    ApprovalKind.RESULT: ["Enter result…"],
    ApprovalKind.ERROR: ["Retry", "Skip", "Fail"],
}


@pytest.mark.parametrize("choices", [("x" * 200, "x" * 201), ("", "a"), ("y" * 4000, "z" * 4000)])
def test_ways_that_no_button_could_tell_apart_are_chosen_in_a_form(choices: tuple[str, ...]):
    """Labels are cut, and may not be empty."""
    asked = of_kind(ApprovalKind.CHOOSE, choices=choices)
    message = render(question_card(asked, due_at=None), GROUPS)

    check(message.blocks)
    assert button(
        {"blocks": message.blocks}, "Choose…" if choices[0][:1] != "y" else "y" * 69 + "…"
    )


@settings(deadline=None, max_examples=40)
@given(title=TEXTS, path=TEXTS)
def test_any_question_has_windows_that_slack_takes(title: str, path: str):
    """Every entry of the menu, and the window that shows all of them."""
    policy = Policy(stages=any_of("@editors").stages, break_glass=parse_approvers("U0BOB"))
    asked = approval(title=title, path=path, policy=policy)
    found = asides_of(asked)

    assert view_faults(more_view(asked), kind="modal") == []
    assert {Aside.EXTEND, Aside.BREAK_GLASS, Aside.FOR_RUN} <= set(found)
    for aside in found:
        if aside not in {Aside.WHO, Aside.FOR_RUN, Aside.FOR_HOURS}:
            assert view_faults(aside_view(asked, aside), kind="modal") == []


def test_another_round_is_asked_for_in_its_own_words():
    """A loop's form says what it is for."""
    form = FormButton(
        approval=APPROVAL_ID,
        digest="",
        decision="request-changes",
        graph="g",
        node="n",
        title="t",
        kind="iterate",
    )

    assert reason_view(form)["title"]["text"] == "Another round"


def test_h23_other_people_are_asked_under_the_same_rules():
    """Only the present stage changes; its counts and the other stages stay."""
    policy = in_order(quorum(2, "@editors", four_eyes=True), any_of("@finance"))
    asked = approval(policy=policy)
    found = reassigned(asked, parse_approvers("U0ANN U0BEN U0ANN"))

    assert found == in_order(quorum(2, "U0ANN U0BEN", four_eyes=True), any_of("@finance"))
