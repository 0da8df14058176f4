"""The conversations methods of the Web API."""

from __future__ import annotations

import re
from typing import Any

from bot.simulator.calls import Answer, Call, Method, decode_cursor, encode_cursor
from bot.simulator.errors import ApiError
from bot.simulator.posting import is_reply, message_body, replies_of
from bot.simulator.world import Channel, Post

_TS = re.compile(r"\d+(\.\d+)?")
_KINDS = {
    "public_channel": "channel",
    "private_channel": "private",
    "im": "dm",
    "mpim": "mpim",
}
_HISTORY_PAGE = 100
_HISTORY_MAX = 999
_REPLIES_PAGE = 1000
_HISTORY_EXTRAS = {"pin_count": 0, "channel_actions_ts": None, "channel_actions_count": 0}


def conversation(call: Call, channel: Channel) -> dict[str, Any]:
    """Return Slack's conversation object."""
    is_im = channel.kind == "dm"
    is_private = channel.kind != "channel"
    team, is_shared = call.workspace.team, bool(channel.connected_teams)
    body: dict[str, Any] = {
        "id": channel.id,
        "created": channel.created,
        "creator": channel.creator,
        "is_archived": channel.is_archived,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "private",
        "is_im": is_im,
        "is_mpim": False,
        "is_private": is_private,
        "is_org_shared": False,
        "is_shared": is_shared,
        "is_ext_shared": is_shared,
        "context_team_id": team.id,
        "updated": channel.created * 1000,
    }
    if is_im:
        other = next(user for user in channel.members if user != team.bot_user)
        person = call.workspace.world.users[other]
        return body | {"user": other, "is_user_deleted": person.deleted, "priority": 0}
    topic = {"value": channel.topic, "creator": channel.creator, "last_set": channel.created}
    return body | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_general": channel.id == "C0GENERAL",
        "is_member": team.bot_user in channel.members,
        "unlinked": 0,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "shared_team_ids": [team.id, *channel.connected_teams],
        "topic": topic,
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }


def open_direct(call: Call) -> Answer:
    """conversations.open: the direct messages with one user, or a known channel."""
    call.require_scope("im:write")
    if call.text("channel"):
        channel = call.channel()
        if channel.kind != "dm":
            raise ApiError("method_not_supported_for_channel_type")
        return {"ok": True, "no_op": True, "already_open": True, "channel": {"id": channel.id}}
    users = [user for user in call.text("users").split(",") if user]
    if not users:
        raise ApiError("users_list_not_supplied")
    if len(users) > 1:
        call.require_scope("mpim:write")
        raise ApiError("method_not_supported_for_channel_type")
    user = call.workspace.world.users.get(users[0])
    if user is None or user.is_bot:
        raise ApiError("user_not_found")
    if user.deleted:
        raise ApiError("user_disabled")
    channel = call.workspace.direct(user.id)
    if call.flag("return_im"):
        return {"ok": True, "channel": conversation(call, channel)}
    return {"ok": True, "channel": {"id": channel.id}}


def info(call: Call) -> Answer:
    """conversations.info."""
    channel = call.channel()
    call.require_channel_scope(channel, "read")
    body = conversation(call, channel)
    if call.flag("include_num_members"):
        body["num_members"] = len(channel.members)
    return {"ok": True, "channel": body}


def list_channels(call: Call) -> Answer:
    """conversations.list: public channels, and others that the app is in."""
    call.require_team()
    items = [conversation(call, item) for item in _of_types(call) if call.is_visible(item)]
    for item in items:
        if "name" in item:
            item["num_members"] = len(call.workspace.world.channels[item["id"]].members)
    page, more = call.page(items)
    return {"ok": True, "channels": page, **more}


def list_own(call: Call) -> Answer:
    """users.conversations: the channels that a user, by default the app, is in."""
    user = call.text("user", call.workspace.team.bot_user)
    items = [
        conversation(call, item)
        for item in _of_types(call)
        if user in item.members and call.is_visible(item)
    ]
    for item in items:
        item.pop("is_member", None)
    page, more = call.page(items)
    return {"ok": True, "channels": page, **more}


def members(call: Call) -> Answer:
    """conversations.members."""
    channel = call.channel()
    call.require_channel_scope(channel, "read")
    page, more = call.page(channel.members)
    return {"ok": True, "members": list(page), **more}


def join(call: Call) -> Answer:
    """conversations.join: public channels only."""
    channel = call.channel()
    if channel.kind != "channel":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    team = call.workspace.team
    if team.bot_user in channel.members:
        return {
            "ok": True,
            "channel": conversation(call, channel),
            "warning": "already_in_channel",
            "response_metadata": {"warnings": ["already_in_channel"]},
        }
    channel.members.append(team.bot_user)
    call.workspace.world.put(channel)
    call.workspace.changes.publish({"type": "world"})
    event = {
        "type": "member_joined_channel",
        "user": team.bot_user,
        "channel": channel.id,
        "channel_type": "C",
        "team": team.id,
        "event_ts": call.workspace.next_ts(),
    }
    call.workspace.emit("member_joined_channel", event)
    return {"ok": True, "channel": conversation(call, channel)}


