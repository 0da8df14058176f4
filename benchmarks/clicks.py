"""How soon a person who clicks gets an answer, through the whole bot and over both transports.

Prints, while other runs keep the database busy: how long it takes until 50 clicks at once on 50
questions are acknowledged, and until Slack receives `views.open` after a click that opens a form.
Slack gives three seconds for each; the targets are 1 s (p99) and 300 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog

from bot.app import Serving, serving
from bot.settings import Settings
from bot.simulator import Simulator
from orchestrator import GraphBuilder
from orchestrator.store import migrate

_CHANNEL = "C0APPROVALS"
_PORT = 8391
_AT_ONCE = 8  # runs that keep the database busy
_PATIENCE = 600.0  # seconds; a channel takes one message a second


def _text(_context: Any) -> dict[str, str]:
    return {"text": "x" * 1_000}


asked = (
    GraphBuilder("asked")
    .approval("gate", approvers="U0BOB", title="Go on?", timeout="1h", on_timeout="expire")
    .task("work", _text)
    .sequence("gate", "work")
    .start("gate")
    .ends("work")
    .build()
)
busy = (
    GraphBuilder("busy")
    .task("a", _text)
    .task("b", _text)
    .sequence("a", "b")
    .start("a")
    .ends("b")
    .build()
)


@asynccontextmanager
async def _bot(folder: Path, transport: str) -> AsyncIterator[tuple[Simulator, Serving]]:
    database = f"sqlite+aiosqlite:///{folder / f'{transport}.db'}"
    await migrate(database)
    url = f"http://127.0.0.1:{_PORT}/slack/events" if transport == "http" else None
    async with Simulator(request_url=url) as sim:
        secret = (
            {"SLACK_SIGNING_SECRET": sim.signing_secret}
            if url
            else {"SLACK_APP_TOKEN": sim.app_token}
        )
        settings = Settings.model_validate(
            {
                "SLACK_BOT_TOKEN": sim.bot_token,
                "SLACK_API_URL": sim.api_url,
                "SIGNOFF_DATABASE_URL": database,
                "SIGNOFF_GRAPHS": __file__,
                "SIGNOFF_CHANNEL": _CHANNEL,
                "SIGNOFF_PORT": _PORT,
                **secret,
            }
        )
        async with serving(settings) as running:
            yield sim, running


async def _keep_busy(running: Serving, count: list[int]) -> None:
    while True:
        run = await running.engine.start("busy", {}, requester="U0ALICE", surface="bench")
        await running.engine.wait_until(run.id, lambda now: now.finished_at is not None)
        count[0] += 1


def _questions(sim: Simulator) -> list[str]:
    return [
        message["ts"]
        for message in sim.messages(_CHANNEL)
        if any(block["type"] == "actions" for block in message.get("blocks", ()))
    ]


async def _measure(folder: Path, transport: str, clicks: int) -> None:
    async with _bot(folder, transport) as (sim, running):
        for _ in range(clicks):
            await running.engine.start("asked", {}, requester="U0ALICE", surface="bench")
        await sim.until(lambda: len(_questions(sim)) == clicks, timeout=_PATIENCE)
        questions, count = _questions(sim), [0]
        load = [asyncio.create_task(_keep_busy(running, count)) for _ in range(_AT_ONCE)]
        began = time.monotonic()
        forms = [await _open_form(sim, ts) for ts in questions]
        _print(f"{transport}: click to views.open", forms, target=300)
        acks = await asyncio.gather(
            *(sim.click("U0BOB", _CHANNEL, ts, label="Approve") for ts in questions)
        )
        lost = sum(not ack.ok for ack in acks)
        _print(f"{transport}: {clicks} clicks at once, ack", [a.ms for a in acks], target=1_000)
        rate = count[0] / (time.monotonic() - began)
        print(f"{'':<42} not acknowledged: {lost}; beside {rate:.0f} other runs a second")
        for task in load:
            task.cancel()
        await asyncio.gather(*load, return_exceptions=True)


async def _open_form(sim: Simulator, ts: str) -> float:
    """Return the milliseconds from a click to Slack's receipt of the form."""
    seen = sim.log[-1].n
    at = time.time()
    await sim.click("U0BOB", _CHANNEL, ts, label="Reject…")

    def opened() -> float | None:
        return next((e.at for e in sim.log if e.n > seen and e.name == "views.open"), None)

    received = await sim.until(opened)
    (view,) = sim.views("U0BOB")
    await sim.close_view("U0BOB", view["id"])
    return (received - at) * 1000 if received else float("inf")


def _print(what: str, values: Sequence[float], *, target: float) -> None:
    ordered = sorted(values)
    p50, p99 = ordered[len(ordered) // 2], ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)]
    verdict = "within" if p99 <= target else "OVER"
    print(f"{what:<42} p50 {p50:6.0f} ms   p99 {p99:6.0f} ms   {verdict} {target:.0f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=50)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        for transport in ("socket", "http"):
            asyncio.run(_measure(Path(folder), transport, given.clicks))


if __name__ == "__main__":
    main()
