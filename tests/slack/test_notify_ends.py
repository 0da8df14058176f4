"""Dialogues: the end of a run that asked nobody, told to whoever started it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import Simulator
from orchestrator.graph import Graph, GraphBuilder
from tests.slack import kinds
from tests.slack.bench import MANIFEST, QUICK, Effects, bench, shown
from tests.slack.dialogue import clock, pass_time, press_direct, settled, told
from tests.slack.test_sender import calls

SECRET = "hunter2"  # noqa: S105 - of nothing


def alone(effects: Effects) -> list[Graph]:
    """Return a graph that asks nobody, one that fails, and one that never ends by itself."""

    def sweep(context: Any) -> dict[str, Any]:
        effects.published.append(context.node)
        return {"floors": 3, "note": "<!channel> all *clean*"}

    def fail(_context: Any) -> None:
        raise RuntimeError("no broom & <!here>")

    async def wait(_context: Any) -> None:
        effects.is_running.set()
        await asyncio.Event().wait()

    def make(name: str, work: Any) -> Graph:
        return GraphBuilder(name).task("work", work).start("work").ends("work").build()

    return [make("sweep", sweep), make("breaks", fail), make("waits", wait)]


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_s8_whoever_started_a_run_that_asked_nobody_is_told_its_end(
    tmp_path: Path, transport: str
):
    """By direct message, once, with what came of it, and a button that shows the run."""
    async with bench(tmp_path, transport=transport, graphs=alone) as bot:
        await bot.run("run sweep")
        run = await bot.finished()
        end = await bot.direct("U0ALICE", "is completed")
        await settled(bot)
        await press_direct(bot, "U0ALICE", end, "Show the run")
        window = await bot.window("U0ALICE", f"Run {run.ref}")

        assert run.ref in end["text"]
        assert "• floors: 3" in end["text"]
        assert "• note: `&lt;!channel&gt; all *clean*`" in end["text"]
        assert "is completed" in shown(window)
        assert told(bot) == {"U0ALICE": 1}
        assert bot.messages() == []


async def test_s8_a_run_that_asked_nobody_and_failed_says_why(tmp_path: Path):
    """In words, escaped; a run of another surface tells its requester, too."""
    async with bench(tmp_path, graphs=alone) as bot:
        await bot.engine.start("breaks", {}, requester="U0BOB", surface="python")
        end = await bot.direct("U0BOB", "no broom &amp; &lt;!here&gt;")
        await bot.engine.start("breaks", {}, requester="ci", surface="python")
        await bot.finished()
        await settled(bot)

        assert "failed: " in end["text"]
        assert told(bot) == {"U0BOB": 1}


async def test_s8_who_cancelled_a_run_that_asked_nobody_is_not_told_and_others_are(
    tmp_path: Path,
):
    """The requester hears who did it; who follows the graph is told, but not what came of it."""
    async with bench(tmp_path, graphs=alone) as bot:
        await bot.run("follow waits", user="U0DAVE")
        await bot.run("follow sweep", user="U0DAVE")
        await bot.run("run waits")
        await asyncio.wait_for(bot.effects.is_running.wait(), timeout=5)
        run = await bot.last_run()
        await bot.engine.cancel(run.id, by="U0DAVE", surface="slack")
        await bot.direct("U0ALICE", "was cancelled by <@U0DAVE>")
        await bot.run("run sweep")
        end = await bot.direct("U0DAVE", "is completed")
        await bot.direct("U0ALICE", "is completed")
        await settled(bot)

        assert "floors" not in shown(end)
        assert told(bot) == {"U0ALICE": 2, "U0DAVE": 1}


async def test_s8_the_end_of_a_run_that_asked_nobody_obeys_mutes_and_quiet_hours(tmp_path: Path):
    """Whoever muted the graph hears nothing; whoever sleeps hears in the morning."""
    now = clock("2030-01-01 22:00")
    async with bench(tmp_path, graphs=alone, clock=now) as bot:
        await bot.run("mute sweep", user="U0BOB")
        await bot.run("quiet 22:00-07:00")
        await bot.run("run sweep", user="U0BOB")
        await bot.finished()
        await bot.run("run sweep")
        await bot.finished()
        await settled(bot)

        assert told(bot) == {}

        await pass_time(bot, now, timedelta(hours=8))

        assert told(bot) == {"U0ALICE": 1}


async def test_s8_a_secret_of_a_run_is_not_told_at_its_end(tmp_path: Path):
    """Neither what it returned, nor in the reason why it failed; nor what repeats the secret."""

    def give(context: Any) -> dict[str, Any]:
        if context.input.get("fails"):
            raise RuntimeError(f"no lock takes {context.input['key']}")
        return {"key": SECRET, "note": f"it is {SECRET}.", "length": 7}

    flags = {"fails": {"type": "boolean"}, "is_kept": {"type": "boolean"}}
    wanted = {"type": "object", "properties": {"key": {"type": "string"}, **flags}}

    def make(effects: Effects) -> list[Graph]:
        gate = {"approvers": "@editors", "title": "Keep?", "formats": {"key": "secret"}}
        return [
            GraphBuilder("keys", input=wanted)
            .router("where")
            .task("keep", kinds.noting(effects), confirm=gate)
            .task("give", give)
            .edge("where", "keep", when=lambda view: view.input.get("is_kept"))
            .edge("where", "give")
            .start("where")
            .ends("give", "keep")
            .build()
        ]

    async with bench(tmp_path, graphs=make) as bot:
        who = {"requester": "U0ALICE", "surface": "python"}
        await bot.engine.start("keys", {}, **who)
        end = await bot.direct("U0ALICE", "is completed")
        await bot.engine.start("keys", {"fails": True, "key": SECRET}, **who)
        failure = await bot.direct("U0ALICE", "no lock takes")

        assert "• length: 7" in end["text"]
        assert SECRET not in shown(end)
        assert SECRET not in shown(failure)


async def test_s8_the_end_of_a_run_that_asked_nobody_outlives_the_process(tmp_path: Path):
    """What Slack did not take is sent by whoever serves next, once."""
    async with Simulator(MANIFEST, timing=QUICK) as sim:
        async with bench(tmp_path, graphs=alone, slack=sim) as bot:
            failing = {"method": "conversations.open", "error": "internal_error", "count": 50}
            sim.faults.update({"fail_next": failing})
            await bot.run("run sweep")
            await bot.finished()

        assert sim.messages(sim.direct("U0ALICE")) == []

        sim.faults.update({"fail_next": []})
        async with bench(tmp_path, graphs=alone, slack=sim) as bot:
            await bot.direct("U0ALICE", "is completed")
            await settled(bot)

            assert told(bot) == {"U0ALICE": 1}


async def test_s8_an_end_whose_answer_was_lost_is_found_again(tmp_path: Path):
    """By the mark of the run that it carries."""
    async with bench(tmp_path, graphs=alone) as bot:
        bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
        await bot.run("run sweep")
        await bot.direct("U0ALICE", "is completed")
        await settled(bot)

        assert told(bot) == {"U0ALICE": 1}
        assert calls(bot, "conversations.history", bot.sim.direct("U0ALICE"))
