"""Modal views: the form about a reason, the whole payload, and a last word."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from bot.cards.excerpt import Passage, PassageStyle
from bot.cards.values import clean
from bot.slack import blocks as b
from bot.slack import limits
from bot.slack.mrkdwn import escape, literal, units
from bot.slack.payloads import FormButton, ReasonForm
from orchestrator.graph.kinds import ApprovalKind, Decision

REASON_CALLBACK = "signoff_reason"
NOTICE_CALLBACK = "signoff_notice"
REASON_BLOCK = "signoff_reason"
REASON_ACTION = "text"

#: Bytes of JSON for the blocks of a view; the rest of the limit is for everything else.
_VIEW_ROOM = limits.VIEW_BYTES - 40_000
_LABELS = {
    "reject": ("Reject", "Reject", "Why not?"),
    "request-changes": ("Request changes", "Send", "What should be different?"),
}
_ROUND = ("Another round", "Send", "What should the next round do differently?")


def reason_view(button: FormButton) -> dict[str, Any]:
    """Return the form that asks why, made of nothing but what the button carries."""
    otherwise = (button.decision.capitalize(), "Send", "Why?")
    title, submit, label = _LABELS.get(button.decision, otherwise)
    if button.kind == ApprovalKind.ITERATE and button.decision == Decision.REQUEST_CHANGES:
        title, submit, label = _ROUND
    form = ReasonForm(
        approval=button.approval,
        digest=button.digest,
        decision=button.decision,
        title=button.title,
    )
    return b.modal(
        title,
        [
            b.context(
                f"*{escape(button.graph)}* · {escape(button.node)}. "
                "Your reason is shown to everybody who sees the question, and kept in the log."
            ),
            b.plain_section(button.title),
            b.text_input(
                label,
                block_id=REASON_BLOCK,
                action_id=REASON_ACTION,
                hint="What would have to be different",
            ),
        ],
        callback_id=REASON_CALLBACK,
        private_metadata=form.pack(),
        submit=submit,
        close="Cancel",
    )


def notice_view(title: str, text: str) -> dict[str, Any]:
    """Return a modal that says something; the text is mark-up that is already escaped."""
    return b.modal(title, [b.section(text)], callback_id=NOTICE_CALLBACK)


def payload_view(title: str, passages: Sequence[Passage], *, more: str) -> dict[str, Any]:
    """Return the whole payload, as far as a modal can hold it.

    Args:
        title: The question.
        passages: The payload in full.
        more: Where the rest is, for a payload that is too large; mark-up, already escaped.
    """
    shown: list[dict[str, Any]] = [b.header(title)]
    room = _VIEW_ROOM
    for block in _payload_blocks(passages):
        room -= len(json.dumps(block))
        if room < 0 or len(shown) == limits.VIEW_BLOCKS - 1:
            shown.append(b.section(more))
            break
        shown.append(block)
    if len(shown) == 1:
        shown.append(b.section("There is nothing else to see: the question has no payload."))
    return b.modal("Shown in full", shown, callback_id=NOTICE_CALLBACK)


def _payload_blocks(passages: Sequence[Passage]) -> Iterator[dict[str, Any]]:
    lines: list[str] = []
    for passage in passages:
        if passage.style is PassageStyle.LINE:
            lines.append(f"{passage.label}:  {passage.text}")
            continue
        yield from _text_blocks("\n".join(lines))
        lines = []
        yield b.section(f"*{escape(passage.label)}*")
        yield from _text_blocks(passage.text)
    yield from _text_blocks("\n".join(lines))


def _text_blocks(text: str) -> Iterator[dict[str, Any]]:
    for piece in pieces(literal(clean(text)), limits.TEXT):
        if piece.strip():
            yield b.plain_section(piece)


def pieces(text: str, limit: int) -> Iterator[str]:
    """Cut a text into pieces that fit, at ends of lines or words where there are any."""
    while units(text) > limit:
        end = limit // 2 if any(char > "\uffff" for char in text[:limit]) else limit
        for separator in ("\n", " "):
            found = text.rfind(separator, end // 2, end)
            if found > 0:
                end = found + 1
                break
        yield text[:end]
        text = text[end:]
    if text:
        yield text
