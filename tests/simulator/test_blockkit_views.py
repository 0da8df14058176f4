"""Views, metadata and suggested options are refused where Slack refuses them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.blockkit import message_faults, metadata_error, options_faults, view_faults

from .conftest import button, modal, section, text_input
from .parts import ROWS, option, plain

VIEWS: list[tuple[str, Any, str, str]] = [
    (
        "long title",
        modal(section(), title=plain("x" * 25)),
        "modal",
        "must be less than 25 characters [json-pointer:/view/title/text]",
    ),
    (
        "no title",
        {"type": "modal", "blocks": []},
        "modal",
        "missing required field: title [json-pointer:/view]",
    ),
    (
        "long submit",
        modal(submit=plain("x" * 25)),
        "modal",
        "must be less than 25 characters [json-pointer:/view/submit/text]",
    ),
    (
        "long metadata",
        modal(private_metadata="x" * 3001),
        "modal",
        "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ),
    (
        "long callback",
        modal(callback_id="x" * 256),
        "modal",
        "must be less than 256 characters [json-pointer:/view/callback_id]",
    ),
    (
        "101 blocks",
        modal(*[{"type": "divider"}] * 101),
        "modal",
        "no more than 100 items allowed [json-pointer:/view/blocks]",
    ),
    (
        "input without submit",
        {k: v for k, v in modal(text_input("a")).items() if k != "submit"},
        "modal",
        "missing required field: submit (the view has an input) [json-pointer:/view]",
    ),
    (
        "home as modal",
        {"type": "home", "blocks": []},
        "modal",
        "must be of type modal [json-pointer:/view/type]",
    ),
    ("no view", "x", "modal", "must provide an object [json-pointer:/view]"),
    (
        "title on home",
        {"type": "home", "blocks": [], "title": plain("x")},
        "home",
        "invalid additional property: title [json-pointer:/view]",
    ),
    (
        "table in a modal",
        modal({"type": "table", "rows": ROWS}),
        "modal",
        "unsupported type: table [json-pointer:/view/blocks/0/type]",
    ),
    (
        "alert on home",
        {"type": "home", "blocks": [{"type": "alert", "text": plain("x")}]},
        "home",
        "unsupported type: alert [json-pointer:/view/blocks/0/type]",
    ),
    (
        "double focus",
        modal(text_input("a", focus_on_load=True), text_input("b", focus_on_load=True)),
        "modal",
        "only one element may have focus_on_load [json-pointer:/view/blocks]",
    ),
]


@pytest.mark.parametrize(
    ("view", "kind", "fault"), [row[1:] for row in VIEWS], ids=[row[0] for row in VIEWS]
)
def test_bad_views_are_refused_with_their_place(view: Any, kind: str, fault: str) -> None:
    """Views have their own rules beside those of blocks."""
    assert view_faults(view, kind=kind)[0] == f"[ERROR] {fault}"


def test_a_good_modal_and_a_good_home_are_taken() -> None:
    """An alert may stand in a modal; a Home tab may be empty."""
    alert = {"type": "alert", "text": plain("careful"), "level": "warning"}

    assert view_faults(modal(alert, text_input("a")), kind="modal") == []
    assert view_faults({"type": "home", "blocks": []}, kind="home") == []


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"event_type": "a_b", "event_payload": {}}, None),
        ({"event_type": "a b", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": []}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": {}, "x": 1}, "invalid_metadata_format"),
        ("a", "invalid_metadata_format"),
    ],
)
def test_metadata_has_a_type_and_a_payload(metadata: Any, error: str | None) -> None:
    """Anything else is refused."""
    assert metadata_error(metadata) == error


@pytest.mark.parametrize(
    ("answer", "is_good"),
    [
        ({"options": [option()]}, True),
        ({"options": []}, True),
        ({"option_groups": [{"label": plain("g"), "options": [option()]}]}, True),
        ({}, False),
        (None, False),
        ({"options": [option()], "option_groups": []}, False),
        ({"options": [option()] * 101}, False),
        ({"options": [{"text": "x", "value": "y"}]}, False),
    ],
)
def test_suggested_options_are_checked(answer: Any, is_good: bool) -> None:  # noqa: FBT001 - a column of the table
    """An unusable answer has at least one fault."""
    assert (options_faults(answer) == []) is is_good


def test_cards_beside_each_other_may_have_the_same_action() -> None:
    """An action's id is for its own block, also inside of another."""
    card = {"type": "card", "actions": [button()]}
    twice = {"type": "card", "actions": [button(), button()]}

    assert message_faults([{"type": "carousel", "elements": [card, card]}]) == []
    assert "already exists" in message_faults([{"type": "carousel", "elements": [twice]}])[0]
