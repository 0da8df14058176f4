"""Starting runs by shortcuts, from anywhere and from a message."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.slack.starting import MESSAGE_LABEL, Starts
from bot.slack.tasks import TaskKeeper
from bot.slack.windows.starting import START_CALLBACK
from tests.slack.bench import CHANNEL, bench, eventually, shown
from tests.slack.test_form_pages import ALICE, front, initial
from tests.slack.test_starting import TRANSPORTS, chosen, graphs


@TRANSPORTS
async def test_s5_the_global_shortcut_starts_a_run(tmp_path: Path, transport: str):
    """From anywhere; twice delivered, the form starts one run."""
    async with bench(tmp_path, transport=transport, graphs=graphs) as bot:
        await bot.sim.shortcut(ALICE, "signoff_start_run")
        form = await chosen(bot, "report")
        bot.sim.faults.duplicate_next = 1
        await bot.fill(ALICE, form, Title="Leak", Text="It drips.")
        await bot.window(ALICE, "Started")
        await bot.finished()

        assert len(await bot.engine.list_runs()) == 1


@TRANSPORTS
@pytest.mark.parametrize("is_in_thread", [False, True])
async def test_s5_a_run_is_started_from_a_message(
    tmp_path: Path, transport: str, *, is_in_thread: bool
):
    """Its text, address and author are offered; its thread is told; the run keeps the address."""
    async with bench(tmp_path, transport=transport, graphs=graphs) as bot:
        root = await bot.sim.say("U0BOB", CHANNEL, "The roof.")
        text = "It drips & <!channel> <https://example.com|see here>"
        ts = root
        if is_in_thread:
            ts = await bot.sim.say("U0BOB", CHANNEL, text, thread_ts=root)
        else:
            ts = root = await bot.sim.say("U0BOB", CHANNEL, text)
        await bot.sim.message_shortcut(ALICE, "signoff_start_from_message", CHANNEL, ts)
        picker = await bot.window(ALICE, "Start a run")

        assert "It drips" in shown(picker)

        form = await chosen(bot, "report")
        link = f"https://signoff-demo.slack.com/archives/{CHANNEL}/p{ts.replace('.', '')}"

        assert initial(form, "Text").startswith("It drips & ")
        assert initial(form, "Link").startswith(link)
        assert "The thread of the message is told." in shown(form)

        await bot.fill(ALICE, form, Title="Leak")
        run = await bot.finished()
        told = await bot.news({"ts": root}, "started *report* from here")

        assert f"<@{ALICE}>" in told["text"]
        assert run.ref in told["text"]
        assert run.labels[MESSAGE_LABEL].startswith(link)
        assert bot.effects.seen[0]["author"] == "U0BOB"


async def test_s5_a_long_message_is_cut_and_a_thread_that_cannot_be_told_stops_nothing(
    tmp_path: Path,
):
    """The bot is no member of the channel; the person is told in the window."""
    async with bench(tmp_path, graphs=graphs) as bot:
        ts = await bot.sim.say(ALICE, "G0FINANCE", "ü" * 3900)
        await bot.sim.message_shortcut(ALICE, "signoff_start_from_message", "G0FINANCE", ts)
        form = await chosen(bot, "report")
        await bot.fill(ALICE, form, Title="Leak")
        await bot.window(ALICE, "Started")
        await bot.finished()

        assert bot.effects.seen[0]["text"] == "ü" * 2999 + "…"


async def test_s5_two_processes_that_get_the_same_form_at_once_start_one_run(tmp_path: Path):
    """Whoever is second returns the first one's run."""
    async with bench(tmp_path, graphs=graphs) as bot:
        request: dict[str, Any] = {"requester": ALICE, "are_words": True, "request": "view:V1"}
        values = {"title": "Leak", "text": "It drips."}
        processes = [Starts(bot.engine, TaskKeeper()) for _ in range(5)]
        runs = await asyncio.gather(
            *(each.start("report", values, **request) for each in processes)
        )
        other = await processes[0].start("report", values, **(request | {"requester": "U0BOB"}))

        assert len({run.id for run in runs}) == 1
        assert other.id != runs[0].id
        assert len(await bot.engine.list_runs()) == 2


async def test_s5_a_shortcut_delivered_twice_opens_one_window(tmp_path: Path):
    """And nobody is told that the second one failed."""
    async with bench(tmp_path, graphs=graphs) as bot:
        bot.sim.faults.duplicate_next = 1
        await bot.sim.shortcut(ALICE, "signoff_start_run")
        await bot.window(ALICE, "Start a run")
        bot.sim.faults.duplicate_next = 1
        await bot.run("run report title=a")
        await eventually(lambda: front(bot)["callback_id"] == START_CALLBACK)
        await bot.sim.settle()

        assert len([entry for entry in bot.sim.log if entry.name == "views.open"]) == 2
