"""Times in notifications, where dates do not become the reader's own by themselves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.slack.kit.mrkdwn import date, in_zone
from orchestrator.graph.policy import any_of
from tests.slack.bench import Bench, bench, shown
from tests.slack.dialogue import NOON, asking, clock, pass_time, settled
from tests.slack.test_home import opened, press

#: Carol is in New York, Dave in Tokyo, and Alice, who asks, in Berlin.
PEOPLE = any_of("U0CAROL U0DAVE")


def preview(message: dict[str, Any]) -> str:
    """Return what a notification shows of a message."""
    return re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", message["text"])


async def reminded(bot: Bench, user: str) -> str:
    """Return the notification of a reminder."""
    return preview(await bot.direct(user, "still missing"))


async def test_s7_a_notification_names_times_in_the_readers_zone(tmp_path: Path):
    """In a channel and its threads they are those of whoever asked; the zone is always named."""
    now = clock()
    graphs = asking(PEOPLE, timeout="2h", remind_before="1h")
    async with bench(tmp_path, **graphs, clock=now) as bot:
        question = await bot.ask("run confirmed")
        await pass_time(bot, now, timedelta(hours=1))
        reminder = await bot.news(question, "waiting for your answer")

        assert "2030-01-01 12:00 CET" in preview(question)
        assert "2030-01-01 12:00 CET" in preview(reminder)
        assert "2030-01-01 06:00 EST" in await reminded(bot, "U0CAROL")
        assert "2030-01-01 20:00 JST" in await reminded(bot, "U0DAVE")


async def test_s7_times_of_who_is_not_known_in_slack_are_in_utc(tmp_path: Path):
    """Nobody else's zone would be better."""
    now = clock()
    graphs = asking(PEOPLE, timeout="2h")
    async with bench(tmp_path, **graphs, clock=now) as bot:
        await bot.engine.start("confirmed", {}, requester="ci", surface="python")
        question = await bot.question()

        assert "2030-01-01 11:00 UTC" in preview(question)


async def test_h24_the_form_for_several_names_deadlines_in_the_readers_zone(tmp_path: Path):
    """And asks Slack nothing for it that it has not asked before."""
    now = clock()
    graphs = asking(PEOPLE, timeout="2h")
    async with bench(tmp_path, **graphs, clock=now) as bot:
        await bot.ask("run confirmed")
        await bot.run("run confirmed")
        await settled(bot)
        await opened(bot, "U0CAROL", "Waiting for you · 2")
        await press(bot, "U0CAROL", "Decide several…")
        form = await bot.window("U0CAROL", "Decide several")

        assert "by 01 Jan 06:00 EST" in shown(form)


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("Europe/Berlin", "2030-01-01 10:00 CET"),
        ("America/Sao_Paulo", "2030-01-01 06:00 UTC-03"),
        ("UTC", "2030-01-01 09:00 UTC"),
    ],
)
def test_s7_a_zone_without_a_name_is_written_by_its_distance(zone: str, written: str):
    """Only what Slack does not adapt is rewritten."""
    before = f"by {date(NOON)} or {date(datetime(2030, 7, 1, tzinfo=UTC))} <@U0BOB>"
    text = in_zone(before, ZoneInfo(zone))

    assert f"|{written}>" in text
    assert re.sub(r"\|[^>]*>", ">", text) == re.sub(r"\|[^>]*>", ">", before)
