"""A running simulator, a plain client for it and a Bolt app connected to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator import Simulator, Timing

from .wide import WIDE
from .wire import Wire, wired

QUICK = Timing(ack=0.25, connect=0.25, event_retries=(0.0, 0.02, 0.03))


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Client:
    """Calls the Web API the plain way: JSON and a bearer token."""

    def __init__(self, sim: Simulator, session: aiohttp.ClientSession) -> None:
        self.sim = sim
        self.session = session

    async def call(self, method: str, *, token: str | None = None, **arguments: Any) -> Any:
        """Call a method and return its JSON."""
        headers = {"Authorization": f"Bearer {token or self.sim.bot_token}"}
        url = self.sim.api_url + method
        async with self.session.post(url, json=arguments, headers=headers) as answer:
            return await answer.json()

    async def post(self, channel: str = "C0GENERAL", text: str = "hello", **more: Any) -> str:
        """Post a message and return its ts."""
        answer = await self.call("chat.postMessage", channel=channel, text=text, **more)

        assert answer["ok"] is True, answer
        ts: str = answer["ts"]
        return ts


async def page_get(client: Client, what: str, **query: str) -> Any:
    """Read something as the page does."""
    async with client.session.get(f"{client.sim.url}/sim/{what}", params=query) as answer:
        return await answer.json()


async def page_post(client: Client, what: str, **body: Any) -> Any:
    """Do something as the page does."""
    async with client.session.post(
        f"{client.sim.url}/sim/{what}", json=body, headers={"X-Simulator": "1"}
    ) as answer:
        return await answer.json()


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest_asyncio.fixture
async def sim(clock: Clock) -> AsyncIterator[Simulator]:
    """Start a simulator that waits a quarter of a second for acknowledgements."""
    async with Simulator(clock=clock, timing=QUICK) as simulator:
        yield simulator


@pytest_asyncio.fixture
async def client(sim: Simulator) -> AsyncIterator[Client]:
    """Return a client of the simulator."""
    async with aiohttp.ClientSession() as session:
        yield Client(sim, session)


@asynccontextmanager
async def connected(sim: Simulator, define: Callable[[AsyncApp], None]) -> AsyncIterator[AsyncApp]:
    """Run a Bolt app over Socket Mode, unchanged but for the base URL."""
    web = AsyncWebClient(token=sim.bot_token, base_url=sim.api_url)
    app = AsyncApp(token=sim.bot_token, client=web)
    define(app)
    handler = AsyncSocketModeHandler(
        app, sim.app_token, web_client=AsyncWebClient(token=sim.app_token, base_url=sim.api_url)
    )
    handler.client.ping_interval = 0.5
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt has no types here
    await sim.until(lambda: sim.connections == 1)
    try:
        yield app
    finally:
        # Listeners that are still at work would otherwise be destroyed with the loop.
        await handler.close_async()  # type: ignore[no-untyped-call]  # slack_bolt has no types here
        await asyncio.sleep(0)


def section(text: str = "hello", **more: Any) -> dict[str, Any]:
    """Return a section block."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str = "go", text: str = "Go", **more: Any) -> dict[str, Any]:
    """Return a button."""
    return {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": text},
        **more,
    }


def actions(*elements: dict[str, Any], block_id: str = "acts") -> dict[str, Any]:
    """Return an actions block."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def text_input(block_id: str, *, optional: bool = False, **element: Any) -> dict[str, Any]:
    """Return an input block with a plain text input called `value`."""
    return {
        "type": "input",
        "block_id": block_id,
        "optional": optional,
        "label": {"type": "plain_text", "text": block_id},
        "element": {"type": "plain_text_input", "action_id": "value", **element},
    }


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a modal view with a submit button."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "A form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
        **more,
    }


@pytest_asyncio.fixture
async def wire(sim: Simulator) -> AsyncIterator[Wire]:
    """Connect a bare app that acknowledges everything."""
    async with wired(sim) as connection:
        yield connection


@pytest_asyncio.fixture
async def wire_free_client() -> AsyncIterator[Client]:
    """Return a client of a simulator whose app takes no interactions."""
    manifest = {
        "display_information": {"name": "Small"},
        "features": {"bot_user": {"display_name": "Small"}},
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
    }
    async with Simulator(manifest) as simulator, aiohttp.ClientSession() as session:
        yield Client(simulator, session)


@pytest_asyncio.fixture
async def escaping() -> AsyncIterator[tuple[Simulator, Wire]]:
    """Start an app whose command wants ids in place of names."""
    command = {"command": "/ask", "description": "Ask", "should_escape": True}
    manifest = {
        "display_information": {"name": "Small"},
        "features": {"bot_user": {"display_name": "Small"}, "slash_commands": [command]},
        "oauth_config": {"scopes": {"bot": ["commands"]}},
    }
    async with Simulator(manifest, timing=QUICK) as simulator, wired(simulator) as connection:
        yield simulator, connection


@pytest_asyncio.fixture
async def joining() -> AsyncIterator[Client]:
    """Return a client of an app that may join channels."""
    scopes = ["channels:join", "channels:read", "groups:read"]
    manifest = {
        "display_information": {"name": "Small"},
        "features": {"bot_user": {"display_name": "Small"}},
        "oauth_config": {"scopes": {"bot": scopes}},
        "settings": {"event_subscriptions": {"bot_events": ["member_joined_channel"]}},
    }
    async with Simulator(manifest, timing=QUICK) as simulator, aiohttp.ClientSession() as session:
        yield Client(simulator, session)


@pytest_asyncio.fixture
async def wide() -> AsyncIterator[Client]:
    """Return a client of an app that asks for everything, a workflow step included."""
    async with Simulator(WIDE, timing=QUICK) as simulator, aiohttp.ClientSession() as session:
        yield Client(simulator, session)
