"""Dialogues: who is told by direct message how questions and runs ended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.simulator import Simulator
from bot.simulator.world import User
from bot.slack.people.preferences import graph_subject
from orchestrator.graph.policy import any_of
from tests.slack import kinds
from tests.slack.bench import CHANNEL, bench, button, shown
from tests.slack.dialogue import asking, clock, pass_time, reject, settled, told


async def test_s8_the_requester_is_told_the_outcome_and_the_end(tmp_path: Path):
    """Who, what, when, the comment, what the run does now; who decided hears nothing."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        await reject(bot, "U0BOB", question, "Not on a Friday")
        outcome = await bot.direct("U0ALICE", "Rejected by <@U0BOB>")
        await bot.direct("U0ALICE", "was cancelled")
        await settled(bot)
        link = button(outcome, "Open the question")["url"]

        assert "Do it?" in outcome["text"]
        assert "after it was asked" in outcome["text"]
        assert "Not on a Friday" in shown(outcome)
        assert link.startswith("https://")
        assert CHANNEL in link
        assert set(told(bot)) == {"U0ALICE"}


async def test_s8_who_decided_by_themselves_is_not_told_the_outcome(tmp_path: Path):
    """The end of the run is news to them all the same."""
    async with bench(tmp_path, **asking(any_of("U0ALICE"))) as bot:
        question = await bot.ask("run confirmed")
        await bot.press("U0ALICE", question, "Approve")
        await bot.finished()
        end = await bot.direct("U0ALICE", "is completed")
        await settled(bot)

        assert "Approved by" not in shown(end)
        assert told(bot) == {"U0ALICE": 1}


async def test_s8_who_cancelled_the_run_is_not_told_of_it(tmp_path: Path):
    """Nor of the question that fell away with it."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        run = await bot.last_run()
        await bot.run("follow confirmed", user="U0DAVE")
        await bot.engine.cancel(run.id, by="U0ALICE", surface="slack")
        await bot.finished()
        end = await bot.direct("U0DAVE", "was cancelled by <@U0ALICE>")
        await bot.edited(question["ts"], "Withdrawn")
        await settled(bot)

        assert "Withdrawn" not in shown(end)
        assert told(bot) == {"U0DAVE": 1}


async def test_s8_a_failed_run_says_why(tmp_path: Path):
    """The requester reads the error in words."""

    def fail(_context: object) -> None:
        raise RuntimeError("out of paper")

    gate = {"approvers": "@editors", "title": "Print?"}
    graphs = [kinds.one("printing", fail, confirm=gate)]
    async with bench(tmp_path, graphs=lambda _effects: graphs) as bot:
        question = await bot.ask("run printing")
        await bot.press("U0BOB", question, "Approve")
        end = await bot.direct("U0ALICE", "out of paper")

        assert "failed: " in end["text"]


async def test_s8_whoever_follows_is_told_and_whoever_muted_is_not(tmp_path: Path):
    """By graph or by run; each is told once."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        run = await bot.last_run()
        await bot.run("follow confirmed", user="U0DAVE")
        await bot.run(f"follow {run.ref}", user="U0DAVE")
        await bot.run(f"mute {run.ref}")
        await bot.press("U0BOB", question, "Approve")
        await bot.direct("U0DAVE", "Approved by <@U0BOB>")
        await bot.direct("U0DAVE", "is completed")
        await settled(bot)

        assert set(told(bot)) == {"U0DAVE"}
        assert told(bot)["U0DAVE"] <= 2


async def test_s7_an_outcome_waits_for_the_end_of_quiet_hours(tmp_path: Path):
    """Somebody who sleeps is told in the morning."""
    now = clock("2030-01-01 22:00")
    async with bench(tmp_path, **asking(), clock=now) as bot:
        await bot.run("quiet 22:00-07:00")
        question = await bot.ask("run confirmed")
        await bot.press("U0BOB", question, "Approve")
        await bot.finished()
        await settled(bot)

        assert told(bot) == {}

        await pass_time(bot, now, timedelta(hours=8))
        texts = [message["text"] for message in bot.directs("U0ALICE")]

        assert any("Approved by <@U0BOB>" in text for text in texts)


async def test_s8_however_many_follow_each_of_them_and_the_requester_is_told(tmp_path: Path):
    """They have asked for it."""
    crowd = [f"U0CROWD{number}" for number in range(21)]

    def prepare(sim: Simulator) -> None:
        for person in crowd:
            sim.world.put(User(id=person, name=person.lower(), real_name=person))

    async with bench(tmp_path, **asking(), prepare=prepare) as bot:
        for person in crowd:
            await bot.surface.tools.preferences.change(
                person, lambda each: each.following(graph_subject("confirmed"))
            )
        question = await bot.ask("run confirmed")
        await bot.press("U0BOB", question, "Approve")
        await bot.finished()
        await bot.direct("U0ALICE", "Approved by <@U0BOB>")
        for person in crowd:
            await bot.direct(person, "Approved by <@U0BOB>")
