"""Dialogues: questions of low risk are gathered, and told at people's own times."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from orchestrator.graph.policy import any_of
from tests.slack import kinds
from tests.slack.bench import Bench, bench, labels, shown
from tests.slack.dialogue import asking, clock, pass_time, press_direct, reject, settled, told

HOUR = timedelta(hours=1)
#: In Berlin, where Bob lives, 10:00: his next digest comes at 15:00, in five hours.
MORNING = "2030-01-01 09:00"
BOB = any_of("U0BOB")


async def ask(bot: Bench, count: int) -> None:
    """Start runs, each with a question of low risk."""
    for _ in range(count):
        await bot.run("run confirmed")
    await bot.sim.until(lambda: len(bot.open_questions()) == count, timeout=8)
    await settled(bot)


def texts(message: dict[str, Any]) -> list[str]:
    """Return the sections of a message."""
    return [each["text"]["text"] for each in message["blocks"] if each["type"] == "section"]


def buttons(message: dict[str, Any]) -> list[str]:
    """Return the labels of a message's buttons, in their order."""
    return [
        element["text"]["text"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]


async def test_s7_questions_of_low_risk_come_as_one_digest(tmp_path: Path):
    """At three in the afternoon, with a line and two buttons for each."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low"), clock=now) as bot:
        await ask(bot, 3)
        await pass_time(bot, now, 5 * HOUR - timedelta(minutes=1))

        assert told(bot) == {}

        await pass_time(bot, now, timedelta(minutes=1))
        digest = await bot.direct("U0BOB", "3 questions of low risk wait for you")

        assert told(bot) == {"U0BOB": 1}
        assert len(texts(digest)) == 3
        assert buttons(digest) == ["Approve", "Open"] * 3 + ["Notifications…"]


async def test_s7_a_digest_is_answered_where_it_is_read(tmp_path: Path):
    """It shows what became of each question, wherever that was decided."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low"), clock=now) as bot:
        await ask(bot, 2)
        await pass_time(bot, now, 5 * HOUR)
        digest = await bot.direct("U0BOB", "2 questions of low risk wait for you")
        first = next(each for each in digest["blocks"] if each["type"] == "actions")
        ack = await bot.sim.click(
            "U0BOB",
            bot.sim.direct("U0BOB"),
            digest["ts"],
            block_id=first["block_id"],
            label="Approve",
        )
        after = await bot.direct("U0BOB", "Approved by <@U0BOB>")
        (other,) = await bot.engine.list_pending()

        assert ack.ok
        assert "1 question of low risk waits for you" in shown(after)
        assert buttons(after).count("Approve") == 1

        # Whatever is decided elsewhere is shown here, too.
        await bot.engine.decide(other.id, "reject", by="U0BOB", surface="cli")
        after = await bot.direct("U0BOB", "Nothing waits here any more")

        assert "Rejected by <@U0BOB>" in shown(after)
        assert "Approve" not in buttons(after)
        assert told(bot)["U0BOB"] == 1


async def test_s7_what_was_answered_meanwhile_is_not_in_the_digest(tmp_path: Path):
    """A digest of nothing is not sent."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(risk="low"), clock=now) as bot:
        await ask(bot, 2)
        first, second = bot.open_questions()
        await bot.press("U0CAROL", first, "Approve")
        await bot.edited(first["ts"], "Approved by")
        await pass_time(bot, now, 5 * HOUR)
        digest = await bot.direct("U0BOB", "1 question of low risk waits for you")

        assert len(texts(digest)) == 1

        # In New York it is nine in the morning.
        await bot.direct("U0CAROL", "1 question of low risk waits for you")
        await reject(bot, "U0CAROL", second, "No")
        await pass_time(bot, now, 24 * HOUR)

        assert told(bot)["U0BOB"] == told(bot)["U0CAROL"] == 1


async def test_s7_what_cannot_wait_for_the_digest_is_told_an_hour_before(tmp_path: Path):
    """By itself, as the question it is."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low", timeout="3h"), clock=now) as bot:
        await ask(bot, 1)
        await pass_time(bot, now, 2 * HOUR - timedelta(minutes=1))

        assert told(bot) == {}

        await pass_time(bot, now, timedelta(minutes=6))
        copy = await bot.direct("U0BOB", "Do it?")

        assert {"Approve", "Reject…"} <= labels(copy)


async def test_s7_without_digests_low_risk_is_told_as_the_gate_says(tmp_path: Path):
    """At once if it comes by direct message, else in the channel only."""
    now = clock(MORNING)
    for folder, direct, expected in (("a", True, {"U0BOB": 1}), ("b", False, {})):
        (tmp_path / folder).mkdir()
        make = asking(BOB, risk="low", direct=direct)
        async with bench(tmp_path / folder, **make, clock=now) as bot:
            await bot.run("notifications", user="U0BOB")
            window = await bot.window("U0BOB", "Notifications")
            await bot.fill("U0BOB", window, Digest=[])
            await ask(bot, 1)

            assert told(bot) == expected


