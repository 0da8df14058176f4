"""Direct messages as Slack messages: the sentences, and the buttons that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.cards.card import ButtonStyle
from bot.cards.digest import Digest, DigestLine
from bot.cards.direct import DirectAction, DirectNote
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.messages import REMINDER_EVENT, SlackMessage
from bot.slack.kit.mrkdwn import GroupIds, escape, lines, mrkdwn
from bot.slack.kit.payloads import AnswerButton, DecisionButton, MuteButton, RunOption, SnoozeButton

OPEN = "signoff_notify_open"
SHOW = "signoff_run_show"
ANSWER = "signoff_notify_answer"
SNOOZE = "signoff_notify_snooze"
MUTE = "signoff_notify_mute"
#: Approves from a digest; its messages are rewritten, which those of a question need not be.
APPROVE = "signoff_notify_approve"
PENDING = "signoff_notify_pending"
NOTIFICATIONS = "signoff_notifications"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectPost:
    """What a direct message belongs to."""

    #: The approval, or the run where that asked nobody.
    about: str
    run_id: str
    delivery: int
    #: Where the question stands; None: nobody knows.
    url: str | None = None


def render_direct(note: DirectNote, post: DirectPost, groups: GroupIds) -> SlackMessage:
    """Render a message to one person."""
    buttons = [made for each in note.actions if (made := _button(each, post, note)) is not None]
    text = lines(list(note.lines), groups)
    blocks = [
        b.section(text),
        *(b.rich_text([b.quote(quote)]) for quote in note.quotes),
        *([b.actions(buttons)] if buttons else []),
        *([b.context(mrkdwn(note.footer, groups))] if note.footer else []),
    ]
    return _message(text, blocks, post)


def render_digest(
    digest: Digest, urls: Mapping[str, str | None], groups: GroupIds, *, post: DirectPost
) -> SlackMessage:
    """Render a digest: a line and its buttons for each question."""
    blocks: list[Block] = [b.header(digest.title)]
    for line in digest.lines:
        blocks.append(b.section(mrkdwn(line.words, groups)))
        buttons = _line_buttons(line, urls.get(line.approval_id))
        blocks += [b.actions(buttons)] if buttons else []
    if digest.more:
        blocks.append(b.context(f"… and {digest.more} more"))
    settings = b.button("Notifications…", action_id=NOTIFICATIONS, value="digest")
    waiting = b.button("All that waits for me…", action_id=PENDING, value="digest")
    blocks.append(b.actions([waiting, settings] if digest.more else [settings]))
    text = f"{escape(digest.title)}: {mrkdwn(digest.lines[0].words[:1], groups)}"
    return _message(text, blocks[: limits.MESSAGE_BLOCKS], post)


def link_button(label: str, url: str) -> Block:
    """Return a button that leads to a message."""
    made = b.button(label, action_id=OPEN, value="open")
    return {**made, "url": url}


def _line_buttons(line: DigestLine, url: str | None) -> list[Block]:
    buttons: list[Block] = []
    if line.can_approve:
        payload = DecisionButton(approval=line.approval_id, digest=line.digest, decision="approve")
        buttons.append(
            b.button("Approve", action_id=APPROVE, value=payload.pack(), style=ButtonStyle.PRIMARY)
        )
    if url is not None and line.is_open:
        buttons.append(link_button("Open", url))
    return buttons


def _button(action: DirectAction, post: DirectPost, note: DirectNote) -> Block | None:
    match action:
        case DirectAction.ANSWER:
            answer = AnswerButton(approval=post.about)
            style = ButtonStyle.PRIMARY
            return b.button("Answer…", action_id=ANSWER, value=answer.pack(), style=style)
        case DirectAction.OPEN:
            return link_button("Open the question", post.url) if post.url else None
        case DirectAction.SHOW:
            shown = RunOption(run=post.run_id, what="show")
            return b.button("Show the run", action_id=SHOW, value=shown.pack())
        case DirectAction.SNOOZE:
            first, *others = note.about or (post.about,)
            snooze = SnoozeButton(approval=first, others=tuple(others))
            return b.button("Snooze 1 h", action_id=SNOOZE, value=snooze.pack())
        case DirectAction.MUTE:
            mute = MuteButton(run=post.run_id)
            return b.button("Mute this run", action_id=MUTE, value=mute.pack())


def _message(text: str, blocks: list[dict[str, Any]], post: DirectPost) -> SlackMessage:
    metadata = {
        "event_type": REMINDER_EVENT,
        "event_payload": {"approval_id": post.about, "delivery": post.delivery},
    }
    return SlackMessage(text=text, blocks=blocks, metadata=metadata)
