"""Choices that are looked up while somebody types: more than a list of Slack's holds."""

from __future__ import annotations

import re
from typing import Any

import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import matching_choices
from bot.slack.kit import limits
from bot.slack.kit.elements import choice_option
from bot.slack.kit.inputs import PICK, number_of
from bot.slack.listeners.turning import book_of
from bot.slack.listening import Handler, Tools
from bot.slack.windows.starting import GRAPH_ACTION, graph_options

_log = structlog.get_logger(__name__)


async def offer(tools: Tools, args: AsyncArgs) -> None:
    """Answer with the choices that have in them what was typed; nothing, where that fails."""
    try:
        options = await _options(tools, args)
    except Exception as exc:  # noqa: BLE001 - Slack has no place for a reason
        _log.info("slack_no_options", reason=str(exc))
        options = []
    await args.ack(options=options)


async def _options(tools: Tools, args: AsyncArgs) -> list[dict[str, Any]]:
    body = args.body
    typed = str(body.get("value") or "")
    if body.get("action_id") == GRAPH_ACTION:
        return graph_options(tools.engine.graphs, typed)
    book = await book_of(tools, body["view"])
    field = book.fields[number_of(str(body.get("block_id")))]
    found = matching_choices(field, typed, most=limits.SELECT_OPTIONS)
    return [choice_option(field, number) for number in found]


TABLE: dict[str, list[tuple[Any, Handler]]] = {"options": [(re.compile(f"^{PICK}"), offer)]}
