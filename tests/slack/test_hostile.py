"""Payloads that would ping, overflow or mislead, through the whole bot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.graph import Graph, GraphBuilder
from tests.slack.bench import CHANNEL, Bench, Effects, bench, labels, mrkdwn_texts, pings, shown
from tests.slack.samples import HOSTILE


def carrier(payload: dict[str, Any]) -> Graph:
    """Return a graph whose gate shows a given payload."""
    return (
        GraphBuilder("carrier")
        .task("write", lambda _context: payload)
        .approval("review", approvers="U0BOB", title="Send it?")
        .edge("write", "review")
        .task("send", lambda _context: {"sent": True})
        .edge("review", "send")
        .start("write")
        .ends("send")
        .build()
    )


def graphs(payload: dict[str, Any]) -> Any:
    """Return what `bench` takes."""

    def make(_effects: Effects) -> list[Graph]:
        return [carrier(payload)]

    return make


PAYLOADS = [
    pytest.param({"text": HOSTILE * 30, HOSTILE: HOSTILE}, id="hostile"),
    pytest.param({"text": "word " * 12_000}, id="60 kB"),
    pytest.param({f"key_{n}": f"value {n}" for n in range(1000)}, id="1000 keys"),
    pytest.param({"text": "🦋" * 20_000}, id="emoji"),
]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_s1_a_hostile_payload_is_asked_shown_and_decided(
    tmp_path: Path, payload: dict[str, Any]
):
    """The question comes in its full form, Show all works, and nobody is pinged."""
    async with bench(tmp_path, graphs=graphs(payload)) as bot:
        question = await bot.ask("run carrier")

        assert {"Approve", "Reject…", "Show all"} == labels(question)
        assert set() == pings(question)
        assert not any("<https://evil" in text for text in mrkdwn_texts(question))
        assert [e for e in bot.sim.log if e.status == "error" and e.kind == "api"] == []

        await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Show all")
        window = await bot.sim.until(lambda: bot.sim.views("U0BOB"))

        assert len(json.dumps(window[0]["blocks"])) > 1000 or "hostile" in str(payload)
        assert "<!channel>" not in shown(window[0])

        await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")

        assert (await bot.finished()).status == "completed"


async def test_s1_show_all_holds_every_word(tmp_path: Path):
    """60 kB of prose are in the window to the last word."""
    words = " ".join(f"word{n}" for n in range(6000))
    async with bench(tmp_path, graphs=graphs({"text": words})) as bot:
        question = await bot.ask("run carrier")
        await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Show all")
        texts: list[str] = []
        for page in range(1, 10):
            window = await page_of(bot, page, 9)
            texts += [b["text"]["text"] for b in window["blocks"] if b["type"] == "section"]
            if page < 9:
                await bot.sim.click_view("U0BOB", window["id"], label="Next")
        await bot.sim.click_view("U0BOB", window["id"], label="Previous")

        assert words in "".join(texts)
        assert await page_of(bot, 8, 9)


async def page_of(bot: Bench, page: int, count: int) -> dict[str, Any]:
    """Wait for a page of the window."""

    def find() -> dict[str, Any] | None:
        views = bot.sim.views("U0BOB")
        return views[-1] if views and f"page {page} of {count}" in shown(views[-1]) else None

    return await bot.sim.until(find)


async def test_a_hostile_topic_and_comment_never_ping(socket_bot: Bench):
    """Titles, comments and reasons are from outside too."""
    await socket_bot.run("run publish topic='<!channel> <!here> <@U0CAROL>'")
    question = await socket_bot.question()
    await socket_bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Reject…")
    modal = await socket_bot.sim.until(lambda: socket_bot.sim.views("U0BOB"))
    values = {"signoff_reason": {"text": {"type": "plain_text_input", "value": "<!everyone>"}}}
    await socket_bot.sim.submit("U0BOB", modal[0]["id"], values)
    outcome = await socket_bot.outcome("Rejected by")

    assert set() == pings(question) | pings(outcome)
    assert "<@U0CAROL>" not in " ".join(mrkdwn_texts(question) + mrkdwn_texts(outcome))
    assert "everyone" in shown(outcome)
