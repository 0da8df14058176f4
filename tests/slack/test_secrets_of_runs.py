"""Secrets that a graph names stay out of what is shown of its runs, asked about or not."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from orchestrator.graph import Graph, GraphBuilder
from tests.cli.secret_flows import careless
from tests.slack.bench import bench, menu
from tests.slack.test_home import opened
from tests.slack.test_steps import slack, status

PIN = "4711"
SCHEMA = {
    "type": "object",
    "properties": {"account": {"type": "object", "properties": {"pin": {"type": "string"}}}},
}
GIVEN = {"account": {"pin": PIN}}


def paying() -> Graph:
    """Return two questions, of which the second one names the secret."""

    def pay(context: Any) -> dict[str, Any]:
        return {"account": context.input["account"]}

    secret = {"review_keys": ("account",), "formats": {"account.pin": "secret"}}
    return (
        GraphBuilder("paying", input=SCHEMA)
        .approval("first", approvers="@editors", title="Begin?", review_keys=())
        .approval("second", approvers="@editors", title="Pay?", **secret)
        .task("pay", pay)
        .edge("first", "second")
        .edge("second", "pay")
        .start("first")
        .ends("pay")
        .build()
    )


async def test_s1_a_secret_is_hidden_before_it_is_asked_about(tmp_path: Path):
    """`/signoff show` does not wait for the question that names it."""
    async with bench(tmp_path, graphs=lambda _: [paying()]) as bot:
        await bot.engine.start("paying", GIVEN, requester="U0ALICE", surface="slack")
        await bot.question()
        answer = json.dumps((await bot.run(f"show {(await bot.last_run()).ref}")).body)

        assert "Account" in answer or "account" in answer
        assert PIN not in answer


async def test_s4_the_output_of_a_step_has_no_secrets(tmp_path: Path):
    """What a workflow gets may be posted anywhere."""
    async with (
        slack(tmp_path) as sim,
        bench(tmp_path, slack=sim, graphs=lambda _: [paying()]) as bot,
    ):
        asked = {"graph": "paying", "input": json.dumps(GIVEN), "requester": "U0ALICE"}
        bot.sim.run_step("U0ALICE", "start_run", **asked)
        first = await bot.question()
        await bot.press("U0BOB", first, "Approve")
        second = await bot.sim.until(
            lambda: (q := bot.open_question()) is not None and q["ts"] != first["ts"] and q
        )
        await bot.press("U0BOB", second, "Approve")
        await bot.sim.until(lambda: status(bot) == "completed", timeout=6)

        assert json.loads(bot.sim.steps("U0ALICE")[-1].outputs["output"]) == {
            "account": {"pin": "hidden"}
        }


async def test_s1_slack_and_the_log_of_the_process_get_no_secret(tmp_path: Path):
    """Of a run whose tasks and titles are careless: cards, windows, lists, Home, errors."""
    token = "zq8-unheard-of-71"  # noqa: S105 - this is what is looked for
    with structlog.testing.capture_logs() as logs:
        async with bench(tmp_path, graphs=lambda _: [careless]) as bot:
            given = {"token": token, "topic": "Bees"}
            await bot.engine.start("careless", given, requester="U0ALICE", surface="slack")
            asked = await bot.question()
            ref = (await bot.last_run()).ref
            for person in ("U0ALICE", "U0BOB"):
                await opened(bot, person)
            lists = ("runs", f"show {ref}", "pending", "pending me", "history")
            for line in lists:
                await bot.run(line, user="U0BOB")
            for entry in menu(asked):
                await bot.pick("U0BOB", asked, entry["text"]["text"])
            await bot.press("U0BOB", asked, "Approve")
            failed = await bot.sim.until(
                lambda: (q := bot.open_question()) is not None and q["ts"] != asked["ts"] and q
            )
            await bot.press("U0BOB", failed, "Fail")
            await bot.finished()
            await bot.outcome("was refused for Bees")
            for line in lists:
                await bot.run(line, user="U0BOB")
            await opened(bot, "U0ALICE", "failed")
            crossed = [json.dumps(asdict(each), default=str) for each in bot.sim.log]

    assert [each for each in crossed if token in each] == []
    assert any("hidden was refused for Bees" in each for each in crossed)
    assert any(each["event"] == "an attempt failed" for each in logs)
    assert token not in str(logs)
