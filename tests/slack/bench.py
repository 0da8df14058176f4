"""A bot, an engine and a local Slack, wired as in production."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.simulator import Ack, Simulator, Timing
from bot.slack.app import SlackSurface
from bot.slack.transport.http import routes
from bot.slack.workspace.connection import SlackWorkspace
from orchestrator.core.commands import LoseAttempt
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.runtime import Clock, Engine, SystemClock
from orchestrator.store import Approval, Run, migrate, open_store

CHANNEL = "C0APPROVALS"
MANIFEST = Path(__file__).parents[2] / "manifest.yml"
QUICK = Timing(event_retries=(0.0, 0.02, 0.03))


@dataclass
class Effects:
    """Counts what ran behind the gates."""

    published: list[str] = field(default_factory=list)
    #: What tasks were given: answers, arguments, feedback.
    seen: list[Any] = field(default_factory=list)
    tries: int = 0
    is_running: asyncio.Event = field(default_factory=asyncio.Event)


HONEY = "Honey bees do not sleep. They form a ball around the queen and shiver until spring."
INPUT = {
    "type": "object",
    "properties": {
        "topic": {"type": "string"},
        "body": {"type": "string", "default": HONEY},
        "wait": {"type": "string", "format": "duration", "default": "PT1H"},
    },
    "required": ["topic"],
    "additionalProperties": False,
}


def publish_graph(effects: Effects, **gate: Any) -> Graph:
    """Return write → review → publish, gated by the editors."""

    def write(context: Any) -> dict[str, Any]:
        return {"draft": context.input["body"], "words": len(context.input["body"].split())}

    def publish(context: Any) -> dict[str, Any]:
        effects.published.append(context.input["topic"])
        return {"url": "https://example.com"}

    options: dict[str, Any] = {
        "approvers": "@editors",
        "title": "Publish “{{ input.topic }}”?",
        "review_keys": ("words", "draft"),
        "timeout": lambda view: view.input["wait"],
        "on_timeout": "expire",
    }
    return (
        GraphBuilder("publish", description="Write an article and publish it.", input=INPUT)
        .task("write", write)
        .approval("review", **(options | gate))
        .task("publish", publish)
        .edge("write", "review")
        .edge("review", "publish")
        .start("write")
        .ends("publish")
        .build()
    )


def fragile_graph(effects: Effects) -> Graph:
    """Return one task that must not run twice by itself; its first try never ends."""

    async def work(context: Any) -> dict[str, Any]:
        effects.tries += 1
        if effects.tries == 1:
            effects.is_running.set()
            await asyncio.Event().wait()
        effects.published.append(context.node)
        return {"done": True}

    return (
        GraphBuilder("fragile", operators="U0BOB")
        .task("work", work, idempotent=False)
        .start("work")
        .ends("work")
        .build()
    )


@dataclass
class Bench:
    """What a test drives."""

    sim: Simulator
    engine: Engine
    surface: SlackSurface
    workspace: SlackWorkspace
    effects: Effects
    transport: str
    url: str = ""
    http: aiohttp.ClientSession | None = None

    async def run(self, text: str = 'run publish topic="Bees in winter"', **who: str) -> Ack:
        """Type a command as Alice."""
        return await self.sim.command(who.get("user", "U0ALICE"), CHANNEL, f"/signoff {text}")

    async def question(self) -> dict[str, Any]:
        """Wait for a question and return its message."""
        return await self.sim.until(self.open_question, timeout=8)

    def open_question(self) -> dict[str, Any] | None:
        """Return the newest message that has decision buttons."""
        return next(iter(self.open_questions()), None)

    def open_questions(self) -> list[dict[str, Any]]:
        """Return the messages that have decision buttons, the newest first."""
        return [m for m in reversed(self.messages()) if labels(m) & DECIDING or menu(m)]

    async def press(self, user: str, message: Mapping[str, Any], label: str) -> Ack:
        """Press a button of a message in the channel."""
        ack = await self.sim.click(user, CHANNEL, message["ts"], label=label)

        assert ack.ok, ack
        return ack

    async def pick(self, user: str, message: Mapping[str, Any], label: str) -> Ack:
        """Pick an entry of a message's menu."""
        chosen = next(o for o in menu(message) if o["text"]["text"] == label)
        ack = await self.sim.click(
            user, CHANNEL, message["ts"], "signoff_menu", element=chosen["value"]
        )

        assert ack.ok, ack
        return ack

    async def window(self, user: str, title: str) -> dict[str, Any]:
        """Wait for a person's front window to have a title, and return it."""

        def find() -> dict[str, Any] | None:
            views = self.sim.views(user)
            return views[-1] if views and views[-1]["title"]["text"] == title else None

        return await self.sim.until(find, timeout=4)

    async def fill(self, user: str, view: Mapping[str, Any], **given: Any) -> Ack:
        """Fill in a form by the labels of its fields, with `_` for what is no letter; submit it."""
        values: dict[str, dict[str, Any]] = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                name = re.sub(r"\W", "_", block["label"]["text"])
                if name in given:
                    values[block["block_id"]] = {block["element"]["action_id"]: given.pop(name)}

        assert not given, f"there are no such fields: {sorted(given)}"
        return await self.sim.submit(user, view["id"], values)

    async def news(self, message: Mapping[str, Any], text: str) -> dict[str, Any]:
        """Wait for something in a question's thread."""

        def find() -> dict[str, Any] | None:
            thread = self.sim.thread(CHANNEL, message["ts"])[1:]
            return next((each for each in thread if text in shown(each)), None)

        return await self.sim.until(find, timeout=6)

    def directs(self, user: str) -> list[dict[str, Any]]:
        """Return what the bot told somebody by direct message, oldest first."""
        messages = self.sim.messages(self.sim.direct(user))
        return [message for message in messages if message.get("bot_id")]

    async def direct(self, user: str, text: str) -> dict[str, Any]:
        """Wait until somebody was told something by direct message."""

        def find() -> dict[str, Any] | None:
            return next((each for each in self.directs(user) if text in shown(each)), None)

        return await self.sim.until(find, timeout=6)

    async def edited(self, ts: str, text: str) -> dict[str, Any]:
        """Wait until a message in the channel says something."""

        def find() -> dict[str, Any] | None:
            return next((m for m in self.messages() if m["ts"] == ts and text in shown(m)), None)

        return await self.sim.until(find, timeout=6)

    def messages(self) -> list[dict[str, Any]]:
        """Return the bot's messages in the channel."""
        return [m for m in self.sim.messages(CHANNEL) if m.get("bot_id")]

    async def ask(self, text: str = 'run publish topic="Bees in winter"') -> dict[str, Any]:
        """Start a run and return its question."""
        ack = await self.run(text)

        assert ack.ok, ack
        return await self.question()

    async def approval(self) -> Approval:
        """Return the newest approval of all."""
        runs = await self.engine.list_runs(limit=1)
        return (await self.engine.list_approvals(runs[0].id))[-1]

    async def last_run(self) -> Run:
        """Return the newest run."""
        return (await self.engine.list_runs(limit=1))[0]

    async def finished(self) -> Run:
        """Wait until the newest run is over."""
        run = await self.last_run()
        return await self.engine.wait_until(run.id, lambda r: r.finished_at is not None, timeout=8)

    async def lose_attempt(self) -> None:
        """Have the engine find that the process which ran `work` is gone."""
        await asyncio.wait_for(self.effects.is_running.wait(), timeout=5)
        run = await self.last_run()
        command = LoseAttempt(path="work", attempt=1)
        await self.engine._kernel.commit(run.id, command, self.engine.graphs["fragile"])

    async def outcome(self, text: str) -> dict[str, Any]:
        """Wait for a message that says `text` and decides nothing any more."""

        def find() -> dict[str, Any] | None:
            return next(
                (m for m in self.messages() if text in shown(m) and not labels(m) & DECIDING), None
            )

        return await self.sim.until(find, timeout=8)

    async def told(self, user: str, text: str) -> str:
        """Wait until somebody was told something that only they see."""

        def find() -> str | None:
            found = [shown(m) for m in self.sim.ephemerals(user)]
            return next((each for each in found if text in each), None)

        return await self.sim.until(find, timeout=4)


