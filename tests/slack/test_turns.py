"""The calls of an agent's turn together on one card, and each answered by itself."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import Simulator
from tests.slack.bench import CHANNEL, Bench, bench, eventually, labels, shown
from tests.slack.dialogue import clock, pass_time, settled
from tests.slack.turning import (
    all_delivered,
    calls_of,
    card_of,
    open_calls,
    parts,
    paying,
    posts,
    touch,
)


async def asked(bot: Bench, count: int = 3) -> dict[str, Any]:
    """Start the agent and wait until all its calls came before people."""
    await bot.run("run agent")
    found = await all_delivered(bot, count)
    await settled(bot)
    return found


async def approve(bot: Bench, approval: Any) -> None:
    """Approve a call."""
    await touch(bot, "U0BOB", card_of(bot), approval, "Approve")


async def reject(bot: Bench, approval: Any) -> None:
    """Reject a call with a note."""
    await touch(bot, "U0CAROL", card_of(bot), approval, "Reject…")
    view = await bot.window("U0CAROL", "Reject")
    await bot.fill("U0CAROL", view, Why_not_="Too much.")


async def edit(bot: Bench, approval: Any) -> None:
    """Lower the amount of a call."""
    await touch(bot, "U0BOB", card_of(bot), approval, "Edit arguments…")
    view = await bot.window("U0BOB", "Edit arguments")
    await bot.fill("U0BOB", view, Amount="30")


ACTS = {"Ann": approve, "Ben": reject, "Cem": edit}


async def test_h17_a_turn_of_three_calls_is_one_message(tmp_path: Path):
    """With a set of buttons for each, and what they share said once."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        message = card_of(bot)

        assert "Which of these 3 calls may helper make?" in shown(message)
        assert open_calls(message) == 3
        assert shown(message).count("@editors") + shown(message).count("subteam") == 1
        assert [each for each in PAID if body(message).count(each) != 1] == []
        assert len([e for e in bot.sim.log if e.name == "chat.postMessage"]) == 1
        assert not [e for e in bot.sim.log if e.name == "chat.update"]
        assert len({each.delivered_at for each in calls.values()}) == 1
        assert all(each.ref in shown(message) for each in calls.values())


def body(message: dict[str, Any]) -> str:
    """Return what a card shows but for its buttons."""
    blocks = [each for each in message["blocks"] if each["type"] != "actions"]
    return shown({"blocks": blocks})


PAID = ("Ann", "Ben", "Cem")


@pytest.mark.parametrize("order", list(itertools.permutations(PAID)))
async def test_h17_each_call_of_a_card_is_answered_in_any_order(
    tmp_path: Path, order: tuple[str, ...]
):
    """One is approved, one rejected, one edited, and the tools run exactly so."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        for number, name in enumerate(order, start=1):
            await ACTS[name](bot, calls[name])
            await eventually(lambda left=3 - number: open_calls(card_of(bot)) == left)
        await bot.finished()
        await settled(bot)
        message = card_of(bot)

        assert sorted(bot.effects.published) == ["Ann: 40", "Cem: 30"]
        assert bot.effects.seen == ["paid", "Too much.", "paid"]
        assert "The 3 calls of helper are answered" in shown(message)
        assert "Approved by <@U0BOB>" in shown(message)
        assert "Rejected by <@U0CAROL>" in shown(message)
        assert "Edited and approved by <@U0BOB>" in shown(message)
        assert "40 → 30" in shown(message)
        assert parts(message) == []


async def test_h17_a_double_click_on_a_card_counts_once(tmp_path: Path):
    """Nor does the same click twice, or one on a call that was answered elsewhere, change more."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        unseen = {"method": "chat.update", "error": "http_503", "count": 2}
        bot.sim.faults.update({"fail_next": [unseen], "duplicate_next": 1})
        await approve(bot, calls["Ann"])
        await approve(bot, calls["Ann"])
        await bot.engine.decide(calls["Ben"].id, "reject", by="U0CAROL", surface="cli")
        await approve(bot, calls["Ben"])
        told = await bot.told("U0BOB", "rejected")
        await eventually(lambda: open_calls(card_of(bot)) == 1)
        await approve(bot, calls["Cem"])
        await bot.finished()

        assert "nothing was changed" in told.lower()
        assert sorted(bot.effects.published) == ["Ann: 40", "Cem: 40"]


