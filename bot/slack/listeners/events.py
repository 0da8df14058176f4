"""Events: the Home tab; everything else is acknowledged and left alone."""

from __future__ import annotations

import re

import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.slack.homes import follow, publish
from bot.slack.listening import Tools
from bot.slack.workspace.failures import describe

_log = structlog.get_logger(__name__)


async def home_opened(tools: Tools, args: AsyncArgs) -> None:
    """Publish the Home tab of whoever opened it; nobody asked, so a failure is only logged."""
    event = args.body.get("event") or {}
    # Slack's ids of events are unique, and the same for every delivery.
    key = f"event:{args.body.get('event_id')}"
    if event.get("tab") != "home" or not tools.seen.add(key):
        return
    person = str(event["user"])
    follow(tools)
    tools.viewers.open_home(person)
    try:
        await publish(tools, person)
    except Exception as exc:  # noqa: BLE001 - the next opening tries again
        tools.seen.forget(key)
        failure = describe(exc)
        _log.warning("slack_home_failed", error=failure.code, fix=failure.fix)


async def ignore(_tools: Tools, _args: AsyncArgs) -> None:
    """Leave an event alone; Bolt has acknowledged it."""


TABLE = {"event": [("app_home_opened", home_opened), (re.compile(""), ignore)]}
