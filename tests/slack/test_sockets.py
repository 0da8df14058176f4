"""Socket Mode: connections that break, are refused, or come late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.simulator import Simulator
from bot.slack.listening import guard
from bot.slack.transport.sockets import SocketTiming
from bot.slack.workspace.connection import SlackWorkspace
from tests.slack.bench import CHANNEL, Bench, bench, eventually

FAST = SocketTiming(ping=0.3, watch=0.05, patience=0.4)


async def test_two_connections_are_held(socket_bot: Bench):
    """While one reconnects, Slack has another."""
    await socket_bot.sim.until(lambda: socket_bot.sim.connections == 2)
    async with asyncio.timeout(10):  # the bot counts its own end a moment later
        while socket_bot.surface.statistics().connections < 2:
            await asyncio.sleep(0.01)
    statistics = socket_bot.surface.statistics()

    assert (statistics.connections, statistics.wanted_connections) == (2, 2)
    assert statistics.is_ready


async def test_a_dropped_network_heals(tmp_path: Path):
    """After every connection broke without a word, commands arrive again."""
    async with bench(tmp_path, connections=1, socket_timing=FAST) as bot:
        bot.sim.drop_connections()
        await bot.sim.until(lambda: bot.sim.connections == 1, timeout=10)
        ack = await bot.run("help")

        assert ack.ok


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_a_disconnect_frame_is_followed_by_a_new_connection(tmp_path: Path, reason: str):
    """Slack renews connections about every hour."""
    async with bench(tmp_path, connections=1, socket_timing=FAST) as bot:
        await bot.sim.disconnect(reason)
        opened = [e for e in bot.sim.log if e.name == "apps.connections.open"]
        await bot.sim.until(
            lambda: len([e for e in bot.sim.log if e.name == "connected"]) == 2, timeout=10
        )
        ack = await bot.run("help")

        assert 1 <= len(opened) <= 2
        assert ack.ok


async def test_a_refused_address_is_replaced_by_a_new_one(tmp_path: Path):
    """The client tries a refused address for ever; the watch makes it ask for another."""
    async with bench(tmp_path, connections=1, socket_timing=FAST) as bot:
        timing = bot.sim.workspace.timing
        bot.sim.workspace.timing = replace(timing, ticket=-1.0)
        bot.sim.drop_connections()
        await bot.sim.until(lambda: [e for e in bot.sim.log if e.name == "refused"], timeout=10)
        bot.sim.workspace.timing = timing
        await bot.sim.until(lambda: bot.sim.connections == 1, timeout=10)
        ack = await bot.run("help")

        assert ack.ok


async def test_a_start_while_slack_is_away_is_made_up_for(tmp_path: Path):
    """The bot starts, says what is wrong, and connects when Slack answers."""
    failure = {"method": "apps.connections.open", "error": "internal_error", "count": 2}
    with structlog.testing.capture_logs() as logs:
        async with bench(
            tmp_path,
            connections=1,
            socket_timing=FAST,
            prepare=lambda sim: sim.faults.update({"fail_next": failure}),
        ) as bot:
            await bot.sim.until(lambda: bot.sim.connections == 1, timeout=15)
            ack = await bot.run("help")

    assert ack.ok
    assert len([entry for entry in logs if entry["event"] == "slack_socket_failed"]) == 2


async def test_an_error_after_the_acknowledgement_does_not_take_it_back(socket_bot: Bench):
    """Bolt erases an answer when the listener raises right after it; the guard is in between."""
    ran: list[str] = []

    async def faulty(_tools: Any, args: Any) -> None:
        ran.append("once")
        await args.ack()
        raise RuntimeError("after the acknowledgement")

    _first(socket_bot, "command", faulty)
    with structlog.testing.capture_logs() as logs:
        ack = await socket_bot.run("help")
        told = await socket_bot.told("U0ALICE", "Something went wrong inside Signoff")

    assert ack.ok
    assert ack.ms < 1000
    assert ran == ["once"]
    incident = next(e["incident"] for e in logs if e["event"] == "slack_listener_failed")
    assert f"`{incident}`" in told


async def test_an_error_before_the_acknowledgement_is_answered_with_a_number(socket_bot: Bench):
    """The person gets words and an id that the operator finds in the log."""

    async def faulty(_tools: Any, _args: Any) -> None:
        raise RuntimeError("before the acknowledgement")

    _first(socket_bot, "command", faulty)
    with structlog.testing.capture_logs() as logs:
        ack = await socket_bot.run("help")

    assert ack.ok
    incident = next(e["incident"] for e in logs if e["event"] == "slack_listener_failed")
    assert incident in ack.body["text"]
    assert "Traceback" not in ack.body["text"]


async def test_a_listener_under_way_is_waited_for_when_the_bot_stops(tmp_path: Path):
    """What was acknowledged is finished before the connections close."""
    finished: list[str] = []
    async with bench(tmp_path) as bot:

        async def slow(_tools: Any, args: Any) -> None:
            await args.ack("working on it")
            await asyncio.sleep(0.2)
            finished.append("yes")

        _first(bot, "command", slow)
        ack = await bot.run("help")

        assert ack.ok
        assert finished == []

    assert finished == ["yes"]


async def test_nobody_asks_who_the_bot_is_while_people_wait(socket_bot: Bench):
    """One auth.test at the start; none on the way of a click or a command."""
    question = await socket_bot.ask()
    await socket_bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
    await socket_bot.finished()
    asked = [e for e in socket_bot.sim.log if e.name == "auth.test"]

    assert len(asked) == 1


async def test_a_rejected_token_is_reported_with_its_fix():
    """The bot starts all the same; the log says which token to put where."""
    with structlog.testing.capture_logs() as logs:
        async with (
            Simulator() as sim,
            SlackWorkspace(bot_token=sim.app_token, api_url=sim.api_url) as workspace,
        ):
            await eventually(lambda: bool(logs))

            assert workspace.identity.found is None

    assert logs[0]["error"] == "not_allowed_token_type"
    assert "xoxb-" in logs[0]["fix"]


def _first(bot: Bench, kind: str, handler: Any) -> None:
    """Put a handler before all others."""
    getattr(bot.surface.bolt, kind)("/signoff")(guard(bot.surface, handler))
    listeners = bot.surface.bolt._async_listeners
    listeners.insert(0, listeners.pop())
