"""Nonsense is refused in words, never with a crash."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from bot.simulator.blockkit import message_faults, view_faults

from .conftest import Client, modal
from .test_blockkit import GOOD

METHODS = (
    "api.test",
    "auth.test",
    "bots.info",
    "chat.delete",
    "chat.deleteScheduledMessage",
    "chat.getPermalink",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.scheduleMessage",
    "chat.scheduledMessages.list",
    "chat.update",
    "conversations.history",
    "conversations.info",
    "conversations.join",
    "conversations.list",
    "conversations.members",
    "conversations.open",
    "conversations.replies",
    "files.completeUploadExternal",
    "files.getUploadURLExternal",
    "oauth.v2.access",
    "reactions.add",
    "team.info",
    "usergroups.list",
    "usergroups.users.list",
    "users.conversations",
    "users.info",
    "users.list",
    "users.lookupByEmail",
    "views.open",
    "views.publish",
    "views.push",
    "views.update",
)
_NAMES = (
    "attachments",
    "blocks",
    "channel",
    "cursor",
    "email",
    "external_id",
    "files",
    "filename",
    "hash",
    "latest",
    "length",
    "limit",
    "markdown_text",
    "metadata",
    "oldest",
    "post_at",
    "text",
    "thread_ts",
    "trigger_id",
    "ts",
    "types",
    "user",
    "user_id",
    "usergroup",
    "users",
    "view",
    "view_id",
)
_VALUES: tuple[Any, ...] = (
    None,
    "",
    "x",
    "C0GENERAL",
    "U0BOB",
    "1.5",
    "-1",
    "²",
    "[",
    "{}",
    "[[]]",
    0,
    -5,
    1e300,
    True,
    [],
    [None],
    [{}],
    [{"type": None}],
    [{"type": []}],
    [{"type": "section", "text": {"type": {}}}],
    {},
    {"type": "modal"},
    {"type": "home", "blocks": [{"type": "input", "element": {}}]},
    {"event_type": 1, "event_payload": None},
)


@pytest.mark.parametrize("method", METHODS)
async def test_no_argument_breaks_a_method(client: Client, method: str) -> None:
    """Every answer is JSON with `ok`, whatever the arguments are."""
    client.sim.record_to(None)  # nonsense is nothing to compare with reference data
    chance = random.Random(method)  # noqa: S311 - repeatable, not secret
    for _ in range(40):
        names = chance.sample(_NAMES, chance.randint(0, 6))
        arguments = {name: chance.choice(_VALUES) for name in names}
        if chance.random() < 0.7:
            arguments["channel"] = "C0GENERAL"
        answer = await client.call(method, **arguments)

        assert answer["ok"] in {True, False}, (arguments, answer)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


@pytest.mark.parametrize("name", GOOD)
def test_no_damage_breaks_the_rules(name: str) -> None:
    """Each value of good blocks replaced by nonsense is judged, not stumbled over."""
    for path in _places(GOOD[name])[1:]:
        for nonsense in (None, "", 7, [], {}, [None], {"type": "section"}):
            blocks = copy.deepcopy(GOOD[name])
            parent: Any = blocks
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = nonsense

            assert isinstance(message_faults(blocks), list)
            assert isinstance(view_faults(modal(*blocks), kind="modal"), list)
