"""Dialogues: the thread of a question tells the run's story, and calls nobody by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.graph import Graph, GraphBuilder
from orchestrator.graph.policy import quorum
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, Effects, bench
from tests.slack.dialogue import asking, settled
from tests.slack.test_kinds import only


def two_questions(effects: Effects) -> Graph:
    """Return a graph that asks Bob, and then Carol."""
    return (
        GraphBuilder("twice")
        .task("draft", kinds.noting(effects), confirm={"approvers": "U0BOB", "title": "Draft it?"})
        .task("print", kinds.noting(effects), confirm={"approvers": "U0CAROL", "title": "Print?"})
        .edge("draft", "print")
        .start("draft")
        .ends("print")
        .build()
    )


def story(bot: Bench, message: dict[str, Any]) -> list[str]:
    """Return what stands in a question's thread, line by line."""
    texts = [each["text"] for each in bot.sim.thread(CHANNEL, message["ts"])[1:]]
    return [line for text in texts for line in text.split("\n")]


async def test_s2_the_thread_tells_votes_the_outcome_and_the_end(tmp_path: Path):
    """Who, what and when, by names that call nobody; each once."""
    make = asking(quorum(2, "U0BOB U0CAROL U0DAVE"))
    async with bench(tmp_path, **make) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        await bot.press("U0BOB", question, "Approve")
        await bot.news(question, "*bob* approved")
        await bot.press("U0CAROL", question, "Approve")
        await bot.finished()
        await bot.news(question, "is completed")
        await settled(bot)
        lines = story(bot, question)

        assert lines[0].startswith("✓ *bob* approved · <!date^")
        assert lines[0].endswith("1 of 2 · waiting for *carol* or *dave*")
        assert lines[1].startswith("✅ Approved by *bob* and *carol*")
        assert lines[-1].startswith("🏁 Run `r-")
        assert len(lines) == 3
        assert all("<@" not in line and "<!subteam" not in line for line in lines)


async def test_s2_the_story_calls_nobody(tmp_path: Path):
    """Nobody's phone rings for a vote, an outcome, or an end."""
    async with bench(tmp_path, **asking(kinds.TWO)) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        await bot.press("U0BOB", question, "Approve")
        await bot.news(question, "approved")
        await bot.press("U0CAROL", question, "Approve")
        await bot.news(question, "is completed")
        await settled(bot)
        thread = {each["ts"] for each in bot.sim.thread(CHANNEL, question["ts"])[1:]}
        rung = {each["ts"] for who in bot.sim.world.users for each in bot.sim.pings(who)}

        assert thread
        assert not thread & rung


async def test_s2_a_run_with_two_questions_leads_from_one_to_the_next(tmp_path: Path):
    """The first thread has a link to the second question."""
    async with bench(tmp_path, **only(two_questions)) as bot:
        first = await bot.ask("run twice")
        await settled(bot)
        await bot.press("U0BOB", first, "Approve")
        await bot.news(first, "Next in this run")
        second = await bot.question()
        await bot.press("U0CAROL", second, "Approve")
        await bot.news(second, "is completed")
        await settled(bot)
        lines = story(bot, first)
        last = story(bot, second)

        assert any("Approved by *bob*" in line for line in lines)
        assert lines[-1].startswith("➡️ Next in this run: <https://")
        assert lines[-1].endswith("|Print?>")
        assert second["ts"].replace(".", "") in lines[-1]
        assert "Approved by *carol*" in last[0]


async def test_s2_a_comment_of_a_vote_is_in_its_line(tmp_path: Path):
    """A rejection that is not enough yet says why; its text can do nothing."""
    policy = replace(quorum(2, "U0BOB U0CAROL U0DAVE"), deny_threshold=2)
    async with bench(tmp_path, **asking(policy)) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        approval = await bot.approval()
        await bot.engine.decide(
            approval.id, "reject", by="U0BOB", surface="cli", comment="Too <!channel> early"
        )
        line = await bot.news(question, "*bob* rejected")

        assert "“Too &lt;!channel&gt; early”" in line["text"]


async def test_s2_a_failed_run_says_so_in_the_thread(tmp_path: Path):
    """With the error."""

    def fail(_context: object) -> None:
        raise RuntimeError("out of paper")

    gate = {"approvers": "@editors", "title": "Print?"}
    graphs = [kinds.one("printing", fail, confirm=gate)]
    async with bench(tmp_path, graphs=lambda _effects: graphs) as bot:
        question = await bot.ask("run printing")
        await bot.press("U0BOB", question, "Approve")
        line = await bot.news(question, "out of paper")

        assert "❌ Run `r-" in line["text"]
