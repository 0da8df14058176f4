"""What people say they want to be told: commands, and the window."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.slack.people.hours import Quiet
from bot.slack.people.preferences import Preference, Preferences, graph_subject, run_subject
from orchestrator.runtime import SystemClock
from tests.slack.bench import Bench, bench, shown

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def said(ack: Any) -> str:
    """Return what a command was answered with."""
    assert ack.ok, ack
    return str(ack.body["text"])


async def wanted(bot: Bench, user: str) -> Preference:
    """Return what somebody wants, as it is stored."""
    return await Preferences(bot.engine, SystemClock()).get(user)


async def test_s8_a_run_or_a_graph_is_followed_until_it_is_not(socket_bot: Bench):
    """By its reference, or its name; what does not exist is said."""
    bot = socket_bot
    await bot.ask()
    run = await bot.last_run()
    first = said(await bot.run(f"follow {run.ref}", user="U0DAVE"))
    second = said(await bot.run("follow publish", user="U0DAVE"))
    both = (await wanted(bot, "U0DAVE")).follows
    third = said(await bot.run(f"unfollow {run.ref}", user="U0DAVE"))
    after = (await wanted(bot, "U0DAVE")).follows
    unknown = said(await bot.run("follow publich", user="U0DAVE"))

    assert f"you hear how each question of *run {run.ref} of publish* ends" in first
    assert "*graph publish*" in second
    assert both == (run_subject(run.id), graph_subject("publish"))
    assert "do not follow" in third
    assert after == (graph_subject("publish"),)
    assert "There is no run and no graph `publich`; did you mean `publish`?" in unknown
    assert "Say what: `/signoff follow r-…`" in said(await bot.run("follow", user="U0DAVE"))


async def test_s8_a_mute_has_an_end_if_one_is_given(socket_bot: Bench):
    """It says until when, and how to end it before."""
    bot = socket_bot
    first = said(await bot.run("mute all 2h"))
    mutes = (await wanted(bot, "U0ALICE")).mutes
    fault = said(await bot.run("mute publish soon"))
    long = said(await bot.run("mute publish 999d"))
    last = said(await bot.run("unmute all"))
    after = (await wanted(bot, "U0ALICE")).mutes

    assert "Muted *everything* until <!date^" in first
    assert "/signoff unmute all" in first
    assert list(mutes) == ["all"]
    until = mutes["all"]
    assert until is not None
    assert timedelta(minutes=119) < until - SystemClock().now() < timedelta(minutes=121)
    assert "is no duration" in fault
    assert "a year at most" in long
    assert "You hear of *everything* again." in last
    assert after == {}


async def test_s7_quiet_hours_are_set_in_ones_own_time_zone(socket_bot: Bench):
    """They are shown, replaced and ended by the same word."""
    bot = socket_bot
    none = said(await bot.run("quiet"))
    first = said(await bot.run("quiet 22:00 - 7"))
    now = said(await bot.run("quiet"))
    fault = said(await bot.run("quiet at night"))
    stored = (await wanted(bot, "U0ALICE")).quiet
    off = said(await bot.run("quiet off"))

    assert "You have no quiet hours." in none
    assert "*22:00-07:00* in your time zone, Europe/Berlin" in first
    assert "*22:00-07:00* (Europe/Berlin)" in now
    assert "cannot be read" in fault
    assert stored == Quiet(start=time(22), end=time(7))
    assert "no quiet hours any more" in off
    assert (await wanted(bot, "U0ALICE")).quiet is None


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_s8_the_window_shows_and_sets_everything(tmp_path: Path, transport: str):
    """What is unticked is left; what was not shown stays."""
    async with bench(tmp_path, transport=transport) as bot:
        await bot.ask()
        run = await bot.last_run()
        await bot.run(f"follow {run.ref}")
        await bot.run("mute publish")
        ack = await bot.run("notifications")
        window = await bot.window("U0ALICE", "Notifications")
        sent = await bot.fill(
            "U0ALICE",
            window,
            Quiet_hours=["yes"],
            Quiet_from="21:30",
            Digest_at=["08:00"],
            Graphs_that_you_follow=[graph_subject("publish")],
            Runs_that_you_follow__untick_to_stop=[],
            Muted__untick_to_hear_of_it_again=[],
        )
        stored = await wanted(bot, "U0ALICE")

        assert ack.ok
        assert sent.ok
        assert bot.sim.views("U0ALICE") == []
        assert stored.quiet == Quiet(start=time(21, 30), end=time(7))
        assert (stored.has_digest, stored.digest_times) == (True, (time(8),))
        assert stored.follows == (graph_subject("publish"),)
        assert stored.mutes == {}


async def test_s8_quiet_hours_without_a_length_are_refused_at_the_field(socket_bot: Bench):
    """The window stays open and says what is wrong."""
    bot = socket_bot
    await bot.run("notifications")
    window = await bot.window("U0ALICE", "Notifications")
    await bot.fill("U0ALICE", window, Quiet_hours=["yes"], Quiet_from="07:00")
    errors = bot.sim.views("U0ALICE")[-1]["errors"]

    assert list(errors.values()) == [
        "The quiet hours begin when they end; choose two different times."
    ]
    assert (await wanted(bot, "U0ALICE")).quiet is None


async def test_s8_the_help_names_what_can_be_set(socket_bot: Bench):
    """Each word with what it does."""
    text = said(await socket_bot.run("help"))

    assert all(word in text for word in ("follow", "mute", "quiet 22:00-07:00", "notifications"))


def test_s8_a_mute_that_has_run_out_mutes_nothing():
    """Neither does one of another run."""
    mine = Preference().muting(run_subject("1"), NOW).muting(graph_subject("pay"), None)

    assert not mine.is_muted(run="1", graph="publish", now=NOW)
    assert mine.is_muted(run="1", graph="publish", now=NOW - timedelta(seconds=1))
    assert mine.is_muted(run="2", graph="pay", now=NOW)
    assert list(mine.muted_now(NOW)) == [graph_subject("pay")]


async def test_s8_a_preference_that_cannot_be_read_counts_as_none(socket_bot: Bench):
    """What somebody else's version wrote breaks nothing."""
    await socket_bot.engine.values.put("preference", ":U0ALICE", '{"quiet": 7}')

    assert await wanted(socket_bot, "U0ALICE") == Preference()


async def test_s6_s8_the_home_tab_leads_to_the_window(socket_bot: Bench):
    """Where people look at what waits for them, they can say what they want to hear."""
    bot = socket_bot
    await bot.sim.open_home("U0BOB")
    home = await bot.sim.until(lambda: bot.sim.home("U0BOB"))
    await bot.sim.click_view("U0BOB", home["id"], label="Notifications…")
    window = await bot.window("U0BOB", "Notifications")

    assert "Europe/Berlin" in shown(window)
