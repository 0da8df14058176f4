"""What people are shown about approvals and runs, without a word of any chat system."""

from __future__ import annotations

from bot.cards.card import Button, ButtonStyle, Card, Comment, Confirm, Fact, Form
from bot.cards.excerpt import Passage, PassageStyle, whole_payload
from bot.cards.outcome import outcome_card
from bot.cards.question import question_card, reminder_words
from bot.cards.runs import approval_line, run_line, run_state, run_words
from bot.cards.words import Code, Group, Moment, Person, Strong, Words, join, name_words, plain

__all__ = [
    "Button",
    "ButtonStyle",
    "Card",
    "Code",
    "Comment",
    "Confirm",
    "Fact",
    "Form",
    "Group",
    "Moment",
    "Passage",
    "PassageStyle",
    "Person",
    "Strong",
    "Words",
    "approval_line",
    "join",
    "name_words",
    "outcome_card",
    "plain",
    "question_card",
    "reminder_words",
    "run_line",
    "run_state",
    "run_words",
    "whole_payload",
]
