"""Socket Mode on the wire: tickets, hello, pings, distribution, redelivery."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bot.simulator import Simulator, Timing

from .conftest import Client, Clock, actions, button
from .wire import Wire, wired


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a client session."""
    async with aiohttp.ClientSession() as client:
        yield client


async def test_a_ticket_opens_one_connection(
    sim: Simulator, session: aiohttp.ClientSession, clock: Clock
) -> None:
    """Used, unknown and expired tickets are refused with 403."""
    wire = Wire(sim, session)
    used, late = await wire.url(), await wire.url()
    async with session.ws_connect(used) as socket:
        hello = json.loads((await socket.receive()).data)
    clock.now += 31

    assert hello["type"] == "hello"
    assert (hello["num_connections"], hello["connection_info"]) == (1, {"app_id": "A0SIGNOFF"})
    for url in (used, late, f"{sim.url.replace('http', 'ws')}/link?ticket=x"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(url)
        assert caught.value.status == 403


async def test_ping_data_comes_back_in_the_pong(
    sim: Simulator, session: aiohttp.ClientSession
) -> None:
    """SDKs put a time into their pings and read it from the pong."""
    async with session.ws_connect(await Wire(sim, session).url(), autoping=False) as socket:
        await socket.receive()
        await socket.ping(b"sdk-ping-pong:123.4")
        pong = await socket.receive()

    assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:123.4")


async def test_the_simulator_pings(session: aiohttp.ClientSession) -> None:
    """A client that must show life is asked to."""
    async with (
        Simulator(timing=Timing(ping=0.05)) as sim,
        session.ws_connect(await Wire(sim, session).url(), autoping=False) as socket,
    ):
        await socket.receive()
        ping = await socket.receive(timeout=5)
        await socket.pong(ping.data)

    assert ping.type is aiohttp.WSMsgType.PING


async def test_payloads_are_spread_over_the_connections(sim: Simulator) -> None:
    """Each payload goes to exactly one of them."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(wired(sim))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        second = Wire(sim, session)
        task = asyncio.create_task(second.run(await second.url()))
        await sim.until(lambda: sim.connections == 2)
        for _ in range(4):
            await sim.command("U0ALICE", "C0GENERAL", "/signoff")
        task.cancel()

    assert (len(first.bodies), len(second.bodies)) == (2, 2)


async def test_an_eleventh_connection_is_sent_away(
    sim: Simulator, session: aiohttp.ClientSession
) -> None:
    """Slack allows ten."""
    async with AsyncExitStack() as stack:
        wire = Wire(sim, session)
        for _ in range(10):
            await stack.enter_async_context(session.ws_connect(await wire.url()))
        await sim.until(lambda: sim.connections == 10)
        async with session.ws_connect(await wire.url()) as socket:
            frame = json.loads((await socket.receive()).data)
            after = await socket.receive()

    assert (frame["type"], frame["reason"]) == ("disconnect", "too_many_websockets")
    assert after.type is aiohttp.WSMsgType.CLOSE


async def test_an_unacknowledged_payload_is_sent_again(sim: Simulator, wire: Wire) -> None:
    """The same payload, counted, until the acknowledgement comes."""
    wire.is_silent = True
    command = asyncio.create_task(sim.command("U0ALICE", "C0GENERAL", "/signoff"))
    await sim.until(lambda: sum(entry.kind == "envelope" for entry in sim.log) == 2)
    wire.is_silent = False
    ack = await command
    frames = [frame for frame in wire.frames if "envelope_id" in frame]

    assert ack.ok is True
    assert ack.attempts >= 2
    assert [frame.get("retry_attempt") for frame in frames][:2] == [None, 1]
    assert frames[1]["retry_reason"] == "timeout"
    assert frames[0]["payload"] == frames[1]["payload"]
    assert frames[0]["envelope_id"] != frames[1]["envelope_id"]


async def test_an_acknowledgement_may_come_over_another_connection(
    sim: Simulator, session: aiohttp.ClientSession
) -> None:
    """SDKs answer in-flight envelopes on the connection they opened anew."""
    async with wired(sim) as wire:
        wire.is_silent = True
        command = asyncio.create_task(sim.command("U0ALICE", "C0GENERAL", "/signoff"))
        frame = await wire.until_frame("slash_commands")
        other = await session.ws_connect(await wire.url())
        await other.send_json({"envelope_id": frame["envelope_id"]})
        ack = await command
        await other.close()

    assert (ack.ok, ack.attempts) == (True, 1)


async def test_without_an_app_the_user_is_told_soon(sim: Simulator) -> None:
    """Nothing is delivered and nothing is repeated."""
    ack = await sim.command("U0ALICE", "C0GENERAL", "/signoff")

    assert (ack.ok, ack.error, ack.attempts) == (False, "no_connection", 0)


async def test_a_payload_waits_for_an_app_that_is_about_to_come(
    clock: Clock,
) -> None:
    """A reconnect in between loses nothing."""
    async with Simulator(clock=clock, timing=Timing(ack=2)) as sim:
        command = asyncio.create_task(sim.command("U0ALICE", "C0GENERAL", "/signoff"))
        async with wired(sim):
            ack = await command

    assert ack.ok is True


async def test_repeated_and_unreadable_frames_are_noted(sim: Simulator, wire: Wire) -> None:
    """They change nothing."""
    await sim.command("U0ALICE", "C0GENERAL", "/signoff")
    assert wire.socket is not None
    await wire.socket.send_json({"envelope_id": wire.frames[-1]["envelope_id"]})
    await wire.socket.send_str("not JSON")
    await sim.until(lambda: any(entry.name == "unreadable frame" for entry in sim.log))

    assert any(entry.name == "late or repeated" for entry in sim.log)


async def test_a_click_takes_no_payload_with_its_acknowledgement(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """accepts_response_payload says so, and a payload would be ignored."""
    ts = await client.post(blocks=[actions(button())])
    await sim.click("U0BOB", "C0GENERAL", ts, "go")
    await sim.command("U0BOB", "C0GENERAL", "/signoff")
    accepts = [frame["accepts_response_payload"] for frame in wire.frames if "envelope_id" in frame]

    assert accepts == [False, True]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_disconnect_frames_say_why(sim: Simulator, wire: Wire, reason: str) -> None:
    """A warning leaves the connection open, the others close it."""
    await sim.disconnect(reason)
    if reason != "warning":
        await sim.until(lambda: sim.connections == 0)
    frame = await wire.until_frame("disconnect")

    assert frame["reason"] == reason
    assert sim.connections == (1 if reason == "warning" else 0)


async def test_connections_are_refreshed_after_a_while() -> None:
    """First a warning, then the refresh."""
    timing = Timing(refresh_warning=0.01)
    async with Simulator(timing=timing, refresh_every=0.01) as sim, wired(sim) as wire:
        await sim.until(lambda: sim.connections == 0)
        reasons = [frame["reason"] for frame in wire.frames if frame["type"] == "disconnect"]

    assert reasons[:1] == ["warning"]


async def test_no_connection_is_opened_for_an_app_with_callbacks(
    session: aiohttp.ClientSession,
) -> None:
    """apps.connections.open is refused, and there is no /link."""
    async with Simulator(request_url="http://127.0.0.1:9/") as sim:
        answer = await Client(sim, session).call("apps.connections.open", token=sim.app_token)
        async with session.get(f"{sim.url}/link") as link:
            status = link.status

    assert answer["error"] == "forbidden_team"
    assert status == 404


async def test_everything_that_is_sent_is_recorded(
    sim: Simulator, client: Client, wire: Wire, tmp_path: Path
) -> None:
    """Calls, envelopes and acknowledgements, one JSON line each."""
    path = tmp_path / "deep" / "recording.jsonl"
    sim.record_to(path)
    await client.call("auth.test")
    await sim.command("U0ALICE", "C0GENERAL", "/signoff")
    sim.record_to(None)
    await client.call("auth.test")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    assert [line["what"] for line in lines].count("call") == 1
    assert {line["what"] for line in lines} == {"call", "envelope", "ack"}
    assert wire.bodies[0] in [line.get("frame", {}).get("payload") for line in lines]


async def test_a_variable_makes_every_simulator_record(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    """Several of them share one file; secrets are not in it."""
    path = tmp_path / "recording.jsonl"
    monkeypatch.setenv("SIMULATOR_RECORD", str(path))
    for _ in range(2):
        async with Simulator() as sim:
            await Client(sim, session).call("auth.test", token=sim.bot_token)
    text = path.read_text(encoding="utf-8")

    assert [json.loads(line)["method"] for line in text.splitlines()] == ["auth.test"] * 2
    assert "xoxb" not in text
