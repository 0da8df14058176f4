"""A Slack that takes no tables: messages without them, and one refused call an hour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.slack.sending import calls as module
from orchestrator.graph import Graph, GraphBuilder
from tests.slack.bench import Effects, bench, shown
from tests.slack.test_sender import calls

ROWS = [{"city": "Bern", "km": 1}, {"city": "Rome", "km": 2}]
REFUSAL = {"fail_next": {"method": "chat.postMessage", "error": "invalid_blocks", "count": 1}}


def routes(_effects: Effects) -> list[Graph]:
    """Return a graph that asks about a table."""
    gate: dict[str, Any] = {"approvers": "U0BOB", "title": "Go?", "review_keys": ["rows"]}
    return [
        GraphBuilder("routes")
        .task("plan", lambda _context: {"rows": ROWS})
        .approval("review", **gate)
        .edge("plan", "review")
        .start("plan")
        .ends("review")
        .build()
    ]


def kinds_of(message: dict[str, Any]) -> set[str]:
    """Return the types of a message's blocks."""
    return {block["type"] for block in message["blocks"]}


async def test_s1_a_slack_that_refuses_tables_is_sent_none_for_an_hour(tmp_path: Path):
    """The first is sent again without; those after it at once, with everything else they have."""
    async with bench(tmp_path, graphs=routes) as bot:
        bot.sim.faults.update(REFUSAL)
        first = await bot.ask("run routes")
        count = len(calls(bot, "chat.postMessage"))
        await bot.press("U0BOB", first, "Approve")
        await bot.outcome("Approved by")
        second = await bot.ask("run routes")

        assert count == 2
        posted = [
            each for each in calls(bot, "chat.postMessage") if "thread_ts" not in each.request
        ]
        assert len(posted) == 3
        for message in (first, second):
            assert "table" not in kinds_of(message)
            assert "header" in kinds_of(message)
            assert "Rome" in shown(message)


async def test_s1_after_an_hour_a_table_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """By then Slack may take it."""
    monkeypatch.setattr(module, "_WITHOUT_TABLES", 0.0)
    async with bench(tmp_path, graphs=routes) as bot:
        bot.sim.faults.update(REFUSAL)
        first = await bot.ask("run routes")
        await bot.press("U0BOB", first, "Approve")
        await bot.outcome("Approved by")
        second = await bot.ask("run routes")

        assert "table" not in kinds_of(first)
        assert "table" in kinds_of(second)


async def test_s1_a_message_that_is_refused_without_its_table_too_says_nothing_of_tables(
    tmp_path: Path,
):
    """It is sent in the oldest blocks, and the next one with its table."""
    async with bench(tmp_path, graphs=routes) as bot:
        refusal = {**REFUSAL["fail_next"], "count": 2}
        bot.sim.faults.update({"fail_next": refusal})
        first = await bot.ask("run routes")
        await bot.press("U0BOB", first, "Approve")
        await bot.outcome("Approved by")
        second = await bot.ask("run routes")

        assert "header" not in kinds_of(first)
        assert "Rome" in shown(first)
        assert "table" in kinds_of(second)
