"""A burst of questions into one channel: pace, order, and nothing lost or doubled."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orchestrator.graph.policy import any_of
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, bench, eventually, labels, shown

MANY = 200
#: Stands for Slack's second.
INTERVAL = 0.02


def delivered(bot: Bench) -> list[tuple[float, int]]:
    """Return when each question reached Slack, whatever became of the answer, and its number."""
    found = []
    for entry in bot.sim.log:
        is_post = entry.kind == "api" and entry.name == "chat.postMessage"
        if not is_post or entry.request["channel"] != CHANNEL or "thread_ts" in entry.request:
            continue
        if (entry.response or {}).get("ok"):
            found.append((entry.at, _mark(entry.request["metadata"])["delivery"]))
    return found


def _mark(metadata: Any) -> dict[str, Any]:
    known = json.loads(metadata) if isinstance(metadata, str) else metadata
    return dict(known["event_payload"])


async def burst(bot: Bench, count: int) -> list[str]:
    """Have so many questions asked at once; return the ids of their approvals."""
    runs = await asyncio.gather(
        *(
            bot.engine.start("confirmed", {}, requester="U0ALICE", surface="python")
            for _ in range(count)
        )
    )
    found = [await bot.engine.list_approvals(run.id) for run in runs]
    return [approval.id for (approval,) in found]


async def all_sent(bot: Bench) -> None:
    """Wait until nothing is left to send."""

    async def is_settled() -> bool:
        return (await bot.engine.backlog()).waiting == 0

    await eventually(is_settled, timeout=90)


@pytest.mark.slow
@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"rate_limit_share": 0.5, "retry_after": 0},
        {"lose_answer_share": 0.33},
    ],
    ids=["calm", "429", "lost"],
)
async def test_s7_a_burst_keeps_its_pace_and_order_and_comes_once(
    tmp_path: Path, faults: dict[str, Any]
):
    """Two hundred questions, each once and in the order in which they came up."""
    async with bench(
        tmp_path,
        graphs=lambda effects: [kinds.confirmed(effects, any_of("U0BOB"))],
        message_interval=INTERVAL,
    ) as bot:
        await bot.workspace.directory.members(any_of("U0BOB").approvers()[0])
        bot.sim.faults.update(faults)
        approvals = await burst(bot, MANY)
        await all_sent(bot)
        posts = delivered(bot)
        gaps = [later - earlier for (earlier, _), (later, _) in pairwise(posts)]
        numbers = [number for _, number in posts]
        shown_for = Counter(_mark(m["metadata"])["approval_id"] for m in bot.messages())

        assert numbers == sorted(set(numbers))
        assert shown_for == Counter(approvals)
        assert min(gaps) >= INTERVAL * 0.95

        bot.sim.faults.update(dict.fromkeys(faults, 0))
        for approval in approvals[:20]:
            await bot.engine.decide(approval, "approve", by="U0BOB", surface="cli")
        await all_sent(bot)

        assert len(decided(bot)) == 20
        assert len(bot.messages()) == MANY


def decided(bot: Bench) -> list[dict[str, Any]]:
    """Return the questions that show their outcome."""
    return [m for m in bot.messages() if "Approved by" in shown(m) and "Approve" not in labels(m)]
