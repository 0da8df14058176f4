"""The window that says who may decide."""

from __future__ import annotations

from bot.cards.values import one_line
from bot.cards.who import WhoCard, reference_of
from bot.cards.words import Words
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.mrkdwn import GroupIds, fit_escaped, mrkdwn
from bot.slack.windows.modals import NOTICE_CALLBACK
from orchestrator.store.records import Approval

_TITLE = "Who can approve?"
_QUESTION = 1000  # characters


def waiting_view(approval: Approval) -> Block:
    """Return the window while people are looked up."""
    words = b.context("Looking up who that is …")
    about = _about(approval.title, reference_of(approval))
    return b.modal(_TITLE, [about, words], callback_id=NOTICE_CALLBACK)


def who_view(card: WhoCard, groups: GroupIds | None = None) -> Block:
    """Return the window with everybody in it."""
    made = [_about(card.title, card.reference, groups), b.section(mrkdwn(card.standing, groups))]
    for group in card.groups:
        rows = [group.title, *group.people]
        made += _sections(rows, groups)
    made += [{"type": "divider"}, *_sections(card.rules, groups, is_small=True)]
    return b.modal(_TITLE, made[: limits.VIEW_BLOCKS], callback_id=NOTICE_CALLBACK)


def _about(title: str, reference: Words, groups: GroupIds | None = None) -> Block:
    told = mrkdwn(reference, groups)
    return b.context(f"*{fit_escaped(one_line(title), _QUESTION)}* · {told}")


def _sections(
    rows: tuple[Words, ...] | list[Words], groups: GroupIds | None, *, is_small: bool = False
) -> list[Block]:
    made: list[Block] = []
    held: list[str] = []
    for line in [*(mrkdwn(row, groups) for row in rows), None]:
        if line is None or sum(map(len, held)) + len(line) + len(held) > limits.TEXT - 10:
            text = "\n".join(held)
            if held:
                made.append(b.context(text) if is_small else b.section(text))
            held = []
        if line is not None:
            held.append(line)
    return made
