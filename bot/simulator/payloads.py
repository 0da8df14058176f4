"""The bodies of interactions and commands, exactly as Slack writes them.

https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.simulator.posting import message_body
from bot.simulator.viewstore import view_body
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID, TEAM_DOMAIN, TEAM_ID, Channel, Post, User, View

_TOKEN = "verification_token"  # noqa: S105 - Slack's deprecated field, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What an interaction gives the app to answer with."""

    response_url: str
    trigger_id: str


def channel_name(channel: Channel) -> str:
    """Return the name that interactions and commands give a channel."""
    return {"dm": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name)


def slash_command(
    channel: Channel, user: User, *, command: str, text: str, response_url: str, trigger_id: str
) -> dict[str, str]:
    """Return a slash command's form fields; every value is a string."""
    return {
        "token": _TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def message_actions(
    post: Post,
    user: User,
    channel: Channel,
    *,
    action: Mapping[str, Any],
    values: Mapping[str, Any],
    way_back: WayBack,
) -> dict[str, Any]:
    """Return block_actions for an element of a message; an ephemeral one has no `message`."""
    is_ephemeral = post.audience is not None
    body: dict[str, Any] = {
        "type": "block_actions",
        **_who(user),
        "container": message_container(post),
        "trigger_id": way_back.trigger_id,
        **_team(),
        "channel": {"id": channel.id, "name": channel_name(channel)},
    }
    if not is_ephemeral:
        body["message"] = message_body(post, with_metadata=False)
    body["state"] = {"values": copy.deepcopy(dict(values))}
    body["response_url"] = way_back.response_url
    body["actions"] = [dict(action)]
    return body


def message_container(post: Post) -> dict[str, Any]:
    """Return the container of something that happens in a message."""
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": post.ts,
        "channel_id": post.channel,
        "is_ephemeral": post.audience is not None,
    }
    if "thread_ts" in post.body:
        container["thread_ts"] = post.body["thread_ts"]
    return container


def view_actions(
    workspace: Workspace, view: View, user: User, *, action: Mapping[str, Any], trigger_id: str
) -> dict[str, Any]:
    """Return block_actions for an element of a modal or a Home tab."""
    return {
        "type": "block_actions",
        **_who(user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": trigger_id,
        **_team(),
        "view": view_body(workspace, view),
        "actions": [dict(action)],
    }


def view_submission(
    workspace: Workspace,
    view: View,
    user: User,
    *,
    trigger_id: str,
    response_urls: list[dict[str, str]],
) -> dict[str, Any]:
    """Return the submission of a modal."""
    return {
        "type": "view_submission",
        **_team(),
        **_who(user),
        "trigger_id": trigger_id,
        "view": view_body(workspace, view),
        "response_urls": response_urls,
    }


def view_closed(
    workspace: Workspace, view: View, user: User, *, is_cleared: bool
) -> dict[str, Any]:
    """Return the notice that a modal was closed; it carries no values and no trigger."""
    return {
        "type": "view_closed",
        **_team(),
        **_who(user),
        "view": view_body(workspace, view, with_values=False),
        "response_urls": [],
        "is_cleared": is_cleared,
    }


def shortcut(user: User, *, callback_id: str, trigger_id: str, action_ts: str) -> dict[str, Any]:
    """Return a global shortcut: no channel, no response_url."""
    who = _who(user)
    return {
        "type": "shortcut",
        "token": _TOKEN,
        "action_ts": action_ts,
        **_team(),
        "user": {name: who["user"][name] for name in ("id", "username", "team_id")},
        "callback_id": callback_id,
        "trigger_id": trigger_id,
    }


def message_shortcut(
    post: Post,
    user: User,
    channel: Channel,
    *,
    callback_id: str,
    way_back: WayBack,
    action_ts: str,
) -> dict[str, Any]:
    """Return a shortcut used on a message."""
    return {
        "type": "message_action",
        "token": _TOKEN,
        "action_ts": action_ts,
        **_team(),
        "user": _who(user)["user"],
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "callback_id": callback_id,
        "trigger_id": way_back.trigger_id,
        "message_ts": post.ts,
        "message": message_body(post, with_metadata=False),
        "response_url": way_back.response_url,
    }


def suggestion(
    user: User, *, container: Mapping[str, Any], where: Mapping[str, Any], asked: Mapping[str, str]
) -> dict[str, Any]:
    """Return the question for an external select's options.

    `where` holds the view, or the channel and the message; `asked` the ids and the text typed.
    """
    return {
        "type": "block_suggestion",
        **_who(user),
        "container": dict(container),
        **_team(),
        **asked,
        **where,
    }


def _who(user: User) -> dict[str, Any]:
    return {
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": TEAM_ID,
        },
        "api_app_id": APP_ID,
        "token": _TOKEN,
    }


def _team() -> dict[str, Any]:
    return {
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }
