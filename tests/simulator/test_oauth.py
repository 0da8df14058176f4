"""Installing the app by OAuth."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator import Simulator

from .conftest import Client

_BACK = "http://127.0.0.1:9/slack/oauth_redirect"


def _asked(sim: Simulator, **changes: str) -> dict[str, str]:
    wanted = {
        "client_id": sim.client_id,
        "scope": "chat:write,commands",
        "redirect_uri": _BACK,
        "state": "s t&te",
    }
    return wanted | changes


async def _code(client: Client) -> str:
    url = f"{client.sim.url}/oauth/v2/authorize"
    async with client.session.get(url, params=_asked(client.sim)) as answer:
        page = await answer.text()
    found = re.search(r'href="(/oauth/v2/allow[^"]*)"', page)
    assert found is not None
    async with client.session.get(
        client.sim.url + unescape(found[1]), allow_redirects=False
    ) as answer:
        back = urlsplit(answer.headers["Location"])
    query = parse_qs(back.query)

    assert back._replace(query="").geturl() == _BACK
    assert query["state"] == ["s t&te"]
    return query["code"][0]


# slack_sdk 3.47 builds the header with a class that aiohttp 3.14 deprecates.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
async def test_a_code_is_exchanged_for_the_token(client: Client) -> None:
    """With the SDK, which authenticates by HTTP basic."""
    client.sim.staging.uninstall()
    code = await _code(client)
    web = AsyncWebClient(base_url=client.sim.api_url)
    answer: Any = await web.oauth_v2_access(
        client_id=client.sim.client_id,
        client_secret=client.sim.client_secret,
        code=code,
        redirect_uri=_BACK,
    )

    assert answer["access_token"] == client.sim.bot_token
    assert answer["team"] == {"id": "T0SIGNOFF", "name": "Signoff demo"}
    assert answer["authed_user"] == {"id": "U0ALICE"}
    assert (await client.call("auth.test"))["ok"] is True
    assert client.sim.client_secret not in str([item.as_json() for item in client.sim.log])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"client_secret": "guess"}, "bad_client_secret"),
        ({"code": "1.guess"}, "invalid_code"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "bad_redirect_uri"),
        ({"grant_type": "guess"}, "invalid_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_refresh_token"),
    ],
)
async def test_a_bad_exchange_is_refused(
    client: Client, changes: dict[str, str], error: str
) -> None:
    """Each with its own word."""
    arguments = {
        "client_id": client.sim.client_id,
        "client_secret": client.sim.client_secret,
        "code": await _code(client),
        **changes,
    }

    assert (await client.call("oauth.v2.access", **arguments))["error"] == error


async def test_a_code_works_once(client: Client) -> None:
    """A second exchange finds nothing."""
    arguments = {
        "client_id": client.sim.client_id,
        "client_secret": client.sim.client_secret,
        "code": await _code(client),
    }
    first = await client.call("oauth.v2.access", **arguments)
    second = await client.call("oauth.v2.access", **arguments)

    assert first["ok"] is True
    assert second["error"] == "invalid_code"


@pytest.mark.parametrize(
    ("path", "changes", "words"),
    [
        ("authorize", {"client_id": "x"}, "no app"),
        ("authorize", {"scope": "chat:write,admin"}, "admin"),
        ("authorize", {"scope": ""}, "does not ask"),
        ("authorize", {"redirect_uri": "https://evil.example/"}, "this machine only"),
        ("authorize", {"redirect_uri": "javascript:alert(1)"}, "not in the manifest"),
        ("allow", {"as": "U0BOB"}, "Only an administrator"),
        ("allow", {"as": "U0NOBODY"}, "Only an administrator"),
    ],
)
async def test_a_bad_request_is_explained(
    client: Client, path: str, changes: dict[str, str], words: str
) -> None:
    """Nobody is sent anywhere."""
    url = f"{client.sim.url}/oauth/v2/{path}"
    async with client.session.get(
        url, params=_asked(client.sim, **changes), allow_redirects=False
    ) as answer:
        text = await answer.text()

    assert answer.status == 400
    assert words in text


async def test_basic_authentication_must_be_readable(client: Client) -> None:
    """A broken header is refused like a bad token."""
    headers = {"Authorization": "Basic !!!"}
    async with client.session.post(
        f"{client.sim.api_url}oauth.v2.access", headers=headers
    ) as answer:
        body = await answer.json()

    assert body["error"] == "invalid_auth"


async def test_another_site_may_ask_but_not_allow(client: Client) -> None:
    """The second step needs a click on the simulator's own page."""
    headers = {"Sec-Fetch-Site": "cross-site"}
    statuses = []
    for path in ("authorize", "allow"):
        async with client.session.get(
            f"{client.sim.url}/oauth/v2/{path}",
            params=_asked(client.sim, **{"as": "U0ALICE"}),
            headers=headers,
            allow_redirects=False,
        ) as answer:
            statuses.append(answer.status)

    assert statuses == [200, 403]
