"""Reactions of the app to messages."""

from __future__ import annotations

import aiohttp

from bot.simulator import Simulator

from .conftest import Client


async def test_a_reaction_needs_its_scope(client: Client) -> None:
    """The default app has none."""
    ts = await client.post()
    answer = await client.call("reactions.add", channel="C0GENERAL", timestamp=ts, name="eyes")

    assert (answer["error"], answer["needed"]) == ("missing_scope", "reactions:write")


async def test_a_reaction_is_added_once() -> None:
    """The second is refused."""
    manifest = {
        "display_information": {"name": "Small"},
        "features": {"bot_user": {"display_name": "Small"}},
        "oauth_config": {"scopes": {"bot": ["chat:write", "reactions:write"]}},
    }
    async with Simulator(manifest) as sim, aiohttp.ClientSession() as session:
        client = Client(sim, session)
        ts = await client.post()
        where = {"channel": "C0GENERAL", "timestamp": ts}
        first = await client.call("reactions.add", name="eyes", **where)
        second = await client.call("reactions.add", name="eyes", **where)
        strange = await client.call("reactions.add", name="no such!", **where)
        [message] = sim.messages("C0GENERAL")

    assert first == {"ok": True}
    assert second["error"] == "already_reacted"
    assert strange["error"] == "invalid_name"
    assert message["reactions"] == [{"name": "eyes", "users": ["U0SIGNOFF"], "count": 1}]
