"""Cards as Slack messages: text, blocks and metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.cards.asides import ASIDE_LABELS
from bot.cards.card import Aside, Button, Card, Confirm, Form
from bot.cards.notices import Notice
from bot.cards.words import Part, Words, join, plain
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.mrkdwn import GroupIds, escape, fit_escaped, literal, mrkdwn, units
from bot.slack.kit.payload_blocks import message_blocks
from bot.slack.kit.payloads import (
    AgainButton,
    AsideOption,
    ChoiceButton,
    DecisionButton,
    FormButton,
    PayloadError,
    ShowButton,
    ValuesButton,
)

#: Metadata by which a message is found again whose sending was not answered.
APPROVAL_EVENT = "signoff_approval"
REMINDER_EVENT = "signoff_reminder"

#: Prefixes of action ids; what follows makes them unique within a message.
DECIDE = "signoff_decide_"
CHOOSE = "signoff_choose_"
FORM = "signoff_form_"
VALUES = "signoff_values_"
MENU = "signoff_menu"
SHOW = "signoff_show"
AGAIN = "signoff_again"

#: Bytes inside a button's value: of a name, of a title, and of what tells it from others.
_FORM_NAME, _FORM_TITLE, _FORM_GIST = 200, 250, 160
_FORMATTING = frozenset("*_~`")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackMessage:
    """What chat.postMessage and chat.update take."""

    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any]
    #: What sort of message it is, for logs.
    sort: str = ""


def render(card: Card, groups: GroupIds | None = None, *, has_tables: bool = True) -> SlackMessage:
    """Render a card. Cannot fail and keeps every limit, whatever the payload is."""
    return SlackMessage(
        text=summary_text(card.summary, groups),
        blocks=_blocks(card, groups, has_tables=has_tables),
        metadata=_metadata(card),
        sort=f"{'outcome' if card.icon else 'question'} {card.kind}",
    )


def card_blocks(card: Card, groups: GroupIds | None = None) -> list[dict[str, Any]]:
    """Render a card for a window or the Home tab, which take no tables."""
    return _blocks(card, groups, has_tables=False)


def render_plainly(card: Card, groups: GroupIds | None = None) -> SlackMessage:
    """Render what people decide by in nothing but the oldest blocks, for a Slack that refuses."""
    text = summary_text(card.summary, groups)
    facts = [f"{fact.label}: {plain(fact.words)}" for fact in card.facts]
    shown = [
        f"{each.label}: {each.text}" if each.is_line else f"{each.label}:\n{each.text}"
        for each in (*card.changes, *card.passages)
    ]
    notes = [plain(note) for note in card.notes]
    told = [*facts, *shown, *notes, *(comment.text for comment in card.comments)]
    made = [
        b.section(text),
        *([b.plain_section("\n".join(told))] if told else []),
        *actions(card),
        b.context(mrkdwn(card.footer, groups)),
    ]
    return SlackMessage(text=text, blocks=made, metadata=_metadata(card))


def render_notice(
    notice: Notice, *, approval_id: str, delivery: int, groups: GroupIds | None = None
) -> SlackMessage:
    """Render a reminder or another notice for the thread of a question."""
    text = summary_text(notice.words, groups)
    quote = [b.rich_text([b.quote(notice.quote)])] if notice.quote else []
    return SlackMessage(
        text=text,
        blocks=[b.section(text), *quote],
        metadata={
            "event_type": REMINDER_EVENT,
            "event_payload": {"approval_id": approval_id, "delivery": delivery},
        },
    )


def summary_text(words: Words, groups: GroupIds | None) -> str:
    """Render what a notification shows, cut to its size."""
    text = mrkdwn(words, groups)
    if units(text) <= limits.SUMMARY_TEXT:
        return text
    # What is long is text from outside; mentions and dates stay whole.
    tokens = sum(units(mrkdwn((part,), groups)) for part in words if not isinstance(part, str))
    texts = [part for part in words if isinstance(part, str)]
    room = max((limits.SUMMARY_TEXT - tokens) // max(len(texts), 1), 0)
    return "".join(
        fit_escaped(part, room) if isinstance(part, str) else mrkdwn((part,), groups)
        for part in words
    )


def _metadata(card: Card) -> dict[str, Any]:
    return {
        "event_type": APPROVAL_EVENT,
        "event_payload": {
            "approval_id": card.approval_id,
            "run_id": card.run_id,
            "revision": card.revision,
        },
    }


def _blocks(
    card: Card, groups: GroupIds | None, *, has_tables: bool = True
) -> list[dict[str, Any]]:
    shown = message_blocks(card.passages, has_tables=has_tables)
    body = (outcome_blocks if card.icon else _question)(card, groups, shown)
    made = [
        b.context(mrkdwn(join([card.heading, card.calls]), groups)),
        *body,
        *actions(card),
        b.context(mrkdwn(card.footer, groups)),
    ]
    return made[: limits.MESSAGE_BLOCKS]


def _question(
    card: Card, groups: GroupIds | None, shown: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    changes = message_blocks(card.changes)
    facts = [(escape(fact.label), _fact(fact.words, groups)) for fact in card.facts]
    return [
        b.header(card.title),
        *([b.plain_section(card.prompt)] if card.prompt else []),
        *([b.context("*What the last edits changed*"), *changes] if changes else []),
        *shown,
        *([b.fields(facts)] if facts else []),
        *(
            [b.context("\n".join(mrkdwn(note, groups) for note in card.notes))]
            if card.notes
            else []
        ),
    ]


def _fact(words: Words, groups: GroupIds | None) -> str:
    return "".join(_fact_part(part, groups) for part in words)


def _fact_part(part: Part, groups: GroupIds | None) -> str:
    # A value such as *now* or my_app_1 must be read as it is, not as bold or italics.
    if isinstance(part, str) and "`" not in part and _FORMATTING & set(part):
        return f"`{fit_escaped(part, limits.FIELD_TEXT // 2)}`"
    return mrkdwn((part,), groups)


def outcome_blocks(
    card: Card, groups: GroupIds | None, shown: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Render what came of a question."""
    title = f"{card.icon} *{fit_escaped(card.title, limits.TEXT // 2)}*"
    story = "\n".join(mrkdwn(words, groups) for words in card.story)
    made = [b.section(f"{title}\n{story}")]
    made += [*message_blocks(card.changes), *shown]
    for comment in card.comments:
        made.append(b.rich_text([b.quote(comment.text)]))
        if len(card.comments) > 1:
            made.append(b.context(f"— {mrkdwn((comment.by,), groups)}"))
    return made


