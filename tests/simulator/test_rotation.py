"""Tokens that expire, and the refresh tokens that renew them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from bot.simulator import SECOND, Simulator

from .conftest import QUICK, Client, Clock
from .wide import ROTATING, exchanged, installed


@pytest_asyncio.fixture
async def rotating(clock: Clock) -> AsyncIterator[Client]:
    """Return a client of a simulator whose app rotates its tokens."""
    async with (
        Simulator(ROTATING, clock=clock, timing=QUICK, workspaces=[SECOND]) as simulator,
        aiohttp.ClientSession() as session,
    ):
        yield Client(simulator, session)


async def test_a_token_expires_after_twelve_hours(rotating: Client, clock: Clock) -> None:
    """Until then it works."""
    answer = await installed(rotating.sim, rotating.session, "Allow as Alice Archer", team="T1ACME")
    before = await rotating.call("auth.test", token=answer["access_token"])
    clock.now += answer["expires_in"]
    after = await rotating.call("auth.test", token=answer["access_token"])

    assert answer["expires_in"] == 12 * 3600
    assert before["ok"] is True
    assert after["error"] == "token_expired"


async def test_a_refresh_token_gives_a_new_pair_once(rotating: Client, clock: Clock) -> None:
    """The old token lives on beside the new one; a third ends it."""
    first = await installed(rotating.sim, rotating.session, "Allow as Alice Archer", team="T1ACME")
    clock.now += 3600
    renewal = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = await exchanged(rotating.sim, rotating.session, **renewal)
    repeated = await exchanged(rotating.sim, rotating.session, **renewal)
    beside = await rotating.call("auth.test", token=first["access_token"])
    third = await exchanged(
        rotating.sim,
        rotating.session,
        grant_type="refresh_token",
        refresh_token=second["refresh_token"],
    )
    gone = await rotating.call("auth.test", token=first["access_token"])

    assert second["access_token"] != first["access_token"]
    assert second["team"] == {"id": "T1ACME", "name": "Acme"}
    assert repeated["error"] == "invalid_refresh_token"
    assert beside["ok"] is True
    assert gone["error"] == "token_revoked"
    assert rotating.sim.token_of("T1ACME") == third["access_token"]


async def test_no_refresh_token_is_logged(rotating: Client) -> None:
    """The log is for people to look at."""
    first = await installed(rotating.sim, rotating.session, "Allow as Alice Archer", team="T1ACME")
    renewal = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = await exchanged(rotating.sim, rotating.session, **renewal)
    shown = str([item.as_json() for item in rotating.sim.log])

    assert first["refresh_token"] not in shown
    assert second["refresh_token"] not in shown
    assert second["access_token"] not in shown