DECIDING = {
    "Approve", "Reject…", "Retry", "Skip", "Fail", "Answer…", "Choose…", "Enter result…", "Accept",
}  # fmt: skip


def labels(message: Mapping[str, Any]) -> set[str]:
    """Return the labels of a message's buttons."""
    return {
        element["text"]["text"]
        for block in message.get("blocks", ())
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button"
    }


def menu(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of a message's menu."""
    return [
        option
        for block in message.get("blocks", ())
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "overflow"
        for option in element["options"]
    ]


def button(message: Mapping[str, Any], label: str) -> dict[str, Any]:
    """Return a button of a message."""
    return next(
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button" and element["text"]["text"] == label
    )


def shown(message: Mapping[str, Any]) -> str:
    """Return everything that a message or view says, as JSON without escapes."""
    parts = {key: message.get(key) for key in ("text", "blocks")}
    return json.dumps(parts, ensure_ascii=False)


def mrkdwn_texts(value: Any) -> list[str]:
    """Return every text in which Slack reads mark-up, the top-level text included."""
    if isinstance(value, list):
        return [text for each in value for text in mrkdwn_texts(each)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if value.get("type") == "mrkdwn" else []
    if "ts" in value and "blocks" in value:
        own.append(value["text"])
    return own + [text for each in value.values() for text in mrkdwn_texts(each)]


def pings(message: Mapping[str, Any]) -> set[str]:
    """Return what a message mentions to everybody's ears."""
    found = re.findall(r"<!(?:channel|here|everyone)[^>]*>", " ".join(mrkdwn_texts(message)))
    return set(found)


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], *, timeout: float = 8.0
) -> None:
    """Wait until something holds that nobody announces; looked at every 10 ms."""
    async with asyncio.timeout(timeout):
        while True:
            found = condition()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.01)


