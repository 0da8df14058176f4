"""Several workspaces in one simulator, each with its own token, people and ids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bot.simulator import SECOND, Simulator, SimulatorError

from .conftest import QUICK, Client, actions, button, modal, section
from .wide import WIDE, installed
from .wire import wired


@pytest_asyncio.fixture
async def two() -> AsyncIterator[Client]:
    """Return a client of a simulator with a second workspace."""
    async with (
        Simulator(WIDE, timing=QUICK, workspaces=[SECOND]) as simulator,
        aiohttp.ClientSession() as session,
    ):
        yield Client(simulator, session)


async def test_a_workspace_without_the_app_has_no_token(two: Client) -> None:
    """Nothing reaches the app from there."""
    acme = two.sim.casts["T1ACME"]
    ack = await acme.command("U1ALICE", "C1GENERAL", "/wide")

    assert two.sim.token_of("T1ACME") is None
    assert two.sim.token_of("T0SIGNOFF") == two.sim.bot_token
    assert ack.error == "not_installed"


async def test_oauth_installs_the_app_in_the_workspace_chosen(two: Client) -> None:
    """The page offers both; the answer names the one that was chosen."""
    answer = await installed(two.sim, two.session, "Allow as Alice Archer", team="T1ACME")

    assert answer["team"] == {"id": "T1ACME", "name": "Acme"}
    assert answer["bot_user_id"] == "U1SIGNOFF"
    assert answer["authed_user"] == {"id": "U1ALICE"}
    assert answer["access_token"] == two.sim.token_of("T1ACME") != two.sim.bot_token
    assert answer["is_enterprise_install"] is False
    assert "expires_in" not in answer


async def test_a_token_sees_its_own_workspace_only(two: Client) -> None:
    """Another workspace's people and channels do not exist for it."""
    token = (await installed(two.sim, two.session, "Allow as Alice Archer", team="T1ACME"))[
        "access_token"
    ]
    test = await two.call("auth.test", token=token)
    own = await two.call("users.info", token=token, user="U1BOB")
    other = await two.call("users.info", token=token, user="U0BOB")
    posted = await two.call("chat.postMessage", token=token, channel="C1GENERAL", text="hi")
    foreign = await two.call("chat.postMessage", token=token, channel="C0GENERAL", text="hi")

    assert (test["team_id"], test["bot_id"]) == ("T1ACME", "B1SIGNOFF")
    assert own["user"]["team_id"] == "T1ACME"
    assert other["error"] == "user_not_found"
    assert posted["message"]["user"] == "U1SIGNOFF"
    assert foreign["error"] == "channel_not_found"
    assert two.sim.messages("C0GENERAL") == []
    assert len(two.sim.casts["T1ACME"].messages("C1GENERAL")) == 1


async def test_what_people_do_carries_their_workspace(two: Client) -> None:
    """Commands, clicks, forms and events alike, over the same connection."""
    token = (await installed(two.sim, two.session, "Allow as Alice Archer", team="T1ACME"))[
        "access_token"
    ]
    acme = two.sim.casts["T1ACME"]
    posted = await two.call(
        "chat.postMessage", token=token, channel="C1GENERAL", text="?", blocks=[actions(button())]
    )
    await acme.settle()
    async with wired(two.sim) as wire:
        await acme.command("U1ALICE", "C1GENERAL", "/wide now")
        await acme.click("U1BOB", "C1GENERAL", posted["ts"], "go")
        trigger = wire.bodies[-1]["trigger_id"]
        opened = await two.call(
            "views.open", token=token, trigger_id=trigger, view=modal(section())
        )
        await acme.submit("U1BOB", opened["view"]["id"])
        await acme.say("U1CAROL", "C1GENERAL", "hello")
        await acme.settle()
        command, click, submission, event = wire.bodies

    assert (command["team_id"], command["team_domain"]) == ("T1ACME", "acme-demo")
    assert f"/{'commands'}/T1ACME/" in command["response_url"]
    assert click["team"] == {"id": "T1ACME", "domain": "acme-demo"}
    assert click["user"]["team_id"] == "T1ACME"
    assert submission["view"]["app_installed_team_id"] == "T1ACME"
    assert event["authorizations"][0]["user_id"] == "U1SIGNOFF"
    assert event["team_id"] == event["event"]["team"] == "T1ACME"


async def test_a_response_url_answers_in_its_own_workspace(two: Client) -> None:
    """The address says which one it is."""
    await installed(two.sim, two.session, "Allow as Alice Archer", team="T1ACME")
    acme = two.sim.casts["T1ACME"]
    async with wired(two.sim) as wire:
        await acme.command("U1ALICE", "C1GENERAL", "/wide")
        url = wire.bodies[-1]["response_url"]
    await two.session.post(url, json={"text": "only you"})

    assert [message["text"] for message in acme.ephemerals("U1ALICE")] == ["only you"]


