"""Block Kit is refused where Slack refuses it, with the place of the fault."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import limits
from bot.simulator.blockkit import message_faults, metadata_error, options_faults, view_faults

from .conftest import actions, button, modal, section, text_input


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _option(value: str = "v", text: str = "t", **more: Any) -> dict[str, Any]:
    return {"text": _plain(text), "value": value, **more}


def _select(kind: str = "static_select", **more: Any) -> dict[str, Any]:
    return {"type": kind, "action_id": "pick", **more}


def _rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(elements)}],
    }


_IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
_ROWS = [[{"type": "raw_text", "text": "a"}, {"type": "raw_number", "text": "1", "value": 1}]]

GOOD: dict[str, list[dict[str, Any]]] = {
    "section with text": [section()],
    "section with fields and accessory": [
        {"type": "section", "fields": [_plain("a")] * 10, "accessory": button(style="danger")}
    ],
    "header, divider, image": [
        {"type": "header", "text": _plain("h" * limits.HEADER_TEXT)},
        {"type": "divider"},
        {**_IMAGE, "title": _plain("t")},
    ],
    "context": [{"type": "context", "elements": [_plain("a"), _IMAGE]}],
    "actions of every kind": [
        actions(
            button(value="v" * limits.BUTTON_VALUE, confirm={"text": _plain("sure?")}),
            {"type": "overflow", "action_id": "o", "options": [_option("a"), _option("b")]},
            {"type": "users_select", "action_id": "u"},
            {"type": "datepicker", "action_id": "d", "initial_date": "2026-02-28"},
            {"type": "timepicker", "action_id": "t", "initial_time": "23:59"},
            {"type": "datetimepicker", "action_id": "dt", "initial_date_time": 1_800_000_000},
        )
    ],
    "select with initial option": [
        actions(_select(options=[_option("a"), _option("b")], initial_option=_option("b")))
    ],
    "select with groups": [
        actions(_select(option_groups=[{"label": _plain("g"), "options": [_option()]}]))
    ],
    "choices": [
        actions(
            {
                "type": "checkboxes",
                "action_id": "c",
                "options": [{"text": {"type": "mrkdwn", "text": "*x*"}, "value": "x"}],
            }
        )
    ],
    "input": [text_input("a")],
    "rich text": [
        _rich(
            {"type": "text", "text": "a", "style": {"bold": True}},
            {"type": "link", "url": "https://example.com"},
            {"type": "user", "user_id": "U1"},
        ),
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_section", "elements": []}],
                },
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]},
            ],
        },
    ],
    "markdown": [{"type": "markdown", "text": "x" * limits.MARKDOWN_TEXT}],
    "table": [{"type": "table", "rows": _ROWS}],
    "data table": [{"type": "data_table", "caption": "c", "rows": _ROWS}],
    "card and carousel": [
        {"type": "card", "title": _mrkdwn("t"), "actions": [button()]},
        {"type": "carousel", "elements": [{"type": "card", "body": _mrkdwn("b")}]},
    ],
    "container": [{"type": "container", "title": _plain("t"), "child_blocks": [section()]}],
    "feedback": [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": _plain("+"), "value": "p"},
                    "negative_button": {"text": _plain("-"), "value": "n"},
                }
            ],
        }
    ],
    "plan and task card": [
        {
            "type": "plan",
            "title": "p",
            "tasks": [
                {"type": "task_card", "task_id": "1", "title": "t", "status": "complete"},
            ],
        }
    ],
    "fifty blocks": [{"type": "divider"}] * limits.MESSAGE_BLOCKS,
}


@pytest.mark.parametrize("name", GOOD)
def test_good_blocks_are_taken(name: str) -> None:
    """What Slack documents as valid has no fault."""
    assert message_faults(GOOD[name]) == []


BAD: list[tuple[str, list[Any], str]] = [
    (
        "too many blocks",
        [{"type": "divider"}] * 51,
        "no more than 50 items allowed [json-pointer:/blocks]",
    ),
    (
        "unknown block",
        [{"type": "sektion"}],
        "unsupported type: sektion [json-pointer:/blocks/0/type]",
    ),
    ("no type", [{}], "missing required field: type [json-pointer:/blocks/0]"),
    ("no object", ["x"], "must provide an object [json-pointer:/blocks/0]"),
    (
        "typo in a field",
        [{**section(), "txt": 1}],
        "invalid additional property: txt [json-pointer:/blocks/0]",
    ),
    (
        "section without content",
        [{"type": "section"}],
        "must provide text or fields [json-pointer:/blocks/0]",
    ),
    (
        "empty text",
        [section("")],
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "long section",
        [section("x" * 3001)],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "text is a string",
        [{"type": "section", "text": "x"}],
        "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
    ),
    (
        "header in mrkdwn",
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
    ),
    (
        "long header",
        [{"type": "header", "text": _plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "eleven fields",
        [{"type": "section", "fields": [_plain("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        "long field",
        [{"type": "section", "fields": [_plain("x" * 2001)]}],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        "emoji on mrkdwn",
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}],
        "invalid additional property: emoji [json-pointer:/blocks/0/text]",
    ),
    ("no actions", [actions()], "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
    (
        "26 actions",
        [actions(*[button(f"b{n}") for n in range(26)])],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "long button",
        [actions(button(text="x" * 76))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        "long value",
        [actions(button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        "unknown style",
        [actions(button(style="default"))],
        "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        "long confirm",
        [actions(button(confirm={"text": _plain("x" * 301)}))],
        "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
    ),
    (
        "value is a number",
        [actions(button(value=1))],
        "must provide a string [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        "input element in actions",
        [actions({"type": "plain_text_input", "action_id": "a"})],
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        "same block_id twice",
        [section(block_id="a"), section(block_id="a")],
        "block_id a already exists [json-pointer:/blocks/1/block_id]",
    ),
    (
        "same action_id twice",
        [actions(button(), button())],
        "action_id go already exists in this block [json-pointer:/blocks/0]",
    ),
    (
        "long block_id",
        [section(block_id="x" * 256)],
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    (
        "one overflow option",
        [actions({"type": "overflow", "options": [_option()]})],
        "no fewer than 2 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "long option",
        [actions(_select(options=[_option(text="x" * 76)]))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        "long option value",
        [actions(_select(options=[_option("x" * 151)]))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        "101 options",
        [actions(_select(options=[_option()] * 101))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "options and groups",
        [actions(_select())],
        "must provide exactly one of options and option_groups [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "unknown initial option",
        [actions(_select(options=[_option("a")], initial_option=_option("b")))],
        "must match one of the provided options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    (
        "11 checkboxes",
        [actions({"type": "checkboxes", "options": [_option()] * 11})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "bad date",
        [actions({"type": "datepicker", "initial_date": "2026-13-01"})],
        "does not match the required format [json-pointer:/blocks/0/elements/0/initial_date]",
    ),
    (
        "number as a number",
        [text_input("a", type="number_input", is_decimal_allowed=True, max_value=3)],
        "must provide a string [json-pointer:/blocks/0/element/max_value]",
    ),
    (
        "image without source",
        [{"type": "image", "alt_text": "a"}],
        "must provide exactly one of image_url and slack_file [json-pointer:/blocks/0]",
    ),
    (
        "image from nowhere",
        [{"type": "image", "alt_text": "a", "image_url": "ftp://x"}],
        "does not match the required format [json-pointer:/blocks/0/image_url]",
    ),
    (
        "button in context",
        [{"type": "context", "elements": [button()]}],
        "failed to match all allowed schemas [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "lengths crossed",
        [text_input("a", min_length=5, max_length=2)],
        "min_length must not be greater than max_length [json-pointer:/blocks/0/element]",
    ),
    (
        "max_length too large",
        [text_input("a", max_length=3001)],
        "must be less than or equal to 3000 [json-pointer:/blocks/0/element/max_length]",
    ),
    (
        "optional is text",
        [{**text_input("a"), "optional": "yes"}],
        "must provide a boolean [json-pointer:/blocks/0/optional]",
    ),
    (
        "length is text",
        [text_input("a", max_length="3")],
        "must provide a number [json-pointer:/blocks/0/element/max_length]",
    ),
    (
        "elements is an object",
        [{"type": "actions", "elements": {}}],
        "must provide an array [json-pointer:/blocks/0/elements]",
    ),
    (
        "rich text without user",
        [_rich({"type": "user"})],
        "missing required field: user_id [json-pointer:/blocks/0/elements/0/elements/0]",
    ),
    (
        "too much markdown",
        [{"type": "markdown", "text": "x" * 7000}] * 2,
        "must be less than 12001 characters in all markdown blocks [json-pointer:/blocks]",
    ),
    (
        "two tables",
        [{"type": "table", "rows": _ROWS}] * 2,
        "only one table allowed [json-pointer:/blocks]",
    ),
    (
        "wide table",
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}],
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
    (
        "full table",
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 10_001}]]}],
        "must be less than 10001 characters in all cells [json-pointer:/blocks/0]",
    ),
    (
        "alert in a message",
        [{"type": "alert", "text": _plain("x")}],
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    (
        "long card",
        [{"type": "card", "body": _mrkdwn("x" * 201)}],
        "must be less than 201 characters [json-pointer:/blocks/0/body/text]",
    ),
]


@pytest.mark.parametrize(("blocks", "fault"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_blocks_are_refused_with_their_place(blocks: list[Any], fault: str) -> None:
    """The first message names the rule and points at the fault."""
    assert message_faults(blocks)[0] == f"[ERROR] {fault}"


VIEWS: list[tuple[str, Any, str, str]] = [
    (
        "long title",
        modal(section(), title=_plain("x" * 25)),
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
        modal(submit=_plain("x" * 25)),
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
        {"type": "home", "blocks": [], "title": _plain("x")},
        "home",
        "invalid additional property: title [json-pointer:/view]",
    ),
    (
        "table in a modal",
        modal({"type": "table", "rows": _ROWS}),
        "modal",
        "unsupported type: table [json-pointer:/view/blocks/0/type]",
    ),
    (
        "alert on home",
        {"type": "home", "blocks": [{"type": "alert", "text": _plain("x")}]},
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
    alert = {"type": "alert", "text": _plain("careful"), "level": "warning"}

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
        ({"options": [_option()]}, True),
        ({"options": []}, True),
        ({"option_groups": [{"label": _plain("g"), "options": [_option()]}]}, True),
        ({}, False),
        (None, False),
        ({"options": [_option()], "option_groups": []}, False),
        ({"options": [_option()] * 101}, False),
        ({"options": [{"text": "x", "value": "y"}]}, False),
    ],
)
def test_suggested_options_are_checked(answer: Any, is_good: bool) -> None:  # noqa: FBT001 - a column of the table
    """An unusable answer has at least one fault."""
    assert (options_faults(answer) == []) is is_good
