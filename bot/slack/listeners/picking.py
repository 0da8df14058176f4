"""Choosing what to start: by shortcut, from anywhere or from a message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards.prefilling import Quoted, typed_message
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.kit.inputs import entered
from bot.slack.kit.payloads import PickForm
from bot.slack.listeners.opening import (
    check_may_start,
    first_page,
    get_graph,
    new_book,
    show,
)
from bot.slack.listening import Handler, Tools, user_of
from bot.slack.windows.drafts import keep, load
from bot.slack.windows.quoting import address_of, message_text
from bot.slack.windows.starting import (
    GRAPH_ACTION,
    GRAPH_BLOCK,
    PICK_CALLBACK,
    pick_view,
)
from bot.slack.workspace.failures import describe
from orchestrator.errors import GraphNotFoundError, NotAStarterError

START_RUN = "signoff_start_run"
START_FROM_MESSAGE = "signoff_start_from_message"
_LINK = 1.0  # seconds that a message's address may take; it can be put together without asking
_log = structlog.get_logger(__name__)


async def start_run(tools: Tools, args: AsyncArgs) -> None:
    """Open the form that asks which graph to start."""
    view = pick_view(tools.engine.graphs, PickForm())
    await args.ack()
    show(tools, args.body, view)


async def start_from_message(tools: Tools, args: AsyncArgs) -> None:
    """Open the form that asks which graph to start, and remember the message."""
    body = args.body
    message = body.get("message") or {}
    text = message_text(message)
    at = str(body.get("message_ts") or message.get("ts") or "")
    form = PickForm(
        channel=str((body.get("channel") or {}).get("id") or ""),
        message=at,
        thread=str(message.get("thread_ts") or at),
        author=str(message.get("user") or ""),
        link=address_of(body, at, str(message.get("thread_ts") or "")),
    )
    work = keep(tools.engine.values, form, {"text": text})
    kept = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    view = pick_view(tools.engine.graphs, kept, quoted=text)
    await args.ack()
    show(tools, body, view)


async def _permalink(tools: Tools, form: PickForm) -> str:
    """Ask Slack for the address of a message; what was put together will do if it is slow."""
    try:
        async with asyncio.timeout(_LINK):
            answer = await tools.client.chat_getPermalink(
                channel=form.channel, message_ts=form.message
            )
        return str(answer["permalink"])
    except Exception as exc:  # noqa: BLE001 - there is a second way
        _log.info("slack_no_permalink", error=describe(exc).code)
        return form.link


async def pick(tools: Tools, args: AsyncArgs) -> None:
    """Show the form of the graph that was chosen, with what a message offers filled in."""
    view = args.body["view"]
    form = PickForm.unpack(view.get("private_metadata"))
    graph_id = str(entered(view, GRAPH_BLOCK, GRAPH_ACTION) or "")
    work = _chosen(tools, form, graph_id, user_of(args.body))
    try:
        shown = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    except (GraphNotFoundError, NotAStarterError) as error:
        await args.ack(response_action="errors", errors={GRAPH_BLOCK: _refusal(error)})
        return
    await args.ack(response_action="update", view=shown)


async def _chosen(tools: Tools, form: PickForm, graph_id: str, person: str) -> dict[str, Any]:
    graph = get_graph(tools, graph_id)
    await check_may_start(tools, graph, person)
    if not form.message:
        book = new_book(graph)
        return await first_page(tools, graph, book, book.sheet())
    link = await _permalink(tools, form)
    book = new_book(graph, channel=form.channel, thread=form.thread, link=link)
    text = (await load(tools.engine.values, form)).get("text", "")
    quoted = Quoted(text=str(text), author=form.author, link=link)
    sheet = replace(book.sheet(), typed=typed_message(book.fields, quoted))
    return await first_page(tools, graph, book, sheet)


def _refusal(error: Exception) -> str:
    if isinstance(error, NotAStarterError) and error.starters:
        return f"You may not start this one. It takes {' or '.join(error.starters)}."
    if isinstance(error, NotAStarterError):
        return "Guests, bots and people of other organisations may not start runs."
    return "This graph is not there any more; choose another one."


TABLE: dict[str, list[tuple[Any, Handler]]] = {
    "shortcut": [(START_RUN, start_run), (START_FROM_MESSAGE, start_from_message)],
    "view_submission": [(PICK_CALLBACK, pick)],
}
