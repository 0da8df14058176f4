"""Forms that were submitted; what else Slack may send is taken note of."""

from __future__ import annotations

import re
from dataclasses import replace

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import read_fields_of
from bot.slack.decisions import CLICK_TIMEOUT, click_of, in_time
from bot.slack.kit.payloads import PayloadError, ReasonForm, ValuesForm
from bot.slack.listeners.turning import all_problems, forget, read_sheet, show_problems, turn
from bot.slack.listening import Tools
from bot.slack.windows.forms import VALUES_CALLBACK, decision_book
from bot.slack.windows.modals import REASON_ACTION, REASON_BLOCK, REASON_CALLBACK
from orchestrator.errors import InvalidValuesError


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
    await tools.decisions.record(click_of(args.body, form, form.decision, comment=reason))
    await args.ack()


async def give_values(tools: Tools, args: AsyncArgs) -> None:
    """Check what was filled in, record it, and only then close the form."""
    view = args.body["view"]
    form = ValuesForm.unpack(view.get("private_metadata"))
    approval = await in_time(
        tools.tasks, tools.engine.get_approval(form.approval), seconds=CLICK_TIMEOUT
    )
    click = click_of(args.body, form, form.decision)
    if not approval.is_open or approval.digest != form.digest:
        # A question that is over, or another one by now, is the engine's to refuse; what was
        # recorded and comes once more is not refused.
        await tools.decisions.record(click)
        await args.ack()
        return
    book = decision_book(approval, form)
    sheet = await read_sheet(tools, book, view)
    if await turn(tools, args, book, sheet):
        return
    values, problems = read_fields_of(sheet.fields, sheet.everything)
    if problems:
        problems = all_problems(book, values, problems)
        await show_problems(tools, args, book, sheet, problems)
        return
    try:
        await tools.decisions.record(replace(click, comment=sheet.comment.strip(), values=values))
    except InvalidValuesError as error:
        await show_problems(tools, args, book, sheet, error.problems)
        return
    await args.ack()
    forget(tools, book)


async def unknown(_tools: Tools, _args: AsyncArgs) -> None:
    """Refuse a form that nobody knows, politely."""
    raise PayloadError


async def ignore(_tools: Tools, args: AsyncArgs) -> None:
    """Take note of what needs no answer."""
    await args.ack()


TABLE = {
    "view_submission": [
        (REASON_CALLBACK, give_reason),
        (VALUES_CALLBACK, give_values),
        (re.compile(""), unknown),
    ],
    "view_closed": [(re.compile(""), ignore)],
    "shortcut": [(re.compile(""), ignore)],
    "options": [(re.compile(""), ignore)],
}
