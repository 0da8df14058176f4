"""Dialogues: reminders by direct message, and who is left alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.simulator import Simulator
from bot.simulator.world import User
from orchestrator.graph.policy import any_of
from tests.slack import kinds
from tests.slack.bench import bench, labels
from tests.slack.dialogue import asking, clock, pass_time, press_direct, settled, told

HOUR = timedelta(hours=1)
NAGGING = {"reminders": {"after": "1h", "every": "1h", "most": 5}, "timeout": "2d"}


async def test_s7_t4_reminders_come_by_direct_message_to_those_who_are_missing(tmp_path: Path):
    """With a way to the question, a snooze and a mute, each of which does what it says."""
    now = clock()
    async with bench(tmp_path, **asking(kinds.TWO, **NAGGING), clock=now) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        await pass_time(bot, now, HOUR)
        bobs = await bot.direct("U0BOB", "Your answer is still missing")
        await bot.direct("U0CAROL", "Your answer is still missing")

        assert told(bot) == {"U0BOB": 1, "U0CAROL": 1}
        assert labels(bobs) == {"Open the question", "Snooze 1 h", "Mute this run"}

        await press_direct(bot, "U0BOB", bobs, "Snooze 1 h")
        await bot.told("U0BOB", "not reminded of this for an hour")
        await pass_time(bot, now, HOUR - timedelta(minutes=1))
        await pass_time(bot, now, timedelta(minutes=1))

        assert told(bot)["U0CAROL"] == 2

        carols = bot.directs("U0CAROL")[-1]
        await press_direct(bot, "U0CAROL", carols, "Mute this run")
        await bot.told("U0CAROL", "is muted for you")
        before = told(bot)
        await pass_time(bot, now, HOUR)

        assert told(bot)["U0CAROL"] == before["U0CAROL"]
        assert told(bot)["U0BOB"] == before["U0BOB"] + 1


async def test_t4_who_has_voted_is_not_reminded(tmp_path: Path):
    """Of a group only those who are missing."""
    now = clock()
    async with bench(tmp_path, **asking(kinds.TWO, **NAGGING), clock=now) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        await bot.press("U0BOB", question, "Approve")
        await pass_time(bot, now, HOUR)

        assert told(bot) == {"U0CAROL": 1}


async def test_t4_no_reminder_comes_after_the_outcome(tmp_path: Path):
    """Neither one that waited for the end of somebody's quiet hours."""
    now = clock()
    async with bench(tmp_path, **asking(**NAGGING), clock=now) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        await bot.run("quiet 10:30-20:00", user="U0BOB")
        await pass_time(bot, now, HOUR)

        assert set(told(bot)) == {"U0CAROL"}

        await bot.press("U0CAROL", question, "Approve")
        await bot.finished()
        await pass_time(bot, now, timedelta(hours=12))

        assert "U0BOB" not in told(bot)


async def test_s7_a_reminder_waits_for_the_end_of_quiet_hours(tmp_path: Path):
    """And comes then, if the answer is still missing."""
    now = clock()
    async with bench(tmp_path, **asking(any_of("U0BOB"), **NAGGING), clock=now) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        await bot.run("quiet 10:30-11:30", user="U0BOB")  # in Berlin; 9:30 to 10:30 here
        await pass_time(bot, now, HOUR)

        assert told(bot) == {}

        await pass_time(bot, now, timedelta(minutes=30))

        assert told(bot) == {"U0BOB": 1}


async def test_s7_more_people_than_can_be_told_are_told_in_the_thread_only(tmp_path: Path):
    """A question to half the company is no direct message to each."""
    crowd = [f"U0CROWD{number}" for number in range(21)]

    def prepare(sim: Simulator) -> None:
        for person in crowd:
            sim.world.put(User(id=person, name=person.lower(), real_name=person))

    make = asking(any_of(" ".join(crowd)), direct=True)
    async with bench(tmp_path, **make, prepare=prepare) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        await bot.run(f"remind {(await bot.approval()).ref}")
        await bot.news(question, "still waiting for your answer")
        await settled(bot)

        assert [person for person in crowd if bot.directs(person)] == []


async def test_s7_a_notice_without_an_address_still_comes(tmp_path: Path):
    """When Slack does not say where the question stands, only the button is missing."""
    async with bench(tmp_path, **asking(any_of("U0BOB"))) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        fault = {"method": "chat.getPermalink", "error": "internal_error", "count": 5}
        bot.sim.faults.update({"fail_next": fault})
        await bot.run(f"remind {(await bot.approval()).ref}")
        reminder = await bot.direct("U0BOB", "Your answer is still missing")

        assert labels(reminder) == {"Snooze 1 h", "Mute this run"}
