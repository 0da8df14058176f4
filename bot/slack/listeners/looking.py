"""Windows in which people look closer at a question: all of its payload, and who may decide."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import Aside, who_card
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.kit.messages import SHOW
from bot.slack.kit.mrkdwn import escape
from bot.slack.kit.payloads import FileButton, ShowButton, TurnButton
from bot.slack.listening import Handler, Tools, find_opened, is_first, open_view, user_of
from bot.slack.runs import get_question
from bot.slack.windows.forms import values_view
from bot.slack.windows.payload_pages import NEXT, PREVIOUS, SEND, payload_file, payload_view
from bot.slack.windows.who import waiting_view, who_view
from bot.slack.workspace.failures import Failure, describe
from bot.slack.workspace.rosters import look_up
from orchestrator.errors import UnknownDecisionError
from orchestrator.graph.kinds import Decision
from orchestrator.runtime import SystemClock
from orchestrator.store.records import Approval

_log = structlog.get_logger(__name__)


async def show_payload(tools: Tools, args: AsyncArgs) -> None:
    """Show the whole payload of an approval."""
    button = ShowButton.unpack(_action(args).get("value"))
    await show(tools, args, await _approval(tools, args, button.approval))


async def show(tools: Tools, args: AsyncArgs, approval: Approval) -> None:
    """Open the window with the whole payload of an approval."""
    await args.ack()
    if is_first(tools, args.body, "payload"):
        view = payload_view(approval)
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-payload")


async def turn_page(tools: Tools, args: AsyncArgs) -> None:
    """Show another page in the same window, of the payload as it is now."""
    button = TurnButton.unpack(_action(args).get("value"))
    approval = await _approval(tools, args, button.approval)
    await args.ack()
    view = payload_view(approval, button.page)
    tools.tasks.spawn(_replace(tools, args.body, view), name="slack-page")


async def send_file(tools: Tools, args: AsyncArgs) -> None:
    """Send the whole payload as a file into the thread of the question."""
    button = FileButton.unpack(_action(args).get("value"))
    approval = await _approval(tools, args, button.approval)
    await args.ack()
    if is_first(tools, args.body, "file"):
        tools.tasks.spawn(_send(tools, args.body, approval, button.page), name="slack-file")


async def show_who(tools: Tools, args: AsyncArgs, approval: Approval) -> None:
    """Say who may decide. The window comes first, because asking Slack for names may take long."""
    await args.ack()
    if is_first(tools, args.body, "who"):
        tools.tasks.spawn(_show_who(tools, args.body, approval), name="slack-who")


async def open_edit(tools: Tools, args: AsyncArgs, approval: Approval) -> None:
    """Open the form in which what is asked about is edited."""
    if Decision.EDIT not in approval.decisions:
        raise UnknownDecisionError(Decision.EDIT, approval.decisions)
    view = values_view(approval, Decision.EDIT)
    await args.ack()
    if is_first(tools, args.body, "form"):
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-form")


async def _show_who(tools: Tools, body: dict[str, Any], approval: Approval) -> None:
    opened = await find_opened(tools, body, waiting_view(approval))
    if opened is None:
        return
    rosters = await look_up(tools.directory, approval.policy)
    card = who_card(approval, rosters, now=SystemClock().now())
    view = who_view(card, await tools.directory.known_groups())
    await _update(tools, opened, view)


async def _send(tools: Tools, body: Mapping[str, Any], approval: Approval, page: int) -> None:
    message = await tools.engine.find_message(approval.id)
    if message is None:
        note = "The question has no thread to send a file to; read it here."
    else:
        try:
            await tools.client.files_upload_v2(
                content=payload_file(approval),
                filename=f"{approval.ref}.txt",
                title=f"All of {approval.ref}",
                channel=message.channel,
                thread_ts=message.ts,
            )
            note = "Sent: the file is in the thread of the question."
        except Exception as exc:  # noqa: BLE001 - whatever it is, the person is told
            note = _excuse(describe(exc))
    view = payload_view(approval, page, note=note, can_send=False)
    await _replace(tools, body, view)


def _excuse(failure: Failure) -> str:
    _log.warning("slack_file_failed", error=failure.code, fix=failure.fix)
    reason = escape(failure.code.replace("_", " "))
    return f"Slack did not take the file ({reason}). Try again later, or tell who runs Signoff."


async def _replace(tools: Tools, body: Mapping[str, Any], view: dict[str, Any]) -> None:
    await _update(tools, str(body["view"]["id"]), view)


async def _update(tools: Tools, view_id: str, view: dict[str, Any]) -> None:
    try:
        await tools.client.views_update(view_id=view_id, view=view)
    except Exception as exc:  # noqa: BLE001 - the window may be closed by now
        _log.info("slack_window_gone", error=describe(exc).code)


async def _approval(tools: Tools, args: AsyncArgs, approval_id: str) -> Approval:
    work = get_question(tools, approval_id, user_of(args.body))
    return await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)


def _action(args: AsyncArgs) -> dict[str, Any]:
    found: dict[str, Any] = (args.body.get("actions") or [{}])[0]
    return found


#: Entries of the menu that open a window.
WINDOWS: dict[Aside, Callable[[Tools, AsyncArgs, Approval], Awaitable[None]]] = {
    Aside.EDIT: open_edit,
    Aside.SHOW: show,
    Aside.WHO: show_who,
}
TABLE: dict[str, list[tuple[Any, Handler]]] = {
    "action": [
        (re.compile(f"^{SHOW}$"), show_payload),
        (re.compile(f"^({PREVIOUS}|{NEXT})$"), turn_page),
        (re.compile(f"^{SEND}$"), send_file),
    ],
}