async def test_s7_high_risk_is_told_at_once_at_any_hour(tmp_path: Path):
    """Normal risk waits for the morning, unless the deadline is before."""
    night = clock("2030-01-01 22:00")
    cases = (("high", None, 1), ("normal", None, 0), ("normal", "2h", 1))
    for number, (risk, timeout, expected) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        gate: dict[str, Any] = {"risk": risk, "direct": True}
        gate |= {"timeout": timeout} if timeout else {}
        async with bench(folder, **asking(BOB, **gate), clock=night) as bot:
            await bot.run("quiet 22:00-07:00", user="U0BOB")
            await ask(bot, 1)

            assert len(bot.directs("U0BOB")) == expected, (risk, timeout)


async def test_s7_a_long_digest_counts_the_rest(tmp_path: Path):
    """Ten are shown, and a way to all of them."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low"), clock=now) as bot:
        await ask(bot, 12)
        await pass_time(bot, now, 5 * HOUR)
        digest = await bot.direct("U0BOB", "12 questions of low risk wait for you")

        assert len(texts(digest)) == 10
        assert "… and 2 more" in shown(digest)

        await press_direct(bot, "U0BOB", digest, "All that waits for me…")
        answer = await bot.told("U0BOB", "All that waits for you is on the Home tab")

        assert (
            "<https://slack.com/app_redirect?app=A0SIGNOFF&amp;team=T0SIGNOFF|this app>" in answer
        )


async def test_s7_two_digests_a_day_tell_each_question_once(tmp_path: Path):
    """What was in one is not in the next."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low"), clock=now) as bot:
        await ask(bot, 1)
        await pass_time(bot, now, 5 * HOUR)
        await pass_time(bot, now, 24 * HOUR)

        assert told(bot) == {"U0BOB": 1}


async def choose(bot: Bench, *times: str, **more: Any) -> None:
    """Set the times of Bob's digests in the window."""
    await bot.run("notifications", user="U0BOB")
    window = await bot.window("U0BOB", "Notifications")
    ack = await bot.fill("U0BOB", window, Digest_at=list(times), **more)
    await bot.sim.until(lambda: not bot.sim.views("U0BOB"))

    assert ack.ok


async def test_s7_what_waits_comes_at_new_times_in_one_digest(tmp_path: Path):
    """What was asked before they were chosen, and after; once."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low"), clock=now) as bot:
        await ask(bot, 2)
        await choose(bot, "11:30", "15:00")
        await bot.run("run confirmed")
        await bot.sim.until(lambda: len(bot.open_questions()) == 3)
        await settled(bot)
        await pass_time(bot, now, 1.5 * HOUR)
        digest = await bot.direct("U0BOB", "questions of low risk wait for you")
        await pass_time(bot, now, 24 * HOUR)

        assert len(texts(digest)) == 3
        assert told(bot) == {"U0BOB": 1}


async def test_s7_what_waits_through_digests_off_and_on_comes_at_their_times(tmp_path: Path):
    """Times that were chosen in between hold for it, too."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low"), clock=now) as bot:
        await ask(bot, 1)
        await choose(bot, "18:00", Digest=[])
        await choose(bot, "18:00", Digest=["yes"])
        await pass_time(bot, now, 5 * HOUR)

        assert told(bot) == {}

        await pass_time(bot, now, 3 * HOUR)
        await bot.direct("U0BOB", "1 question of low risk waits for you")

        assert told(bot) == {"U0BOB": 1}


async def test_s7_what_cannot_wait_for_a_later_time_is_told_before(tmp_path: Path):
    """Nobody misses a deadline because they have chosen other times."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low", timeout="7h"), clock=now) as bot:
        await ask(bot, 1)
        await choose(bot, "20:00")
        await pass_time(bot, now, 6 * HOUR + timedelta(minutes=1))
        await bot.direct("U0BOB", "Do it?")

        assert told(bot) == {"U0BOB": 1}


async def test_s7_a_muted_graph_is_in_no_digest(tmp_path: Path):
    """Nobody has to read what they do not want to."""
    now = clock(MORNING)
    async with bench(tmp_path, **asking(BOB, risk="low"), clock=now) as bot:
        await bot.run("mute confirmed", user="U0BOB")
        await ask(bot, 1)
        await pass_time(bot, now, 5 * HOUR)

        assert told(bot) == {}


async def test_s7_a_question_that_takes_more_than_a_yes_is_only_opened(tmp_path: Path):
    """A form is filled in where it is whole."""
    now = clock(MORNING)
    graphs = [kinds.outside(None, risk="low", approvers="U0BOB")]
    async with bench(tmp_path, graphs=lambda _effects: graphs, clock=now) as bot:
        await bot.run("run outside")
        await bot.question()
        await settled(bot)
        await pass_time(bot, now, 5 * HOUR)
        digest = await bot.direct("U0BOB", "1 question of low risk waits for you")

        assert buttons(digest) == ["Open", "Notifications…"]
