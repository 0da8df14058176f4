"""Where the questions of a workspace go, as people say it there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.slack.app import CHANNEL_SCOPE
from tests.slack.bench import CHANNEL, DECIDING, Bench, bench, eventually, labels, shown


async def said(bot: Bench, text: str, user: str = "U0ALICE") -> str:
    """Return what the command answers."""
    ack = await bot.run(text, user=user)

    assert ack.ok, ack
    return str(ack.body["text"])


async def test_s11_questions_go_where_an_administrator_says(socket_bot: Bench) -> None:
    """At once; the choice is kept, and a later one replaces it."""
    answer = await said(socket_bot, "channel #deploys")
    await eventually(lambda: socket_bot.surface.tools.channel == "C0DEPLOYS")
    await socket_bot.run()

    def asked() -> dict[str, Any] | None:
        found = socket_bot.sim.messages("C0DEPLOYS")
        return next((each for each in found if labels(each) & DECIDING), None)

    await socket_bot.sim.until(asked, timeout=8)
    assert "<#C0DEPLOYS>" in answer
    assert await socket_bot.engine.values.get(CHANNEL_SCOPE, "") == "C0DEPLOYS"
    assert "<#C0DEPLOYS>" in await said(socket_bot, "channel")


@pytest.mark.parametrize(
    "word", ["here", "#approvals", "approvals", CHANNEL, f"<#{CHANNEL}|approvals>"]
)
async def test_s11_a_channel_may_be_named_in_several_ways(socket_bot: Bench, word: str) -> None:
    """As people write them, and as Slack does."""
    assert f"<#{CHANNEL}>" in await said(socket_bot, f"channel {word}")


@pytest.mark.parametrize(
    ("user", "word", "words"),
    [
        ("U0BOB", "#deploys", "Only an administrator"),
        ("U0ALICE", "#nowhere", "I see no channel"),
        ("U0ALICE", "C0NOWHERE", "I see no channel"),
        ("U0ALICE", "#old", "I see no channel"),
        ("U0ALICE", "C0DEPLOYS", "is archived"),
        ("U0ALICE", "C0GENERAL", "I am not in"),
    ],
)
async def test_s11_what_cannot_be_used_is_refused_with_the_reason(
    socket_bot: Bench, user: str, word: str, words: str
) -> None:
    """And nothing is changed."""
    if words == "is archived":
        socket_bot.sim.staging.archive("C0DEPLOYS")
    if words == "I am not in":
        socket_bot.sim.staging.remove("C0GENERAL", "U0SIGNOFF")

    assert words in await said(socket_bot, f"channel {word}", user)
    assert await socket_bot.engine.values.get(CHANNEL_SCOPE, "") is None


async def test_s11_slack_away_is_told(socket_bot: Bench) -> None:
    """The administrator may try again."""
    failure = {"method": "conversations.info", "error": "internal_error", "count": 5}
    socket_bot.sim.faults.fail_next.append(failure)
    answer = await said(socket_bot, "channel C0DEPLOYS")

    assert "Nothing was changed" in answer


async def test_s11_the_choice_outlives_the_process(tmp_path: Path) -> None:
    """Whoever serves next asks there."""
    async with bench(tmp_path) as first:
        await said(first, "channel #deploys")
    async with bench(tmp_path) as second:
        assert second.surface.tools.channel == "C0DEPLOYS"


async def test_s11_without_a_channel_operators_are_asked_and_told_why(tmp_path: Path) -> None:
    """Until somebody says where questions go."""
    async with bench(tmp_path, channel="", operators=["U0CAROL"]) as bot:
        await bot.run()

        def asked() -> dict[str, Any] | None:
            found = bot.sim.messages(bot.sim.direct("U0CAROL"))
            return next((each for each in found if labels(each) & DECIDING), None)

        message = await bot.sim.until(asked, timeout=8)

        assert "/signoff channel #name" in shown(message)
