"""Strangers are kept out: other hosts, other origins, other sites, other paths."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.simulator import Simulator
from bot.simulator.guard import is_loopback

from .conftest import Client
from .wire import Wire

JSON = {"Content-Type": "application/json"}
CONTROL = {**JSON, "X-Simulator": "1"}


async def _status(client: Client, method: str, path: str, headers: dict[str, str]) -> int:
    async with client.session.request(
        method, client.sim.url + path, headers=headers, data="{}" if method == "POST" else None
    ) as answer:
        return answer.status


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
async def test_a_rebound_name_reaches_nothing(client: Client, host: str) -> None:
    """A name that resolves to loopback is not this machine's name."""
    for path in ("/", "/sim/world?as=U0ALICE", "/api/auth.test", "/link?ticket=x"):
        assert await _status(client, "GET", path, {"Host": host}) == 403


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/sim/say", {**CONTROL, "Origin": "https://evil.example"}),
        ("POST", "/sim/say", {**CONTROL, "Origin": "null"}),
        ("POST", "/sim/say", JSON),
        ("POST", "/sim/say", {"X-Simulator": "1", "Content-Type": "text/plain"}),
        ("POST", "/sim/say", {**CONTROL, "Sec-Fetch-Site": "same-site"}),
        ("POST", "/api/auth.test", {"Origin": "http://127.0.0.1:1"}),
        ("POST", "/api/auth.test", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", "/sim/world?as=U0ALICE", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", "/sim/events?as=U0ALICE", {"Origin": "https://evil.example"}),
        ("POST", "/actions/T/1/x", {"Origin": "https://evil.example"}),
        ("OPTIONS", "/sim/say", {"Origin": "https://evil.example"}),
    ],
)
async def test_other_origins_are_refused(
    client: Client, method: str, path: str, headers: dict[str, str]
) -> None:
    """Whatever a page elsewhere can make a browser send."""
    assert await _status(client, method, path, headers) == 403


async def test_a_foreign_page_gets_no_connection(sim: Simulator) -> None:
    """Not even with a good ticket."""
    async with aiohttp.ClientSession() as session:
        url = await Wire(sim, session).url()
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(url, origin="https://evil.example")

    assert caught.value.status == 403
    assert sim.connections == 0


async def test_the_own_page_and_links_to_it_work(client: Client) -> None:
    """Same origin for everything, other sites for opening the page only."""
    own = {**CONTROL, "Origin": client.sim.url, "Sec-Fetch-Site": "same-origin"}

    assert await _status(client, "POST", "/sim/reset", own) == 200
    assert await _status(client, "GET", "/", {"Sec-Fetch-Site": "cross-site"}) == 200


async def test_answers_carry_a_strict_policy(client: Client) -> None:
    """No inline code, no framing, no caching, on pages, data and streams."""
    for path in ("/", "/sim/world?as=U0ALICE", "/sim/events?as=U0ALICE", "/sim/nothing"):
        async with client.session.get(client.sim.url + path) as answer:
            headers = answer.headers

        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/page/../simulator.py",
        "/page/%2e%2e/simulator.py",
        "/page/..%2fsimulator.py",
        "/page//etc/passwd",
        "/page/css",
        "/page/nothing.js",
    ],
)
async def test_the_page_folder_is_all_that_is_served(sim: Simulator, path: str) -> None:
    """No way out of it, and no listings."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(URL(sim.url + path, encoded=True)) as answer,
    ):
        text = await answer.text()

    assert "import" not in text
    assert answer.status == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.com", "::"])  # noqa: S104 - refused
async def test_it_listens_on_loopback_only(host: str) -> None:
    """Anything else is refused before a socket is opened."""
    with pytest.raises(ValueError, match="loopback only"):
        async with Simulator(host=host):
            pass


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("[::1]", True),
        ("::1", True),
        ("localhost.evil.example", False),
        ("0.0.0.0", False),  # noqa: S104 - a value to refuse
        ("", False),
    ],
)
def test_loopback_names(host: Any, is_it: bool) -> None:  # noqa: FBT001 - a column of the table
    """Only this machine's own."""
    assert is_loopback(host) is is_it
