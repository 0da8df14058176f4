"""A token that is no good any more: nothing is lost, and everybody who runs the bot is told."""

from __future__ import annotations

from pathlib import Path

import structlog

from orchestrator.graph.policy import any_of, parse_approver
from tests.slack import kinds
from tests.slack.bench import Bench, bench, eventually
from tests.slack.dialogue import settled
from tests.slack.test_sender import calls


def _is_paused(bot: Bench) -> bool:
    return bot.surface.statistics().sender.paused == "token_revoked"


async def test_s10_the_sender_rests_while_the_token_is_refused(tmp_path: Path):
    """What came up meanwhile goes out, in order and once, when the token is good again."""
    fault = {"method": "chat.postMessage", "error": "token_revoked", "count": 1}
    with structlog.testing.capture_logs() as logs:
        async with bench(
            tmp_path, graphs=lambda effects: [kinds.confirmed(effects, any_of("U0BOB"))]
        ) as bot:
            bot.sim.faults.update({"fail_next": fault})
            await bot.run("run confirmed")
            await eventually(lambda: _is_paused(bot))
            await bot.run("run confirmed")
            statistics = bot.surface.statistics()

            assert not statistics.is_ready
            assert "token_revoked" in statistics.problems["Slack"]
            assert len(calls(bot, "chat.postMessage")) == 1

            (branch,) = bot.surface._branches.values()
            branch.resume()
            await bot.sim.until(lambda: len(bot.messages()) == 2, timeout=8)
            await settled(bot)

            assert bot.surface.statistics().is_ready
            assert bot.surface.statistics().problems == {}
    paused = [entry for entry in logs if entry["event"] == "slack_sender_paused"]

    assert len(paused) == 1
    assert "install the app again" in paused[0]["fix"]


async def test_deliveries_are_counted_while_they_wait(tmp_path: Path):
    """How many, and since when the oldest."""
    async with bench(
        tmp_path, graphs=lambda effects: [kinds.confirmed(effects, any_of("U0BOB"))]
    ) as bot:
        await bot.workspace.directory.members(parse_approver("U0BOB"))
        bot.sim.faults.update({"is_away": True})
        run = await bot.engine.start("confirmed", {}, requester="U0ALICE", surface="python")
        await eventually(lambda: bot.surface.statistics().sender.waiting == 1)
        sender = bot.surface.statistics().sender
        (part,) = bot.surface.statistics().senders

        assert sender.oldest_at is not None
        assert sender.oldest_at >= run.started_at
        assert (part.workspace, part.waiting) == ("", 1)
