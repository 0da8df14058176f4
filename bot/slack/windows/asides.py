"""Windows of the menu of an open question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from bot.cards import ASIDE_LABELS, ASIDE_WORDS, Aside, asides_of
from bot.cards.values import one_line
from bot.cards.who import reference_of
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.mrkdwn import escape, fit_escaped, mrkdwn
from bot.slack.kit.payloads import AsideForm, AsideOption
from bot.slack.windows.modals import NOTICE_CALLBACK
from orchestrator.store.records import Approval

ASIDE_CALLBACK = "signoff_aside"
#: Prefix of the buttons of the window that shows the whole menu.
ASIDE = "signoff_aside_"
TEXT, PEOPLE, NAMES, LENGTH, SURE = (
    f"signoff_{name}" for name in ("text", "people", "names", "length", "sure")
)
INPUT = "input"
_TITLE = 1000  # characters of a question
_LENGTHS = {
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "1 week": timedelta(weeks=1),
}
#: Entries that open a form, with the word on its button.
SUBMITS = {
    Aside.COMMENT: "Send",
    Aside.ASK: "Ask",
    Aside.DELEGATE: "Delegate",
    Aside.SNOOZE: "Snooze",
    Aside.EXTEND: "Extend",
    Aside.REASSIGN: "Reassign",
    Aside.WITHDRAW: "Withdraw",
    Aside.BREAK_GLASS: "Approve alone",
}


def more_view(approval: Approval) -> Block:
    """Return the window that shows all that may be done about a question."""
    shown = [_about(approval)]
    for aside in asides_of(approval):
        payload = AsideOption(approval=approval.id, digest=approval.digest, what=aside.value)
        button = b.button(
            ASIDE_LABELS[aside], action_id=f"{ASIDE}{aside.value}", value=payload.pack()
        )
        words = b.section(escape(ASIDE_WORDS[aside]))
        shown.append({**words, "accessory": button})
    return b.modal("More", shown, callback_id=NOTICE_CALLBACK)


def aside_view(approval: Approval, aside: Aside) -> Block:
    """Return the form of an entry."""
    form = AsideForm(
        approval=approval.id, digest=approval.digest, what=aside.value, stage=approval.stage
    )
    return b.modal(
        ASIDE_LABELS[aside].rstrip("…"),
        [_about(approval), b.section(escape(ASIDE_WORDS[aside])), *_FIELDS[aside](approval)],
        callback_id=ASIDE_CALLBACK,
        private_metadata=form.pack(),
        submit=SUBMITS[aside],
        close="Cancel",
    )


def length_of(value: object) -> timedelta:
    """Return a length of time that was picked.

    Raises:
        LookupError: It is none of those that were offered.
    """
    return _LENGTHS[str(value)]


def _about(approval: Approval) -> Block:
    title = fit_escaped(one_line(approval.title), _TITLE)
    return b.context(f"*{escape(approval.graph)}* · {title} · {mrkdwn(reference_of(approval))}")


def _text(label: str, hint: str, *, is_optional: bool = False) -> Block:
    return b.text_input(label, block_id=TEXT, action_id=INPUT, hint=hint, is_optional=is_optional)


def _length(label: str) -> Block:
    options = [b.option(name, name) for name in _LENGTHS]
    return b.field(
        label,
        {
            "type": "static_select",
            "action_id": INPUT,
            "options": options,
            "initial_option": options[0],
        },
        block_id=LENGTH,
    )


def _comment(_approval: Approval) -> list[Block]:
    return [_text("Your comment", "What others should know")]


def _ask(_approval: Approval) -> list[Block]:
    return [_text("What do you need to know?", "The requester is mentioned in the thread")]


def _delegate(_approval: Approval) -> list[Block]:
    element = {"type": "users_select", "action_id": INPUT}
    return [b.field("Who answers in your place?", element, block_id=PEOPLE)]


def _snooze(_approval: Approval) -> list[Block]:
    return [_length("For how long?")]


def _extend(_approval: Approval) -> list[Block]:
    return [_length("By how long?"), _text("Why?", "A word is enough", is_optional=True)]


def _reassign(_approval: Approval) -> list[Block]:
    people = {"type": "multi_users_select", "action_id": INPUT}
    names = {"type": "plain_text_input", "action_id": INPUT}
    return [
        b.field("Who decides instead?", people, block_id=PEOPLE, is_optional=True),
        b.field(
            "Groups, channels or e-mail addresses",
            names,
            block_id=NAMES,
            hint="Such as @finance, #releases or ann@example.com, separated by spaces",
            is_optional=True,
        ),
        _text("Why?", "A word is enough", is_optional=True),
    ]


def _withdraw(_approval: Approval) -> list[Block]:
    return [_text("Why?", "Kept in the log, and shown")]


def _break_glass(approval: Approval) -> list[Block]:
    sure = b.option(f"Approve {approval.ref} alone, and tell all approvers", approval.ref)
    return [
        _text("Why can this not wait for the others?", "Shown to all approvers, and kept"),
        b.field(
            "Are you sure?",
            {"type": "checkboxes", "action_id": INPUT, "options": [sure]},
            block_id=SURE,
        ),
    ]


_FIELDS: Mapping[Aside, Callable[[Approval], list[Block]]] = {
    Aside.COMMENT: _comment,
    Aside.ASK: _ask,
    Aside.DELEGATE: _delegate,
    Aside.SNOOZE: _snooze,
    Aside.EXTEND: _extend,
    Aside.REASSIGN: _reassign,
    Aside.WITHDRAW: _withdraw,
    Aside.BREAK_GLASS: _break_glass,
}


def error_at(block_id: str, text: str) -> dict[str, Any]:
    """Return what puts a sentence at a field of a form."""
    return {"response_action": "errors", "errors": {block_id: text[: limits.INPUT_HINT]}}
