"""Block Kit is refused where Slack refuses it, with the place of the fault."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import limits
from bot.simulator.blockkit import message_faults

from .conftest import actions, button, section, text_input
from .parts import IMAGE, ROWS, mrkdwn, option, plain, rich, select

GOOD: dict[str, list[dict[str, Any]]] = {
    "section with text": [section()],
    "section with fields and accessory": [
        {"type": "section", "fields": [plain("a")] * 10, "accessory": button(style="danger")}
    ],
    "header, divider, image": [
        {"type": "header", "text": plain("h" * limits.HEADER_TEXT)},
        {"type": "divider"},
        {**IMAGE, "title": plain("t")},
    ],
    "context": [{"type": "context", "elements": [plain("a"), IMAGE]}],
    "actions of every kind": [
        actions(
            button(value="v" * limits.BUTTON_VALUE, confirm={"text": plain("sure?")}),
            {"type": "overflow", "action_id": "o", "options": [option("a"), option("b")]},
            {"type": "users_select", "action_id": "u"},
            {"type": "datepicker", "action_id": "d", "initial_date": "2026-02-28"},
            {"type": "timepicker", "action_id": "t", "initial_time": "23:59"},
            {"type": "datetimepicker", "action_id": "dt", "initial_date_time": 1_800_000_000},
        )
    ],
    "select with initial option": [
        actions(select(options=[option("a"), option("b")], initial_option=option("b")))
    ],
    "select with groups": [
        actions(select(option_groups=[{"label": plain("g"), "options": [option()]}]))
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
        rich(
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
    "table": [{"type": "table", "rows": ROWS}],
    "data table": [{"type": "data_table", "caption": "c", "rows": ROWS}],
    "card and carousel": [
        {"type": "card", "title": mrkdwn("t"), "actions": [button()]},
        {"type": "carousel", "elements": [{"type": "card", "body": mrkdwn("b")}]},
    ],
    "container": [{"type": "container", "title": plain("t"), "child_blocks": [section()]}],
    "feedback": [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": plain("+"), "value": "p"},
                    "negative_button": {"text": plain("-"), "value": "n"},
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
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "eleven fields",
        [{"type": "section", "fields": [plain("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        "long field",
        [{"type": "section", "fields": [plain("x" * 2001)]}],
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
        [actions(button(confirm={"text": plain("x" * 301)}))],
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
        [actions({"type": "overflow", "options": [option()]})],
        "no fewer than 2 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "long option",
        [actions(select(options=[option(text="x" * 76)]))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        "long option value",
        [actions(select(options=[option("x" * 151)]))],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        "101 options",
        [actions(select(options=[option()] * 101))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "options and groups",
        [actions(select())],
        "must provide exactly one of options and option_groups [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "unknown initial option",
        [actions(select(options=[option("a")], initial_option=option("b")))],
        "must match one of the provided options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    (
        "11 checkboxes",
        [actions({"type": "checkboxes", "options": [option()] * 11})],
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
        [rich({"type": "user"})],
        "missing required field: user_id [json-pointer:/blocks/0/elements/0/elements/0]",
    ),
    (
        "too much markdown",
        [{"type": "markdown", "text": "x" * 7000}] * 2,
        "must be less than 12001 characters in all markdown blocks [json-pointer:/blocks]",
    ),
    (
        "two tables",
        [{"type": "table", "rows": ROWS}] * 2,
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
        [{"type": "alert", "text": plain("x")}],
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    (
        "long card",
        [{"type": "card", "body": mrkdwn("x" * 201)}],
        "must be less than 201 characters [json-pointer:/blocks/0/body/text]",
    ),
]


@pytest.mark.parametrize(("blocks", "fault"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_blocks_are_refused_with_their_place(blocks: list[Any], fault: str) -> None:
    """The first message names the rule and points at the fault."""
    assert message_faults(blocks)[0] == f"[ERROR] {fault}"
