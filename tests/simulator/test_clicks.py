"""Clicks and choices in messages and on the Home tab."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import Simulator, SimulatorError

from .conftest import Client, actions, button, section
from .wire import Wire


async def test_a_click_on_a_message_carries_the_message(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """With container, channel, state and a way back."""
    ts = await client.post(
        blocks=[section(), actions(button(value="v"))],
        metadata={"event_type": "a", "event_payload": {}},
    )
    await sim.click("U0BOB", "C0GENERAL", ts, "go")
    body = wire.bodies[-1]

    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "C0GENERAL",
        "is_ephemeral": False,
    }
    assert body["channel"] == {"id": "C0GENERAL", "name": "general"}
    assert body["message"]["ts"] == ts
    assert "metadata" not in body["message"]
    assert body["user"] == {
        "id": "U0BOB",
        "username": "bob",
        "name": "bob",
        "team_id": "T0SIGNOFF",
    }
    assert (body["enterprise"], body["is_enterprise_install"]) == (None, False)
    assert body["state"] == {"values": {}}
    action = body["actions"][0]
    assert (action["type"], action["value"], action["block_id"]) == ("button", "v", "acts")
    assert action["text"] == {"type": "plain_text", "text": "Go", "emoji": True}


async def test_a_click_in_a_thread_names_the_thread(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """container.thread_ts is the parent's ts."""
    parent = await client.post()
    reply = await client.post(thread_ts=parent, blocks=[actions(button())])
    await sim.click("U0BOB", "C0GENERAL", reply, "go")

    assert wire.bodies[-1]["container"]["thread_ts"] == parent


async def test_a_click_on_an_ephemeral_message_has_no_message(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """Only the container tells which one it was; nobody else can click it."""
    answer = await client.call(
        "chat.postEphemeral",
        channel="C0GENERAL",
        user="U0BOB",
        text="x",
        blocks=[actions(button())],
    )
    await sim.click("U0BOB", "C0GENERAL", answer["message_ts"], "go")

    body = wire.bodies[-1]
    assert "message" not in body
    assert body["container"]["is_ephemeral"] is True
    with pytest.raises(SimulatorError, match="sees no message"):
        await sim.click("U0CAROL", "C0GENERAL", answer["message_ts"], "go")


async def test_a_click_on_home_has_no_channel_and_no_way_back(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """The view container comes with the view."""
    await client.call(
        "views.publish", user_id="U0BOB", view={"type": "home", "blocks": [actions(button())]}
    )
    home = sim.home("U0BOB")
    assert home is not None
    await sim.click_view("U0BOB", home["id"], label="Go")
    body = wire.bodies[-1]

    assert body["container"] == {"type": "view", "view_id": home["id"]}
    assert body["view"]["type"] == "home"
    assert not {"channel", "message", "response_url"} & set(body)


def _choices() -> dict[str, Any]:
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in "abc"]
    return actions(
        {"type": "static_select", "action_id": "one", "options": options},
        {"type": "multi_static_select", "action_id": "many", "options": options},
        {"type": "overflow", "action_id": "menu", "options": options},
        {"type": "users_select", "action_id": "user"},
        {"type": "datepicker", "action_id": "day", "initial_date": "2026-01-01"},
        {"type": "checkboxes", "action_id": "boxes", "options": options},
    )


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (("one", "b"), ("selected_option", "b")),
        (("many", ["a", "c"]), ("selected_options", ["a", "c"])),
        (("menu", "c"), ("selected_option", "c")),
        (("user", "U0CAROL"), ("selected_user", "U0CAROL")),
        (
            ("day", {"type": "datepicker", "selected_date": "2026-03-04"}),
            ("selected_date", "2026-03-04"),
        ),
        (("boxes", []), ("selected_options", [])),
    ],
)
async def test_each_kind_of_choice_has_its_field(
    sim: Simulator, client: Client, wire: Wire, given: tuple[str, Any], sent: tuple[str, Any]
) -> None:
    """The choice is in the action; options come whole, with their texts."""
    ts = await client.post(blocks=[_choices()])
    await sim.click("U0BOB", "C0GENERAL", ts, given[0], element=given[1])
    value = wire.bodies[-1]["actions"][0][sent[0]]

    def short(item: Any) -> Any:
        return item["value"] if isinstance(item, dict) else item

    assert ([short(item) for item in value] if isinstance(value, list) else short(value)) == sent[1]


