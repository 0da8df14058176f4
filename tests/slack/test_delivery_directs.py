"""Copies of questions, and other direct messages: sent once, and true to the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.graph import Graph
from orchestrator.graph.policy import any_of, quorum
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, Effects, bench, labels, shown
from tests.slack.dialogue import settled
from tests.slack.test_sender import calls

EDITORS = ("U0BOB", "U0CAROL")


def direct(policy: Any = None) -> Any:
    """Return what makes a graph whose question each approver also gets by direct message."""

    def make(effects: Effects) -> list[Graph]:
        return [kinds.confirmed(effects, policy or any_of("@editors"), direct=True)]

    return make


async def copies(bot: Bench) -> list[dict[str, Any]]:
    """Return Bob's and Carol's copies of the question."""
    return [await bot.direct(person, "Do it?") for person in EDITORS]


async def test_s8_every_copy_of_a_question_shows_votes_and_outcome(tmp_path: Path):
    """Whichever was clicked; each is edited in place, and nobody gets a second message for it."""
    async with bench(tmp_path, graphs=direct(quorum(2, "@editors"))) as bot:
        question = await bot.ask("run confirmed")
        bob, carol = await copies(bot)

        assert labels(bob) == labels(question)

        await bot.sim.click("U0BOB", bot.sim.direct("U0BOB"), bob["ts"], label="Approve")
        await bot.edited(question["ts"], "1 of 2")
        await bot.direct("U0CAROL", "1 of 2")
        await bot.press("U0CAROL", question, "Approve")
        await bot.outcome("Approved by")
        for person, copy in zip(EDITORS, (bob, carol), strict=True):
            edited = await bot.direct(person, "Approved by")

            assert edited["ts"] == copy["ts"]
            assert "Approve" not in labels(edited)


async def test_a_copy_whose_answer_is_lost_is_found_again(tmp_path: Path):
    """In the history of the direct messages, by the mark that it carries."""
    async with bench(tmp_path, graphs=direct(any_of("U0BOB"))) as bot:
        bot.sim.faults.update({"lose_answer_next": 2, "lose_answer_method": "chat.postMessage"})
        question = await bot.ask("run confirmed")
        await bot.direct("U0BOB", "Do it?")
        await settled(bot)
        await bot.press("U0BOB", question, "Approve")
        await bot.direct("U0BOB", "Approved by")
        await settled(bot)

        assert len(bot.messages()) == 1
        assert len([m for m in bot.directs("U0BOB") if "Do it?" in shown(m)]) == 1
        assert calls(bot, "conversations.history", bot.sim.direct("U0BOB"))


async def test_a_person_who_has_left_holds_up_nobody(tmp_path: Path):
    """Their copy is given up; the others are told."""
    async with bench(tmp_path, graphs=direct(any_of(" ".join(EDITORS)))) as bot:
        fault = {"method": "conversations.open", "error": "user_disabled", "count": 1}
        bot.sim.faults.update({"fail_next": fault})
        await bot.ask("run confirmed")
        await settled(bot)

        assert sorted(len(bot.directs(person)) for person in EDITORS) == [0, 1]


async def test_a_slow_channel_keeps_no_other_channel_waiting(tmp_path: Path):
    """While one message waits for its second, people get theirs."""
    async with bench(tmp_path, graphs=direct(), message_interval=2.0) as bot:
        await bot.ask("run confirmed")
        await copies(bot)
        posts = [
            entry
            for entry in bot.sim.log
            if entry.kind == "api" and entry.name == "chat.postMessage"
        ]

        assert posts[2].at - posts[0].at < 2.0


@pytest.mark.parametrize("person", EDITORS)
async def test_a_decision_in_a_copy_is_a_decision(tmp_path: Path, person: str):
    """The run goes on, and the channel shows who decided."""
    async with bench(tmp_path, graphs=direct()) as bot:
        await bot.ask("run confirmed")
        copy = await bot.direct(person, "Do it?")
        await bot.sim.click(person, bot.sim.direct(person), copy["ts"], label="Approve")
        await bot.outcome(f"Approved by <@{person}>")

        assert (await bot.finished()).status == "completed"
        assert bot.effects.published == ["work"]
        assert [m for m in bot.sim.messages(CHANNEL) if m.get("bot_id")]
