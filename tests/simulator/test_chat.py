"""Posting, changing, deleting and finding messages."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.simulator import Simulator

from .conftest import Client, actions, button, section
from .wire import Wire


async def test_a_posted_message_is_completed_as_slack_does(client: Client) -> None:
    """Missing ids and defaults are filled in; the author is the bot."""
    answer = await client.call(
        "chat.postMessage",
        channel="#general",
        text="hello",
        blocks=[section("hi"), {"type": "actions", "elements": [button()]}],
        team_id="T0SIGNOFF",
    )
    message = answer["message"]

    assert answer["channel"] == "C0GENERAL"
    assert message["ts"] == answer["ts"]
    assert (message["user"], message["bot_id"], message["app_id"]) == (
        "U0SIGNOFF",
        "B0SIGNOFF",
        "A0SIGNOFF",
    )
    assert message["blocks"][0]["text"] == {"type": "mrkdwn", "text": "hi", "verbatim": False}
    assert message["blocks"][1]["elements"][0]["text"]["emoji"] is True
    assert len({block["block_id"] for block in message["blocks"]}) == 2


async def test_timestamps_grow_while_the_clock_stands(client: Client) -> None:
    """No two messages share a ts."""
    stamps = [await client.post() for _ in range(20)]

    assert stamps == sorted(set(stamps))


async def test_a_message_to_a_user_goes_to_the_direct_messages(client: Client) -> None:
    """The channel is opened when it is first needed, and stays the same."""
    first = await client.call("chat.postMessage", channel="U0BOB", text="psst")
    second = await client.call("chat.postMessage", channel="U0BOB", text="again")

    assert first["channel"] == second["channel"]
    assert first["channel"].startswith("D")
    assert [item["text"] for item in client.sim.seen("U0BOB", first["channel"])] == [
        "psst",
        "again",
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "G0FINANCE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0GENERAL"}, "no_text"),
        ({"channel": "C0GENERAL", "text": "x", "thread_ts": "1.2"}, "cannot_reply_to_message"),
        ({"channel": "C0GENERAL", "text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"channel": "C0GENERAL", "text": "x", "blocks": {"type": "x"}}, "invalid_blocks_format"),
        ({"channel": "C0GENERAL", "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"channel": "C0GENERAL", "text": "x", "metadata": "{"}, "invalid_metadata_format"),
        (
            {"channel": "C0GENERAL", "text": "x", "metadata": {"event_type": "a"}},
            "invalid_metadata_format",
        ),
        (
            {
                "channel": "C0GENERAL",
                "text": "x",
                "metadata": {"event_type": "a", "event_payload": {"b": "c" * 9000}},
            },
            "metadata_too_large",
        ),
        (
            {"channel": "C0GENERAL", "text": "x", "attachments": [{}] * 101},
            "too_many_attachments",
        ),
    ],
)
async def test_a_bad_message_is_refused(
    client: Client, arguments: dict[str, Any], error: str
) -> None:
    """Each with Slack's own word, and nothing is posted."""
    answer = await client.call("chat.postMessage", **arguments)

    assert (answer["ok"], answer["error"]) == (False, error)
    assert client.sim.messages("C0GENERAL") == []


async def test_an_archived_channel_takes_no_messages(client: Client) -> None:
    """Neither new ones nor changes of old ones."""
    ts = await client.post("C0DEPLOYS")
    client.sim.staging.archive("C0DEPLOYS")

    posted = await client.call("chat.postMessage", channel="C0DEPLOYS", text="x")
    changed = await client.call("chat.update", channel="C0DEPLOYS", ts=ts, text="x")

    assert posted["error"] == "is_archived"
    assert changed["error"] == "is_inactive"


async def test_a_public_channel_is_open_to_all_only_with_the_scope(client: Client) -> None:
    """chat:write.public replaces the membership; reading still needs it."""
    client.sim.staging.remove("C0DEPLOYS", "U0SIGNOFF")
    posted = await client.call("chat.postMessage", channel="C0DEPLOYS", text="x")
    read = await client.call("conversations.history", channel="C0DEPLOYS")
    manifest = {
        "display_information": {"name": "Small"},
        "features": {"bot_user": {"display_name": "Small"}},
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
    }
    async with Simulator(manifest) as strict, aiohttp.ClientSession() as session:
        strict.staging.remove("C0DEPLOYS", "U0SIGNOFF")
        refused = await Client(strict, session).call(
            "chat.postMessage", channel="C0DEPLOYS", text="x"
        )

    assert posted["ok"] is True
    assert read["error"] == "not_in_channel"
    assert refused["error"] == "not_in_channel"


