"""What people are told of the calls of a turn: once, and of the run only what is so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.cards.runs import run_state
from bot.cards.words import plain
from orchestrator.core.state import RunStatus
from tests.slack.bench import bench, labels, shown
from tests.slack.dialogue import clock, pass_time, press_direct, settled
from tests.slack.samples import run
from tests.slack.turning import all_delivered, calls_of, card_of, paying, posts, touch

HOUR = timedelta(hours=1)
NAGGING = {
    "reminders": {"after": "1h", "every": "1h", "most": 5},
    "timeout": "2d",
    "on_timeout": "reject",
}


def missing(bot: Any, user: str) -> list[str]:
    """Return the reminders that somebody got."""
    return [shown(each) for each in bot.directs(user) if "still missing" in shown(each)]


async def test_s7_people_are_reminded_of_the_calls_of_a_card_in_one_message(tmp_path: Path):
    """It names those that are open, and a snooze holds for all of them."""
    now = clock()
    async with bench(tmp_path, clock=now, **paying(Ann=NAGGING, Ben=NAGGING, Cem=NAGGING)) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await touch(bot, "U0BOB", card_of(bot), calls["Ann"], "Approve")
        await settled(bot)
        await pass_time(bot, now, HOUR)
        [reminder] = missing(bot, "U0CAROL")

        assert [f"To: {name}" in reminder for name in calls] == [False, True, True]
        assert all(calls[name].ref in reminder for name in ("Ben", "Cem"))
        assert labels(bot.directs("U0CAROL")[-1]) == {
            "Open the question",
            "Snooze 1 h",
            "Mute this run",
        }

        await press_direct(bot, "U0CAROL", bot.directs("U0CAROL")[-1], "Snooze 1 h")
        await bot.told("U0CAROL", "not reminded of this for an hour")
        snoozed = [each.id for each in (await calls_of(bot)).values() if "U0CAROL" in each.snoozed]

        assert snoozed == [calls["Ben"].id, calls["Cem"].id]

        await touch(bot, "U0BOB", card_of(bot), calls["Ben"], "Approve")
        await pass_time(bot, now, 2 * HOUR)
        last = missing(bot, "U0CAROL")[-1]

        assert "Your answer is still missing: *Pay?* (Amount: 40 · To: Cem)" in last


async def test_s7_who_is_asked_for_one_call_is_reminded_of_that_one(tmp_path: Path):
    """Though the others of the card are due at the same time."""
    now = clock()
    own = {**NAGGING, "approvers": "U0DAVE"}
    async with bench(tmp_path, clock=now, **paying(Ann=own, Ben=NAGGING, Cem=NAGGING)) as bot:
        await bot.run("run agent")
        await all_delivered(bot, 3)
        await settled(bot)
        await pass_time(bot, now, HOUR)
        [daves], [bobs] = missing(bot, "U0DAVE"), missing(bot, "U0BOB")

        assert [f"To: {name}" in daves for name in ("Ann", "Ben", "Cem")] == [True, False, False]
        assert [f"To: {name}" in bobs for name in ("Ann", "Ben", "Cem")] == [False, True, True]


async def test_s7_a_snooze_of_calls_of_which_one_was_answered_holds_for_the_rest(tmp_path: Path):
    """Only when none is open any more that is said."""
    now = clock()
    async with bench(tmp_path, clock=now, **paying(2, Ann=NAGGING, Ben=NAGGING)) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 2)
        await settled(bot)
        await pass_time(bot, now, HOUR)
        reminder = bot.directs("U0CAROL")[-1]
        await bot.engine.decide(calls["Ann"].id, "approve", by="U0BOB", surface="cli")
        await press_direct(bot, "U0CAROL", reminder, "Snooze 1 h")

        assert "U0CAROL" in (await calls_of(bot))["Ben"].snoozed

        await bot.engine.decide(calls["Ben"].id, "approve", by="U0BOB", surface="cli")
        await press_direct(bot, "U0CAROL", reminder, "Snooze 1 h")
        await bot.told("U0CAROL", "othing was changed")


async def test_s7_the_end_of_a_run_of_many_calls_is_told_once(tmp_path: Path):
    """With the last of them."""
    async with bench(tmp_path, **paying(7)) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 7)
        await settled(bot)
        for each in calls.values():
            await bot.engine.decide(each.id, "approve", by="U0BOB", surface="cli")
        await bot.finished()
        await settled(bot)
        told = [each["text"] for each in bot.directs("U0ALICE")]

        assert sum("is completed" in each for each in told) == 1
        assert sum("Approved by" in each for each in told) == 7
        assert len(posts(bot)) == 2


async def test_h17_the_thread_of_a_card_names_no_call_that_was_waiting_all_along(tmp_path: Path):
    """Nor the agent itself, which holds them."""
    async with bench(tmp_path, **paying(4)) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 4)
        await settled(bot)
        await touch(bot, "U0BOB", card_of(bot), calls["Ann"], "Approve")
        line = shown(await bot.news(card_of(bot), "*1.* ✅ Approved by"))

        assert "*helper*" not in line
        assert "went on to *helper/" not in line


def test_h17_a_run_waits_where_something_waits():
    """Not at what holds it; and what is not named is counted."""
    places = ("helper", *(f"helper/pay#{number}" for number in range(2, 7)))
    waiting = run(places=places)

    assert plain(run_state(waiting)) == "waits at helper/pay#2, helper/pay#3, helper/pay#4, 2 more"
    assert plain(run_state(run(places=("each", "each[1]/a")))) == "waits at each[1]/a"

    running = run(places=places, status=RunStatus.RUNNING)

    assert plain(run_state(running)) == "goes on"
    assert plain(run_state(run(places=("print",), status=RunStatus.RUNNING))) == "went on to print"
