"""The chat methods of the Web API, and reactions."""

from __future__ import annotations

from typing import Any

from bot.simulator import limits
from bot.simulator.blockkit import message_faults, metadata_error
from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.posting import (
    Draft,
    delete,
    edit,
    is_reply,
    message_body,
    post_as_app,
    tell_app,
)
from bot.simulator.world import Channel, Post

_SECOND = 1.0


def post_message(call: Call) -> Answer:
    """chat.postMessage: channel by id, `#name`, or user id for direct messages."""
    draft = draft_of(call)
    channel = target_of(call)
    check_may_post(call, channel)
    _check_rate(call, channel)
    check_parent(call, channel, draft.thread_ts)
    post = post_as_app(call.workspace, channel, draft)
    tell_app(call.workspace, channel, post)
    return {
        "ok": True,
        "channel": channel.id,
        "ts": post.ts,
        "message": message_body(post, with_metadata=True),
    }


def post_ephemeral(call: Call) -> Answer:
    """chat.postEphemeral: visible to one member of the channel, not editable by ts."""
    draft = draft_of(call)
    channel = target_of(call)
    check_may_post(call, channel)
    if call.text("user") not in channel.members:
        raise ApiError("user_not_in_channel")
    _check_rate(call, channel)
    check_parent(call, channel, draft.thread_ts)
    post = post_as_app(call.workspace, channel, draft, audience=call.text("user"))
    return {"ok": True, "message_ts": post.ts}


def update(call: Call) -> Answer:
    """chat.update: the app's own messages only; what is not given stays as it is."""
    channel = call.channel()
    post = _own_message(call, channel, "cant_update_message")
    changes: dict[str, Any] = {}
    blocks = _blocks(call)
    text = call.args.get("text")
    if len(call.text("text")) > limits.UPDATE_TEXT:
        raise ApiError("msg_too_long")
    if blocks is not None:
        changes["blocks"] = blocks or None
    if text is not None:
        changes["text"] = call.text("text")
    attachments = _attachments(call)
    if attachments is not None:
        changes["attachments"] = attachments or None
    if not changes:
        raise ApiError("no_text")
    metadata = _metadata(call, may_be_empty=True)
    if metadata is not None:
        changes["metadata"] = metadata or None
    _check_rate(call, channel)
    edit(call.workspace, post, changes)
    body = message_body(post, with_metadata=True)
    return {
        "ok": True,
        "channel": channel.id,
        "ts": post.ts,
        "text": body["text"],
        "message": body,
    }


def delete_message(call: Call) -> Answer:
    """chat.delete: the app's own messages only."""
    channel = call.channel()
    post = _own_message(call, channel, "cant_delete_message")
    delete(call.workspace, post)
    return {"ok": True, "channel": channel.id, "ts": post.ts}


def get_permalink(call: Call) -> Answer:
    """chat.getPermalink: an address that Slack's web client would open."""
    channel = call.channel()
    post = call.workspace.world.find_post(channel.id, call.text("message_ts"))
    if post is None or post.audience is not None:
        raise ApiError("message_not_found")
    domain = call.workspace.team.domain
    link = f"https://{domain}.slack.com/archives/{channel.id}/p{post.ts.replace('.', '')}"
    if is_reply(post):
        link += f"?thread_ts={post.body['thread_ts']}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}


def add_reaction(call: Call) -> Answer:
    """reactions.add: one emoji of the app on a message."""
    channel = call.channel()
    post = call.workspace.world.find_post(channel.id, call.text("timestamp"))
    if post is None or post.audience is not None:
        raise ApiError("message_not_found")
    name = call.text("name").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise ApiError("invalid_name")
    reactions: list[dict[str, Any]] = post.body.setdefault("reactions", [])
    reaction = next((item for item in reactions if item["name"] == name), None)
    if reaction is None:
        reaction = {"name": name, "users": [], "count": 0}
        reactions.append(reaction)
    bot_user = call.workspace.team.bot_user
    if bot_user in reaction["users"]:
        raise ApiError("already_reacted")
    reaction["users"].append(bot_user)
    reaction["count"] += 1
    call.workspace.world.put(post)
    call.workspace.changes.publish(
        {"type": "messages", "channel": channel.id, "thread_ts": post.body.get("thread_ts")}
    )
    return {"ok": True}


def draft_of(call: Call) -> Draft:
    """Return what the arguments want to say, or refuse with the error for what is wrong."""
    blocks = _blocks(call)
    attachments = _attachments(call)
    markdown = call.text("markdown_text")
    text = call.text("text")
    if markdown and (text or blocks):
        raise ApiError("markdown_text_conflict")
    if len(markdown) > limits.MARKDOWN_TEXT:
        is_post = call.method == "chat.postMessage"
        raise ApiError("msg_blocks_too_long" if is_post else "msg_too_long")
    if markdown:
        blocks = [{"type": "markdown", "text": markdown}]
        text = markdown
    if not (text or blocks or attachments):
        raise ApiError("no_text")
    return Draft(
        text=text,
        blocks=blocks or None,
        attachments=attachments or None,
        metadata=_metadata(call),
        thread_ts=call.text("thread_ts") or None,
        is_broadcast=call.flag("reply_broadcast"),
    )


