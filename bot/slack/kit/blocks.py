"""Block Kit's parts, each made to fit; a caller cannot build one that Slack would refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.cards.card import ButtonStyle, Confirm
from bot.slack.kit import limits
from bot.slack.kit.mrkdwn import fit, literal, units

Block = dict[str, Any]


def plain_text(text: str, limit: int) -> Block:
    """Return text that Slack shows as it is."""
    return {"type": "plain_text", "text": fit(literal(text), limit) or " ", "emoji": False}


def mrkdwn_text(text: str, limit: int = limits.TEXT) -> Block:
    """Return text with mark-up that is already escaped; too long, it is cut at a line's end."""
    return {"type": "mrkdwn", "text": _whole_lines(text, limit) or " ", "verbatim": True}


def _whole_lines(text: str, limit: int) -> str:
    if units(text) <= limit:
        return text
    # A cut inside a token such as <@U1> would show its remains, so only whole lines are kept.
    kept: list[str] = []
    room = limit - 2
    for line in text.split("\n"):
        room -= units(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([*kept, "…"])


def header(text: str) -> Block:
    """Return a large line; a text too long for one stands in bold below that size."""
    shown = literal(text)
    if units(shown) <= limits.HEADER_TEXT:
        return {"type": "header", "text": plain_text(text, limits.HEADER_TEXT)}
    return rich_text([_bold_section(fit(shown, limits.RICH_TEXT))])


def section(text: str) -> Block:
    """Return a paragraph with mark-up."""
    return {"type": "section", "text": mrkdwn_text(text)}


def plain_section(text: str) -> Block:
    """Return a paragraph without mark-up."""
    return {"type": "section", "text": plain_text(text, limits.TEXT)}


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Return facts in two columns; labels and values are mark-up."""
    shown = pairs[: limits.SECTION_FIELDS]
    return {
        "type": "section",
        "fields": [mrkdwn_text(f"*{label}*\n{value}", limits.FIELD_TEXT) for label, value in shown],
    }


def context(text: str) -> Block:
    """Return a small line with mark-up."""
    return {"type": "context", "elements": [mrkdwn_text(text)]}


def actions(elements: Sequence[Block]) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(elements[: limits.ACTIONS_ELEMENTS])}


def button(
    label: str,
    *,
    action_id: str,
    value: str,
    style: ButtonStyle = ButtonStyle.DEFAULT,
    confirm: Confirm | None = None,
) -> Block:
    """Return a button; the value is a packed payload, whose size is already checked."""
    made: Block = {
        "type": "button",
        "action_id": action_id,
        "text": {**plain_text(label, limits.BUTTON_TEXT), "emoji": True},
        "value": value,
    }
    if style is not ButtonStyle.DEFAULT:
        made["style"] = style.value
    if confirm is not None:
        made["confirm"] = {
            "title": plain_text(confirm.title, limits.CONFIRM_TITLE),
            "text": plain_text(confirm.text, limits.CONFIRM_TEXT),
            "confirm": plain_text(confirm.yes, limits.CONFIRM_BUTTON),
            "deny": plain_text(confirm.no, limits.CONFIRM_BUTTON),
        }
        if style is ButtonStyle.DANGER:
            made["confirm"]["style"] = "danger"
    return made


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    """Return a menu of a few things to do; it needs two at least."""
    return {
        "type": "overflow",
        "action_id": action_id,
        "options": list(options[: limits.OVERFLOW_MAX]),
    }


def option(label: str, value: str) -> Block:
    """Return a choice of a menu or select."""
    return {"text": plain_text(label, limits.OPTION_TEXT), "value": value}


def field(
    label: str, element: Block, *, block_id: str, hint: str = "", is_optional: bool = False
) -> Block:
    """Return a field of a form around the element that takes the value."""
    made: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, limits.INPUT_LABEL),
        "element": element,
        "optional": is_optional,
    }
    if hint:
        made["hint"] = plain_text(hint, limits.INPUT_HINT)
    return made


def text_input(
    label: str, *, block_id: str, action_id: str, hint: str, is_optional: bool = False
) -> Block:
    """Return a field for a sentence or more."""
    element = {
        "type": "plain_text_input",
        "action_id": action_id,
        "multiline": True,
        "max_length": limits.INPUT_VALUE,
        "placeholder": plain_text(hint, limits.PLACEHOLDER),
    }
    return field(label, element, block_id=block_id, is_optional=is_optional)


def rich_text(elements: Sequence[Block]) -> Block:
    """Return a block of rich text."""
    return {"type": "rich_text", "elements": list(elements)}


def quote(prose: str) -> Block:
    """Return prose as it is, with a bar at its side; no character of it is mark-up."""
    return {"type": "rich_text_quote", "elements": [text(fit(literal(prose), limits.RICH_TEXT))]}


def _bold_section(shown: str) -> Block:
    return {"type": "rich_text_section", "elements": [text(shown, bold=True)]}


def text(text: str, **style: bool) -> Block:
    """Return a piece of rich text."""
    made: Block = {"type": "text", "text": text or " "}
    return {**made, "style": style} if style else made


def modal(
    title: str,
    blocks: Sequence[Mapping[str, Any]],
    *,
    callback_id: str,
    private_metadata: str = "",
    submit: str | None = None,
    close: str = "Close",
) -> Block:
    """Return a modal view."""
    view: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, limits.VIEW_TITLE),
        "close": plain_text(close, limits.VIEW_BUTTON),
        "blocks": list(blocks[: limits.VIEW_BLOCKS]),
        "private_metadata": private_metadata,
    }
    if submit is not None:
        view["submit"] = plain_text(submit, limits.VIEW_BUTTON)
    return view