async def test_a_long_text_is_cut_and_a_long_change_is_refused(client: Client) -> None:
    """Slack cuts at 40,000 characters when posting and refuses above 4,000 when changing."""
    ts = await client.post(text="x" * 50_000)
    changed = await client.call("chat.update", channel="C0GENERAL", ts=ts, text="y" * 4001)

    assert len(client.sim.messages("C0GENERAL")[0]["text"]) == 40_000
    assert changed["error"] == "msg_too_long"


async def test_a_change_keeps_what_it_does_not_name(client: Client) -> None:
    """Blocks and metadata stay; empty ones take them away."""
    metadata = {"event_type": "approval", "event_payload": {"id": "1"}}
    ts = await client.post(blocks=[section()], metadata=metadata)
    await client.call("chat.update", channel="C0GENERAL", ts=ts, text="new")
    kept = client.sim.messages("C0GENERAL")[0]
    answer = await client.call(
        "chat.update", channel="C0GENERAL", ts=ts, text="bare", blocks=[], metadata={}
    )

    assert (kept["text"], kept["metadata"], len(kept["blocks"])) == ("new", metadata, 1)
    assert kept["edited"]["user"] == "U0SIGNOFF"
    assert answer["text"] == answer["message"]["text"] == "bare"
    assert "blocks" not in answer["message"]
    assert "metadata" not in answer["message"]


async def test_only_own_messages_can_be_changed_or_deleted(client: Client) -> None:
    """People's messages are theirs; an unknown ts is not found."""
    ts = await client.sim.say("U0ALICE", "C0GENERAL", "mine")

    changed = await client.call("chat.update", channel="C0GENERAL", ts=ts, text="x")
    deleted = await client.call("chat.delete", channel="C0GENERAL", ts=ts)
    unknown = await client.call("chat.update", channel="C0GENERAL", ts="1.000001", text="x")
    empty = await client.call("chat.update", channel="C0GENERAL", ts=await client.post())

    assert changed["error"] == "cant_update_message"
    assert deleted["error"] == "cant_delete_message"
    assert unknown["error"] == "message_not_found"
    assert empty["error"] == "no_text"


async def test_a_thread_counts_its_replies(client: Client) -> None:
    """Also when one of them is deleted; replies to replies are refused."""
    parent = await client.post()
    reply = await client.post(thread_ts=parent)
    await client.sim.say("U0BOB", "C0GENERAL", "and I", thread_ts=parent)
    nested = await client.call("chat.postMessage", channel="C0GENERAL", text="x", thread_ts=reply)
    before = client.sim.messages("C0GENERAL")
    await client.call("chat.delete", channel="C0GENERAL", ts=reply)

    assert nested["error"] == "cannot_reply_to_message"
    assert len(before) == 1
    assert (before[0]["reply_count"], before[0]["reply_users"]) == (2, ["U0SIGNOFF", "U0BOB"])
    assert client.sim.messages("C0GENERAL")[0]["reply_count"] == 1
    assert [item["text"] for item in client.sim.thread("C0GENERAL", parent)] == ["hello", "and I"]


async def test_a_deleted_parent_leaves_a_tombstone(client: Client) -> None:
    """The thread stays readable; a message without replies is gone."""
    parent = await client.post()
    await client.post(thread_ts=parent)
    lonely = await client.post()
    await client.call("chat.delete", channel="C0GENERAL", ts=parent)
    await client.call("chat.delete", channel="C0GENERAL", ts=lonely)
    again = await client.call("chat.update", channel="C0GENERAL", ts=parent, text="x")

    [message] = client.sim.messages("C0GENERAL")

    assert message["subtype"] == "tombstone"
    assert len(client.sim.thread("C0GENERAL", parent)) == 2
    assert again["error"] == "message_not_found"


async def test_a_broadcast_reply_shows_in_the_channel_too(client: Client) -> None:
    """reply_broadcast puts it in both places."""
    parent = await client.post()
    await client.post(thread_ts=parent, reply_broadcast=True, text="for all")

    assert [item["text"] for item in client.sim.messages("C0GENERAL")] == ["hello", "for all"]
    assert len(client.sim.thread("C0GENERAL", parent)) == 2


