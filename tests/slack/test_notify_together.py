"""Dialogues: the outcome of a question and the end of its run, soon after, in one message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.slack.sending.outbox import LEASE
from orchestrator.graph import Graph
from tests.slack import kinds
from tests.slack.bench import Bench, Effects, bench, eventually, shown
from tests.slack.dialogue import clock, pass_time, settled, told
from tests.slack.test_sender import calls

ALICE = "U0ALICE"


def held(end: asyncio.Event, *, fails: bool = False) -> Callable[[Effects], list[Graph]]:
    """Return what makes a graph whose work, once approved, goes on until it is told to end."""

    async def work(_context: Any) -> dict[str, Any]:
        await end.wait()
        if fails:
            raise RuntimeError("out of paper")
        return {"done": True}

    gate = {"approvers": "U0BOB", "title": "Do it?"}
    return lambda _effects: [kinds.one("held", work, confirm=gate)]


async def approved(bot: Bench) -> dict[str, Any]:
    """Have a question approved, and return the direct message about it."""
    question = await bot.ask("run held")
    await bot.press("U0BOB", question, "Approve")
    outcome = await bot.direct(ALICE, "Approved by <@U0BOB>")
    await settled(bot)

    assert "goes on" in shown(outcome)
    return outcome


def ends(bot: Bench) -> list[dict[str, Any]]:
    """Return the direct messages that tell that a run is completed."""
    return [message for message in bot.directs(ALICE) if "is completed" in shown(message)]


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_s8_an_end_soon_after_the_outcome_is_added_to_its_message(
    tmp_path: Path, transport: str
):
    """One message in all, which tells both."""
    end = asyncio.Event()
    async with bench(tmp_path, transport=transport, graphs=held(end)) as bot:
        outcome = await approved(bot)
        end.set()
        both = await bot.direct(ALICE, "is completed")
        await settled(bot)

        assert both["ts"] == outcome["ts"]
        assert "Approved by <@U0BOB>" in shown(both)
        assert "goes on" not in shown(both)
        assert told(bot) == {ALICE: 1}


async def test_s8_a_failure_after_the_outcome_is_told_by_itself(tmp_path: Path):
    """An edit rings no bell."""
    end = asyncio.Event()
    async with bench(tmp_path, graphs=held(end, fails=True)) as bot:
        await approved(bot)
        end.set()
        await bot.direct(ALICE, "out of paper")
        await settled(bot)

        assert told(bot) == {ALICE: 2}


async def test_s8_an_end_long_after_the_outcome_is_told_by_itself(tmp_path: Path):
    """Five minutes are too long for an edit to be noticed."""
    end, now = asyncio.Event(), clock()
    async with bench(tmp_path, graphs=held(end), clock=now) as bot:
        await approved(bot)
        await pass_time(bot, now, timedelta(minutes=5))
        end.set()
        await bot.direct(ALICE, "is completed")
        await settled(bot)

        assert told(bot) == {ALICE: 2}


async def test_s8_an_end_is_told_by_itself_when_something_was_told_in_between(tmp_path: Path):
    """What stands above other messages is not looked at again."""
    end = asyncio.Event()
    async with bench(tmp_path, graphs=held(end)) as bot:
        outcome = await approved(bot)
        other = await bot.ask("run held")
        await bot.press("U0BOB", other, "Approve")
        await bot.sim.until(lambda: len(bot.directs(ALICE)) == 2)
        await settled(bot)
        end.set()
        await eventually(lambda: len(ends(bot)) == 2)
        await settled(bot)

        assert outcome["ts"] not in {message["ts"] for message in ends(bot)}
        assert told(bot)[ALICE] > 2


async def test_s8_an_edit_that_added_the_end_before_a_crash_is_found_again(tmp_path: Path):
    """By its mark, so that nobody is told a second time."""
    end, now = asyncio.Event(), clock()
    crashes: list[str] = []

    def crash(point: str) -> None:
        if point == "after_direct" and end.is_set() and not crashes:
            crashes.append(point)
            raise ConnectionError

    async with bench(tmp_path, graphs=held(end), clock=now, hook=crash) as bot:
        outcome = await approved(bot)
        await pass_time(bot, now, timedelta(seconds=1))
        end.set()
        both = await bot.direct(ALICE, "is completed")
        await eventually(lambda: bool(crashes))
        await pass_time(bot, now, LEASE)

        assert both["ts"] == outcome["ts"]
        assert told(bot) == {ALICE: 1}
        assert calls(bot, "conversations.history", bot.sim.direct(ALICE))
