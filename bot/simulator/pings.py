"""Whom a message notifies: the people it names, and the other side of a direct message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.simulator.world import Channel, Post, World

_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_TOKEN = re.compile(
    r"<@([A-Z0-9]+)[^>]*>|<!subteam\^([A-Z0-9]+)[^>]*>|<!(here|channel|everyone)\b[^>]*>"
)


def pinged_by(world: World, channel: Channel, post: Post) -> list[str]:
    """Return the members of the channel whom the message notifies when it is posted."""
    if post.audience is not None:
        return []
    author = post.body.get("user")
    named = set(channel.members) if channel.kind == "dm" else set()
    for text in _spoken(post.body):
        for user, group, everyone in _TOKEN.findall(_CODE.sub("", text)):
            found = world.usergroups.get(group)
            named |= {user} if user else set()
            named |= set(channel.members) if everyone else set()
            named |= set(found.users) if found is not None else set()
    people = [user for user in channel.members if user in named and user != author]
    return [user for user in people if not world.users[user].is_bot]


def _spoken(body: dict[str, Any]) -> Iterator[str]:
    """Yield all text in which a mention is one, rich text written as if it were mrkdwn."""
    yield str(body.get("text", ""))
    yield from _inside(body.get("blocks", []))
    yield from _inside(body.get("attachments", []))


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        match value.get("type"):
            case "mrkdwn" | "markdown":
                yield str(value.get("text", ""))
            case "user":
                yield f"<@{value.get('user_id')}>"
            case "usergroup":
                yield f"<!subteam^{value.get('usergroup_id')}>"
            case "broadcast":
                yield f"<!{value.get('range')}>"
            case _:
                for item in value.values():
                    yield from _inside(item)