async def test_ids_are_never_the_same_in_two_workspaces(two: Client) -> None:
    """An app may key what it knows by them."""
    acme = two.sim.casts["T1ACME"]

    assert two.sim.direct("U0ALICE") != acme.direct("U1ALICE")
    assert two.sim.workspace.trigger("U0ALICE") != acme.workspace.trigger("U1ALICE")
    assert not set(two.sim.world.users) & set(acme.world.users)
    assert not set(two.sim.world.channels) & set(acme.world.channels)


async def test_uninstalling_ends_one_workspace_only(two: Client) -> None:
    """Its token is refused, the other goes on; installing again gives another token."""
    first = await installed(two.sim, two.session, "Allow as Alice Archer", team="T1ACME")
    acme = two.sim.casts["T1ACME"]
    async with wired(two.sim) as wire:
        acme.staging.uninstall()
        await acme.settle()
        kinds = {body["event"]["type"]: body["team_id"] for body in wire.bodies}
    refused = await two.call("auth.test", token=first["access_token"])
    again = await installed(two.sim, two.session, "Allow as Alice Archer", team="T1ACME")

    assert kinds == {"app_uninstalled": "T1ACME", "tokens_revoked": "T1ACME"}
    assert refused["error"] == "account_inactive"
    assert (await two.call("auth.test"))["ok"] is True
    assert again["access_token"] != first["access_token"]


async def test_a_revoked_token_is_refused_as_such(two: Client) -> None:
    """Revoked by the app itself, or by an administrator."""
    first = await installed(two.sim, two.session, "Allow as Alice Archer", team="T1ACME")
    tried = await two.call("auth.revoke", token=first["access_token"], test=True)
    revoked = await two.call("auth.revoke", token=first["access_token"])
    after = await two.call("auth.test", token=first["access_token"])
    two.sim.staging.revoke_tokens()

    assert (tried["revoked"], revoked["revoked"]) == (False, True)
    assert after["error"] == "token_revoked"
    assert (await two.call("auth.test"))["error"] == "token_revoked"


async def test_scopes_are_those_that_were_asked_for(two: Client) -> None:
    """What the page did not name is missing afterwards."""
    answer = await installed(
        two.sim, two.session, "Allow as Alice Archer", team="T1ACME", scope="chat:write"
    )
    refused = await two.call("users.info", token=answer["access_token"], user="U1BOB")

    assert answer["scope"] == "chat:write"
    assert refused["error"] == "missing_scope"


async def test_installations_survive_a_restart(tmp_path: Path) -> None:
    """Every workspace has its own state file beside the first."""
    state = tmp_path / "slack.db"
    async with (
        Simulator(WIDE, state_file=state, workspaces=[SECOND]) as simulator,
        aiohttp.ClientSession() as session,
    ):
        answer = await installed(simulator, session, "Allow as Alice Archer", team="T1ACME")
        token = answer["access_token"]
        await Client(simulator, session).call(
            "chat.postMessage", token=token, channel="C1GENERAL", text="kept"
        )
    async with (
        Simulator(WIDE, state_file=state, workspaces=[SECOND]) as simulator,
        aiohttp.ClientSession() as session,
    ):
        test = await Client(simulator, session).call("auth.test", token=token)
        kept = simulator.casts["T1ACME"].messages("C1GENERAL")

    assert test["team_id"] == "T1ACME"
    assert [message["text"] for message in kept] == ["kept"]


async def test_a_reset_empties_every_workspace_and_keeps_the_installations(two: Client) -> None:
    """The app's own records of its installations stay right."""
    answer = await installed(two.sim, two.session, "Allow as Alice Archer", team="T1ACME")
    acme = two.sim.casts["T1ACME"]
    await acme.say("U1BOB", "C1GENERAL", "hello")
    two.sim.reset()

    assert acme.messages("C1GENERAL") == []
    assert (await two.call("auth.test", token=answer["access_token"]))["ok"] is True


async def test_people_act_in_their_own_workspace_only(two: Client) -> None:
    """There is nobody of that id anywhere else."""
    with pytest.raises(SimulatorError, match="no person"):
        await two.sim.say("U1BOB", "C0GENERAL", "hello")


async def test_an_app_with_an_install_page_starts_nowhere() -> None:
    """Then no workspace has it until it was installed, also after a reset."""
    page = "http://127.0.0.1:9/slack/install"
    async with (
        Simulator(WIDE, workspaces=[SECOND], install_url=page) as simulator,
        aiohttp.ClientSession() as session,
    ):
        before = simulator.token_of("T0SIGNOFF")
        refused = await Client(simulator, session).call("auth.test")
        simulator.reset()
        after = simulator.token_of("T0SIGNOFF")
        await installed(simulator, session, "Allow as Alice Archer", team="T0SIGNOFF")

        assert (before, after) == (None, None)
        assert refused["error"] == "invalid_auth"
        assert simulator.token_of("T0SIGNOFF") is not None
