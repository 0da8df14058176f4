"""The control API: what the page reads and does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from bot.simulator import Simulator

from .conftest import Client, actions, button, modal, page_get, page_post, section, text_input
from .wire import Wire


async def test_the_world_is_what_one_person_sees(client: Client) -> None:
    """Channels of that person, with what is unread."""
    await client.post("C0APPROVALS")
    world = await page_get(client, "world", **{"as": "U0GUEST"})
    channels = {item["id"]: item for item in world["channels"]}

    assert world["me"] == "U0GUEST"
    assert set(channels) == {"C0GENERAL", "C0APPROVALS"}
    assert (channels["C0APPROVALS"]["unread"], channels["C0GENERAL"]["unread"]) == (1, 0)
    assert world["commands"][0]["command"] == "/signoff"
    assert {item["type"] for item in world["shortcuts"]} == {"global", "message"}
    assert world["app"]["bot_user"] == "U0SIGNOFF"
    assert (world["mode"], world["connections"]) == ("socket", 0)
    assert world["faults"]["slow_ms"] == 0
    assert {item["id"]: item["is_restricted"] for item in world["users"]}["U0GUEST"] is True


async def test_a_browser_that_leaves_is_no_error(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Its stream ends with the next notice, without a word in the log."""
    url = f"{client.sim.url}/sim/events"
    stream = await client.session.get(url, params={"as": "U0ALICE"})
    await stream.content.readline()
    stream.close()
    for _ in range(50):
        await client.call("auth.test")

    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_commands_clicks_forms_and_shortcuts(client: Client, wire: Wire) -> None:
    """Everything that a person can do goes through the same methods as in tests."""
    sim = client.sim
    wire.answers.append({"text": "yes"})
    ran = await page_post(
        client, "command", **{"as": "U0BOB", "channel": "C0GENERAL", "text": "/signoff"}
    )
    ts = await client.post(blocks=[actions(button())])
    clicked = await page_post(
        client,
        "action",
        **{
            "as": "U0BOB",
            "container": {"type": "message", "channel": "C0GENERAL", "ts": ts},
            "block_id": "acts",
            "action_id": "go",
        },
    )
    trigger = wire.bodies[-1]["trigger_id"]
    await client.call(
        "views.open", trigger_id=trigger, view=modal(text_input("a"), actions(button()))
    )
    [view] = (await page_get(client, "views", **{"as": "U0BOB"}))["modals"]
    where = {"as": "U0BOB", "view_id": view["id"]}
    touched = await page_post(
        client,
        "action",
        **{
            "as": "U0BOB",
            "container": {"type": "view", "view_id": view["id"]},
            "block_id": "acts",
            "action_id": "go",
            "state": {"values": {"a": {"value": {"type": "plain_text_input", "value": "t"}}}},
        },
    )
    state = {"values": {"a": {"value": {"type": "plain_text_input", "value": ""}}}}
    refused = await page_post(client, "submit", **where, state=state)
    closed = await page_post(client, "close", **where)
    used = await page_post(client, "shortcut", **{"as": "U0BOB", "callback_id": "start_run"})
    here = await page_post(
        client,
        "shortcut",
        **{
            "as": "U0BOB",
            "callback_id": "start_run_from_message",
            "channel": "C0GENERAL",
            "ts": ts,
        },
    )
    home = await page_post(client, "home", **{"as": "U0BOB"})

    outcomes = [ran, clicked, touched, closed, used, here, home]
    assert [item["ok"] for item in outcomes] == [True] * 7
    assert (refused["ok"], refused["errors"]) == (
        False,
        {"a": "Please complete this required field."},
    )
    assert [item["text"] for item in sim.ephemerals("U0BOB")] == ["yes"]
    assert sim.views("U0BOB") == []


async def test_suggestions_come_from_the_app(client: Client, wire: Wire) -> None:
    """As options or as groups."""
    element = {"type": "external_select", "action_id": "who"}
    ts = await client.post(blocks=[actions(element)])
    wire.answers.append({"options": []})
    answer = await page_post(
        client,
        "suggest",
        **{
            "as": "U0BOB",
            "container": {"type": "message", "channel": "C0GENERAL", "ts": ts},
            "block_id": "acts",
            "action_id": "who",
            "value": "b",
        },
    )

    assert answer == {"options": []}


async def test_an_app_that_does_not_answer_is_told_as_a_toast(client: Client) -> None:
    """The answer has a code, the words come over the event stream."""
    url = f"{client.sim.url}/sim/events"
    async with client.session.get(url, params={"as": "U0BOB"}) as stream:
        assert await stream.content.readline() == b": ready\n"
        outcome = await page_post(
            client, "command", **{"as": "U0BOB", "channel": "C0GENERAL", "text": "/signoff"}
        )
        notices: list[Any] = []
        async with asyncio.timeout(5):
            while not any(item["type"] == "toast" for item in notices):
                line = await stream.content.readline()
                if line.startswith(b"data: "):
                    notices.append(json.loads(line[6:]))

    assert (outcome["ok"], outcome["code"]) == (False, "no_connection")
    assert notices[-1]["text"] == "/signoff failed because the app did not respond"


