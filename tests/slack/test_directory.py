"""Who stands behind a name; in doubt nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.simulator import Simulator
from bot.simulator.world import User, UserGroup
from bot.slack.workspace import channels
from bot.slack.workspace.connection import SlackWorkspace
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.policy import parse_approver
from tests.slack.bench import eventually


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """Return a Slack of our own."""
    async with Simulator() as running:
        yield running


@pytest.fixture
async def directory(sim: Simulator) -> AsyncIterator[SlackDirectory]:
    """Return a directory of a bot that knows who it is."""
    async with SlackWorkspace(bot_token=sim.bot_token, api_url=sim.api_url) as workspace:
        await eventually(lambda: workspace.identity.found is not None)
        yield workspace.directory


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("U0BOB", {"U0BOB"}),
        ("carol@example.com", {"U0CAROL"}),
        ("@editors", {"U0BOB", "U0CAROL"}),
        ("S0RELEASE", {"U0BOB", "U0DAVE"}),
        ("U0GUEST", {"U0GUEST"}),
        ("#deploys", {"U0ALICE", "U0BOB", "U0CAROL", "U0DAVE"}),
        ("C0DEPLOYS", {"U0ALICE", "U0BOB", "U0CAROL", "U0DAVE"}),
    ],
)
async def test_names_stand_for_people(directory: SlackDirectory, name: str, members: set[str]):
    """Ids, e-mail addresses, handles, group ids and channels, of which the bot is none."""
    assert members == await directory.members(parse_approver(name))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("U0NOBODY", "knows nobody called"),
        ("nobody@example.com", "knows nobody called"),
        ("@nobodies", "no user group"),
        ("S0NOBODIES", "no user group"),
        ("U0SIGNOFF", "is an app"),
        ("gil@example.org", "name them by their id U0GUEST"),
        ("#nowhere", "no channel #nowhere"),
        ("#finance", "invite the bot"),
        ("C0NOWHERE", "no channel C0NOWHERE"),
    ],
)
async def test_names_that_stand_for_nobody_are_refused(
    directory: SlackDirectory, name: str, reason: str
):
    """Unknown names, bots, and guests who are not named by id."""
    with pytest.raises(ApproversError, match=reason):
        await directory.members(parse_approver(name))


async def test_a_deactivated_account_cannot_decide(sim: Simulator, directory: SlackDirectory):
    """Whoever left does not count, even when named."""
    sim.staging.deactivate("U0BOB")

    with pytest.raises(ApproversError, match="deactivated"):
        await directory.members(parse_approver("U0BOB"))


async def test_an_empty_group_is_refused(sim: Simulator, directory: SlackDirectory):
    """An empty list is never open to all."""
    sim.staging.set_group(
        UserGroup(id="S0EMPTY01", handle="empty", name="Empty", users=[], created=0)
    )

    with pytest.raises(ApproversError, match="has no members"):
        await directory.members(parse_approver("@empty"))


async def test_ids_of_an_enterprise_begin_with_w(sim: Simulator, directory: SlackDirectory):
    """Such ids are people like all others."""
    sim.staging.add_user(User(id="W0WENDY", name="wendy", real_name="Wendy", email="w@example.com"))

    assert {"W0WENDY"} == await directory.members(parse_approver("W0WENDY"))


async def test_slack_away_lets_nobody_through(sim: Simulator, directory: SlackDirectory):
    """A failure is an error, never an empty or a stale answer."""
    sim.faults.update(
        {"fail_next": {"method": "usergroups.users.list", "error": "internal_error", "count": 1}}
    )

    with pytest.raises(DirectoryError, match="internal_error"):
        await directory.members(parse_approver("S0EDITORS"))
    assert {"U0BOB", "U0CAROL"} == await directory.members(parse_approver("S0EDITORS"))


async def test_a_missing_scope_is_named(sim: Simulator, directory: SlackDirectory):
    """The operator reads what to add."""
    sim.faults.update({"fail_next": {"method": "users.info", "error": "missing_scope", "count": 1}})

    with pytest.raises(DirectoryError, match="add the scope"):
        await directory.members(parse_approver("U0BOB"))


async def test_many_who_ask_at_once_make_one_call(sim: Simulator, directory: SlackDirectory):
    """A burst of clicks asks Slack once, and again only after a minute."""
    approver = parse_approver("@editors")
    answers = await asyncio.gather(*(directory.members(approver) for _ in range(20)))
    names = [e.name for e in sim.log if e.name.startswith("usergroups.")]

    assert [{"U0BOB", "U0CAROL"}] * 20 == answers
    assert names == ["usergroups.list", "usergroups.users.list"]


async def test_members_of_a_channel_come_in_pages_and_are_kept_for_a_while(
    sim: Simulator, directory: SlackDirectory, monkeypatch: pytest.MonkeyPatch
):
    """All pages are asked for once; who comes later counts when the minute is over."""
    monkeypatch.setattr(channels, "_MEMBER_PAGE", 2)
    approver = parse_approver("C0DEPLOYS")
    first = await directory.members(approver)
    sim.staging.remove("C0DEPLOYS", "U0DAVE")
    again = await directory.members(approver)
    names = [e.name for e in sim.log if e.name == "conversations.members"]

    assert first == again == {"U0ALICE", "U0BOB", "U0CAROL", "U0DAVE"}
    assert len(names) == 3


async def test_a_channel_too_large_to_ask_is_refused(
    directory: SlackDirectory, monkeypatch: pytest.MonkeyPatch
):
    """Half of a list would refuse people who may."""
    monkeypatch.setattr(channels, "_MEMBER_PAGE", 1)
    monkeypatch.setattr(channels, "_PAGES", 2)

    with pytest.raises(ApproversError, match="too many members"):
        await directory.members(parse_approver("C0DEPLOYS"))


async def test_a_channel_that_cannot_be_read_lets_nobody_through(
    sim: Simulator, directory: SlackDirectory
):
    """The failure says what to do, and is not kept."""
    sim.faults.update(
        {"fail_next": {"method": "conversations.members", "error": "missing_scope", "count": 1}}
    )

    with pytest.raises(DirectoryError, match="add the scope"):
        await directory.members(parse_approver("C0DEPLOYS"))
    assert "U0BOB" in await directory.members(parse_approver("C0DEPLOYS"))


async def test_outsiders_are_bots_guests_strangers_and_who_is_unknown(
    sim: Simulator, directory: SlackDirectory
):
    """Members of the workspace are none."""
    outsiders: dict[str, dict[str, Any]] = {
        "U0OTHER": {"team_id": "T0OTHER"},
        "U0STRANGER": {"is_stranger": True},
        "U0ONEROOM": {"is_ultra_restricted": True},
    }
    for user, facts in outsiders.items():
        sim.staging.add_user(User(id=user, name=user.lower(), real_name=user, **facts))
    found = {
        user: await directory.is_outsider(user)
        for user in ("U0BOB", "U0GUEST", "U0SIGNOFF", "U0NOBODY", *outsiders)
    }

    assert [user for user, is_outsider in found.items() if not is_outsider] == ["U0BOB"]


async def test_a_deactivated_account_is_refused_whatever_the_policy_says(
    sim: Simulator, directory: SlackDirectory
):
    """It is no outsider, whom a policy may let in."""
    sim.staging.deactivate("U0BOB")

    with pytest.raises(ApproversError, match="deactivated"):
        await directory.is_outsider("U0BOB")


async def test_nobody_knows_who_is_an_outsider_while_slack_is_away(
    sim: Simulator, directory: SlackDirectory
):
    """So nobody is let through."""
    sim.faults.update(
        {"fail_next": {"method": "users.info", "error": "internal_error", "count": 1}}
    )

    with pytest.raises(DirectoryError, match="internal_error"):
        await directory.is_outsider("U0BOB")
