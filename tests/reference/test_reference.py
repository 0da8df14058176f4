"""The simulator's calls and envelopes agree with reference data of Slack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from bot.simulator import Simulator
from tests.reference.check import check_recording
from tests.simulator.conftest import (
    QUICK,
    Client,
    actions,
    button,
    connected,
    modal,
    section,
    text_input,
)


def _all_rounder(app: AsyncApp) -> None:
    """Define an app that takes part in everything."""
    _forms_of(app)
    _shortcuts_of(app)
    _events_of(app)


def _forms_of(app: AsyncApp) -> None:
    @app.command("/signoff")
    async def command(ack: Any, respond: Any) -> None:
        await ack(text="one moment")
        await respond(text="done", response_type="in_channel", blocks=[section("done")])

    @app.action({"block_id": "acts"})
    async def act(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        view = modal(text_input("why"), _external(), notify_on_close=True)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.options("who")
    async def offer(ack: Any) -> None:
        await ack(options=[{"text": {"type": "plain_text", "text": "Bob"}, "value": "bob"}])

    @app.view("form")
    async def submitted(ack: Any) -> None:
        await ack(response_action="update", view=modal(section("thanks"), notify_on_close=True))

    @app.view_closed("form")
    async def closed(ack: Any) -> None:
        await ack()


def _shortcuts_of(app: AsyncApp) -> None:
    @app.shortcut("start_run")
    async def start(ack: Any) -> None:
        await ack()

    @app.shortcut("start_run_from_message")
    async def start_here(ack: Any) -> None:
        await ack()


def _events_of(app: AsyncApp) -> None:
    @app.event("app_home_opened")
    async def home(event: dict[str, Any], client: Any) -> None:
        view = {"type": "home", "blocks": [section("home"), actions(button())]}
        await client.views_publish(user_id=event["user"], view=view)

    for name in ("app_mention", "message", "member_joined_channel", "app_uninstalled"):

        @app.event(name)
        async def noted() -> None:
            """Take the event and do nothing."""

    @app.event("tokens_revoked")
    async def revoked() -> None:
        """Take the event and do nothing."""


def _external() -> dict[str, Any]:
    element = {"type": "external_select", "action_id": "who", "min_query_length": 1}
    label = {"type": "plain_text", "text": "Who"}
    return {
        "type": "input",
        "block_id": "who",
        "optional": True,
        "label": label,
        "element": element,
    }


async def _people(sim: Simulator) -> None:
    await sim.command("U0ALICE", "C0GENERAL", "/signoff run")
    ts = await sim.say("U0ALICE", "C0GENERAL", "hello <@U0SIGNOFF>")
    await sim.say("U0BOB", sim.direct("U0BOB"), "psst")
    await sim.shortcut("U0ALICE", "start_run")
    await sim.message_shortcut("U0ALICE", "start_run_from_message", "C0GENERAL", ts)
    await sim.open_home("U0CAROL")
    home = await sim.until(lambda: sim.home("U0CAROL"))
    assert home is not None
    await sim.open_home("U0CAROL")
    await sim.click_view("U0CAROL", home["id"], "go")
    sim.staging.remove("C0DEPLOYS", "U0DAVE")
    sim.staging.invite("C0DEPLOYS", "U0DAVE")


async def _forms(sim: Simulator, ts: str) -> None:
    await sim.click("U0BOB", "C0GENERAL", ts, "go")
    [view] = await sim.until(lambda: sim.views("U0BOB"))
    container = {"type": "view", "view_id": view["id"]}
    found = await sim.suggest("U0BOB", container, "who", "b")
    await sim.submit(
        "U0BOB", view["id"], {"why": {"value": "so"}, "who": {"who": found["options"][0]}}
    )
    await sim.close_view("U0BOB", view["id"])
    await sim.click("U0BOB", "C0GENERAL", sim.ephemerals("U0BOB")[0]["ts"], "go")


async def _calls(client: Client) -> str:
    await client.call("auth.test")
    await client.call("team.info")
    await client.call("bots.info", bot="B0SIGNOFF")
    ts = await client.post(blocks=[section("Deploy?"), actions(button())])
    reply = await client.post(thread_ts=ts)
    await client.call("chat.update", channel="C0GENERAL", ts=reply, text="changed")
    await client.call("chat.getPermalink", channel="C0GENERAL", message_ts=reply)
    await client.call(
        "chat.postEphemeral",
        channel="C0GENERAL",
        user="U0BOB",
        text="you",
        blocks=[actions(button())],
    )
    await client.call("conversations.open", users="U0BOB")
    await client.call("conversations.info", channel="C0GENERAL")
    await client.call("conversations.list", limit=1)
    await client.call("conversations.members", channel="C0GENERAL")
    await client.call("conversations.history", channel="C0GENERAL", include_all_metadata=True)
    await client.call("conversations.replies", channel="C0GENERAL", ts=ts)
    await client.call("users.info", user="U0BOB")
    await client.call("users.list")
    await client.call("users.lookupByEmail", email="nobody@example.com")
    await client.call("usergroups.list", include_users=True)
    await client.call("usergroups.users.list", usergroup="S0EDITORS")
    await client.call("chat.postMessage", channel="C0NOWHERE", text="x")
    await client.call("chat.postMessage", channel="C0GENERAL", blocks=[{"type": "nonsense"}])
    await client.call("chat.delete", channel="C0GENERAL", ts=reply)
    await client.call("views.open", trigger_id="1.2.a", view=modal(section()))
    return ts


async def test_a_whole_session_agrees_with_the_reference(tmp_path: Path, reference: Path) -> None:
    """Every method and every kind of envelope, as a Bolt app meets them."""
    recording = tmp_path / "recording.jsonl"
    async with (
        Simulator(timing=QUICK) as sim,
        aiohttp.ClientSession() as session,
        connected(sim, _all_rounder),
    ):
        sim.record_to(recording)
        ts = await _calls(Client(sim, session))
        await _people(sim)
        await _forms(sim, ts)
        sim.staging.uninstall()
        await sim.settle()

    lines = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    bodies = [line["frame"]["payload"] for line in lines if line["what"] == "envelope"]
    kinds = {body.get("type", "slash_command") for body in bodies}
    assert kinds >= {
        "block_actions",
        "block_suggestion",
        "event_callback",
        "message_action",
        "shortcut",
        "slash_command",
        "view_closed",
        "view_submission",
    }
    problems = check_recording(recording, reference)

    assert problems == []


def _call(**changes: Any) -> dict[str, Any]:
    line = {
        "what": "call",
        "method": "chat.postMessage",
        "arguments": {"channel": "C1", "text": "x", "team_id": "T1"},
        "status": 200,
        "answer": {"ok": True, "channel": "C1", "ts": "1.2", "message": {}},
    }
    return line | changes


_BAD = {
    "is no documented method": _call(method="chat.shout"),
    "argument colour is not documented": _call(arguments={"channel": "C1", "colour": "red"}),
    "was accepted without channel": _call(arguments={"text": "x"}),
    "error no_luck is not documented": _call(answer={"ok": False, "error": "no_luck"}),
    "the answer has no ts": _call(answer={"ok": True, "channel": "C1"}),
    "/blocks/0 (section)": _call(
        arguments={"channel": "C1", "blocks": [{"type": "section", "txt": "typo"}]}
    ),
    "response_url is missing": {
        "what": "envelope",
        "transport": "http",
        "kind": "slash_commands",
        "headers": {},
        "body": {"token": "t", "command": "/x"},
    },
    "is no recorded kind of body": {
        "what": "envelope",
        "transport": "http",
        "kind": "interactive",
        "headers": {},
        "body": {"type": "dialog_submission"},
    },
}


@pytest.mark.parametrize("words", _BAD)
def test_the_checker_sees_a_difference(tmp_path: Path, reference: Path, words: str) -> None:
    """A recording with one fault gives a problem that names it."""
    recording = tmp_path / "recording.jsonl"
    recording.write_text(json.dumps(_BAD[words]) + "\n", encoding="utf-8")

    problems = check_recording(recording, reference)

    assert any(words in problem for problem in problems), problems


def test_a_good_line_has_no_problem(tmp_path: Path, reference: Path) -> None:
    """The line that the faulty ones are made from is accepted."""
    recording = tmp_path / "recording.jsonl"
    recording.write_text(json.dumps(_call()) + "\n", encoding="utf-8")

    problems = check_recording(recording, reference)

    assert problems == []