async def test_the_stream_is_for_one_person(client: Client) -> None:
    """What only Bob sees is not told to Alice; messages for all are."""
    url = f"{client.sim.url}/sim/events"
    async with client.session.get(url, params={"as": "U0ALICE"}) as stream:
        await stream.content.readline()
        await client.call("chat.postEphemeral", channel="C0GENERAL", user="U0BOB", text="x")
        await client.post("C0DEPLOYS")
        notices: list[Any] = []
        async with asyncio.timeout(5):
            while not any(item["type"] == "messages" for item in notices):
                line = await stream.content.readline()
                if line.startswith(b"data: "):
                    notices.append(json.loads(line[6:]))

    assert notices[-1] == {"type": "messages", "channel": "C0DEPLOYS", "thread_ts": None}


async def test_the_log_is_read_from_a_number_on(client: Client) -> None:
    """Entries are numbered without gaps."""
    for _ in range(3):
        await client.call("auth.test")
    everything = (await page_get(client, "log"))["entries"]
    rest = (await page_get(client, "log", after=str(everything[-2]["n"])))["entries"]
    bad = await page_get(client, "log", after="x")

    assert [item["n"] for item in everything] == [1, 2, 3]
    assert rest == everything[-1:]
    assert (rest[0]["kind"], rest[0]["name"], rest[0]["status"]) == ("api", "auth.test", "ok")
    assert bad["ok"] is False


_BAD_FAULTS: tuple[dict[str, Any], ...] = (
    {"slow_ms": 9, "colour": 1},
    {"slow_ms": -1},
    {"slow_ms": "x"},
    {"enforce_rate": 1},
    {"fail_next": {}},
    {"fail_next": {"method": "a", "error": "b", "count": "x"}},
)


async def test_faults_are_set_and_told(client: Client, wire: Wire) -> None:
    """Unknown names and impossible values change nothing."""
    faults = await page_post(client, "faults", slow_ms=1, duplicate_next=2)
    dropped = await page_post(client, "faults", drop_connections=True)
    bad = [await page_post(client, "faults", **body) for body in _BAD_FAULTS]

    assert (faults["slow_ms"], faults["duplicate_next"]) == (1, 2)
    assert dropped["slow_ms"] == 1
    assert {item["ok"] for item in bad} == {False}
    assert client.sim.faults.slow_ms == 1
    assert wire.socket is not None
    await client.sim.until(lambda: client.sim.connections == 0)


async def test_a_reset_gives_a_fresh_world(client: Client) -> None:
    """Messages are gone, people are back."""
    await client.post()
    client.sim.staging.deactivate("U0BOB")
    client.sim.staging.uninstall()
    await page_post(client, "reset")

    assert client.sim.messages("C0GENERAL") == []
    assert client.sim.world.users["U0BOB"].deleted is False
    assert (await client.call("auth.test"))["ok"] is True


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("say", {"as": "U0ALICE", "channel": "C0GENERAL"}),
        ("say", {"as": "U0NOBODY", "channel": "C0GENERAL", "text": "x"}),
        ("action", {"as": "U0ALICE", "container": "x", "action_id": "a", "block_id": "b"}),
        ("nothing", {}),
    ],
)
async def test_mistakes_are_answered_with_words(
    client: Client, what: str, body: dict[str, Any]
) -> None:
    """4xx with an error that says what is wrong."""
    answer = await page_post(client, what, **body)

    assert answer["ok"] is False
    assert " " in answer["error"]


async def test_unreadable_requests_are_refused(client: Client) -> None:
    """No JSON, no object, nothing of that name, nobody of that name."""
    headers = {"X-Simulator": "1", "Content-Type": "application/json"}
    statuses = []
    for raw in ("{", "[]"):
        async with client.session.post(
            f"{client.sim.url}/sim/say", data=raw, headers=headers
        ) as answer:
            statuses.append(answer.status)
    nothing = await page_get(client, "nothing")
    nobody = await page_get(client, "world", **{"as": "U0NOBODY"})

    assert statuses == [400, 400]
    assert (nothing["ok"], nobody["ok"]) == (False, False)


async def test_open_streams_do_not_hold_up_the_end() -> None:
    """Leaving the simulator ends them."""
    async with aiohttp.ClientSession() as session:
        async with Simulator() as sim:
            stream = await session.get(f"{sim.url}/sim/events", params={"as": "U0BOB"})
            await stream.content.readline()
        rest = await stream.content.read()

    assert rest == b"\n"


async def test_views_show_home_and_modals(client: Client) -> None:
    """Null before the app has published a Home tab."""
    before = await page_get(client, "views", **{"as": "U0BOB"})
    await client.call(
        "views.publish", user_id="U0BOB", view={"type": "home", "blocks": [section()]}
    )
    after = await page_get(client, "views", **{"as": "U0BOB"})

    assert before == {"modals": [], "home": None}
    assert after["home"]["type"] == "home"
