"""Modal views: the form about a reason, and a last word."""

from __future__ import annotations

from typing import Any

from bot.cards.values import one_line
from bot.slack.kit import blocks as b
from bot.slack.kit.mrkdwn import escape, fit_escaped
from bot.slack.kit.payloads import FormButton, ReasonForm
from orchestrator.core.ids import approval_ref
from orchestrator.graph.kinds import ApprovalKind, Decision

REASON_CALLBACK = "signoff_reason"
NOTICE_CALLBACK = "signoff_notice"
REASON_BLOCK = "signoff_reason"
REASON_ACTION = "text"
_ABOUT = 500  # characters of what tells a question from others

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
    told, ref = one_line(button.about), approval_ref(button.approval)
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
            *([b.context(f"{fit_escaped(told, _ABOUT)} · `{ref}`")] if told else []),
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
