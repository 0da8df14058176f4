"""Forms that were submitted; what else Slack may send is taken note of."""

from __future__ import annotations

import re

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.slack.decisions import Click, team_of
from bot.slack.listening import Tools, user_of
from bot.slack.modals import REASON_ACTION, REASON_BLOCK, REASON_CALLBACK
from bot.slack.payloads import PayloadError, ReasonForm


async def give_reason(tools: Tools, args: AsyncArgs) -> None:
    """Record a decision with its reason, and only then close the form."""
    view = args.body["view"]
    form = ReasonForm.unpack(view.get("private_metadata"))
    fields = ((view.get("state") or {}).get("values") or {}).get(REASON_BLOCK) or {}
    reason = str((fields.get(REASON_ACTION) or {}).get("value") or "").strip()
    if not reason:
        errors = {REASON_BLOCK: "Write why; a word is enough."}
        await args.ack(response_action="errors", errors=errors)
        return
    click = Click(
        approval=form.approval,
        decision=form.decision,
        digest=form.digest,
        by=user_of(args.body),
        team=team_of(args.body),
        key=f"{view['id']}:{view.get('hash', '')}",
        comment=reason,
    )
    await tools.decisions.record(click)
    await args.ack()


async def unknown(_tools: Tools, _args: AsyncArgs) -> None:
    """Refuse a form that nobody knows, politely."""
    raise PayloadError


async def ignore(_tools: Tools, args: AsyncArgs) -> None:
    """Take note of what needs no answer."""
    await args.ack()


TABLE = {
    "view_submission": [(REASON_CALLBACK, give_reason), (re.compile(""), unknown)],
    "view_closed": [(re.compile(""), ignore)],
    "shortcut": [(re.compile(""), ignore)],
    "options": [(re.compile(""), ignore)],
}