def _blocks(call: Call) -> list[dict[str, Any]] | None:
    blocks = call.json("blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    faults = message_faults(blocks)
    if faults:
        raise ApiError(
            "invalid_blocks", fields={"errors": faults, "response_metadata": {"messages": faults}}
        )
    return blocks


def _attachments(call: Call) -> list[dict[str, Any]] | None:
    attachments = call.json("attachments", "invalid_attachments")
    if attachments is None:
        return None
    if not isinstance(attachments, list):
        raise ApiError("invalid_attachments")
    if len(attachments) > limits.ATTACHMENTS:
        raise ApiError("too_many_attachments")
    for number, item in enumerate(attachments, start=1):
        if not isinstance(item, dict):
            raise ApiError("invalid_attachments")
        faults = message_faults(item["blocks"]) if "blocks" in item else []
        if faults:
            raise ApiError.with_messages("invalid_blocks", faults)
        item.setdefault("id", number)
    return attachments


def _metadata(call: Call, *, may_be_empty: bool = False) -> dict[str, Any] | None:
    metadata = call.json("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if metadata == {} and may_be_empty:
        return {}
    code = metadata_error(metadata)
    if code is not None:
        raise ApiError(code)
    return dict(metadata)


def target_of(call: Call) -> Channel:
    """Return the channel meant by an id, a `#name` or a user id."""
    wanted = call.text("channel")
    world = call.workspace.world
    user = world.users.get(wanted)
    if user is not None and not user.is_bot and not user.deleted:
        if call.method == "chat.postEphemeral":
            raise ApiError("channel_not_found")
        return call.workspace.direct(user.id)
    if wanted not in world.channels:
        name = wanted.removeprefix("#")
        for channel in world.channels.values():
            if channel.name == name and channel.kind != "dm" and call.is_visible(channel):
                return channel
    return call.channel()


def check_may_post(call: Call, channel: Channel) -> None:
    """Refuse archived channels and those that the app may not write to."""
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.kind == "dm" and not call.workspace.app.has_messages:
        raise ApiError("messages_tab_disabled")
    is_member = call.workspace.team.bot_user in channel.members
    is_open = channel.kind == "channel" and "chat:write.public" in call.scopes
    if not is_member and not is_open:
        raise ApiError("not_in_channel")


def check_parent(call: Call, channel: Channel, thread_ts: str | None) -> None:
    """Refuse replies to anything but a message of the channel itself."""
    if thread_ts is None:
        return
    parent = call.workspace.world.find_post(channel.id, thread_ts)
    is_parent = parent is not None and parent.audience is None
    if not is_parent or (parent is not None and is_reply(parent)):
        raise ApiError("cannot_reply_to_message")


def _check_rate(call: Call, channel: Channel) -> None:
    """Refuse a second message within a second: https://docs.slack.dev/apis/web-api/rate-limits."""
    workspace = call.workspace
    if not workspace.faults.enforce_rate:
        return
    now = workspace.clock()
    before = workspace.site.last_message.get(channel.id)
    if before is not None and now - before < _SECOND:
        raise ApiError("ratelimited", status=429, headers={"Retry-After": "1"})
    workspace.site.last_message[channel.id] = now


def _own_message(call: Call, channel: Channel, code: str) -> Post:
    post = call.workspace.world.find_post(channel.id, call.text("ts"))
    if post is None or post.audience is not None or post.body.get("subtype") == "tombstone":
        raise ApiError("message_not_found")
    if post.body.get("bot_id") != call.workspace.team.bot_id:
        raise ApiError(code)
    if channel.is_archived:
        raise ApiError("is_inactive" if code == "cant_update_message" else code)
    return post


_TARGET = ("channel",)
METHODS = {
    "chat.postMessage": Method(
        run=post_message, scope="chat:write", required=_TARGET, is_write=True
    ),
    "chat.postEphemeral": Method(
        run=post_ephemeral, scope="chat:write", required=("channel", "user"), is_write=True
    ),
    "chat.update": Method(
        run=update, scope="chat:write", required=("channel", "ts"), is_write=True
    ),
    "chat.delete": Method(
        run=delete_message, scope="chat:write", required=("channel", "ts"), is_write=True
    ),
    "chat.getPermalink": Method(run=get_permalink, required=("channel", "message_ts")),
    "reactions.add": Method(
        run=add_reaction,
        scope="reactions:write",
        required=("channel", "name", "timestamp"),
        is_write=True,
    ),
}
