"""What people write at the page, and what they read there."""

from __future__ import annotations

from typing import Any

from .conftest import Client, page_get, page_post


async def test_reading_clears_the_unread_mark(client: Client) -> None:
    """Only for the one who read."""
    await client.post("C0APPROVALS")
    await page_post(client, "read", **{"as": "U0BOB", "channel": "C0APPROVALS"})

    def unread(world: Any) -> int:
        channel = next(item for item in world["channels"] if item["id"] == "C0APPROVALS")
        count: int = channel["unread"]
        return count

    assert unread(await page_get(client, "world", **{"as": "U0BOB"})) == 0
    assert unread(await page_get(client, "world", **{"as": "U0CAROL"})) == 1


async def test_messages_and_threads_show_ephemerals_to_their_reader(client: Client) -> None:
    """Both in the channel and in the thread."""
    parent = await client.post()
    for thread in ({}, {"thread_ts": parent}):
        await client.call(
            "chat.postEphemeral", channel="C0GENERAL", user="U0BOB", text="you", **thread
        )
    bob = await page_get(client, "messages", **{"as": "U0BOB", "channel": "C0GENERAL"})
    alice = await page_get(client, "messages", **{"as": "U0ALICE", "channel": "C0GENERAL"})
    thread = await page_get(
        client, "thread", **{"as": "U0BOB", "channel": "C0GENERAL", "ts": parent}
    )

    assert [item.get("ephemeral", False) for item in bob["messages"]] == [False, True]
    assert len(alice["messages"]) == 1
    assert [item["text"] for item in thread["messages"]] == ["hello", "you"]


async def test_a_person_writes_in_escaped_form(client: Client) -> None:
    """The page escapes; the text is stored in one canonical form."""
    answer = await page_post(
        client,
        "say",
        **{"as": "U0ALICE", "channel": "C0GENERAL", "text": "a &lt; b <@U0BOB> &amp; <script>"},
    )
    [message] = client.sim.messages("C0GENERAL")
    elements = message["blocks"][0]["elements"][0]["elements"]

    assert message["ts"] == answer["ts"]
    assert message["text"] == "a &lt; b <@U0BOB> &amp; &lt;script&gt;"
    assert elements == [
        {"type": "text", "text": "a < b "},
        {"type": "user", "user_id": "U0BOB"},
        {"type": "text", "text": " & <script>"},
    ]


async def test_a_typed_mention_that_was_escaped_stays_text(client: Client) -> None:
    """Who types <!channel> pings nobody."""
    await page_post(
        client,
        "say",
        **{"as": "U0ALICE", "channel": "C0GENERAL", "text": "&lt;!channel&gt; &lt;@U0BOB&gt;"},
    )
    [message] = client.sim.messages("C0GENERAL")

    assert message["text"] == "&lt;!channel&gt; &lt;@U0BOB&gt;"
    assert message["blocks"][0]["elements"][0]["elements"] == [
        {"type": "text", "text": "<!channel> <@U0BOB>"}
    ]


async def test_every_kind_of_mention_becomes_an_element(client: Client) -> None:
    """Names behind a bar are for people only."""
    text = "<#C0DEPLOYS|deploys><!subteam^S0EDITORS><!here>"
    await page_post(client, "say", **{"as": "U0ALICE", "channel": "C0GENERAL", "text": text})
    [message] = client.sim.messages("C0GENERAL")

    assert message["text"] == text
    assert message["blocks"][0]["elements"][0]["elements"] == [
        {"type": "channel", "channel_id": "C0DEPLOYS"},
        {"type": "usergroup", "usergroup_id": "S0EDITORS"},
        {"type": "broadcast", "range": "here"},
    ]


async def test_direct_messages_are_opened(client: Client) -> None:
    """With the app or with somebody else, once."""
    first = await page_post(client, "open", **{"as": "U0ALICE", "user": "U0BOB"})
    again = await page_post(client, "open", **{"as": "U0BOB", "user": "U0ALICE"})
    nobody = await page_post(client, "open", **{"as": "U0BOB", "user": "U0BOB"})
    world = await page_get(client, "world", **{"as": "U0BOB"})

    assert first == again
    assert nobody["ok"] is False
    assert [item["with"] for item in world["channels"] if item["kind"] == "dm"] == ["U0ALICE"]


async def test_people_delete_archive_and_invite(client: Client) -> None:
    """As at the page; what is not theirs to do is said in words."""
    bob = {"as": "U0BOB", "channel": "C0DEPLOYS"}
    own = (await page_post(client, "say", **bob, text="mine"))["ts"]
    other = await client.post("C0DEPLOYS")
    refused = await page_post(client, "delete", **bob, ts=other)
    await page_post(client, "delete", **bob, ts=own)
    await page_post(client, "invite", **bob, user="U0SIGNOFF", is_member=False)
    nobody = await page_post(client, "invite", **bob, user="U0NOBODY")
    await page_post(client, "archive", **bob)
    channel = client.sim.world.channels["C0DEPLOYS"]

    assert "somebody else's" in refused["error"]
    assert "nobody" in nobody["error"]
    assert [message["ts"] for message in client.sim.messages("C0DEPLOYS")] == [other]
    assert "U0SIGNOFF" not in channel.members
    assert channel.is_archived is True
    await page_post(client, "archive", **bob, is_archived=False)
    assert channel.is_archived is False


async def test_steps_are_started_and_followed(wide: Client) -> None:
    """The page reads how each of them ended."""
    alice = {"as": "U0ALICE"}
    started = await page_post(
        wide, "step", **alice, callback_id="approve", inputs={"question": "Ship it?"}
    )
    await wide.call("functions.completeError", function_execution_id=started["id"], error="No.")
    (step,) = (await page_get(wide, "steps", **alice))["steps"]

    assert (step["id"], step["status"], step["error"]) == (started["id"], "failed", "No.")


async def test_an_upload_must_be_readable(client: Client) -> None:
    """Its content comes as base64."""
    bob = {"as": "U0BOB", "name": "proof.txt"}
    kept = await page_post(client, "upload", **bob, content="cHJvb2Y=")
    refused = await page_post(client, "upload", **bob, content="?")

    assert (kept["file"]["name"], kept["file"]["size"]) == ("proof.txt", 5)
    assert "base64" in refused["error"]
