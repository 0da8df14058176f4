"""Whom a message notifies."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client, section


def _rich(*elements: dict[str, Any]) -> dict[str, Any]:
    part = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [part]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text}}


@pytest.mark.parametrize(
    ("message", "pinged"),
    [
        ({"text": "for <@U0BOB> and <@U0CAROL|carol>"}, {"U0BOB", "U0CAROL"}),
        ({"text": "for <!subteam^S0EDITORS>"}, {"U0BOB", "U0CAROL"}),
        ({"text": "<!here>"}, {"U0ALICE", "U0BOB", "U0CAROL", "U0DAVE"}),
        ({"text": "in code: `<@U0BOB>` and ```<!channel>```"}, set()),
        ({"text": "escaped: &lt;@U0BOB&gt;"}, set()),
        ({"text": "not here: <@U0GUEST>"}, set()),
        ({"text": "?", "blocks": [section("for <@U0BOB>")]}, {"U0BOB"}),
        ({"text": "?", "blocks": [_plain("for <@U0BOB>")]}, set()),
        ({"text": "?", "blocks": [_rich({"type": "user", "user_id": "U0DAVE"})]}, {"U0DAVE"}),
        ({"text": "?", "blocks": [_rich({"type": "text", "text": "<@U0DAVE>"})]}, set()),
        (
            {"text": "?", "blocks": [_rich({"type": "usergroup", "usergroup_id": "S0RELEASE"})]},
            {"U0BOB", "U0DAVE"},
        ),
        ({"text": "?", "attachments": [{"blocks": [section("<@U0BOB>")]}]}, {"U0BOB"}),
    ],
)
async def test_a_post_notifies_whom_it_names(
    client: Client, message: dict[str, Any], pinged: set[str]
) -> None:
    """Members of the channel only; text that is no mention names nobody."""
    await client.post("C0DEPLOYS", **message)
    everybody = client.sim.world.users

    assert {user for user in everybody if client.sim.pings(user)} == pinged


async def test_an_edit_notifies_nobody(client: Client) -> None:
    """Whoever is named only later hears nothing."""
    ts = await client.post(text="for <@U0BOB>")
    await client.call("chat.update", channel="C0GENERAL", ts=ts, text="for <@U0CAROL>")

    assert client.sim.pings("U0CAROL") == []
    assert [message["text"] for message in client.sim.pings("U0BOB")] == ["for <@U0CAROL>"]


async def test_a_direct_message_notifies_the_other(client: Client) -> None:
    """Whatever it says."""
    await client.post("U0BOB", text="psst")

    assert [message["text"] for message in client.sim.pings("U0BOB")] == ["psst"]


async def test_an_ephemeral_message_notifies_nobody(client: Client) -> None:
    """Slack shows it without a sound."""
    await client.call("chat.postEphemeral", channel="C0GENERAL", user="U0BOB", text="<@U0BOB>, no")

    assert client.sim.pings("U0BOB") == []


async def test_the_author_is_not_notified(client: Client) -> None:
    """By their own words."""
    await client.sim.say("U0BOB", "C0GENERAL", "I am <@U0BOB>")

    assert client.sim.pings("U0BOB") == []
