"""What a command answers, and what a window about a run shows: lines with buttons beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.cards.words import Words
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.mrkdwn import GroupIds, escape, lines, literal, mrkdwn, units

#: Lines that stand in one section where none of them has a button.
_TOGETHER = 12
_TEXT = 3900  # characters of the text for clients that show no blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a list."""

    #: What it is, and below it what is to be known of it.
    rows: tuple[Words, ...]
    #: A button or menu at its side.
    beside: Block | None = None
    #: Buttons below it.
    buttons: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything that is shown, from the top."""

    title: str = ""
    items: tuple[Item, ...] = ()
    #: A text picture, in a font of fixed width.
    picture: str = ""
    #: Entries below the picture.
    more: tuple[Item, ...] = ()
    buttons: tuple[Block, ...] = ()
    #: Small lines at the end.
    notes: tuple[Words, ...] = ()

    def text(self, groups: GroupIds | None = None) -> str:
        """Write it for clients that show no blocks, and for screen readers."""
        rows = [row for item in (*self.items, *self.more) for row in item.rows]
        title = [f"*{escape(self.title)}*"] if self.title else []
        text = "\n".join([*title, lines([*rows, *self.notes], groups)])
        while units(text) > _TEXT:  # whole lines, so that no mention is torn
            text = text.rpartition("\n")[0] or "…"
        return text

    def blocks(self, groups: GroupIds | None = None) -> list[Block]:
        """Render it within the limits of a message."""
        made = [b.header(self.title)] if self.title else []
        made += _items(self.items, groups)
        if self.picture:
            made.append(preformatted(self.picture))
        made += _items(self.more, groups)
        if self.buttons:
            made.append(b.actions(self.buttons))
        if self.notes:
            made.append(b.context(lines(list(self.notes), groups)))
        return made[: limits.MESSAGE_BLOCKS]


def of_rows(rows: Sequence[Words]) -> Answer:
    """Return an answer of plain lines."""
    return Answer(items=tuple(Item(rows=(row,)) for row in rows))


def say_words(*rows: Words) -> Answer:
    """Return an answer of a sentence or a few."""
    return of_rows(rows)


def preformatted(text: str) -> Block:
    """Return a text in a font of fixed width; no character of it is mark-up."""
    shown = literal(text)
    while units(shown) > limits.RICH_TEXT:
        shown = shown.rpartition("\n")[0]
    element: dict[str, Any] = {"type": "text", "text": shown or " "}
    return b.rich_text([{"type": "rich_text_preformatted", "elements": [element]}])


def _items(items: Sequence[Item], groups: GroupIds | None) -> list[Block]:
    made: list[Block] = []
    together: list[str] = []
    for item in items:
        text = "\n".join(mrkdwn(row, groups) for row in item.rows)
        is_plain = item.beside is None and not item.buttons and len(item.rows) == 1
        room = limits.TEXT - sum(units(each) + 1 for each in together)
        if together and (not is_plain or len(together) == _TOGETHER or units(text) > room):
            made.append(b.section("\n".join(together)))
            together = []
        if is_plain:
            together.append(text)
            continue
        section = b.section(text)
        made.append({**section, "accessory": item.beside} if item.beside else section)
        if item.buttons:
            made.append(b.actions(item.buttons))
    if together:
        made.append(b.section("\n".join(together)))
    return made
