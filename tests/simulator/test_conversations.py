"""Channels, their history, users and groups."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import SimulatorError
from bot.simulator.world import Channel, User

from .conftest import Client


async def test_history_is_newest_first_and_pages(client: Client) -> None:
    """The cursor leads through all messages once."""
    stamps = [await client.post(text=str(number)) for number in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = await client.call(
            "conversations.history", channel="C0GENERAL", limit=2, cursor=cursor
        )
        seen += [message["ts"] for message in page["messages"]]
        if not page["has_more"]:
            break
        cursor = page["response_metadata"]["next_cursor"]

    assert seen == stamps[::-1]


async def test_history_holds_metadata_only_when_asked(client: Client) -> None:
    """include_all_metadata is how a lost post is found again."""
    metadata = {"event_type": "approval", "event_payload": {"id": "7"}}
    await client.post(metadata=metadata)

    plain = await client.call("conversations.history", channel="C0GENERAL")
    full = await client.call(
        "conversations.history", channel="C0GENERAL", include_all_metadata="true"
    )

    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata


async def test_history_can_be_bounded(client: Client) -> None:
    """Both bounds exclude their own instant unless inclusive."""
    stamps = [await client.post() for _ in range(4)]

    async def between(**more: Any) -> list[str]:
        answer = await client.call(
            "conversations.history",
            channel="C0GENERAL",
            oldest=stamps[0],
            latest=stamps[2],
            **more,
        )
        return [message["ts"] for message in answer["messages"]]

    assert await between() == [stamps[1]]
    assert await between(inclusive=True) == [stamps[2], stamps[1], stamps[0]]


async def test_history_leaves_out_replies_and_ephemerals(client: Client) -> None:
    """Those are in the thread, or for one person only."""
    parent = await client.post()
    await client.post(thread_ts=parent, text="reply")
    await client.call("chat.postEphemeral", channel="C0GENERAL", user="U0BOB", text="x")

    answer = await client.call("conversations.history", channel="C0GENERAL")

    assert [message["ts"] for message in answer["messages"]] == [parent]


async def test_replies_come_with_their_parent_on_each_page(client: Client) -> None:
    """Oldest first; a reply's ts finds the thread too."""
    parent = await client.post()
    replies = [await client.post(thread_ts=parent) for _ in range(3)]

    first = await client.call("conversations.replies", channel="C0GENERAL", ts=parent, limit=3)
    second = await client.call(
        "conversations.replies",
        channel="C0GENERAL",
        ts=parent,
        limit=3,
        cursor=first["response_metadata"]["next_cursor"],
    )
    by_reply = await client.call("conversations.replies", channel="C0GENERAL", ts=replies[0])
    unknown = await client.call("conversations.replies", channel="C0GENERAL", ts="1.000001")

    assert [item["ts"] for item in first["messages"]] == [parent, *replies[:2]]
    assert [item["ts"] for item in second["messages"]] == [parent, replies[2]]
    assert second["has_more"] is False
    assert len(by_reply["messages"]) == 4
    assert unknown["error"] == "thread_not_found"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"cursor": "nonsense"}, "invalid_cursor"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "later"}, "invalid_ts_latest"),
        ({"limit": "many"}, "invalid_arguments"),
    ],
)
async def test_bad_bounds_of_history_are_refused(
    client: Client, arguments: dict[str, str], error: str
) -> None:
    """Each with its own word."""
    await client.post()
    answer = await client.call("conversations.history", channel="C0GENERAL", **arguments)

    assert answer["error"] == error


async def test_a_private_channel_does_not_exist_for_strangers(client: Client) -> None:
    """An invitation makes it visible."""
    before = await client.call("conversations.info", channel="G0FINANCE")
    client.sim.staging.invite("G0FINANCE", "U0SIGNOFF")
    after = await client.call("conversations.info", channel="G0FINANCE")

    assert before["error"] == "channel_not_found"
    assert after["channel"]["is_private"] is True
    assert after["channel"]["is_member"] is True


async def test_lists_page_and_filter_by_type(client: Client) -> None:
    """Public channels by default; unknown types are refused."""
    first = await client.call("conversations.list", limit=2)
    rest = await client.call(
        "conversations.list", limit=2, cursor=first["response_metadata"]["next_cursor"]
    )
    strange = await client.call("conversations.list", types="public_channel,cave")
    direct = await client.call("conversations.open", users="U0BOB")
    ims = await client.call("conversations.list", types="im")

    names = [item["name"] for item in [*first["channels"], *rest["channels"]]]
    assert names == ["general", "approvals", "deploys"]
    assert rest["response_metadata"] == {"next_cursor": ""}
    assert strange["error"] == "invalid_types"
    assert [item["id"] for item in ims["channels"]] == [direct["channel"]["id"]]
    assert ims["channels"][0]["user"] == "U0BOB"


async def test_members_and_own_channels(client: Client) -> None:
    """The app is in three channels; members come in order."""
    members = await client.call("conversations.members", channel="C0DEPLOYS")
    own = await client.call("users.conversations", types="public_channel,private_channel")

    assert members["members"] == ["U0ALICE", "U0BOB", "U0CAROL", "U0DAVE", "U0SIGNOFF"]
    assert [item["id"] for item in own["channels"]] == ["C0GENERAL", "C0APPROVALS", "C0DEPLOYS"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "users_list_not_supplied"),
        ({"users": "U0NOBODY"}, "user_not_found"),
        ({"users": "U0DAVE"}, "user_disabled"),
        ({"users": "U0BOB,U0CAROL"}, "missing_scope"),
        ({"channel": "C0GENERAL"}, "method_not_supported_for_channel_type"),
    ],
)
async def test_direct_messages_cannot_be_opened_with_everybody(
    client: Client, arguments: dict[str, str], error: str
) -> None:
    """Each with its own word."""
    client.sim.staging.deactivate("U0DAVE")
    answer = await client.call("conversations.open", **arguments)

    assert answer["error"] == error


