"""Clicks at a given rate against the whole bot, a process of its own, over both transports.

Beside them other runs keep the database busy. Clicks come at fixed instants, whatever became of
those before, and are measured from those instants. Printed are how long the bot takes to
acknowledge a click (wanted: 1 s at p99; Slack gives three), until Slack receives the edit of the
message, and until Slack receives the form that a click opens (wanted: 300 ms at p99).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import results
from benchmarks.histogram import Histogram, bars, row
from benchmarks.load_graphs import CHANNELS, PERSON
from benchmarks.report import table
from bot.simulator import Simulator
from bot.simulator.records import Channel
from orchestrator.graph import load_graphs
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import migrate, open_store

_ROOT = Path(__file__).parents[1]
_GRAPHS = Path(__file__).with_name("load_graphs.py")
_PATIENCE = 120.0  # seconds for the bot to start, to ask, and to edit
_LOOK = 0.02  # seconds between two looks at what Slack received
_ACK, _FORM = 1_000.0, 300.0  # ms wanted at p99


@dataclass
class Found:
    """What came out for one transport; all values are milliseconds."""

    acks: Histogram = field(default_factory=Histogram)
    edits: Histogram = field(default_factory=Histogram)
    forms: Histogram = field(default_factory=Histogram)
    lost: int = 0  #: clicks that were not acknowledged


@dataclass(frozen=True)
class _Question:
    channel: str
    ts: str


def parser() -> argparse.ArgumentParser:
    """Return what the command takes."""
    made = argparse.ArgumentParser(prog="python -m benchmarks load", description=__doc__)
    made.add_argument("--rate", type=float, default=50, help="clicks a second (default: 50)")
    made.add_argument("--clicks", type=int, default=500, help="(default: 500)")
    made.add_argument("--forms", type=int, default=30, help="forms opened (default: 30)")
    made.add_argument(
        "--beside", type=float, default=20, help="other runs started a second (default: 20)"
    )
    made.add_argument("--write-docs", action="store_true", help="write docs/performance.md")
    return made


@asynccontextmanager
async def _bot(folder: Path, transport: str) -> AsyncIterator[tuple[Simulator, Engine]]:
    """Run a local Slack here and the bot beside it; give an engine that starts runs for it."""
    database = f"sqlite+aiosqlite:///{folder / f'{transport}.db'}"
    await migrate(database)
    port = _free_port()
    url = f"http://127.0.0.1:{port}/slack/events" if transport == "http" else None
    clock = SystemClock()
    graphs = load_graphs([_GRAPHS], allow=())
    async with Simulator(request_url=url) as sim, open_store(database, now=clock.now) as store:
        _add_channels(sim)
        secret = (
            {"SLACK_SIGNING_SECRET": sim.signing_secret}
            if url
            else {"SLACK_APP_TOKEN": sim.app_token}
        )
        settings = {
            "SLACK_BOT_TOKEN": sim.bot_token,
            "SLACK_API_URL": sim.api_url,
            "SIGNOFF_DATABASE_URL": database,
            "SIGNOFF_GRAPHS": str(_GRAPHS),
            "SIGNOFF_CHANNEL": CHANNELS[0],
            "SIGNOFF_PORT": str(port),
            "SIGNOFF_LOG": "json",
            **secret,
        }
        async with _serving(settings, folder / f"{transport}.log"):
            directory = StaticDirectory()
            yield sim, Engine(store, graphs, directory=directory, clock=clock, has_chat=True)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _add_channels(sim: Simulator) -> None:
    """Give the workspace the channels, with the bot and the approver in them."""
    for channel in CHANNELS:
        members = [sim.world.team.bot_user, PERSON]
        room = Channel(id=channel, name=channel.lower(), kind="channel", members=members)
        sim.world.put(room)


@asynccontextmanager
async def _serving(settings: dict[str, str], log: Path) -> AsyncIterator[None]:
    """Run `signoff serve`, and stop it at the end."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SIGNOFF_", "SLACK_"))
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "serve",
            cwd=_ROOT,
            env=environment | settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
        )
    try:
        if process.stdout is None or not await process.stdout.readline():
            sys.exit(f"the bot did not start: {_last_line(log)}")
        yield
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _last_line(log: Path) -> str:
    return "".join(log.read_text(errors="replace").strip().splitlines()[-1:])


async def _ask(sim: Simulator, engine: Engine, count: int) -> list[_Question]:
    """Have so many questions asked, spread over the channels, and wait for their messages."""
    for number in range(count):
        graph = f"asked-{CHANNELS[number % len(CHANNELS)].lower()}"
        await engine.start(graph, {}, requester="U0ALICE", surface="bench")
    until = time.monotonic() + _PATIENCE
    while len(questions := _questions(sim)) < count:
        if time.monotonic() > until:
            sys.exit(f"only {len(questions)} of {count} questions were asked in {_PATIENCE:.0f} s")
        await asyncio.sleep(0.2)
    return questions


