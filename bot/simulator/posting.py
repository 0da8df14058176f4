"""Messages of the workspace: writing, changing, deleting and reading them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.simulator.normal import normal_blocks
from bot.simulator.pings import pinged_by
from bot.simulator.texts import rich_text
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID, Channel, Post

MAX_TEXT = 40_000
"""Longer text is cut: https://docs.slack.dev/reference/methods/chat.postMessage#truncating"""

_EVENTS = {
    "channel": ("message.channels", "channel"),
    "private": ("message.groups", "group"),
    "dm": ("message.im", "im"),
}
"""Subscription and channel type of a message event, by the kind of channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a message is to say."""

    text: str = ""
    blocks: list[dict[str, Any]] | None = None
    attachments: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    is_broadcast: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def post_as_app(
    workspace: Workspace, channel: Channel, draft: Draft, *, audience: str | None = None
) -> Post:
    """Store a message of the app, ephemeral when it has an audience of one."""
    team = workspace.team
    body: dict[str, Any] = {
        "type": "message",
        "user": team.bot_user,
        "bot_id": team.bot_id,
        "app_id": APP_ID,
        "team": team.id,
        "bot_profile": {
            "id": team.bot_id,
            "app_id": APP_ID,
            "user_id": team.bot_user,
            "name": workspace.app.name,
            "icons": {},
            "deleted": False,
            "updated": 0,
            "team_id": team.id,
        },
        "text": draft.text[:MAX_TEXT],
    }
    return _store(workspace, channel, body, draft, audience=audience)


def post_as_user(workspace: Workspace, channel: Channel, user: str, draft: Draft) -> Post:
    """Store a person's message, its text in escaped form, with the rich_text block of it."""
    number = workspace.world.count("client_msg")
    body: dict[str, Any] = {
        "client_msg_id": f"00000000-0000-4000-8000-{number:012x}",
        "type": "message",
        "user": user,
        "team": workspace.world.users[user].team_id,
        "text": draft.text,
        "blocks": [rich_text(draft.text, new_block_id(workspace))],
    }
    return _store(workspace, channel, body, draft, audience=None)


def _store(
    workspace: Workspace,
    channel: Channel,
    body: dict[str, Any],
    draft: Draft,
    *,
    audience: str | None,
) -> Post:
    world = workspace.world
    ts = workspace.next_ts()
    body["ts"] = ts
    if draft.blocks:
        body["blocks"] = normal_blocks(draft.blocks, lambda: new_block_id(workspace))
    if draft.attachments:
        body["attachments"] = copy.deepcopy(draft.attachments)
    if draft.metadata:
        body["metadata"] = copy.deepcopy(draft.metadata)
    body.update(copy.deepcopy(draft.extra))
    if draft.thread_ts is not None:
        body["thread_ts"] = draft.thread_ts
        parent = world.find_post(channel.id, draft.thread_ts)
        if parent is not None and audience is None:
            body["parent_user_id"] = parent.body.get("user", "")
            if draft.is_broadcast:
                body["subtype"] = "thread_broadcast"
    post = Post(channel=channel.id, ts=ts, body=body, audience=audience)
    post.pinged = pinged_by(world, channel, post)
    world.put(post)
    _count_replies(workspace, channel.id, draft.thread_ts)
    announce(workspace, post)
    for user in post.pinged:
        notice = {"type": "ping", "channel": channel.id, "ts": ts, "text": body["text"]}
        notice |= {"from": body["user"], "thread_ts": body.get("thread_ts")}
        workspace.changes.publish(notice, user=user)
    return post


def new_block_id(workspace: Workspace) -> str:
    """Return an id for a block or an element that came without one."""
    return f"{workspace.world.count('block'):05x}"


def edit(workspace: Workspace, post: Post, changes: Mapping[str, Any]) -> None:
    """Replace parts of a message; a part that is None is removed."""
    body = post.body
    before = copy.deepcopy(body)
    for name, value in changes.items():
        if value is None:
            body.pop(name, None)
        elif name == "blocks":
            body["blocks"] = normal_blocks(value, lambda: new_block_id(workspace))
        else:
            body[name] = copy.deepcopy(value)
    if post.audience is None:
        body["edited"] = {"user": body["user"], "ts": workspace.next_ts()}
    post.states.clear()
    workspace.world.put(post)
    announce(workspace, post)
    _tell_change(workspace, post, "message_changed", before)


