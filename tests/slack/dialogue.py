"""What a dialogue about direct messages needs: a clock to move, and who was told how much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.slack.windows.modals import REASON_ACTION, REASON_BLOCK
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.graph.policy import Policy, any_of
from orchestrator.testing import FakeClock
from tests.slack import kinds
from tests.slack.bench import Bench, Effects, eventually
from tests.slack.test_kinds import only

PEOPLE = ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE")
#: In Berlin 10:00, in New York 04:00, in Tokyo 18:00.
NOON = datetime(2030, 1, 1, 9, 0, tzinfo=UTC)


def clock(at: str = "2030-01-01 09:00") -> FakeClock:
    """Return a clock that stands at an instant of UTC."""
    return FakeClock(datetime.fromisoformat(at).replace(tzinfo=UTC))


def asking(policy: Policy | None = None, **gate: Any) -> Any:
    """Return what `bench` takes: a graph with one question to the editors, Bob and Carol."""
    options = {"on_timeout": "expire"} | gate if "timeout" in gate else gate
    return only(lambda effects: kinds.confirmed(effects, policy or any_of("@editors"), **options))


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


async def settled(bot: Bench) -> None:
    """Wait until everything that is due has been sent."""

    async def is_settled() -> bool:
        return (await bot.engine.backlog()).waiting == 0

    await eventually(is_settled)


async def pass_time(bot: Bench, clock: FakeClock, length: timedelta) -> None:
    """Move the clock, and let happen what is due by then."""
    clock.advance(length)
    await bot.engine.tick()
    bot.engine._kernel.on_delivery()
    await settled(bot)


def told(bot: Bench) -> dict[str, int]:
    """Return how many direct messages each person has who has any."""
    counts = {who: len(bot.directs(who)) for who in PEOPLE}
    return {who: count for who, count in counts.items() if count}


async def reject(bot: Bench, user: str, question: dict[str, Any], why: str) -> None:
    """Reject with a reason."""
    await bot.press(user, question, "Reject…")
    view = await bot.sim.until(lambda: next(iter(bot.sim.views(user)), None))
    ack = await bot.sim.submit(user, view["id"], {REASON_BLOCK: {REASON_ACTION: why}})

    assert ack.ok, ack


async def press_direct(bot: Bench, user: str, message: dict[str, Any], label: str) -> None:
    """Press a button of a direct message."""
    ack = await bot.sim.click(user, bot.sim.direct(user), message["ts"], label=label)

    assert ack.ok, ack
