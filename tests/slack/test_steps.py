"""The step for Slack's Workflow Builder."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.simulator import Simulator
from bot.slack.install.manifest import manifest
from bot.slack.steps import SCOPE, Step
from tests.slack.bench import QUICK, Bench, bench, eventually

ASKED = {"graph": "publish", "input": 'topic="Bees in winter"', "requester": "U0ALICE"}


def slack(tmp_path: Path) -> Simulator:
    """Return a Slack in which the app declares the step."""
    file = tmp_path / "manifest.yml"
    file.write_text(manifest(has_steps=True))
    return Simulator(file, timing=QUICK)


@asynccontextmanager
async def stepping(tmp_path: Path) -> AsyncIterator[Bench]:
    """Start a bot whose app declares the step."""
    async with slack(tmp_path) as sim, bench(tmp_path, slack=sim) as running:
        yield running


def status(bot: Bench) -> str:
    """Return how the newest step is."""
    return str(bot.sim.steps("U0ALICE")[-1].status)


async def stored(bot: Bench) -> dict[str, str]:
    """Return the steps that are under way."""
    return await bot.engine.values.list(SCOPE)


async def test_s4_a_step_starts_a_run_and_tells_how_it_ended(tmp_path: Path):
    """The step waits as long as people do, and has the run's outcome and output."""
    async with stepping(tmp_path) as bot:
        execution = bot.sim.run_step("U0ALICE", "start_run", **ASKED)
        question = await bot.question()
        run = await bot.last_run()

        assert status(bot) == "running"
        assert (run.requester, run.labels["slack_step"]) == ("U0ALICE", execution)
        assert bot.effects.published == []

        await bot.press("U0BOB", question, "Approve")
        await bot.sim.until(lambda: status(bot) == "completed", timeout=6)
        outputs = bot.sim.steps("U0ALICE")[-1].outputs

        assert (outputs["run"], outputs["status"]) == (run.ref, "completed")
        assert outputs["outcome"] == "approved"
        assert json.loads(outputs["output"]) == {"url": "https://example.com"}
        await eventually(lambda: _none(bot))


async def _none(bot: Bench) -> bool:
    return not await stored(bot)


async def test_s4_a_rejection_ends_a_step_without_an_error(tmp_path: Path):
    """The workflow can go on by the outcome."""
    async with stepping(tmp_path) as bot:
        bot.sim.run_step("U0ALICE", "start_run", **(ASKED | {"input": '{"topic": "tea"}'}))
        await bot.question()
        approval = await bot.approval()
        await bot.engine.decide(
            approval.id, "reject", by="U0BOB", surface="test", comment="not now"
        )
        await bot.sim.until(lambda: status(bot) == "completed", timeout=6)
        outputs = bot.sim.steps("U0ALICE")[-1].outputs

        assert (outputs["status"], outputs["outcome"]) == ("cancelled", "rejected")
        assert bot.effects.published == []


async def test_s4_a_step_that_cannot_be_started_says_why(tmp_path: Path):
    """The workflow's owner reads what to put right; nothing was started."""
    wrong = {
        "no input": ASKED | {"input": ""},
        "no graph": ASKED | {"graph": "publihs"},
        "no words": ASKED | {"input": "Bees"},
        "no JSON": ASKED | {"input": "{oops"},
    }
    words = {
        "no input": "topic",
        "no graph": "publihs",
        "no words": "is no key=value",
        "no JSON": "is no JSON",
    }
    async with stepping(tmp_path) as bot:
        for name, inputs in wrong.items():
            given = {key: value for key, value in inputs.items() if value}
            bot.sim.run_step("U0ALICE", "start_run", **given)
            await bot.sim.until(lambda: status(bot) == "failed", timeout=6)

            assert words[name] in str(bot.sim.steps("U0ALICE")[-1].error)
        assert await bot.engine.list_runs() == []


async def test_s4_a_step_survives_a_restart(tmp_path: Path):
    """A run that ended while nobody served is told of by whoever serves next."""
    async with slack(tmp_path) as sim:
        async with bench(tmp_path, slack=sim) as bot:
            bot.sim.run_step("U0ALICE", "start_run", **ASKED)
            await bot.question()
            run = await bot.last_run()
        async with bench(tmp_path, slack=sim) as bot:
            assert status(bot) == "running"

            approval = (await bot.engine.list_approvals(run.id))[-1]
            await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="test")
            await bot.sim.until(lambda: status(bot) == "completed", timeout=6)

            assert len(await bot.engine.list_runs()) == 1


async def test_s4_a_step_that_comes_twice_starts_one_run(tmp_path: Path):
    """Stored but not started, as after a crash, or started but not noted: one run in all."""
    async with stepping(tmp_path) as bot:
        steps = bot.surface.tools.steps
        assert steps is not None
        execution = bot.sim.run_step("U0ALICE", "start_run", **ASKED)
        await bot.question()
        await steps.take(execution, ASKED)
        lost = Step(execution=execution, run=None, **ASKED)
        await bot.engine.values.put(SCOPE, f":{execution}", lost.model_dump_json())
        await steps.look()

        assert len(await bot.engine.list_runs()) == 1


async def test_s4_an_unreadable_step_holds_no_other_up(tmp_path: Path):
    """What an older version stored is left out, with a line in the log."""
    async with stepping(tmp_path) as bot:
        await bot.engine.values.put(SCOPE, ":Fx1", "what?")
        bot.sim.run_step("U0ALICE", "start_run", **ASKED)
        await bot.question()

        assert ":Fx1" not in await stored(bot)
