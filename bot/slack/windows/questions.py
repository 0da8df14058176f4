"""The window about one question: its card, with the buttons that its message has."""

from __future__ import annotations

from bot.cards import outcome_card, question_card
from bot.slack.kit import blocks as b
from bot.slack.kit.blocks import Block
from bot.slack.kit.messages import card_blocks
from bot.slack.kit.mrkdwn import GroupIds
from bot.slack.windows.modals import NOTICE_CALLBACK
from orchestrator.store.records import Approval


def question_view(approval: Approval, groups: GroupIds | None) -> Block:
    """Return the window; open or not, it shows how the question stands now."""
    card = (
        question_card(approval, due_at=approval.due_at)
        if approval.is_open
        else outcome_card(approval)
    )
    title = "Question" if approval.is_open else "What became of it"
    return b.modal(title, card_blocks(card, groups), callback_id=NOTICE_CALLBACK)