async def test_choices_in_a_message_are_kept_per_person(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """state.values holds every input, untouched ones with null or their initial value."""
    ts = await client.post(blocks=[_choices(), actions(button(), block_id="b")])
    await sim.click("U0BOB", "C0GENERAL", ts, "one", element="a")
    await sim.click("U0BOB", "C0GENERAL", ts, "go")
    bob = wire.bodies[-1]["state"]["values"]["acts"]
    await sim.click("U0CAROL", "C0GENERAL", ts, "go")
    carol = wire.bodies[-1]["state"]["values"]["acts"]

    assert bob["one"]["selected_option"]["value"] == "a"
    assert carol["one"] == {"type": "static_select", "selected_option": None}
    assert carol["many"] == {"type": "multi_static_select", "selected_options": []}
    assert carol["day"] == {"type": "datepicker", "selected_date": "2026-01-01"}
    assert "menu" not in carol


@pytest.mark.parametrize(
    ("pick", "words"),
    [
        ({"action_id": "nothing"}, "'nothing' is not there"),
        ({"label": "Go"}, "'Go' is more than once there"),
        ({"action_id": "one", "element": "z"}, "has no option 'z'"),
        ({"action_id": "many", "element": 5}, "has no option 5"),
        ({"action_id": "user", "element": ["U0BOB"]}, "cannot hold"),
        ({"action_id": "day", "element": {"type": "datepicker", "value": "x"}}, "is told by"),
    ],
)
async def test_nobody_can_click_what_is_not_there(
    sim: Simulator, client: Client, wire: Wire, pick: dict[str, Any], words: str
) -> None:
    """A mistaken test is told so, and the app hears nothing."""
    ts = await client.post(blocks=[_choices(), actions(button("x"), button("y"), block_id="b")])

    with pytest.raises(SimulatorError, match=words):
        await sim.click("U0BOB", "C0GENERAL", ts, **pick)

    assert wire.bodies == []


async def test_feedback_buttons_tell_which_one(sim: Simulator, client: Client, wire: Wire) -> None:
    """The value of the button that was pressed, with its text."""

    def one(text: str, value: str) -> dict[str, Any]:
        return {"text": {"type": "plain_text", "text": text}, "value": value}

    element = {
        "type": "feedback_buttons",
        "action_id": "rate",
        "positive_button": one("Good", "up"),
        "negative_button": one("Bad", "down"),
    }
    ts = await client.post(blocks=[{"type": "context_actions", "elements": [element]}])
    await sim.click("U0BOB", "C0GENERAL", ts, "rate", element="down")
    action = wire.bodies[-1]["actions"][0]

    assert (action["value"], action["text"]["text"]) == ("down", "Bad")
    with pytest.raises(SimulatorError, match="no value 'sideways'"):
        await sim.click("U0BOB", "C0GENERAL", ts, "rate", element="sideways")


async def test_cards_and_containers_hold_buttons_too(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """Nested blocks get ids of their own, and their buttons can be pressed."""
    card = {
        "type": "card",
        "title": {"type": "mrkdwn", "text": "c"},
        "actions": [button("card")],
    }
    label = {"type": "plain_text", "text": "Inner"}
    inner = {"type": "section", "text": label, "accessory": {**button(), "action_id": "inner"}}
    blocks = [
        {"type": "carousel", "elements": [card]},
        {"type": "container", "title": label, "child_blocks": [inner]},
    ]
    ts = await client.post(blocks=blocks)
    await sim.click("U0BOB", "C0GENERAL", ts, "card")
    await sim.click("U0BOB", "C0GENERAL", ts, "inner")
    ids = [body["actions"][0]["block_id"] for body in wire.bodies]

    assert all(ids)
    assert len(set(ids)) == 2


async def test_people_act_only_where_they_are(sim: Simulator, client: Client) -> None:
    """Guests, bots and closed accounts have their limits."""
    ts = await client.post("C0DEPLOYS", blocks=[actions(button())])
    sim.staging.deactivate("U0DAVE")
    refusals = [
        (sim.click("U0GUEST", "C0DEPLOYS", ts, "go"), "is in no channel"),
        (sim.click("U0DAVE", "C0DEPLOYS", ts, "go"), "deactivated"),
        (sim.command("U0SIGNOFF", "C0GENERAL", "/signoff"), "no person"),
        (sim.command("U0ALICE", "C0GENERAL", "/unknown"), "not a valid command"),
        (sim.say("U0ALICE", "C0GENERAL", " "), "needs a text"),
        (sim.say("U0ALICE", "C0GENERAL", "x", thread_ts="1.2"), "no message"),
        (sim.shortcut("U0ALICE", "start_run_from_message"), "no global shortcut"),
        (
            sim.message_shortcut("U0ALICE", "start_run_from_message", "C0GENERAL", "1.2"),
            "no message",
        ),
        (sim.submit("U0ALICE", "V1"), "in front"),
        (sim.close_view("U0ALICE", "V1"), "in front"),
        (sim.click_view("U0ALICE", "V1", "go"), "has no view"),
    ]
    for attempt, words in refusals:
        with pytest.raises(SimulatorError, match=words):
            await attempt
