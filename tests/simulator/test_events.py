"""Shortcuts and events."""

from __future__ import annotations

import pytest

from bot.simulator import Simulator
from bot.simulator.errors import SimulatorError
from bot.simulator.manifest import DEFAULT_MANIFEST

from .conftest import Client, actions, button
from .wire import Wire


async def test_shortcuts_have_their_two_bodies(sim: Simulator, wire: Wire) -> None:
    """A global one knows no channel; a message's one carries the message."""
    await sim.shortcut("U0ALICE", "start_run")
    ts = await sim.say("U0BOB", "C0GENERAL", "please <deploy> & go")
    await sim.message_shortcut("U0ALICE", "start_run_from_message", "C0GENERAL", ts)
    everywhere, here = wire.bodies

    assert everywhere["type"] == "shortcut"
    assert not {"channel", "response_url", "message"} & set(everywhere)
    assert (here["type"], here["message_ts"]) == ("message_action", ts)
    assert here["message"]["text"] == "please &lt;deploy&gt; &amp; go"
    section_elements = here["message"]["blocks"][0]["elements"][0]["elements"]
    assert section_elements == [{"type": "text", "text": "please <deploy> & go"}]


async def test_events_are_sent_for_what_the_manifest_asks_for(sim: Simulator, wire: Wire) -> None:
    """Mentions and direct messages are; plain channel messages are not."""
    await sim.say("U0ALICE", "C0GENERAL", "nothing for the app")
    await sim.say("U0ALICE", "C0GENERAL", "hey <@U0SIGNOFF>")
    await sim.say("U0ALICE", sim.direct("U0ALICE"), "psst")
    await sim.settle()
    events = [body["event"] for body in wire.bodies]

    assert [event["type"] for event in events] == ["app_mention", "message"]
    assert (events[1]["channel_type"], events[1]["user"]) == ("im", "U0ALICE")
    envelope = wire.bodies[0]
    assert envelope["authorizations"][0]["user_id"] == "U0SIGNOFF"
    assert len({body["event_id"] for body in wire.bodies}) == 2


async def test_home_is_told_with_its_view_from_the_second_time_on(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """The Messages tab is told too, without a view."""
    await sim.open_home("U0BOB")
    await client.call("views.publish", user_id="U0BOB", view={"type": "home", "blocks": []})
    await sim.open_home("U0BOB")
    await sim.open_home("U0BOB", tab="messages")
    await sim.settle()
    events = [body["event"] for body in wire.bodies]

    assert [(event["tab"], "view" in event) for event in events] == [
        ("home", False),
        ("home", True),
        ("messages", False),
    ]


async def test_an_uninstallation_sends_both_events(sim: Simulator, wire: Wire) -> None:
    """The order is open in Slack; here it is fixed."""
    sim.staging.uninstall()
    await sim.settle()

    assert [body["event"]["type"] for body in wire.bodies] == ["app_uninstalled", "tokens_revoked"]


async def test_an_app_without_interactivity_hears_no_clicks(wire_free_client: Client) -> None:
    """The user is told that the app is not set up for it."""
    sim = wire_free_client.sim
    ts = await wire_free_client.post(blocks=[actions(button())])
    ack = await sim.click("U0BOB", "C0GENERAL", ts, "go")

    assert (ack.ok, ack.error, ack.attempts) == (False, "interactivity_disabled", 0)


async def test_a_message_shortcut_works_in_a_thread(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """The message says which thread it is in; a command does not work there."""
    parent = await client.post()
    reply = await client.post(text="a reply", thread_ts=parent)
    await sim.message_shortcut("U0ALICE", "start_run_from_message", "C0GENERAL", reply)
    message = wire.bodies[-1]["message"]

    assert (message["text"], message["thread_ts"]) == ("a reply", parent)


async def test_a_person_edits_only_their_own_message(sim: Simulator, wire: Wire) -> None:
    """The app hears of it where it hears of messages."""
    room = sim.direct("U0ALICE")
    ts = await sim.say("U0ALICE", room, "frist")
    sim.edit("U0ALICE", room, ts, "first & <best>")
    await sim.settle()
    changed = wire.bodies[-1]["event"]

    assert (changed["subtype"], changed["message"]["edited"]["user"]) == (
        "message_changed",
        "U0ALICE",
    )
    assert changed["message"]["text"] == "first &amp; &lt;best&gt;"
    with pytest.raises(SimulatorError, match="has no message"):
        sim.edit("U0BOB", "C0GENERAL", ts, "mine")


async def test_a_reply_may_carry_files_and_no_words(sim: Simulator, wire: Wire) -> None:
    """It says which thread it is in, and whose message that is."""
    room = sim.direct("U0ALICE")
    parent = await sim.say("U0ALICE", room, "See below")
    file = sim.upload("U0ALICE", "invoice.pdf", b"%PDF")
    await sim.say("U0ALICE", room, "", thread_ts=parent, files=[file["id"]])
    await sim.settle()
    event = wire.bodies[-1]["event"]

    assert (event["subtype"], event["files"][0]["name"]) == ("file_share", "invoice.pdf")
    assert (event["thread_ts"], event["parent_user_id"]) == (parent, "U0ALICE")


async def test_nobody_writes_to_an_app_that_takes_no_messages() -> None:
    """Slack's client offers no box to write in there."""
    home = {"messages_tab_enabled": True, "messages_tab_read_only_enabled": True}
    manifest = DEFAULT_MANIFEST | {"features": DEFAULT_MANIFEST["features"] | {"app_home": home}}
    async with Simulator(manifest) as sim:
        with pytest.raises(SimulatorError, match="turned off"):
            await sim.say("U0ALICE", sim.direct("U0ALICE"), "psst")
