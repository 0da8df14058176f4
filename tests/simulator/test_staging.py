"""What administrators do, and what the app hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.simulator import Simulator, SimulatorError
from bot.simulator.world import User

from .conftest import QUICK, Client
from .wide import WIDE
from .wire import Wire, wired


@pytest_asyncio.fixture
async def told() -> AsyncIterator[tuple[Client, Wire]]:
    """Return a client of an app that hears of everything, and its connection."""
    async with (
        Simulator(WIDE, timing=QUICK) as simulator,
        aiohttp.ClientSession() as session,
        wired(simulator) as wire,
    ):
        yield Client(simulator, session), wire


async def _events(client: Client, wire: Wire) -> list[dict[str, Any]]:
    await client.sim.settle()
    return [body["event"] for body in wire.bodies if "event" in body]


async def test_the_app_hears_of_channels_it_is_in(told: tuple[Client, Wire]) -> None:
    """Archived, opened again, joined and left."""
    client, wire = told
    staging = client.sim.staging
    staging.archive("C0DEPLOYS", user="U0BOB")
    staging.archive("G0FINANCE")
    staging.unarchive("C0DEPLOYS")
    staging.invite("C0DEPLOYS", "U0GUEST")
    staging.remove("C0DEPLOYS", "U0GUEST")
    staging.remove("C0DEPLOYS", "U0SIGNOFF")
    staging.archive("C0DEPLOYS")
    events = await _events(client, wire)

    assert [event["type"] for event in events] == [
        "channel_archive",
        "channel_unarchive",
        "member_joined_channel",
        "member_left_channel",
        "channel_left",
    ]
    assert (events[0]["channel"], events[0]["user"]) == ("C0DEPLOYS", "U0BOB")


async def test_the_app_hears_of_edits_and_deletions(told: tuple[Client, Wire]) -> None:
    """With what the message said before."""
    client, wire = told
    ts = await client.post(text="before", metadata={"event_type": "a", "event_payload": {}})
    await client.call("chat.update", channel="C0GENERAL", ts=ts, text="after")
    client.sim.delete("U0ALICE", "C0GENERAL", ts)
    posted, changed, deleted = await _events(client, wire)

    assert posted["text"] == "before"
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", "after")
    assert changed["previous_message"]["text"] == "before"
    assert "metadata" not in changed["previous_message"]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert client.sim.messages("C0GENERAL") == []


async def test_people_delete_their_own_messages_only(client: Client) -> None:
    """An administrator deletes anybody's."""
    ts = await client.sim.say("U0BOB", "C0GENERAL", "mine")
    with pytest.raises(SimulatorError, match="somebody else's"):
        client.sim.delete("U0CAROL", "C0GENERAL", ts)
    with pytest.raises(SimulatorError, match="no message"):
        client.sim.delete("U0BOB", "C0GENERAL", "1.000001")
    client.sim.delete("U0BOB", "C0GENERAL", ts)

    assert client.sim.messages("C0GENERAL") == []


async def test_a_shared_channel_says_so(told: tuple[Client, Wire]) -> None:
    """In its description, in events, and in who clicks there."""
    client, wire = told
    stranger = User(
        id="U9BOB", name="bob", real_name="Bob Baker", team_id="T9OTHER", is_stranger=True
    )
    client.sim.staging.add_user(stranger)
    client.sim.staging.share("C0GENERAL", "T9OTHER")
    client.sim.staging.invite("C0GENERAL", "U9BOB")
    await client.sim.say("U9BOB", "C0GENERAL", "hello")
    await client.sim.settle()
    info = (await client.call("conversations.info", channel="C0GENERAL"))["channel"]
    user = (await client.call("users.info", user="U9BOB"))["user"]

    assert (info["is_ext_shared"], info["shared_team_ids"]) == (True, ["T0SIGNOFF", "T9OTHER"])
    assert (user["is_stranger"], user["team_id"]) == (True, "T9OTHER")
    assert wire.bodies[-1]["is_ext_shared_channel"] is True
    assert wire.bodies[-1]["event"]["team"] == "T9OTHER"
    with pytest.raises(SimulatorError, match="another organisation"):
        await client.sim.command("U9BOB", "C0GENERAL", "/wide")
