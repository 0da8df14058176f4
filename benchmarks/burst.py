"""A burst of questions into one channel, through the whole bot, while Slack is difficult.

Prints how many messages reached the channel, the seconds between them (least and median), how
many calls were answered with 429, and how many questions were lost or came twice, which has to be
none. Half of all calls are refused and one in ten takes effect without being answered.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import structlog

from bot.simulator import Simulator
from bot.slack.app import SlackSurface
from bot.slack.workspace.connection import SlackWorkspace
from orchestrator import GraphBuilder
from orchestrator.graph.policy import parse_approver
from orchestrator.runtime import Engine, SystemClock
from orchestrator.store import migrate, open_store

_CHANNEL = "C0APPROVALS"
_MANIFEST = Path(__file__).parents[1] / "manifest.yml"
_FAULTS = {"rate_limit_share": 0.5, "retry_after": 1, "lose_answer_share": 0.1}

asked = (
    GraphBuilder("asked")
    .approval("gate", approvers="U0BOB", title="Go on?", timeout="1d", on_timeout="expire")
    .start("gate")
    .ends("gate")
    .build()
)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a burst came to."""

    seconds: float
    gaps: list[float]
    refused: int
    shown: Counter[str]
    wanted: frozenset[str]

    @property
    def lost(self) -> int:
        """Questions that never reached the channel."""
        return len(self.wanted - self.shown.keys())

    @property
    def doubled(self) -> int:
        """Messages too many."""
        return sum(self.shown.values()) - len(self.shown)


@asynccontextmanager
async def _bot(folder: Path, interval: float) -> AsyncIterator[tuple[Simulator, Engine]]:
    database = f"sqlite+aiosqlite:///{folder / 'burst.db'}"
    await migrate(database)
    clock = SystemClock()
    async with (
        Simulator(_MANIFEST) as sim,
        open_store(database, now=clock.now) as store,
        SlackWorkspace(bot_token=sim.bot_token, api_url=sim.api_url) as workspace,
    ):
        directory = workspace.directory
        engine = Engine(store, {asked.id: asked}, directory=directory, clock=clock, has_chat=True)
        surface = SlackSurface(
            engine,
            workspace,
            channel=_CHANNEL,
            app_token=sim.app_token,
            message_interval=interval,
        )
        async with engine, surface:
            await directory.members(parse_approver("U0BOB"))
            yield sim, engine


async def _measure(count: int, interval: float) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        async with _bot(Path(folder), interval) as (sim, engine):
            sim.faults.update(_FAULTS)
            started = time.monotonic()
            runs = [
                await engine.start("asked", {}, requester="U0ALICE", surface="python")
                for _ in range(count)
            ]
            approvals = [(await engine.list_approvals(run.id))[0].id for run in runs]
            while (await engine.backlog()).waiting:  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.2)
            posts = [e for e in sim.log if e.kind == "api" and e.name == "chat.postMessage"]
            made = sorted(e.at for e in posts if (e.response or {}).get("ok"))
            return Figures(
                seconds=time.monotonic() - started,
                gaps=[later - earlier for earlier, later in pairwise(made)],
                refused=len(posts) - len(made),
                shown=Counter(
                    message["metadata"]["event_payload"]["approval_id"]
                    for message in sim.messages(_CHANNEL)
                    if message.get("bot_id")
                ),
                wanted=frozenset(approvals),
            )


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks burst", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="questions (default: 200)")
    parser.add_argument(
        "--interval", type=float, default=1.0, help="seconds between messages (default: 1)"
    )
    given = parser.parse_args(arguments)
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent)
    found = asyncio.run(_measure(given.count, given.interval))
    print(f"messages               {sum(found.shown.values())} in {found.seconds:.0f} s")
    print(f"seconds between (min)  {min(found.gaps):.2f}")
    print(f"seconds between (p50)  {statistics.median(found.gaps):.2f}")
    print(f"429                    {found.refused}")
    print(f"lost                   {found.lost}")
    print(f"doubled                {found.doubled}")