async def test_h17_a_card_is_answered_after_a_restart(tmp_path: Path):
    """The next process knows who stands on it."""
    async with Simulator() as slack:
        async with bench(tmp_path, slack=slack, **paying()) as bot:
            await asked(bot)
            await approve(bot, (await calls_of(bot))["Ann"])
            await eventually(lambda: open_calls(card_of(bot)) == 2)
        async with bench(tmp_path, slack=slack, **paying()) as bot:
            calls = await calls_of(bot)
            await reject(bot, calls["Ben"])
            await edit(bot, calls["Cem"])
            await bot.finished()
            await settled(bot)

            assert "The 3 calls of helper are answered" in shown(card_of(bot))
            assert bot.effects.published == ["Cem: 30"]


async def test_h17_many_calls_stand_on_several_cards(tmp_path: Path):
    """Of about the same size, each with its own calls."""
    async with bench(tmp_path, **paying(7)) as bot:
        await asked(bot, 7)
        first, second = posts(bot)

        assert (open_calls(first), open_calls(second)) == (3, 4)
        assert "4 to 7 of 7 calls of this turn" in shown(second)


async def test_h17_calls_that_are_asked_elsewhere_stand_there(tmp_path: Path):
    """A gate's own channel gets a message of its own, which looks as ever."""
    async with bench(tmp_path, **paying(Cem={"channel": "C0GENERAL"})) as bot:
        await asked(bot)
        [other] = [m for m in bot.sim.messages("C0GENERAL") if m.get("bot_id")]

        assert open_calls(card_of(bot)) == 2
        assert "Call 3 of 3 of this turn" in shown(other)


async def test_h17_approvers_that_differ_are_named_at_each_call(tmp_path: Path):
    """What is not the same for all is said where it holds."""
    async with bench(tmp_path, **paying(Cem={"approvers": "U0DAVE"})) as bot:
        calls = await asked(bot)
        refused = await touch(bot, "U0DAVE", card_of(bot), calls["Ann"], "Approve")
        await bot.told("U0DAVE", "it takes")
        await touch(bot, "U0DAVE", card_of(bot), calls["Cem"], "Approve")
        await eventually(lambda: open_calls(card_of(bot)) == 2)

        assert refused.ok
        assert bot.effects.published == ["Cem: 40"]


async def test_h17_a_call_by_itself_looks_as_ever(tmp_path: Path):
    """Nothing is said of a turn."""
    async with bench(tmp_path, **paying(1)) as bot:
        await asked(bot, 1)

        assert labels(card_of(bot)) == {"Approve", "Edit arguments…", "Reject…"}
        assert "turn" not in shown(card_of(bot))


async def test_h17_copies_of_calls_are_one_each(tmp_path: Path):
    """A direct message names the other calls, and is brought up to date by itself."""
    gates = {name: {"direct": True, "approvers": "U0BOB"} for name in PAID}
    async with bench(tmp_path, **paying(**gates)) as bot:
        calls = await asked(bot)
        await eventually(lambda: len(bot.directs("U0BOB")) == 3)
        await approve(bot, calls["Ann"])
        await eventually(lambda: open_calls(card_of(bot)) == 2)
        await bot.direct("U0BOB", "Approved by")

        assert sum("Call 2 of 3" in shown(each) for each in bot.directs("U0BOB")) == 1


async def test_h17_the_thread_of_a_card_says_which_call_it_is_about(tmp_path: Path):
    """By the number that the call has on the card."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        await approve(bot, calls["Ben"])
        await bot.news(card_of(bot), "*2.* ✅ Approved by")
        await bot.engine.comment(calls["Cem"].id, "Who is Cem?", by="U0BOB", surface="cli")
        comment = await bot.news(card_of(bot), "Who is Cem?")

        assert "*3.* " in shown(comment)


async def test_h17_calls_of_a_card_are_reminded_of_together(tmp_path: Path):
    """Once in the thread, for all that are open."""
    now = clock()
    late = {
        "timeout": timedelta(hours=4),
        "on_timeout": "reject",
        "remind_before": timedelta(hours=3),
    }
    async with bench(tmp_path, clock=now, **paying(Ann=late, Ben=late, Cem=late)) as bot:
        calls = await asked(bot)
        await approve(bot, calls["Ann"])
        await eventually(lambda: open_calls(card_of(bot)) == 2)
        await pass_time(bot, now, timedelta(hours=1, minutes=1))
        thread = bot.sim.thread(CHANNEL, card_of(bot)["ts"])
        reminders = [each for each in thread if "still waiting for your answer" in shown(each)]

        assert len(reminders) == 1
        assert "The same goes for 1 more of these calls" in shown(reminders[0])
