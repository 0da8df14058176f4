"""What people are shown about approvals and runs, without a word of any chat system."""

from __future__ import annotations

from bot.cards.asides import ASIDE_LABELS, ASIDE_WORDS, RULE_HOURS, asides_of
from bot.cards.card import Aside, Button, ButtonStyle, Card, Comment, Confirm, Fact, Form
from bot.cards.fields import Field, FieldType, matching_choices
from bot.cards.forms import fields_of, start_fields
from bot.cards.notices import Notice, notice_of
from bot.cards.outcome import outcome_card
from bot.cards.passages import Passage, PassageStyle
from bot.cards.question import has_snoozed, people_to_remind, question_card, reminder_words
from bot.cards.reading import read_fields_of
from bot.cards.runs import approval_line, rule_line, run_line, run_state, run_words
from bot.cards.secrets import (
    formats_of_answer,
    visible,
    visible_in_run,
    visible_payload,
    visible_values,
)
from bot.cards.shapes import whole_payload
from bot.cards.turns import calls_of_turn
from bot.cards.who import WhoCard, who_card
from bot.cards.words import (
    Channel,
    Code,
    Group,
    Link,
    Moment,
    Person,
    Strong,
    Words,
    join,
    name_words,
    plain,
)

__all__ = [
    "ASIDE_LABELS",
    "ASIDE_WORDS",
    "RULE_HOURS",
    "Aside",
    "Button",
    "ButtonStyle",
    "Card",
    "Channel",
    "Code",
    "Comment",
    "Confirm",
    "Fact",
    "Field",
    "FieldType",
    "Form",
    "Group",
    "Link",
    "Moment",
    "Notice",
    "Passage",
    "PassageStyle",
    "Person",
    "Strong",
    "WhoCard",
    "Words",
    "approval_line",
    "asides_of",
    "calls_of_turn",
    "fields_of",
    "formats_of_answer",
    "has_snoozed",
    "join",
    "matching_choices",
    "name_words",
    "notice_of",
    "outcome_card",
    "people_to_remind",
    "plain",
    "question_card",
    "read_fields_of",
    "reminder_words",
    "rule_line",
    "run_line",
    "run_state",
    "run_words",
    "start_fields",
    "visible",
    "visible_in_run",
    "visible_payload",
    "visible_values",
    "who_card",
    "whole_payload",
]
