"""HTTP mode: signed POSTs, repeated for events only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator import Simulator, SimulatorError

from .conftest import QUICK, Client, actions, button


class Receiver:
    """An app's request URL that keeps what it gets."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.body: Any = None

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the next status, by default 200."""
        self.requests.append((dict(request.headers), await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        if isinstance(self.body, str):
            return web.Response(status=status, text=self.body, headers=self.headers)
        if self.body is not None:
            return web.json_response(self.body, status=status, headers=self.headers)
        return web.Response(status=status, headers=self.headers)


async def _serve(handler: Any) -> tuple[web.AppRunner, str]:
    application = web.Application()
    application.router.add_post("/slack/events", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, Simulator]]:
    """Start a receiver and a simulator that posts to it."""
    received = Receiver()
    runner, url = await _serve(received.handle)
    async with Simulator(request_url=url, timing=QUICK, signing_secret="s3cret") as sim:  # noqa: S106 - a test's
        yield received, sim
    await runner.cleanup()


Both = tuple[Receiver, Simulator]


async def test_requests_are_signed(receiver: Both) -> None:
    """Slack's own verifier accepts them."""
    received, sim = receiver
    await sim.command("U0ALICE", "C0GENERAL", "/signoff run ä&b")
    headers, raw = received.requests[0]

    assert SignatureVerifier("s3cret").is_valid_request(raw, headers) is True
    assert headers["User-Agent"].startswith("Slackbot 1.0")
    form = parse_qs(raw.decode())
    assert form["text"] == ["run ä&b"]
    assert form["is_enterprise_install"] == ["false"]


async def test_an_interaction_is_a_form_with_a_payload(receiver: Both) -> None:
    """And an event is JSON."""
    received, sim = receiver
    await sim.shortcut("U0ALICE", "start_run")
    await sim.open_home("U0ALICE")
    await sim.settle()
    interaction, event = received.requests

    payload = json.loads(parse_qs(interaction[1].decode())["payload"][0])
    assert payload["type"] == "shortcut"
    assert json.loads(event[1])["event"]["type"] == "app_home_opened"
    assert event[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "text"), [("plain words", "plain words"), ({"text": "from JSON"}, "from JSON")]
)
async def test_an_answer_may_be_text_or_json(receiver: Both, body: Any, text: str) -> None:
    """Both become an ephemeral message."""
    received, sim = receiver
    received.body = body
    ack = await sim.command("U0ALICE", "C0GENERAL", "/signoff")

    assert ack.ok is True
    assert [item["text"] for item in sim.ephemerals("U0ALICE")] == [text]


async def test_events_are_repeated_with_their_reason(receiver: Both) -> None:
    """Three more times, numbered, until one is answered with 200."""
    received, sim = receiver
    received.statuses = [500, 503, 200]
    await sim.open_home("U0ALICE")
    await sim.settle()
    retries = [
        (headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason"))
        for headers, _ in received.requests
    ]

    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert len({raw for _, raw in received.requests}) == 1


async def test_an_app_may_ask_for_no_repetition(receiver: Both) -> None:
    """x-slack-no-retry: 1 on a refusal ends it."""
    received, sim = receiver
    received.statuses, received.headers = [500], {"X-Slack-No-Retry": "1"}
    await sim.open_home("U0ALICE")
    await sim.settle()

    assert len(received.requests) == 1


async def test_interactions_are_not_repeated(receiver: Both) -> None:
    """The user is told instead."""
    received, sim = receiver
    received.statuses = [500]
    ack = await sim.command("U0ALICE", "C0GENERAL", "/signoff")

    assert (ack.ok, ack.error, len(received.requests)) == (False, "http_500", 1)
    assert any(entry.name == "toast" for entry in sim.log)


async def test_a_duplicate_is_posted_twice(receiver: Both) -> None:
    """The same body, each signed."""
    received, sim = receiver
    sim.faults.duplicate_next = 1
    await sim.command("U0ALICE", "C0GENERAL", "/signoff")

    assert received.requests[0][1] == received.requests[1][1]


async def test_an_app_that_is_away_is_an_error() -> None:
    """Refused connections and silence have each their word."""
    never = asyncio.Event()

    async def silent(request: web.Request) -> web.Response:
        await request.read()
        await never.wait()
        return web.Response()

    runner, url = await _serve(silent)
    async with Simulator(request_url=url, timing=QUICK) as sim:
        slow = await sim.command("U0ALICE", "C0GENERAL", "/signoff")
    never.set()
    await runner.cleanup()
    async with Simulator(request_url=url, timing=QUICK) as sim:
        away = await sim.command("U0ALICE", "C0GENERAL", "/signoff")

    assert (slow.error, away.error) == ("timeout", "connection_failed")


async def test_bolt_takes_the_requests_as_slacks(receiver: Both) -> None:
    """Commands, clicks and the check of the request URL pass its verification."""
    _, spare = receiver
    heard: list[str] = []
    web_client = AsyncWebClient(token=spare.bot_token, base_url=spare.api_url)
    app = AsyncApp(client=web_client, signing_secret=spare.signing_secret)

    @app.command("/signoff")
    async def command(ack: Any) -> None:
        await ack("done")

    @app.action("go")
    async def act(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body["actions"][0]["action_id"])
        await ack()

    async def handle(request: web.Request) -> web.Response:
        answer = await app.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    runner, url = await _serve(handle)
    async with (
        Simulator(request_url=url, signing_secret=spare.signing_secret) as sim,
        aiohttp.ClientSession() as session,
    ):
        verified = await sim.verify_url("a-challenge")
        await sim.command("U0ALICE", "C0GENERAL", "/signoff")
        ts = await Client(sim, session).post(blocks=[actions(button())])
        await sim.click("U0ALICE", "C0GENERAL", ts, "go")
        texts = [item["text"] for item in sim.ephemerals("U0ALICE")]
    await runner.cleanup()

    assert verified.body == {"challenge": "a-challenge"}
    assert texts == ["done"]
    assert heard == ["go"]


async def test_each_mode_has_its_own_controls(receiver: Both, sim: Simulator) -> None:
    """No connections to drop in HTTP mode, no URL to verify in Socket Mode."""
    _, posting = receiver

    with pytest.raises(SimulatorError, match="takes callbacks"):
        posting.drop_connections()
    with pytest.raises(SimulatorError, match="no request URL"):
        await sim.verify_url("x")
    assert (posting.mode, sim.mode) == ("http", "socket")