def delete(workspace: Workspace, post: Post) -> None:
    """Delete a message; the parent of a thread stays behind as a tombstone."""
    body = post.body
    before = copy.deepcopy(body)
    if body.get("reply_count"):
        kept = {
            name: body[name]
            for name in ("ts", "thread_ts", "reply_count", "reply_users", "reply_users_count")
        }
        post.body = {
            "type": "message",
            "subtype": "tombstone",
            "text": "This message was deleted.",
            "user": "USLACKBOT",
            "hidden": True,
            "latest_reply": body.get("latest_reply"),
            **kept,
        }
        workspace.world.put(post)
    else:
        workspace.world.remove(post)
        _count_replies(workspace, post.channel, body.get("thread_ts"))
    announce(workspace, post)
    _tell_change(workspace, post, "message_deleted", before)


def announce(workspace: Workspace, post: Post) -> None:
    """Tell the pages that this message's channel changed."""
    workspace.changes.publish(
        {"type": "messages", "channel": post.channel, "thread_ts": post.body.get("thread_ts")},
        user=post.audience,
    )


def _count_replies(workspace: Workspace, channel: str, thread_ts: str | None) -> None:
    parent = None if thread_ts is None else workspace.world.find_post(channel, thread_ts)
    if parent is None or thread_ts is None:
        return
    replies = [post for post in replies_of(workspace, channel, thread_ts) if post is not parent]
    body = parent.body
    if not replies:
        for name in ("thread_ts", "reply_count", "reply_users", "reply_users_count"):
            body.pop(name, None)
        body.pop("latest_reply", None)
    else:
        users = list(dict.fromkeys(post.body["user"] for post in replies))
        body["thread_ts"] = thread_ts
        body["reply_count"] = len(replies)
        body["reply_users_count"] = len(users)
        body["latest_reply"] = replies[-1].ts
        body["reply_users"] = users
        body["is_locked"] = False
        body["subscribed"] = True
    workspace.world.put(parent)


def replies_of(workspace: Workspace, channel: str, thread_ts: str) -> list[Post]:
    """Return a thread as everybody sees it: the parent, then the replies, oldest first."""
    return [
        post
        for post in workspace.world.timeline(channel)
        if post.audience is None and (post.ts == thread_ts or in_thread(post, thread_ts))
    ]


def in_thread(post: Post, thread_ts: str) -> bool:
    """Say whether the message is a reply in that thread."""
    return post.body.get("thread_ts") == thread_ts and post.ts != thread_ts


def is_reply(post: Post) -> bool:
    """Say whether the message shows in a thread only."""
    thread_ts = post.body.get("thread_ts")
    is_inside = thread_ts is not None and thread_ts != post.ts
    return is_inside and post.body.get("subtype") != "thread_broadcast"


def message_body(post: Post, *, with_metadata: bool) -> dict[str, Any]:
    """Return a copy of Slack's message object, with or without its metadata."""
    body = copy.deepcopy(post.body)
    if not with_metadata:
        body.pop("metadata", None)
    return body


def shown_to(post: Post, user: str) -> dict[str, Any] | None:
    """Return the message as this person's page shows it, or None if they do not see it."""
    if post.audience is None:
        return message_body(post, with_metadata=True)
    if post.audience != user:
        return None
    return {**message_body(post, with_metadata=True), "ephemeral": True}


def tell_app(workspace: Workspace, channel: Channel, post: Post) -> dict[str, Any]:
    """Send the message event, also for the app's own message, if the app subscribed; return it."""
    subscription, kind = _EVENTS[channel.kind]
    event = message_body(post, with_metadata=False)
    event |= {"channel": channel.id, "event_ts": post.ts, "channel_type": kind}
    workspace.emit(subscription, event)
    return event


def _tell_change(workspace: Workspace, post: Post, subtype: str, before: dict[str, Any]) -> None:
    """Send what an app hears of an edited or a deleted message, where it is a member."""
    channel = workspace.world.channels[post.channel]
    if post.audience is not None or workspace.team.bot_user not in channel.members:
        return
    subscription, kind = _EVENTS[channel.kind]
    ts = workspace.next_ts()
    event: dict[str, Any] = {
        "type": "message",
        "subtype": subtype,
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": kind,
        "previous_message": {key: value for key, value in before.items() if key != "metadata"},
    }
    if subtype == "message_changed":
        event["message"] = message_body(post, with_metadata=False)
    else:
        event["deleted_ts"] = post.ts
    workspace.emit(subscription, event)
