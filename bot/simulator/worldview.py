"""What the page knows of a workspace: people, channels, commands and switches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.simulator.cast import Cast
from bot.simulator.world import APP_ID, Channel

Json = dict[str, Any]
_USER = (
    "id",
    "name",
    "real_name",
    "tz",
    "email",
    "is_admin",
    "is_bot",
    "is_restricted",
    "is_ultra_restricted",
    "is_stranger",
    "deleted",
)
_NOTHING: Json = {"commands": [], "shortcuts": [], "steps": []}


def world_body(people: Cast, me: str, everybody: Iterable[Cast]) -> Json:
    """Return the workspace as one person sees it, and which others there are.

    Raises:
        SimulatorError: There is no such person.
    """
    workspace, world, app = people.workspace, people.world, people.workspace.app
    workspace.person(me)
    team = workspace.team
    offered = _offered(people) if team.is_installed else _NOTHING
    return {
        "me": me,
        "team": {"id": team.id, "name": team.name, "is_installed": team.is_installed},
        "teams": [_team(item) for item in everybody],
        "users": [{name: getattr(user, name) for name in _USER} for user in world.users.values()],
        "channels": [
            _channel(people, channel, me)
            for channel in world.channels.values()
            if me in channel.members
        ],
        "usergroups": [
            {"id": group.id, "handle": group.handle, "name": group.name, "users": group.users}
            for group in world.usergroups.values()
        ],
        **offered,
        "app": {
            "name": app.name,
            "bot_user": team.bot_user,
            "bot_id": team.bot_id,
            "app_id": APP_ID,
        },
        "faults": people.faults.as_json(),
        "install_url": workspace.site.install_url,
        "mode": people.mode,
        "connections": people.connections,
    }


def _offered(people: Cast) -> Json:
    """Return the commands, shortcuts and steps of an app that is installed."""
    app = people.workspace.app
    return {
        "commands": [
            {name: item.get(name, "") for name in ("command", "description", "usage_hint")}
            for item in app.commands
        ],
        "shortcuts": [
            {name: item.get(name, "") for name in ("name", "type", "callback_id", "description")}
            for item in app.shortcuts
        ],
        "steps": [{"callback_id": name, **item} for name, item in app.functions.items()],
    }


def _team(people: Cast) -> Json:
    """Return a workspace for the switcher, with who acts in it first."""
    team = people.workspace.team
    actor = next(
        user.id for user in people.world.users.values() if not user.is_bot and not user.deleted
    )
    return {
        "id": team.id,
        "name": team.name,
        "organisation": team.enterprise_name,
        "is_installed": team.is_installed,
        "actor": actor,
    }


def _channel(people: Cast, channel: Channel, me: str) -> Json:
    last_read = channel.reads.get(me, "")
    unread = [
        post
        for post in people.world.timeline(channel.id)
        if post.ts > last_read and post.audience in {None, me} and post.body.get("user") != me
    ]
    body: Json = {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "unread": len(unread),
        "pings": sum(me in post.pinged for post in unread),
        "topic": channel.topic,
        "is_archived": channel.is_archived,
        "is_shared": bool(channel.connected_teams),
        "members": list(channel.members),
    }
    if channel.kind == "dm":
        body["with"] = next(user for user in channel.members if user != me)
        is_apps = body["with"] == people.workspace.team.bot_user
        body["is_read_only"] = is_apps and people.workspace.app.is_read_only
    return body
