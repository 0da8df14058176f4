"""What goes wrong on purpose, and the same way again from the same seed."""

from __future__ import annotations

import aiohttp
import pytest

from bot.simulator import Faults, SimulatorError

from .conftest import Client
from .wire import Wire


async def _statuses(client: Client, calls: int) -> list[int]:
    statuses = []
    for number in range(calls):
        url = f"{client.sim.api_url}chat.postMessage"
        headers = {"Authorization": f"Bearer {client.sim.bot_token}"}
        body = {"channel": "C0GENERAL", "text": str(number)}
        try:
            async with client.session.post(url, json=body, headers=headers) as answer:
                statuses.append(answer.status)
        except aiohttp.ClientError:
            statuses.append(0)
    return statuses


async def test_a_share_of_calls_is_rate_limited(client: Client) -> None:
    """About that share, and none of the refused ones has an effect."""
    client.sim.faults.update({"rate_limit_share": 0.5, "seed": 7})
    statuses = await _statuses(client, 40)

    assert set(statuses) == {200, 429}
    assert 10 < statuses.count(429) < 30
    assert len(client.sim.messages("C0GENERAL")) == statuses.count(200)


async def test_a_share_of_answers_is_lost_after_they_took_effect(client: Client) -> None:
    """The caller cannot know, which is the point."""
    client.sim.faults.update({"lose_answer_share": 0.5, "seed": 7})
    statuses = await _statuses(client, 40)

    assert set(statuses) == {200, 0}
    assert len(client.sim.messages("C0GENERAL")) == 40


async def test_the_same_seed_gives_the_same_faults(client: Client) -> None:
    """Setting the seed starts the order again."""
    faults = {"rate_limit_share": 0.3, "lose_answer_share": 0.3, "seed": 3}
    client.sim.faults.update(faults)
    first = await _statuses(client, 30)
    client.sim.faults.update(faults)
    second = await _statuses(client, 30)
    client.sim.faults.update({"seed": 4})
    third = await _statuses(client, 30)

    assert first == second
    assert first != third


async def test_any_method_can_be_made_to_fail(client: Client) -> None:
    """With an error word, or as a server that breaks; what starts an app is spared."""
    client.sim.faults.update({"fail_next": {"method": "*", "error": "http_503"}})
    spared = await client.call("auth.test")
    statuses = await _statuses(client, 2)

    assert spared["ok"] is True
    assert statuses == [503, 200]


async def test_slack_can_be_away_and_come_back(client: Client, wire: Wire) -> None:
    """No call and no connection reaches it meanwhile, and nothing happens in it."""
    url = await wire.url()
    client.sim.set_away(is_away=True)
    statuses = await _statuses(client, 2)
    with pytest.raises(aiohttp.ClientError):
        await client.session.ws_connect(url)
    client.sim.set_away(is_away=False)

    assert statuses == [0, 0]
    assert client.sim.connections == 0
    assert await _statuses(client, 1) == [200]


async def test_response_urls_are_away_too(client: Client, wire: Wire) -> None:
    """They are Slack's as well."""
    await client.sim.command("U0ALICE", "C0GENERAL", "/signoff")
    client.sim.set_away(is_away=True)
    with pytest.raises(aiohttp.ClientError):
        await client.session.post(wire.bodies[-1]["response_url"], json={"text": "late"})

    assert client.sim.ephemerals("U0ALICE") == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"rate_limit_share": 2},
        {"rate_limit_share": -0.1},
        {"lose_answer_share": True},
        {"lose_answer_share": "half"},
        {"_chances": {}},
    ],
)
def test_a_share_is_a_part_of_one(wanted: dict[str, object]) -> None:
    """Anything else is refused and changes nothing."""
    faults = Faults()
    with pytest.raises(SimulatorError):
        faults.update(wanted)

    assert faults == Faults()
