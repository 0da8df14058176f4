"""The card of a turn where its channel cannot be used, or not any more."""

from __future__ import annotations

from pathlib import Path

from tests.slack.bench import CHANNEL, bench, eventually, shown
from tests.slack.dialogue import settled
from tests.slack.turning import all_delivered, card_of, open_calls, paying, posts, touch

FINANCE = "G0FINANCE"
GENERAL = "C0GENERAL"
PAID = ("Ann", "Ben", "Cem")


async def test_h17_a_card_stands_in_the_fallback_channel(tmp_path: Path):
    """All calls together, as they would have stood at home, to which they are moved together."""
    async with bench(tmp_path, fallback_channel=GENERAL, **paying()) as bot:
        bot.sim.staging.archive(CHANNEL)
        await bot.sim.command("U0ALICE", GENERAL, "/signoff run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        [there] = [m for m in bot.sim.messages(GENERAL) if m.get("bot_id")]

        assert open_calls(there) == 3
        assert "belongs in" in shown(there)

        bot.sim.staging.unarchive(CHANNEL)
        await bot.engine.repost(calls["Ben"].id, by="U0ALICE")
        await eventually(lambda: len(posts(bot)) == 1)
        await settled(bot)
        [there] = [m for m in bot.sim.messages(GENERAL) if m.get("bot_id")]

        assert open_calls(card_of(bot)) == 3
        assert (open_calls(there), "belongs in" in shown(card_of(bot))) == (0, False)


async def test_h17_a_card_goes_to_the_operators(tmp_path: Path):
    """The first gets the card, the others a copy of each call."""
    gates = {name: {"channel": FINANCE, "approvers": "U0DAVE"} for name in PAID}
    operators = ("U0DAVE", "U0CAROL")
    async with bench(tmp_path, operators=operators, **paying(**gates)) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        [card] = [each for each in bot.directs("U0DAVE") if open_calls(each)]

        assert open_calls(card) == 3
        assert sum(open_calls(each) for each in bot.directs("U0CAROL")) == 3

        direct = bot.sim.direct("U0DAVE")
        for approval in calls.values():
            await touch(bot, "U0DAVE", card, approval, "Approve", channel=direct)
            await settled(bot)
            card = next(each for each in bot.directs("U0DAVE") if each["ts"] == card["ts"])
        await bot.finished()

        assert len(bot.effects.published) == 3
        assert open_calls(card) == 0


async def test_h17_a_card_leaves_a_channel_that_was_archived(tmp_path: Path):
    """With all its calls, and what is left behind is brought up to date when that can be."""
    async with bench(tmp_path, fallback_channel=GENERAL, **paying()) as bot:
        await bot.run("run agent")
        calls = await all_delivered(bot, 3)
        await settled(bot)
        bot.sim.staging.archive(CHANNEL)
        await bot.engine.decide(calls["Ann"].id, "approve", by="U0BOB", surface="cli")

        def find() -> int:
            return sum(open_calls(m) for m in bot.sim.messages(GENERAL) if m.get("bot_id"))

        await eventually(lambda: find() == 2)
        await settled(bot)
        [there] = [m for m in bot.sim.messages(GENERAL) if m.get("bot_id")]

        assert "Approved by <@U0BOB>" in shown(there)

        bot.sim.staging.unarchive(CHANNEL)
        for name in ("Ben", "Cem"):
            await bot.engine.decide(calls[name].id, "approve", by="U0BOB", surface="cli")
        await bot.finished()
        await settled(bot)

        assert find() == 0
        assert open_calls(card_of(bot)) == 0
        assert "The 3 calls of helper are answered" in shown(card_of(bot))