async def test_people_are_found_by_id_and_by_address(client: Client) -> None:
    """Closed accounts are found by id only."""
    client.sim.staging.deactivate("U0DAVE")
    bob = await client.call("users.lookupByEmail", email="BOB@example.com")
    gone = await client.call("users.lookupByEmail", email="dave@example.com")
    dave = await client.call("users.info", user="U0DAVE")
    guest = await client.call("users.info", user="U0GUEST", include_locale=True)
    unknown = await client.call("users.info", user="U0NOBODY")

    assert bob["user"]["id"] == "U0BOB"
    assert gone["error"] == "users_not_found"
    assert dave["user"]["deleted"] is True
    assert "tz" not in dave["user"]
    assert guest["user"]["is_restricted"] is True
    assert guest["user"]["locale"] == "en-US"
    assert unknown["error"] == "user_not_found"


async def test_time_zones_have_their_offset(client: Client) -> None:
    """tz_offset follows the date, here winter."""
    people = await client.call("users.list")
    offsets = {item["id"]: item["tz_offset"] for item in people["members"]}

    assert offsets["U0ALICE"] == 3600
    assert offsets["U0CAROL"] == -18000
    assert offsets["U0DAVE"] == 32400


async def test_groups_and_their_members(client: Client) -> None:
    """A group's members by id; unknown groups are refused."""
    groups = await client.call("usergroups.list", include_users=True, include_count=True)
    editors = await client.call("usergroups.users.list", usergroup="S0EDITORS")
    unknown = await client.call("usergroups.users.list", usergroup="S0NOBODY")

    assert {item["handle"]: item["users"] for item in groups["usergroups"]} == {
        "editors": ["U0BOB", "U0CAROL"],
        "release": ["U0BOB", "U0DAVE"],
        "finance": ["U0CAROL", "U0DAVE"],
    }
    assert groups["usergroups"][0]["user_count"] == 2
    assert editors["users"] == ["U0BOB", "U0CAROL"]
    assert unknown["error"] == "no_such_subteam"


async def test_a_public_channel_is_joined_once(joining: Client) -> None:
    """The second time is a warning; private and archived channels are refused."""
    sim = joining.sim
    sim.staging.remove("C0DEPLOYS", "U0SIGNOFF")
    first = await joining.call("conversations.join", channel="C0DEPLOYS")
    second = await joining.call("conversations.join", channel="C0DEPLOYS")
    sim.staging.invite("G0FINANCE", "U0SIGNOFF")
    private = await joining.call("conversations.join", channel="G0FINANCE")
    sim.staging.archive("C0GENERAL")
    archived = await joining.call("conversations.join", channel="C0GENERAL")

    assert first["channel"]["is_member"] is True
    assert second["warning"] == "already_in_channel"
    assert private["error"] == "method_not_supported_for_channel_type"
    assert archived["error"] == "is_archived"


async def test_direct_messages_are_opened_and_found_again(client: Client) -> None:
    """return_im gives the whole object."""
    opened = await client.call("conversations.open", users="U0BOB", return_im=True)
    again = await client.call("conversations.open", channel=opened["channel"]["id"])
    counted = await client.call("conversations.info", channel="C0GENERAL", include_num_members=True)
    latest = await client.call("conversations.history", channel="C0GENERAL", latest="now")

    assert (opened["channel"]["is_im"], opened["channel"]["user"]) == (True, "U0BOB")
    assert again["already_open"] is True
    assert counted["channel"]["num_members"] == 6
    assert latest["messages"] == []


async def test_the_app_finds_itself(client: Client) -> None:
    """team.info, bots.info and its own user."""
    team = await client.call("team.info")
    bot = await client.call("bots.info", bot="B0SIGNOFF")
    other = await client.call("bots.info", bot="B0OTHER")
    user = await client.call("users.info", user="U0SIGNOFF")
    error = await client.call("api.test", error="on_purpose")

    assert team["team"]["domain"] == "signoff-demo"
    assert bot["bot"]["user_id"] == "U0SIGNOFF"
    assert other["error"] == "bot_not_found"
    assert user["user"]["profile"]["bot_id"] == "B0SIGNOFF"
    assert error["error"] == "on_purpose"


async def test_a_disabled_group_is_hidden(client: Client) -> None:
    """Unless asked for."""
    group = client.sim.world.usergroups["S0EDITORS"]
    group.is_disabled = True
    client.sim.staging.set_group(group)
    shown = await client.call("usergroups.list")
    all_of_them = await client.call("usergroups.list", include_disabled=True)
    members = await client.call("usergroups.users.list", usergroup="S0EDITORS")

    assert len(shown["usergroups"]) == 2
    assert len(all_of_them["usergroups"]) == 3
    assert members["error"] == "no_such_subteam"


async def test_new_people_and_channels_can_be_added(client: Client) -> None:
    """Staging is how a test sets the scene."""
    client.sim.staging.add_user(User(id="U0EVE", name="eve", real_name="Eve Eastman"))
    client.sim.staging.add_channel(
        Channel(id="C0NEW", name="new", kind="channel", members=["U0EVE"])
    )
    await client.sim.say("U0EVE", "C0NEW", "first")

    assert [item["text"] for item in client.sim.messages("C0NEW")] == ["first"]
    with pytest.raises(SimulatorError, match="no channel"):
        client.sim.staging.archive("C0NOWHERE")
    with pytest.raises(SimulatorError, match="nobody"):
        client.sim.staging.deactivate("U0NOBODY")
