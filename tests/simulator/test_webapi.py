"""The Web API's front door: arguments, tokens, scopes, faults."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator import Simulator
from bot.simulator.manifest import DEFAULT_MANIFEST

from .conftest import Client, Clock, section


def _with_scopes(*scopes: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(json.dumps(DEFAULT_MANIFEST))
    manifest["oauth_config"]["scopes"]["bot"] = ["commands", *scopes]
    manifest["settings"]["event_subscriptions"] = {}
    return manifest


async def test_arguments_come_in_the_query_the_form_or_as_json(client: Client) -> None:
    """All three are merged; blocks may be a JSON string."""
    headers = {"Authorization": f"Bearer {client.sim.bot_token}"}
    url = f"{client.sim.api_url}chat.postMessage"
    blocks = json.dumps([section("from a string")])
    form = {"text": "x", "blocks": blocks}
    async with client.session.post(
        url, params={"channel": "C0GENERAL"}, data=form, headers=headers
    ) as answer:
        posted = await answer.json()
    async with client.session.get(
        f"{client.sim.api_url}conversations.info",
        params={"channel": "C0GENERAL", "token": client.sim.bot_token},
    ) as answer:
        read = await answer.json()

    assert posted["message"]["blocks"][0]["text"]["text"] == "from a string"
    assert read["channel"]["name"] == "general"


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("", "auth.test", "not_authed"),
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        ("xapp-simulator-app-token", "auth.test", "not_allowed_token_type"),
        ("xoxb-simulator-bot-token", "apps.connections.open", "not_allowed_token_type"),
    ],
)
async def test_a_token_must_fit(client: Client, token: str, method: str, error: str) -> None:
    """No token, an unknown one and one of the wrong kind have each their error."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client.session.post(client.sim.api_url + method, headers=headers) as answer:
        body = await answer.json()

    assert body == {"ok": False, "error": error}
    assert answer.status == 200


async def test_an_unknown_method_is_named(client: Client) -> None:
    """As in Slack, with HTTP 200."""
    assert await client.call("chat.shout") == {
        "ok": False,
        "error": "unknown_method",
        "req_method": "chat.shout",
    }


async def test_a_missing_argument_is_named(client: Client) -> None:
    """The message says which field."""
    answer = await client.call("chat.update", channel="C0GENERAL")

    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: ts"]


async def test_scopes_come_from_the_manifest() -> None:
    """What the manifest does not ask for is refused, and every answer lists what it has."""
    async with Simulator(_with_scopes("chat:write")) as sim, aiohttp.ClientSession() as session:
        client = Client(sim, session)
        refused = await client.call("users.info", user="U0BOB")
        headers = {"Authorization": f"Bearer {sim.bot_token}"}
        async with session.post(f"{sim.api_url}auth.test", headers=headers) as answer:
            scopes = answer.headers["x-oauth-scopes"]

    assert refused["error"] == "missing_scope"
    assert refused["needed"] == "users:read"
    assert scopes == "commands,chat:write"


async def test_an_email_address_needs_its_scope() -> None:
    """users.info leaves the address out without users:read.email."""
    async with Simulator(_with_scopes("users:read")) as sim, aiohttp.ClientSession() as session:
        answer = await Client(sim, session).call("users.info", user="U0BOB")

    assert "email" not in answer["user"]["profile"]


@pytest.mark.parametrize("raw", ["{", "[1]"])
async def test_a_body_that_is_no_json_object_is_refused(client: Client, raw: str) -> None:
    """Broken JSON and JSON of the wrong kind have each their error."""
    headers = {
        "Authorization": f"Bearer {client.sim.bot_token}",
        "Content-Type": "application/json",
    }
    async with client.session.post(
        f"{client.sim.api_url}auth.test", data=raw, headers=headers
    ) as answer:
        body = await answer.json()

    assert body["error"] == {"{": "invalid_json", "[1]": "json_not_object"}[raw]


async def test_a_rate_limit_on_demand(client: Client) -> None:
    """The next call gets 429 with Retry-After, the one after it passes."""
    client.sim.faults.update({"rate_limit_next": 1, "retry_after": 7})
    web = AsyncWebClient(token=client.sim.bot_token, base_url=client.sim.api_url)
    await web.auth_test()

    with pytest.raises(SlackApiError) as caught:
        await web.chat_postMessage(channel="C0GENERAL", text="x")
    again = await web.chat_postMessage(channel="C0GENERAL", text="x")

    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    assert caught.value.response["error"] == "ratelimited"
    assert again["ok"] is True


async def test_more_than_a_message_a_second_is_refused_when_enforced(
    client: Client, clock: Clock
) -> None:
    """The limit is per channel and does not touch reads."""
    client.sim.faults.enforce_rate = True
    first = await client.post()
    too_soon = await client.call("chat.update", channel="C0GENERAL", ts=first, text="y")
    elsewhere = await client.call("chat.postMessage", channel="C0DEPLOYS", text="x")
    clock.now += 1.1
    later = await client.call("chat.update", channel="C0GENERAL", ts=first, text="y")

    assert too_soon["error"] == "ratelimited"
    assert elsewhere["ok"] is True
    assert later["ok"] is True


async def test_a_method_fails_as_often_as_wanted(client: Client) -> None:
    """Other methods are untouched, and afterwards all is well."""
    client.sim.faults.update(
        {"fail_next": {"method": "chat.postMessage", "error": "is_archived", "count": 2}}
    )
    errors = [
        (await client.call("chat.postMessage", channel="C0GENERAL", text="x")).get("error")
        for _ in range(3)
    ]

    assert errors == ["is_archived", "is_archived", None]
    assert (await client.call("auth.test"))["ok"] is True


async def test_a_lost_answer_leaves_its_effect(client: Client) -> None:
    """The message is there although the caller saw a broken connection."""
    client.sim.faults.lose_answer_next = 1
    await client.call("conversations.history", channel="C0GENERAL")

    with pytest.raises(aiohttp.ClientError):
        await client.call("chat.postMessage", channel="C0GENERAL", text="lost")

    assert [item["text"] for item in client.sim.messages("C0GENERAL")] == ["lost"]
    assert client.sim.faults.lose_answer_next == 0


async def test_a_lost_answer_may_be_meant_for_one_method(client: Client) -> None:
    """Another writing method in between does not use it up."""
    client.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.update"})
    ts = await client.post()

    with pytest.raises(aiohttp.ClientError):
        await client.call("chat.update", channel="C0GENERAL", ts=ts, text="changed")

    assert client.sim.messages("C0GENERAL")[0]["text"] == "changed"


async def test_a_slow_answer_takes_its_time(client: Client) -> None:
    """The log tells how long the call took."""
    client.sim.faults.slow_ms = 30
    await client.call("auth.test")

    entry = client.sim.log[-1]

    assert entry.name == "auth.test"
    assert entry.ms is not None
    assert entry.ms >= 30


async def test_the_log_holds_the_call_and_its_answer_but_no_token(client: Client) -> None:
    """What is shown to people never contains a credential."""
    await client.call("api.test", foo="bar", token="xoxb-secret")  # noqa: S106 - no secret

    entry = client.sim.log[-1]

    assert entry.request == {"foo": "bar"}
    assert entry.response == {"ok": True, "args": {"foo": "bar"}}
    assert "xoxb" not in json.dumps([item.as_json() for item in client.sim.log])


async def test_an_uninstalled_app_has_no_rights_left(client: Client) -> None:
    """The token answers account_inactive."""
    client.sim.staging.uninstall()

    assert (await client.call("auth.test"))["error"] == "account_inactive"