def actions(card: Card) -> list[dict[str, Any]]:
    """Render the buttons and the menu of a card; none: no block."""
    elements = [
        _button(card, button, number) for number, button in enumerate(card.buttons, start=1)
    ]
    menu = [_aside(card, aside) for aside in _on_menu(card)]
    if len(menu) > 1:
        elements.append(b.overflow(MENU, menu))
    return [b.actions(elements)] if elements else []


def _on_menu(card: Card) -> tuple[Aside, ...]:
    """Return what the menu has; the last entry shows the rest where it does not hold all."""
    if len(card.asides) <= limits.OVERFLOW_MAX:
        return card.asides
    return (*card.asides[: limits.OVERFLOW_MAX - 1], Aside.MORE)


def _aside(card: Card, aside: Aside) -> dict[str, Any]:
    payload = AsideOption(approval=card.approval_id, digest=card.digest, what=aside.value)
    return b.option(ASIDE_LABELS[aside], payload.pack())


def _button(card: Card, button: Button, number: int) -> dict[str, Any]:
    action_id, value, confirm = _target(card, button, number)
    return b.button(
        button.label,
        action_id=action_id,
        value=value,
        style=button.style,
        confirm=button.confirm or confirm,
    )


def _target(card: Card, button: Button, number: int) -> tuple[str, str, Confirm | None]:
    decision = button.decision or ""
    match button.opens:
        case None if button.route is not None:
            return _choice(card, button.route, number)
        case None:
            payload = DecisionButton(
                approval=card.approval_id, digest=card.digest, decision=decision
            )
            return f"{DECIDE}{decision}", payload.pack(), None
        case Form.REASON:
            form = FormButton(
                approval=card.approval_id,
                digest=card.digest,
                decision=decision,
                graph=_short(card.graph, _FORM_NAME),
                node=_short(card.node, _FORM_NAME),
                title=_short(card.title, _FORM_TITLE),
                kind=card.kind,
                about=_short(plain(card.gist), _FORM_GIST),
            )
            return f"{FORM}{decision}", form.pack(), None
        case Form.VALUES:
            return _values(card, decision)
        case Form.PAYLOAD:
            return SHOW, ShowButton(approval=card.approval_id).pack(), None
        case Form.AGAIN:
            confirm = Confirm(
                title="Start it again?",
                text=f"{card.graph} starts anew with the same input, and you as who asks.",
                yes="Start again",
            )
            return AGAIN, AgainButton(run=card.run_id).pack(), confirm


def _choice(card: Card, route: str, number: int) -> tuple[str, str, Confirm | None]:
    choice = ChoiceButton(approval=card.approval_id, digest=card.digest, route=route)
    try:
        return f"{CHOOSE}{number}", choice.pack(), None
    except PayloadError:  # a route as long as a page is chosen in the form
        return _values(card, "choose", str(number))


def _values(card: Card, decision: str, suffix: str = "") -> tuple[str, str, Confirm | None]:
    payload = ValuesButton(approval=card.approval_id, digest=card.digest, decision=decision)
    return f"{VALUES}{decision}{suffix}", payload.pack(), None


def _short(text: str, most: int) -> str:
    """Cut a text by bytes, of which some are twice as many once they are JSON."""
    return literal(text).encode()[:most].decode(errors="ignore")
