"""An unchanged Bolt app works with the simulator as it does with Slack."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator import Simulator

from .conftest import actions, button, connected, modal, section, text_input


def _asking_app(heard: list[Any]) -> Any:
    """Return definitions of an app that asks, opens a form and checks it."""

    def define(app: AsyncApp) -> None:
        @app.command("/signoff")
        async def ask(ack: AsyncAck, command: dict[str, Any], client: AsyncWebClient) -> None:
            await ack(text=f"asked: {command['text']}")
            heard.append(command)
            blocks = [section("Deploy?"), actions(button("approve", "Approve", value="42"))]
            await client.chat_postMessage(
                channel=command["channel_id"], text="Deploy?", blocks=blocks
            )

        @app.action("approve")
        async def approve(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
            await ack()
            heard.append(body)
            await client.views_open(
                trigger_id=body["trigger_id"], view=modal(text_input("reason", min_length=2))
            )

        @app.view("form")
        async def check(ack: AsyncAck, body: dict[str, Any]) -> None:
            heard.append(body)
            value = body["view"]["state"]["values"]["reason"]["value"]["value"]
            if value == "because":
                await ack(response_action="errors", errors={"reason": "Say why."})
            else:
                await ack()

        @app.event("app_home_opened")
        async def home(event: dict[str, Any], client: AsyncWebClient) -> None:
            view = {"type": "home", "blocks": [section("Nothing waits.")]}
            await client.views_publish(user_id=event["user"], view=view)

    return define


async def test_a_command_is_answered_and_its_work_goes_on(sim: Simulator) -> None:
    """The ack's text is ephemeral, the message is for all."""
    heard: list[Any] = []
    async with connected(sim, _asking_app(heard)):
        ack = await sim.command("U0ALICE", "C0GENERAL", "/signoff run deploy")
        [message] = await sim.until(lambda: sim.messages("C0GENERAL"))

        assert ack.ok is True
        assert heard[0]["is_enterprise_install"] == "false"
        assert message["text"] == "Deploy?"
        [answer] = sim.ephemerals("U0ALICE")
        assert answer["text"] == "asked: run deploy"
        assert sim.ephemerals("U0BOB") == []


async def test_a_click_opens_a_form_that_refuses_and_then_accepts(sim: Simulator) -> None:
    """Errors show under the input, a better answer closes the modal."""
    heard: list[Any] = []
    async with connected(sim, _asking_app(heard)):
        await sim.command("U0ALICE", "C0GENERAL", "/signoff run")
        [message] = await sim.until(lambda: sim.messages("C0GENERAL"))
        await sim.click("U0BOB", "C0GENERAL", message["ts"], label="Approve")
        [view] = await sim.until(lambda: sim.views("U0BOB"))

        short = await sim.submit("U0BOB", view["id"], {"reason": {"value": "x"}})
        refused = await sim.submit("U0BOB", view["id"], {"reason": {"value": "because"}})
        shown = sim.views("U0BOB")[0]["errors"]
        accepted = await sim.submit("U0BOB", view["id"], {"reason": {"value": "tests passed"}})

        assert short.errors == {"reason": "Please enter at least 2 characters."}
        assert short.attempts == 0
        assert refused.errors == shown == {"reason": "Say why."}
        assert accepted.ok is True
        assert sim.views("U0BOB") == []
        assert heard[1]["actions"][0]["value"] == "42"


async def test_the_home_tab_is_published_when_it_is_opened(sim: Simulator) -> None:
    """Opening Home sends the event; the app's view shows."""
    async with connected(sim, _asking_app([])):
        await sim.open_home("U0CAROL")
        home = await sim.until(lambda: sim.home("U0CAROL"))

        assert home is not None
        assert home["blocks"][0]["text"]["text"] == "Nothing waits."
        assert sim.home("U0BOB") is None


async def test_the_app_comes_back_after_a_refresh(sim: Simulator) -> None:
    """Slack's refresh of a connection loses nothing."""
    async with connected(sim, _asking_app([])):
        await sim.disconnect("refresh_requested")
        await sim.until(lambda: sim.connections == 1)
        ack = await sim.command("U0ALICE", "C0GENERAL", "/signoff list")

        assert ack.ok is True


@pytest.mark.slow
async def test_the_app_comes_back_after_a_broken_connection(sim: Simulator) -> None:
    """A connection that dies without a word is opened again by the client."""
    async with connected(sim, _asking_app([])):
        sim.drop_connections()
        await sim.until(lambda: sim.connections == 1, timeout=15)
        ack = await sim.command("U0ALICE", "C0GENERAL", "/signoff list")

        assert ack.ok is True


async def test_a_duplicated_envelope_reaches_the_app_twice(sim: Simulator) -> None:
    """Slack may deliver an envelope twice; the app sees the same body both times."""
    heard: list[Any] = []
    async with connected(sim, _asking_app(heard)):
        sim.faults.duplicate_next = 1
        await sim.command("U0ALICE", "C0GENERAL", "/signoff run once")
        await sim.until(lambda: len(sim.messages("C0GENERAL")) == 2)

        assert heard[0] == heard[1]
        assert len(sim.ephemerals("U0ALICE")) == 1


@pytest.mark.slow
async def test_an_app_that_does_not_answer_gets_it_again_and_the_user_is_told(
    sim: Simulator,
) -> None:
    """Four deliveries, then Slack's own warning."""
    calls = 0

    def define(app: AsyncApp) -> None:
        @app.command("/signoff")
        async def slow() -> None:
            nonlocal calls
            calls += 1
            await asyncio.sleep(0)

    async with connected(sim, define):
        ack = await sim.command("U0ALICE", "C0GENERAL", "/signoff run")

        assert ack.ok is False
        assert (ack.error, ack.attempts, calls) == ("timeout", 4, 4)
        toasts = [entry.summary for entry in sim.log if entry.name == "toast"]
        assert toasts == ["U0ALICE: /signoff failed because the app did not respond"]
        attempts = [
            entry.request.get("retry_attempt") for entry in sim.log if entry.kind == "envelope"
        ]
        assert attempts == [None, 1, 2, 3]
