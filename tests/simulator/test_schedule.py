"""Messages that are posted later."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.simulator import Simulator

from .conftest import Client, Clock


async def test_a_scheduled_message_comes_when_it_is_due(client: Client, clock: Clock) -> None:
    """Not earlier; afterwards it is off the list."""
    at = int(clock.now) + 60
    answer = await client.call(
        "chat.scheduleMessage", channel="C0GENERAL", text="later", post_at=at
    )
    listed = await client.call("chat.scheduledMessages.list", channel="C0GENERAL")
    client.sim.post_due()
    early = client.sim.messages("C0GENERAL")
    clock.now += 61
    client.sim.post_due()
    [message] = client.sim.messages("C0GENERAL")
    after = await client.call("chat.scheduledMessages.list")

    assert (answer["post_at"], answer["message"]["type"]) == (at, "delayed_message")
    assert [item["id"] for item in listed["scheduled_messages"]] == [answer["scheduled_message_id"]]
    assert early == []
    assert (message["text"], message["bot_id"]) == ("later", "B0SIGNOFF")
    assert after["scheduled_messages"] == []


@pytest.mark.slow
async def test_on_a_real_clock_it_comes_by_itself(tmp_path: Path) -> None:
    """Also after a restart in between."""
    state = tmp_path / "state.db"
    async with Simulator(state_file=state) as sim, aiohttp.ClientSession() as session:
        await Client(sim, session).call(
            "chat.scheduleMessage",
            channel="C0GENERAL",
            text="soon",
            post_at=int(time.time()) + 1,
        )
    async with Simulator(state_file=state) as sim:
        [message] = await sim.until(lambda: sim.messages("C0GENERAL"))

    assert message["text"] == "soon"


async def test_a_scheduled_message_can_be_taken_back(client: Client, clock: Clock) -> None:
    """Once."""
    answer = await client.call(
        "chat.scheduleMessage", channel="C0GENERAL", text="x", post_at=int(clock.now) + 60
    )
    where = {"channel": "C0GENERAL", "scheduled_message_id": answer["scheduled_message_id"]}
    first = await client.call("chat.deleteScheduledMessage", **where)
    second = await client.call("chat.deleteScheduledMessage", **where)
    clock.now += 61
    client.sim.post_due()

    assert first == {"ok": True}
    assert second["error"] == "invalid_scheduled_message_id"
    assert client.sim.messages("C0GENERAL") == []


async def test_an_archived_channel_gets_nothing(client: Client, clock: Clock) -> None:
    """The message is dropped."""
    await client.call(
        "chat.scheduleMessage", channel="C0DEPLOYS", text="x", post_at=int(clock.now) + 60
    )
    client.sim.staging.archive("C0DEPLOYS")
    clock.now += 61
    client.sim.post_due()

    assert client.sim.messages("C0DEPLOYS") == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"post_at": 1}, "time_in_past"),
        ({"post_at": 1_900_000_000}, "time_too_far"),
        ({"post_at": "noon"}, "invalid_time"),
        ({"post_at": 1_800_000_060, "text": ""}, "no_text"),
    ],
)
async def test_bad_times_are_refused(client: Client, arguments: dict[str, Any], error: str) -> None:
    """Each with its own word."""
    answer = await client.call(
        "chat.scheduleMessage", **{"channel": "C0GENERAL", "text": "x", **arguments}
    )

    assert answer["error"] == error
