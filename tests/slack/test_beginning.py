"""Requests that come before the bot has begun to work, or where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.slack.bench import CHANNEL, Bench, eventually


async def press(bot: Bench, question: dict[str, Any]) -> bool:
    """Press Approve; return whether Slack was told that it is recorded."""
    return (await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")).ok


@pytest.mark.parametrize("is_open", [False, True])
async def test_w3_a_click_that_finds_no_workspace_is_not_confirmed(
    http_bot: Bench, monkeypatch: pytest.MonkeyPatch, *, is_open: bool
):
    """A server that is being started takes requests a moment before it can record them."""
    question = await http_bot.ask()
    with monkeypatch.context() as early:
        early.setattr(http_bot.surface, "_branches", {})
        early.setattr(http_bot.surface, "is_open", is_open)

        assert not await press(http_bot, question)
        assert http_bot.surface.statistics().is_ready is is_open

    assert await press(http_bot, question)
    await eventually(lambda: http_bot.effects.published)
    assert len(http_bot.effects.published) == 1