def history(call: Call) -> Answer:
    """conversations.history: newest first, replies left out."""
    channel = _readable(call)
    posts = [
        post
        for post in call.workspace.world.timeline(channel.id)
        if post.audience is None and not is_reply(post)
    ]
    posts = [post for post in reversed(posts) if _within(call, post)]
    limit = call.limit(_HISTORY_PAGE, maximum=_HISTORY_MAX, code="invalid_arguments")
    before = _cursor_ts(call)
    if before is not None:
        posts = [post for post in posts if _key(post.ts) < before]
    page = posts[:limit]
    return _messages(call, page, has_more=len(posts) > limit, extra=_HISTORY_EXTRAS)


def replies(call: Call) -> Answer:
    """conversations.replies: the parent, then its replies, oldest first."""
    channel = _readable(call)
    world = call.workspace.world
    asked = world.find_post(channel.id, call.text("ts"))
    if asked is None or asked.audience is not None:
        raise ApiError("thread_not_found")
    thread_ts = asked.body.get("thread_ts", asked.ts)
    parent, *rest = replies_of(call.workspace, channel.id, thread_ts)
    rest = [post for post in rest if _within(call, post)]
    after = _cursor_ts(call)
    if after is not None:
        rest = [post for post in rest if _key(post.ts) > after]
    limit = call.limit(_REPLIES_PAGE, code="invalid_arguments")
    page = rest[: max(limit - 1, 1)]
    return _messages(call, [parent, *page], has_more=len(rest) > len(page), extra={})


def _messages(call: Call, posts: list[Post], *, has_more: bool, extra: Answer) -> Answer:
    wants = call.flag("include_all_metadata")
    if wants:
        call.require_scope("metadata.message:read")
    answer: Answer = {
        "ok": True,
        "messages": [message_body(post, with_metadata=wants) for post in posts],
        "has_more": has_more,
        **extra,
    }
    if has_more:
        cursor = encode_cursor(f"next_ts:{_key(posts[-1].ts)}")
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.require_channel_scope(channel, "history")
    if call.workspace.team.bot_user not in channel.members:
        code = "not_in_channel" if call.method == "conversations.history" else "channel_not_found"
        raise ApiError(code)
    return channel


def _within(call: Call, post: Post) -> bool:
    is_inclusive = call.flag("inclusive")
    oldest, latest = _bound(call, "oldest"), _bound(call, "latest")
    key = _key(post.ts)
    if oldest is not None and (key < oldest or (key == oldest and not is_inclusive)):
        return False
    return latest is None or key < latest or (key == latest and is_inclusive)


def _bound(call: Call, name: str) -> int | None:
    value = call.text(name)
    if value in {"", "0", "now"}:
        return None
    if not _TS.fullmatch(value):
        raise ApiError(f"invalid_ts_{name}")
    return _key(value)


def _key(ts: str) -> int:
    seconds, _, micros = ts.partition(".")
    return int(seconds) * 1_000_000 + int(micros.ljust(6, "0")[:6] or 0)


def _cursor_ts(call: Call) -> int | None:
    cursor = call.text("cursor")
    if not cursor:
        return None
    name, _, value = decode_cursor(cursor).partition(":")
    if name != "next_ts" or not value.isdecimal():
        raise ApiError("invalid_cursor")
    return int(value)


def _of_types(call: Call) -> list[Channel]:
    asked = [item.strip() for item in call.text("types", "public_channel").split(",")]
    if any(item not in _KINDS for item in asked):
        raise ApiError("invalid_types")
    scopes = {
        "public_channel": "channels:read",
        "private_channel": "groups:read",
        "im": "im:read",
        "mpim": "mpim:read",
    }
    for item in asked:
        call.require_scope(scopes[item])
    kinds = {_KINDS[item] for item in asked}
    is_short = call.flag("exclude_archived")
    return [
        channel
        for channel in call.workspace.world.channels.values()
        if channel.kind in kinds and not (is_short and channel.is_archived)
    ]


METHODS = {
    "conversations.open": Method(run=open_direct, is_write=True),
    "conversations.info": Method(run=info, required=("channel",)),
    "conversations.list": Method(run=list_channels),
    "users.conversations": Method(run=list_own),
    "conversations.members": Method(run=members, required=("channel",)),
    "conversations.join": Method(
        run=join, scope="channels:join", required=("channel",), is_write=True
    ),
    "conversations.history": Method(run=history, required=("channel",)),
    "conversations.replies": Method(run=replies, required=("channel", "ts")),
}
