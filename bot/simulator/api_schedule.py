"""Messages to be posted later: three methods and the work of posting them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from bot.simulator.api_chat import check_may_post, check_parent, draft_of, target_of
from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.posting import Draft, post_as_app, tell_app
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID, Scheduled

_FARTHEST = 120 * 24 * 3600
"""Seconds ahead: https://docs.slack.dev/reference/methods/chat.scheduleMessage"""
_IDLE = 3600.0
"""Seconds between two looks at an empty schedule."""


def schedule_message(call: Call) -> Answer:
    """chat.scheduleMessage: at most 120 days ahead."""
    draft = draft_of(call)
    channel = target_of(call)
    check_may_post(call, channel)
    check_parent(call, channel, draft.thread_ts)
    raw = call.text("post_at")
    if not raw.isdecimal():
        raise ApiError("invalid_time")
    now = call.workspace.clock()
    post_at = int(raw)
    if post_at <= now:
        raise ApiError("time_in_past")
    if post_at > now + _FARTHEST:
        raise ApiError("time_too_far")
    world, team = call.workspace.world, call.workspace.team
    item = Scheduled(
        id=world.next_id("Q"),
        channel=channel.id,
        post_at=post_at,
        created=int(now),
        draft={part.name: getattr(draft, part.name) for part in fields(draft)},
    )
    world.put(item)
    call.workspace.changes.publish({"type": "world"})
    message: dict[str, Any] = {
        "type": "delayed_message",
        "subtype": "bot_message",
        "user": team.bot_user,
        "bot_id": team.bot_id,
        "app_id": APP_ID,
        "team": team.id,
        "text": draft.text,
    }
    return {
        "ok": True,
        "channel": channel.id,
        "scheduled_message_id": item.id,
        "post_at": post_at,
        "message": message,
    }


def delete_scheduled(call: Call) -> Answer:
    """chat.deleteScheduledMessage."""
    channel = call.channel()
    item = call.workspace.world.scheduled.get(call.text("scheduled_message_id"))
    if item is None or item.channel != channel.id:
        raise ApiError("invalid_scheduled_message_id")
    call.workspace.world.remove(item)
    return {"ok": True}


def list_scheduled(call: Call) -> Answer:
    """chat.scheduledMessages.list."""
    items = sorted(call.workspace.world.scheduled.values(), key=lambda item: item.post_at)
    wanted = call.text("channel")
    shown = [
        {
            "id": item.id,
            "channel_id": item.channel,
            "post_at": item.post_at,
            "date_created": item.created,
            "text": item.draft["text"],
        }
        for item in items
        if wanted in {"", item.channel}
    ]
    page, more = call.page(shown)
    return {"ok": True, "scheduled_messages": page, **more}


def post_due(workspace: Workspace) -> None:
    """Post every scheduled message whose time has come, the earliest first."""
    now = workspace.clock()
    due = [item for item in workspace.world.scheduled.values() if item.post_at <= now]
    for item in sorted(due, key=lambda one: (one.post_at, one.id)):
        channel = workspace.world.channels[item.channel]
        workspace.world.remove(item)
        if channel.is_archived:
            continue
        tell_app(workspace, channel, post_as_app(workspace, channel, Draft(**item.draft)))
    if due:
        workspace.save()


async def keep_schedule(workspace: Workspace) -> None:
    """Post scheduled messages when they are due, until cancelled."""
    while True:
        post_due(workspace)
        times = [item.post_at for item in workspace.world.scheduled.values()]
        known = set(workspace.world.scheduled)
        wait = min(times) - workspace.clock() if times else _IDLE
        try:
            await workspace.changes.until(
                lambda known=known: set(workspace.world.scheduled) != known,  # type: ignore[misc]  # bound per round
                timeout=max(wait, 0.001),
            )
        except TimeoutError:
            continue


METHODS = {
    "chat.scheduleMessage": Method(
        run=schedule_message,
        scope="chat:write",
        required=("channel", "post_at"),
        is_write=True,
    ),
    "chat.deleteScheduledMessage": Method(
        run=delete_scheduled,
        scope="chat:write",
        required=("channel", "scheduled_message_id"),
        is_write=True,
    ),
    "chat.scheduledMessages.list": Method(run=list_scheduled),
}