def _as_it_is(_sim: Simulator) -> None:
    """Leave a new Slack alone."""


@asynccontextmanager
async def _opened(
    slack: Simulator | None, request_url: str | None, timing: Timing
) -> AsyncIterator[Simulator]:
    if slack is not None:
        yield slack
        return
    async with Simulator(MANIFEST, request_url=request_url, timing=timing) as sim:
        yield sim


@asynccontextmanager
async def bench(  # noqa: PLR0913 - what a bot is made of, all by keyword
    tmp_path: Path,
    *,
    transport: str = "socket",
    graphs: Callable[[Effects], list[Graph]] = lambda effects: [publish_graph(effects)],
    timing: Timing = QUICK,
    prepare: Callable[[Simulator], None] = _as_it_is,
    clock: Clock | None = None,
    slack: Simulator | None = None,
    **options: Any,
) -> AsyncIterator[Bench]:
    """Start everything and stop it in the right order.

    With `slack`, which is running, only the bot is started; so it can be stopped and started again.
    """
    url = f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"
    await migrate(url)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    bot_url = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
    request_url = bot_url if transport == "http" else None
    effects = Effects()
    clock = clock or SystemClock()
    async with (
        _opened(slack, request_url, timing) as sim,
        open_store(url, now=clock.now) as store,
        SlackWorkspace(bot_token=sim.bot_token, api_url=sim.api_url) as workspace,
    ):
        prepare(sim)
        engine = Engine(
            store,
            {graph.id: graph for graph in graphs(effects)},
            directory=workspace.directory,
            clock=clock,
            has_chat=True,
        )
        settings: dict[str, Any] = {
            "channel": CHANNEL, "message_interval": 0.0, "clock": clock,
        } | options  # fmt: skip
        surface = SlackSurface(
            engine,
            workspace,
            app_token=sim.app_token if transport == "socket" else None,
            signing_secret=sim.signing_secret if transport == "http" else None,
            **settings,
        )
        app = web.Application()
        app.add_routes(routes(surface))
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        try:
            async with engine, surface, aiohttp.ClientSession() as session:
                yield Bench(
                    sim=sim,
                    engine=engine,
                    surface=surface,
                    workspace=workspace,
                    effects=effects,
                    transport=transport,
                    url=bot_url,
                    http=session,
                )
        finally:
            await runner.cleanup()