async def test_an_ephemeral_message_is_for_one_member(client: Client) -> None:
    """Nobody else sees it, and its ts is worth nothing to chat.update."""
    answer = await client.call(
        "chat.postEphemeral", channel="C0GENERAL", user="U0BOB", text="only you"
    )
    outsider = await client.call(
        "chat.postEphemeral", channel="C0DEPLOYS", user="U0GUEST", text="x"
    )
    changed = await client.call(
        "chat.update", channel="C0GENERAL", ts=answer["message_ts"], text="x"
    )

    assert [item["text"] for item in client.sim.ephemerals("U0BOB")] == ["only you"]
    assert client.sim.seen("U0BOB", "C0GENERAL")[0]["ephemeral"] is True
    assert client.sim.seen("U0ALICE", "C0GENERAL") == []
    assert client.sim.messages("C0GENERAL") == []
    assert outsider["error"] == "user_not_in_channel"
    assert changed["error"] == "message_not_found"


async def test_a_permalink_points_at_the_message(client: Client) -> None:
    """Replies carry their thread."""
    parent = await client.post()
    reply = await client.post(thread_ts=parent)
    links = [
        (await client.call("chat.getPermalink", channel="C0GENERAL", message_ts=ts))["permalink"]
        for ts in (parent, reply)
    ]
    unknown = await client.call("chat.getPermalink", channel="C0GENERAL", message_ts="1.000001")

    assert links[0] == (
        f"https://signoff-demo.slack.com/archives/C0GENERAL/p{parent.replace('.', '')}"
    )
    assert links[1].endswith(f"?thread_ts={parent}&cid=C0GENERAL")
    assert unknown["error"] == "message_not_found"


async def test_blocks_of_a_message_are_checked(client: Client) -> None:
    """The answer points at the place."""
    answer = await client.call(
        "chat.postMessage",
        channel="C0GENERAL",
        text="x",
        blocks=[section(), actions(button(text="x" * 76))],
    )

    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]"
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"attachments": "{"}, "invalid_attachments"),
        ({"attachments": {}}, "invalid_attachments"),
        ({"attachments": ["x"]}, "invalid_attachments"),
        ({"attachments": [{"blocks": [{"type": "x"}]}]}, "invalid_blocks"),
    ],
)
async def test_bad_attachments_are_refused(
    client: Client, arguments: dict[str, Any], error: str
) -> None:
    """In a change as in a new message."""
    ts = await client.post()
    answer = await client.call("chat.update", channel="C0GENERAL", ts=ts, **arguments)

    assert answer["error"] == error


async def test_blocks_in_an_attachment_can_be_clicked(client: Client, wire: Wire) -> None:
    """They belong to the message like its own."""
    ts = await client.post(attachments=[{"color": "#f00", "blocks": [{**actions(button())}]}])
    await client.sim.click("U0BOB", "C0GENERAL", ts, "go")
    await client.call("chat.update", channel="C0GENERAL", ts=ts, text="x", attachments=[])

    assert wire.bodies[-1]["actions"][0]["action_id"] == "go"
    assert "attachments" not in client.sim.messages("C0GENERAL")[0]


async def test_markdown_text_becomes_a_markdown_block(client: Client) -> None:
    """Up to 12,000 characters."""
    await client.post(text="", markdown_text="**bold**")
    long = await client.call("chat.postMessage", channel="C0GENERAL", markdown_text="x" * 12_001)
    [message] = client.sim.messages("C0GENERAL")

    assert message["blocks"][0]["type"] == "markdown"
    assert message["text"] == "**bold**"
    assert long["error"] == "msg_blocks_too_long"


async def test_an_ephemeral_message_needs_a_channel(client: Client) -> None:
    """A user id is none."""
    answer = await client.call("chat.postEphemeral", channel="U0BOB", user="U0BOB", text="x")

    assert answer["error"] == "channel_not_found"


async def test_a_message_to_a_closed_tab_is_refused() -> None:
    """An app without a Messages tab cannot write to people."""
    manifest = {
        "display_information": {"name": "Small"},
        "features": {"bot_user": {"display_name": "Small"}},
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
    }
    async with Simulator(manifest) as sim, aiohttp.ClientSession() as session:
        answer = await Client(sim, session).call("chat.postMessage", channel="U0BOB", text="x")

    assert answer["error"] == "messages_tab_disabled"
