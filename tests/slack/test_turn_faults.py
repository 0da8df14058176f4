"""The card of a turn when something goes wrong: one card in the end, and each call once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import Simulator
from bot.slack.sending.outbox import LEASE
from bot.slack.sending.turns import Turns
from orchestrator.runtime import SystemClock
from orchestrator.store.records import Approval, Message
from orchestrator.testing import FakeClock
from tests.slack.bench import CHANNEL, Bench, bench, eventually, shown
from tests.slack.dialogue import clock, pass_time, settled
from tests.slack.turning import (
    all_delivered,
    calls_of,
    card_of,
    open_calls,
    paying,
    posts,
    touch,
)


def once_broken() -> tuple[list[str], Any]:
    """Return a hook at which the first post of a process is the last that it does."""
    reached: list[str] = []

    def hook(point: str) -> None:
        reached.append(point)
        if len(reached) == 1:
            raise RuntimeError("killed")

    return reached, hook


_LOOKS = 4  # of two calls, before and after they are posted


async def live_cards(bot: Bench) -> list[dict[str, Any]]:
    """Return the messages with calls that can be approved."""
    return [message for message in bot.messages() if open_calls(message)]


async def test_h17_a_crash_before_the_record_leaves_one_card(tmp_path: Path):
    """The card is found again by its metadata."""
    reached, hook = once_broken()
    # Slack finds what was posted by its own time.
    now = FakeClock(SystemClock().now())
    async with bench(tmp_path, clock=now, hook=hook, **paying()) as bot:
        await bot.run("run agent")
        await eventually(lambda: reached == ["after_post"])
        await pass_time(bot, now, LEASE + timedelta(seconds=1))
        await all_delivered(bot, 3)
        await settled(bot)

        assert len(bot.messages()) == 1
        assert open_calls(card_of(bot)) == 3


async def test_h17_a_call_that_overtakes_a_lost_answer_finds_the_card(tmp_path: Path):
    """Whoever comes next looks for what the first try may have posted."""
    async with bench(tmp_path, **paying()) as bot:
        bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)

        assert len(bot.messages()) == 1

        for approval in calls.values():
            await touch(bot, "U0BOB", card_of(bot), approval, "Approve")
        await bot.finished()

        assert len(bot.effects.published) == 3


async def test_h17_two_processes_post_one_card(tmp_path: Path):
    """Both work on one file, and whoever is second joins the first."""
    async with (
        Simulator() as slack,
        bench(tmp_path, slack=slack, **paying(5)) as bot,
        bench(tmp_path, slack=slack, **paying(5)) as other,
    ):
        await bot.run("run agent")
        calls = await all_delivered(bot, 5)
        await settled(bot)

        assert len(await live_cards(bot)) == 1

        for approval in calls.values():
            await touch(bot, "U0BOB", card_of(bot), approval, "Approve")
        await bot.finished()
        await settled(bot)

        published = bot.effects.published + other.effects.published

        assert len(published) == 5
        assert await live_cards(bot) == []


async def test_h17_two_cards_of_a_turn_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As two processes post when both look before either has posted."""
    find_card = Turns.find_card
    looks: list[str] = []

    async def blind(turns: Turns, approval: Approval, before: Message | None) -> Message | None:
        looks.append(approval.id)
        return await find_card(turns, approval, before) if len(looks) > _LOOKS else None

    async def is_never(*_args: Any) -> bool:
        return False

    monkeypatch.setattr(Turns, "find_card", blind)
    monkeypatch.setattr(Turns, "is_late", is_never)
    async with bench(tmp_path, **paying()) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        first, second = posts(bot)

        assert (open_calls(first), open_calls(second)) == (3, 0)
        assert "This is asked anew" in shown(second)

        for approval in calls.values():
            await touch(bot, "U0BOB", posts(bot)[0], approval, "Approve")
        await bot.finished()
        await settled(bot)

        assert "The 3 calls of helper are answered" in shown(posts(bot)[0])


@pytest.mark.parametrize("answered", [False, True])
async def test_h17_a_deleted_card_is_posted_anew_with_its_open_calls(
    tmp_path: Path, *, answered: bool
):
    """Once, whichever of its calls notices."""
    async with bench(tmp_path, **paying()) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        bot.sim.staging.delete_message(CHANNEL, card_of(bot)["ts"])
        if answered:
            await bot.engine.decide(calls["Ann"].id, "approve", by="U0BOB", surface="cli")
        else:
            for each in calls.values():
                await bot.engine.comment(each.id, "Why now?", by="U0BOB", surface="cli")
        await eventually(lambda: bool(bot.open_questions()))
        await settled(bot)

        assert open_calls(card_of(bot)) == (2 if answered else 3)
        assert len(posts(bot)) == 1

        for name in ("Ben", "Cem"):
            await touch(bot, "U0BOB", card_of(bot), calls[name], "Approve")
        if not answered:
            await touch(bot, "U0BOB", card_of(bot), calls["Ann"], "Approve")
        await bot.finished()
        await settled(bot)

        assert len(bot.effects.published) == 3
        assert open_calls(card_of(bot)) == 0