def _questions(sim: Simulator) -> list[_Question]:
    """Return the open questions, the channels in turns."""
    by_channel = [
        [
            _Question(channel, message["ts"])
            for message in sim.messages(channel)
            if any(block["type"] == "actions" for block in message.get("blocks", ()))
        ]
        for channel in CHANNELS
    ]
    longest = max(map(len, by_channel))
    return [found[place] for place in range(longest) for found in by_channel if place < len(found)]


async def _keep_busy(engine: Engine, rate: float) -> None:
    """Start other runs at a rate until cancelled."""
    while rate:
        await engine.start("busy", {}, requester="U0ALICE", surface="bench")
        await asyncio.sleep(1 / rate)


async def _open_forms(sim: Simulator, questions: Sequence[_Question], found: Found) -> None:
    """Click one after the other on what opens a form."""
    for question in questions:
        seen, at = sim.log[-1].n, time.time()
        await sim.click(PERSON, question.channel, question.ts, label="Reject…")

        def opened(seen: int = seen) -> float | None:
            entries = sim.workspace.log.after(seen)
            return next((each.at for each in entries if each.name == "views.open"), None)

        received = await sim.until(opened)
        found.forms.add(((received or time.time()) - at) * 1e3)
        for view in sim.views(PERSON):
            await sim.close_view(PERSON, view["id"])


async def _click_all(
    sim: Simulator, questions: Sequence[_Question], rate: float, found: Found
) -> None:
    """Click on each question at its instant, and wait until all messages are edited."""
    began, first = time.time(), sim.log[-1].n
    instants = {each: began + number / rate for number, each in enumerate(questions)}

    async def click(question: _Question, at: float) -> None:
        await asyncio.sleep(max(0.0, at - time.time()))
        ack = await sim.click(PERSON, question.channel, question.ts, label="Approve")
        found.acks.add((time.time() - at) * 1e3)
        found.lost += not ack.ok

    waiting = dict(instants)
    looking = asyncio.create_task(_see_edits(sim, waiting, first, found))
    async with asyncio.TaskGroup() as group:
        for question, at in instants.items():
            group.create_task(click(question, at))
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            await looking
    if waiting:
        print(f"{len(waiting)} messages were not edited in time", file=sys.stderr)


async def _see_edits(
    sim: Simulator, waiting: dict[_Question, float], seen: int, found: Found
) -> None:
    """Take the edits of messages as Slack receives them."""
    while waiting:
        await asyncio.sleep(_LOOK)
        for entry in sim.workspace.log.after(seen):
            seen = entry.n
            if entry.name == "chat.update":
                request = entry.request or {}
                place = _Question(str(request.get("channel")), str(request.get("ts")))
                if (at := waiting.pop(place, None)) is not None:
                    found.edits.add(max(entry.at - at, 1e-4) * 1e3)


async def measure(
    folder: Path, transport: str, *, rate: float, clicks: int, forms: int, beside: float
) -> Found:
    """Return what clicks over a transport take."""
    found = Found()
    async with _bot(folder, transport) as (sim, engine):
        questions = await _ask(sim, engine, clicks)
        load = asyncio.create_task(_keep_busy(engine, beside))
        await _open_forms(sim, questions[:forms], found)
        await _click_all(sim, questions, rate, found)
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
    return found


def shown(found: dict[str, Found]) -> str:
    """Return the table and, transport by transport, the histogram of acknowledgements."""
    rows = []
    for transport, each in found.items():
        rows.append(row(f"{transport}: click to acknowledgement", each.acks))
        rows.append(row(f"{transport}: click to edit of the message", each.edits))
        if each.forms.total:
            rows.append(row(f"{transport}: click to form", each.forms))
    heads = ["ms", "count", "p50", "p90", "p99", "most"]
    verdicts = [
        f"{transport}: {each.lost} clicks were not acknowledged; acknowledgements "
        f"{_verdict(each.acks, _ACK)}, forms {_verdict(each.forms, _FORM)}."
        for transport, each in found.items()
    ]
    pictures = [
        f"{transport}, click to acknowledgement:\n\n```text\n{bars(each.acks, 'ms')}\n```"
        for transport, each in found.items()
    ]
    return "\n\n".join([table(heads, rows), *verdicts, *pictures]) + "\n"


def _verdict(histogram: Histogram, wanted: float) -> str:
    p99 = histogram.at(0.99)
    return f"{'within' if p99 <= wanted else '**over**'} {wanted:,.0f} ms at p99"


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    given = parser().parse_args(arguments)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for transport, name in (("socket", "Socket Mode"), ("http", "HTTP")):
            found[name] = asyncio.run(
                measure(
                    Path(folder),
                    transport,
                    rate=given.rate,
                    clicks=given.clicks,
                    forms=given.forms,
                    beside=given.beside,
                )
            )
    text = (
        f"{given.rate:g} clicks a second, beside {given.beside:g} other runs started a second, "
        f"on {results.machine()}.\n\n{shown(found)}"
    )
    print(text)
    if given.write_docs:
        results.write_part("load", text)
