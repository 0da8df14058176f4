"""The thread of the message that a run was started from is told of it, whatever happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.simulator import Simulator
from bot.slack.starting import Starts
from bot.slack.tasks import TaskKeeper
from tests.slack.bench import CHANNEL, MANIFEST, QUICK, Bench, bench
from tests.slack.dialogue import settled
from tests.slack.test_form_pages import ALICE
from tests.slack.test_sender import calls
from tests.slack.test_starting import chosen, graphs


async def started(bot: Bench) -> str:
    """Start a run from a message, and return the message."""
    ts = await bot.sim.say("U0BOB", CHANNEL, "It drips.")
    await bot.sim.message_shortcut(ALICE, "signoff_start_from_message", CHANNEL, ts)
    await bot.fill(ALICE, await chosen(bot, "report"), Title="Leak")
    await bot.finished()
    return ts


def told(sim: Simulator, ts: str) -> list[str]:
    """Return what the bot says in a thread."""
    return [each["text"] for each in sim.thread(CHANNEL, ts)[1:] if each.get("bot_id")]


async def test_s5_a_thread_is_told_of_a_start_by_whoever_serves_next(tmp_path: Path):
    """That Slack did not take it at first loses nothing."""
    async with Simulator(MANIFEST, timing=QUICK) as sim:
        async with bench(tmp_path, graphs=graphs, slack=sim) as bot:
            failing = {"method": "chat.postMessage", "error": "internal_error", "count": 99}
            sim.faults.update({"fail_next": failing})
            ts = await started(bot)

        assert told(sim, ts) == []

        sim.faults.update({"fail_next": []})
        async with bench(tmp_path, graphs=graphs, slack=sim) as bot:
            run = await bot.last_run()
            await bot.news({"ts": ts}, run.ref)
            await settled(bot)

            assert told(sim, ts) == [f"<@{ALICE}> started *report* from here: run `{run.ref}`."]


async def test_s5_a_notice_of_a_start_whose_answer_was_lost_is_found_again(tmp_path: Path):
    """In the thread, by its mark."""
    async with bench(tmp_path, graphs=graphs) as bot:
        bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
        ts = await started(bot)
        await bot.news({"ts": ts}, "from here")
        await settled(bot)

        assert len(told(bot.sim, ts)) == 1
        assert calls(bot, "conversations.replies")


async def test_s5_a_request_that_comes_twice_tells_the_thread_once(tmp_path: Path):
    """To whichever process."""
    async with bench(tmp_path, graphs=graphs) as bot:
        ts = await bot.sim.say("U0BOB", CHANNEL, "It drips.")
        values = {"title": "Leak", "text": "It drips."}
        request: dict[str, Any] = {
            "requester": ALICE, "are_words": True, "request": "view:V1", "thread": (CHANNEL, ts),
        }  # fmt: skip
        for _ in range(3):
            await Starts(bot.engine, TaskKeeper()).start("report", values, **request)
        await bot.news({"ts": ts}, "from here")
        await settled(bot)

        assert len(told(bot.sim, ts)) == 1


async def test_s5_a_thread_that_takes_no_messages_holds_nothing_up(tmp_path: Path):
    """It is given up, and what comes after it is sent."""
    async with bench(tmp_path, graphs=graphs) as bot:
        failing = {"method": "chat.postMessage", "error": "not_in_channel", "count": 1}
        bot.sim.faults.update({"fail_next": failing})
        ts = await started(bot)
        await bot.direct(ALICE, "is completed")
        await settled(bot)

        assert told(bot.sim, ts) == []