@pytest.mark.parametrize("answered", [False, True])
async def test_h17_a_card_that_was_posted_anew_and_deleted_comes_again(
    tmp_path: Path, *, answered: bool
):
    """No open call is lost from the channel, and nothing loops when people delete on and on."""
    async with bench(tmp_path, **paying()) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        for _ in range(2):
            shown_before = len(posts(bot))
            await bot.engine.repost(calls["Cem"].id, by="U0ALICE")
            await eventually(lambda count=shown_before: len(posts(bot)) > count)
            await settled(bot)
            bot.sim.staging.delete_message(CHANNEL, posts(bot)[-1]["ts"])
            if answered and calls["Ann"].is_open:
                await bot.engine.decide(calls["Ann"].id, "approve", by="U0BOB", surface="cli")
                calls |= await calls_of(bot)
            else:
                await bot.engine.comment(calls["Ben"].id, "Why now?", by="U0BOB", surface="cli")
            await settled(bot)

            assert open_calls(posts(bot)[-1]) == (2 if answered else 3)

        for _ in range(2):
            for message in await live_cards(bot):
                bot.sim.staging.delete_message(CHANNEL, message["ts"])
            for name in ("Ben", "Cem"):
                await bot.engine.comment(calls[name].id, "And now?", by="U0BOB", surface="cli")
            await settled(bot)

        assert await live_cards(bot) == []


async def test_h17_cards_that_became_one_come_again_when_it_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """That the calls were moved does not count as posted anew after a deletion."""
    find_card = Turns.find_card
    looks: list[str] = []

    async def blind(turns: Turns, approval: Approval, before: Message | None) -> Message | None:
        looks.append(approval.id)
        return await find_card(turns, approval, before) if len(looks) > _LOOKS else None

    async def is_never(*_args: Any) -> bool:
        return False

    monkeypatch.setattr(Turns, "find_card", blind)
    monkeypatch.setattr(Turns, "is_late", is_never)
    async with bench(tmp_path, **paying()) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        bot.sim.staging.delete_message(CHANNEL, posts(bot)[0]["ts"])
        for each in calls.values():
            await bot.engine.comment(each.id, "Why now?", by="U0BOB", surface="cli")
        await settled(bot)

        assert [open_calls(message) for message in await live_cards(bot)] == [3]


async def test_h17_a_card_that_is_posted_anew_takes_its_calls_along(tmp_path: Path):
    """The old one says so, and no button is left on it."""
    async with bench(tmp_path, **paying()) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        await touch(bot, "U0BOB", card_of(bot), calls["Ann"], "Approve")
        await eventually(lambda: open_calls(card_of(bot)) == 2)
        await bot.engine.repost(calls["Cem"].id, by="U0ALICE")
        await eventually(lambda: len(posts(bot)) == 2)
        await settled(bot)
        old, new = posts(bot)

        assert "This is asked anew" in shown(old)
        assert (open_calls(old), open_calls(new)) == (0, 2)
        assert "Approved by <@U0BOB>" in shown(new)

        for name in ("Ben", "Cem"):
            await touch(bot, "U0BOB", new, calls[name], "Approve")
        await bot.finished()
        await settled(bot)

        assert "The 3 calls of helper are answered" in shown(posts(bot)[-1])


async def test_h17_a_call_expires_while_others_stay_open(tmp_path: Path):
    """Its part says so, and each deadline stands at its call."""
    now = clock()
    short = {"timeout": timedelta(minutes=5), "on_timeout": "reject"}
    async with bench(tmp_path, clock=now, **paying(Ben=short)) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)

        assert "*Decide by* <!date" in shown(card_of(bot))

        await pass_time(bot, now, timedelta(minutes=6))
        await eventually(lambda: open_calls(card_of(bot)) == 2)

        assert "Expired" in shown(card_of(bot))

        for name in ("Ann", "Cem"):
            await touch(bot, "U0BOB", card_of(bot), calls[name], "Approve")
        await bot.finished()

        assert sorted(bot.effects.published) == ["Ann: 40", "Cem: 40"]


async def test_h17_a_card_whose_blocks_slack_refuses_is_plain(tmp_path: Path):
    """It has its buttons all the same."""
    async with bench(tmp_path, **paying()) as bot:
        refused = {"method": "chat.postMessage", "error": "invalid_blocks", "count": 1}
        bot.sim.faults.update({"fail_next": [refused]})
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)

        assert open_calls(card_of(bot)) == 3
        assert all(each.ref in shown(card_of(bot)) for each in calls.values())


async def test_h17_answers_at_the_same_instant_each_count(tmp_path: Path):
    """Three people press at once, and the card ends with all outcomes."""
    async with bench(tmp_path, **paying()) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        message = card_of(bot)
        clicks = [touch(bot, "U0BOB", message, each, "Approve") for each in calls.values()]
        await asyncio.gather(*clicks)
        await bot.finished()
        await settled(bot)

        assert len(bot.effects.published) == 3
        assert "The 3 calls of helper are answered" in shown(card_of(bot))
        assert {each.status for each in (await calls_of(bot)).values()} == {"approved"}
