"""The card of a turn as a Slack message: its calls one below the other, each with its buttons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.cards.card import Card
from bot.cards.turn_card import TurnCard, TurnPart, fact_words
from bot.cards.words import Words, join, plain
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.messages import (
    APPROVAL_EVENT,
    SlackMessage,
    actions,
    summary_text,
)
from bot.slack.kit.mrkdwn import GroupIds, fit, fit_escaped, literal, mrkdwn
from bot.slack.kit.payload_blocks import message_blocks

#: Blocks of a call beside its line and its buttons, so that five of them fit.
_PART_BLOCKS = 6
_TITLE = 300  # characters of a call's title
_PROMPT = 500  # characters of its prompt, or of a comment
_DIVIDER = {"type": "divider"}


def render_turn(card: TurnCard, groups: GroupIds | None = None) -> SlackMessage:
    """Render a card of several calls. Cannot fail and keeps every limit."""
    above = [
        b.context(mrkdwn(join([card.heading, card.calls]), groups)),
        b.header(card.title) if card.is_open else b.section(f"☑️ *{_cut(card.title)}*"),
        *([b.plain_section(card.prompt)] if card.prompt else []),
        *_small([card.lead, *card.notes], groups),
    ]
    parts = [block for part in card.parts for block in (_DIVIDER, *_part(part, groups))]
    below = [_DIVIDER, b.context(mrkdwn(card.footer, groups))]
    return SlackMessage(
        text=summary_text(card.summary, groups),
        # A first line may come above them all.
        blocks=[*above, *parts, *below][: limits.MESSAGE_BLOCKS - 1],
        metadata=_metadata(card),
        sort=f"turn of {len(card.parts)}",
    )


def render_turn_plainly(card: TurnCard, groups: GroupIds | None = None) -> SlackMessage:
    """Render what people decide by in nothing but the oldest blocks, for a Slack that refuses."""
    text = summary_text(card.summary, groups)
    above = [plain(words) for words in (card.lead, *card.notes) if words]
    told = [card.prompt, *above] if card.prompt else above
    room = limits.TEXT // (len(card.parts) + 1)
    made = [b.section(text), *([_fitted("\n".join(told), room)] if told else [])]
    for part in card.parts:
        # What Slack refuses may be too long as a whole, so there are buttons and no menu.
        buttons = actions(replace(part.card, asides=()))
        made += [_fitted("\n".join(_plain_lines(part)), room), *buttons]
    made.append(b.context(mrkdwn(card.footer, groups)))
    return SlackMessage(text=text, blocks=made, metadata=_metadata(card))


def _part(part: TurnPart, groups: GroupIds | None) -> list[dict[str, Any]]:
    card = part.card
    body = (_outcome if card.icon else _question)(part, groups)
    return [*body[: _PART_BLOCKS + 1], *actions(card)]


def _question(part: TurnPart, groups: GroupIds | None) -> list[dict[str, Any]]:
    card = part.card
    facts = [fact_words(fact) for fact in card.facts]
    changes = message_blocks(card.changes, has_tables=False)
    return [
        b.section(f"*{part.number}.  {_cut(card.title)}*"),
        *([_fitted(card.prompt, _PROMPT)] if card.prompt else []),
        *([b.context("*What the last edits changed*"), *changes] if changes else []),
        *message_blocks(card.passages, has_tables=False),
        *_small([join([part.label, *facts]), *card.notes], groups),
    ]


def _outcome(part: TurnPart, groups: GroupIds | None) -> list[dict[str, Any]]:
    card = part.card
    story = "\n".join(mrkdwn(words, groups) for words in card.story)
    gist = f"{mrkdwn(card.gist, groups)}\n" if card.gist else ""
    return [
        b.section(f"{card.icon} *{part.number}.  {_cut(card.title)}*\n{gist}{story}"),
        *message_blocks(card.changes, has_tables=False),
        *message_blocks(card.passages, has_tables=False),
        *(b.rich_text([b.quote(fit(comment.text, _PROMPT))]) for comment in card.comments),
        *_small([part.label], groups),
    ]


def _plain_lines(part: TurnPart) -> list[str]:
    card = part.card
    facts = [f"{fact.label}: {plain(fact.words)}" for fact in card.facts]
    shown = [f"{each.label}: {each.text}" for each in (*card.changes, *card.passages)]
    gist = (card.gist,) if card.icon and card.gist else ()
    story = [plain(words) for words in (*gist, *card.story, *card.notes)]
    comments = [comment.text for comment in card.comments]
    head = f"{card.icon or '•'} {part.number}. {card.title} ({plain(part.label)})"
    return [head, *story, *facts, *shown, *comments]


def _small(lines: list[Words], groups: GroupIds | None) -> list[dict[str, Any]]:
    told = [mrkdwn(words, groups) for words in lines if words]
    return [b.context("\n".join(told))] if told else []


def _cut(title: str) -> str:
    return fit_escaped(title, _TITLE)


def _fitted(text: str, room: int) -> dict[str, Any]:
    return b.plain_section(fit(literal(text), room))


def _metadata(card: TurnCard) -> dict[str, Any]:
    first: Card = card.parts[0].card
    return {
        "event_type": APPROVAL_EVENT,
        "event_payload": {
            "approval_id": first.approval_id,
            "run_id": first.run_id,
            "calls": " ".join(part.card.approval_id for part in card.parts),
        },
    }
