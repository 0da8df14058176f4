"""An app that is installed in a whole organisation at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from bot.simulator import Simulator, organisation

from .conftest import QUICK, Client
from .wide import WIDE, ask, installed
from .wire import wired

_EVERYWHERE = "Allow in all of Orbit as Alice Archer"


@pytest_asyncio.fixture
async def orbit() -> AsyncIterator[Client]:
    """Return a client of a simulator with two workspaces of one organisation."""
    async with (
        Simulator(WIDE, timing=QUICK, workspaces=organisation()) as simulator,
        aiohttp.ClientSession() as session,
    ):
        yield Client(simulator, session)


async def test_the_page_offers_the_organisation_where_there_is_one(orbit: Client) -> None:
    """Not for a workspace that belongs to none."""
    north = await ask(orbit.sim, orbit.session, team="T2NORTH")
    alone = await ask(orbit.sim, orbit.session, team="T0SIGNOFF")

    assert _EVERYWHERE in north
    assert "in all of" not in alone


async def test_the_answer_names_the_organisation_and_no_team(orbit: Client) -> None:
    """As Slack answers an installation of an organisation."""
    answer = await installed(orbit.sim, orbit.session, _EVERYWHERE, team="T2NORTH")

    assert answer["team"] is None
    assert answer["enterprise"] == {"id": "E0ORBIT", "name": "Orbit"}
    assert answer["is_enterprise_install"] is True
    assert orbit.sim.token_of("T3SOUTH") == answer["access_token"]


async def test_a_workspace_of_it_can_have_the_app_alone(orbit: Client) -> None:
    """Then team and organisation are both named, and the other workspace has nothing."""
    answer = await installed(orbit.sim, orbit.session, "Allow as Alice Archer", team="T2NORTH")

    assert answer["team"] == {"id": "T2NORTH", "name": "Orbit North"}
    assert answer["enterprise"] == {"id": "E0ORBIT", "name": "Orbit"}
    assert answer["is_enterprise_install"] is False
    assert orbit.sim.token_of("T3SOUTH") is None


async def test_one_token_works_in_every_workspace(orbit: Client) -> None:
    """By the ids in the call, or by team_id where nothing else tells."""
    token = (await installed(orbit.sim, orbit.session, _EVERYWHERE, team="T2NORTH"))["access_token"]
    test = await orbit.call("auth.test", token=token)
    teams = await orbit.call("auth.teams.list", token=token)
    north = await orbit.call("chat.postMessage", token=token, channel="C2GENERAL", text="n")
    south = await orbit.call("chat.postMessage", token=token, channel="C3GENERAL", text="s")
    nobody = await orbit.call("usergroups.list", token=token)
    listed = await orbit.call("usergroups.list", token=token, team_id="T3SOUTH")
    foreign = await orbit.call("usergroups.list", token=token, team_id="T0SIGNOFF")

    assert (test["team_id"], test["is_enterprise_install"]) == ("E0ORBIT", True)
    assert [team["id"] for team in teams["teams"]] == ["T2NORTH", "T3SOUTH"]
    assert north["message"]["team"] == "T2NORTH"
    assert south["message"]["team"] == "T3SOUTH"
    assert nobody["error"] == "missing_argument"
    assert {group["id"] for group in listed["usergroups"]} == {
        "S3EDITORS",
        "S3RELEASE",
        "S3FINANCE",
    }
    assert foreign["error"] == "team_access_not_granted"


async def test_payloads_name_the_organisation_too(orbit: Client) -> None:
    """A word in commands, a boolean in interactions, nulls where Slack has them."""
    await installed(orbit.sim, orbit.session, _EVERYWHERE, team="T2NORTH")
    south = orbit.sim.casts["T3SOUTH"]
    async with wired(orbit.sim) as wire:
        await south.command("W3BOB", "C3GENERAL", "/wide")
        await south.shortcut("W3BOB", "go")
        await south.open_home("W3BOB")
        await south.settle()
        command, shortcut, event = wire.bodies

    assert command["enterprise_id"] == "E0ORBIT"
    assert command["is_enterprise_install"] == "true"
    assert shortcut["team"]["enterprise_id"] == "E0ORBIT"
    assert shortcut["enterprise"] == {"id": "E0ORBIT", "name": "Orbit"}
    assert shortcut["is_enterprise_install"] is True
    assert (event["enterprise_id"], event["team_id"]) == ("E0ORBIT", "T3SOUTH")
    assert event["authorizations"][0]["is_enterprise_install"] is True


async def test_uninstalling_ends_it_everywhere(orbit: Client) -> None:
    """The token and both workspaces."""
    answer = await installed(orbit.sim, orbit.session, _EVERYWHERE, team="T2NORTH")
    orbit.sim.casts["T3SOUTH"].staging.uninstall()
    refused = await orbit.call("auth.test", token=answer["access_token"])

    assert refused["error"] == "account_inactive"
    assert orbit.sim.token_of("T2NORTH") is None
