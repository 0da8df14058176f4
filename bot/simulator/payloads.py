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
from bot.simulator.world import APP_ID, Channel, Post, Team, User, View

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
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
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
        **asked,
        **where,
    }


def _who(user: User) -> dict[str, Any]:
    return {
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": APP_ID,
        "token": _TOKEN,
    }


def stamped(body: Mapping[str, Any], team: Team) -> dict[str, Any]:
    """Return a body with the workspace, and the organisation, that it comes from."""
    if "command" in body:
        return {**body, **_stamp_of_command(team)}
    if body.get("type") == "event_callback":
        return {**body, **_stamp_of_event(team)}
    own = {"id": team.id, "domain": team.domain}
    stamp: dict[str, Any] = {"team": own, "enterprise": None}
    stamp["is_enterprise_install"] = team.is_org_install
    if team.enterprise_id is not None:
        named = {"id": team.enterprise_id, "name": team.enterprise_name}
        own |= {"enterprise_id": team.enterprise_id, "enterprise_name": team.enterprise_name}
        stamp["enterprise"] = named if team.is_org_install else None
    return {**body, **stamp}


def _stamp_of_command(team: Team) -> dict[str, str]:
    stamp = {
        "team_id": team.id,
        "team_domain": team.domain,
        "is_enterprise_install": "true" if team.is_org_install else "false",
    }
    if team.enterprise_id is not None:
        stamp |= {"enterprise_id": team.enterprise_id, "enterprise_name": team.enterprise_name}
    return stamp


def _stamp_of_event(team: Team) -> dict[str, Any]:
    authorization = {
        "enterprise_id": team.enterprise_id,
        "team_id": None if team.is_org_install else team.id,
        "user_id": team.bot_user,
        "is_bot": True,
        "is_enterprise_install": team.is_org_install,
    }
    stamp: dict[str, Any] = {
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise_id,
        "authorizations": [authorization],
    }
    if team.enterprise_id is not None:
        stamp["enterprise_id"] = team.enterprise_id
    return stamp
