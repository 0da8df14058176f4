"""The world survives the end of the process, however it comes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.simulator import Simulator

from .conftest import Client, actions, button, modal, text_input
from .wire import wired


async def test_everything_is_there_again(tmp_path: Path) -> None:
    """Messages, threads, ephemerals, modals with their values, Home and counters."""
    state = tmp_path / "deep" / "state.db"
    async with Simulator(state_file=state) as sim, aiohttp.ClientSession() as session:
        client = Client(sim, session)
        parent = await client.post(blocks=[actions(button())])
        await client.post(thread_ts=parent)
        gone = await client.post()
        await client.call("chat.delete", channel="C0GENERAL", ts=gone)
        await client.call("chat.postEphemeral", channel="C0GENERAL", user="U0BOB", text="you")
        await client.call(
            "views.open",
            trigger_id=sim.workspace.trigger("U0BOB"),
            view=modal(text_input("a", min_length=9)),
        )
        await sim.submit("U0BOB", sim.views("U0BOB")[0]["id"], {"a": {"value": "short"}})
        await client.call("views.publish", user_id="U0BOB", view={"type": "home", "blocks": []})
        sim.staging.archive("C0DEPLOYS")
        before = (
            sim.messages("C0GENERAL"),
            sim.ephemerals("U0BOB"),
            sim.views("U0BOB"),
            sim.home("U0BOB"),
        )
    async with Simulator(state_file=state) as sim, aiohttp.ClientSession() as session:
        after = (
            sim.messages("C0GENERAL"),
            sim.ephemerals("U0BOB"),
            sim.views("U0BOB"),
            sim.home("U0BOB"),
        )
        later = await Client(sim, session).post()
        is_archived = sim.world.channels["C0DEPLOYS"].is_archived

    assert after == before
    assert later > before[1][-1]["ts"]
    assert is_archived is True


async def test_a_response_url_outlives_a_restart(tmp_path: Path) -> None:
    """It was given to the app, so it must work as long as promised."""
    state = tmp_path / "state.db"
    async with Simulator(state_file=state) as sim, wired(sim) as wire:
        await sim.command("U0ALICE", "C0GENERAL", "/signoff")
        path = wire.bodies[-1]["response_url"].removeprefix(sim.url)
    async with Simulator(state_file=state) as sim, aiohttp.ClientSession() as session:
        async with session.post(sim.url + path, json={"text": "later"}) as answer:
            status = answer.status
        texts = [item["text"] for item in sim.ephemerals("U0ALICE")]

    assert (status, texts) == (200, ["later"])


async def test_a_reset_clears_the_file_too(tmp_path: Path) -> None:
    """A fresh world is also fresh after a restart."""
    state = tmp_path / "state.db"
    async with Simulator(state_file=state) as sim, aiohttp.ClientSession() as session:
        await Client(sim, session).post()
        sim.reset()
    async with Simulator(state_file=state) as sim:
        messages, users = sim.messages("C0GENERAL"), len(sim.world.users)

    assert (messages, users) == ([], 6)


@pytest.mark.slow
async def test_an_answered_call_survives_kill_9(tmp_path: Path) -> None:
    """Every message that was acknowledged is there after the process was killed."""
    state = tmp_path / "state.db"
    command = [sys.executable, "-m", "bot.simulator", "--port", "0", "--state", str(state)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[1]
    answered = []
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": "Bearer xoxb-simulator-bot-token"}
        for number in range(30):
            body = {"channel": "C0GENERAL", "text": str(number)}
            async with session.post(
                f"{url}/api/chat.postMessage", json=body, headers=headers
            ) as answer:
                answered.append((await answer.json())["ts"])
        process.send_signal(signal.SIGKILL)
    await process.wait()
    async with Simulator(state_file=state) as sim:
        stored = [message["ts"] for message in sim.messages("C0GENERAL")]

    assert stored == answered


@pytest.mark.slow
async def test_it_stays_fast_with_thousands_of_messages(tmp_path: Path) -> None:
    """Saving writes what changed, not the world."""
    loop = asyncio.get_running_loop()
    async with (
        Simulator(state_file=tmp_path / "state.db") as sim,
        aiohttp.ClientSession() as session,
    ):
        client = Client(sim, session)
        started = loop.time()
        for _ in range(100):
            await client.post()
        first = loop.time() - started
        for _ in range(3000):
            await sim.say("U0ALICE", "C0DEPLOYS", "filler")
        started = loop.time()
        for _ in range(100):
            await client.post()
        last = loop.time() - started

    assert last < 3 * first + 0.5


async def test_a_state_file_from_before_there_were_several_workspaces_is_taken(
    tmp_path: Path,
) -> None:
    """It says nothing of its team and of tokens; the first workspace has both."""
    state = tmp_path / "state.db"
    async with Simulator(state_file=state) as simulator:
        await simulator.say("U0BOB", "C0GENERAL", "kept")
    with contextlib.closing(sqlite3.connect(state)) as connection, connection:
        connection.execute("DELETE FROM records WHERE kind IN ('teams', 'grants')")
    async with Simulator(state_file=state) as simulator:
        kept = [message["text"] for message in simulator.messages("C0GENERAL")]

        assert kept == ["kept"]
        assert simulator.token_of("T0SIGNOFF") == simulator.bot_token
