"""What people do, and the bodies that the app gets of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import Simulator, SimulatorError

from .conftest import Client, actions, button, modal, section, text_input
from .wire import Wire


async def test_a_slash_command_has_only_strings(sim: Simulator, wire: Wire) -> None:
    """The body is a form: is_enterprise_install is the text false."""
    await sim.command("U0ALICE", "C0GENERAL", "/signoff  run deploy now ")
    body = wire.bodies[-1]

    assert {type(value) for value in body.values()} == {str}
    assert (body["command"], body["text"]) == ("/signoff", "run deploy now")
    assert (body["channel_name"], body["user_name"]) == ("general", "alice")
    assert body["is_enterprise_install"] == "false"
    assert body["response_url"].startswith(f"{sim.url}/commands/T0SIGNOFF/")


@pytest.mark.parametrize(
    ("channel", "name"), [("G0FINANCE", "privategroup"), ("", "directmessage")]
)
async def test_private_places_have_no_name(
    sim: Simulator, wire: Wire, channel: str, name: str
) -> None:
    """Slack hides the names of private channels and direct messages."""
    await sim.command("U0ALICE", channel or sim.direct("U0ALICE"), "/signoff")

    assert wire.bodies[-1]["channel_name"] == name


async def test_a_command_answers_in_the_channel_if_it_wants(sim: Simulator, wire: Wire) -> None:
    """The ack's payload is a message, here for all."""
    wire.answers.append({"response_type": "in_channel", "text": "for all"})
    await sim.command("U0ALICE", "C0GENERAL", "/signoff")

    assert [item["text"] for item in sim.messages("C0GENERAL")] == ["for all"]


async def test_an_unusable_answer_to_a_command_warns_the_user(sim: Simulator, wire: Wire) -> None:
    """Bad blocks in an ack are not shown."""
    wire.answers.append({"blocks": [{"type": "nonsense"}]})
    ack = await sim.command("U0ALICE", "C0GENERAL", "/signoff")

    assert (ack.ok, ack.error) == (False, "invalid_blocks")
    assert sim.ephemerals("U0ALICE") == []
    assert sim.log[-1].summary == 'U0ALICE: /signoff failed with the error "invalid_blocks"'


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


async def test_states_must_fit_their_elements(sim: Simulator, client: Client) -> None:
    """Unknown elements, wrong shapes and wrong types are mistakes of the test."""
    rich: dict[str, Any] = {"type": "rich_text_input"}
    instant: dict[str, Any] = {"type": "datetimepicker"}
    view_id = await _opened(
        sim, client, modal(text_input("a"), text_input("r", **rich), text_input("t", **instant))
    )
    wrong: list[tuple[Any, str]] = [
        ({"a": "x"}, "by action_id"),
        ({"a": {"other": "x"}}, "no element 'other'"),
        ({"r": {"value": "plain"}}, "cannot hold"),
        ({"t": {"value": "noon"}}, "cannot hold"),
        ({"a": {"value": 5}}, "cannot hold"),
    ]
    for values, words in wrong:
        with pytest.raises(SimulatorError, match=words):
            await sim.submit("U0BOB", view_id, values)


async def test_a_modal_without_submit_cannot_be_submitted(sim: Simulator, client: Client) -> None:
    """There is no button to press."""
    view = {name: value for name, value in modal(section()).items() if name != "submit"}
    view_id = await _opened(sim, client, view)

    with pytest.raises(SimulatorError, match="no submit button"):
        await sim.submit("U0BOB", view_id)


@pytest.mark.slow
async def test_silence_leaves_the_modal_open(sim: Simulator, client: Client) -> None:
    """Without an app the user is told, for clicks, forms and shortcuts alike."""
    view_id = await _opened(sim, client, modal(section(), actions(button())))
    acks = [
        await sim.submit("U0BOB", view_id),
        await sim.click_view("U0BOB", view_id, "go"),
        await sim.shortcut("U0BOB", "start_run"),
    ]

    assert [ack.error for ack in acks] == ["no_connection"] * 3
    assert len(sim.views("U0BOB")) == 1
    assert sum(entry.name == "toast" for entry in sim.log) == 3


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


async def _opened(sim: Simulator, client: Client, view: dict[str, Any]) -> str:
    answer = await client.call("views.open", trigger_id=sim.workspace.trigger("U0BOB"), view=view)
    view_id: str = answer["view"]["id"]
    return view_id


async def test_a_submission_carries_every_input(sim: Simulator, client: Client, wire: Wire) -> None:
    """Untouched optional inputs are null; the view closes on an empty answer."""
    view_id = await _opened(
        sim, client, modal(text_input("a"), text_input("b", optional=True), private_metadata="m")
    )
    ack = await sim.submit("U0BOB", view_id, {"a": {"value": "x"}})
    body = wire.bodies[-1]

    assert ack.ok is True
    assert body["view"]["state"]["values"] == {
        "a": {"value": {"type": "plain_text_input", "value": "x"}},
        "b": {"value": {"type": "plain_text_input", "value": None}},
    }
    assert (body["view"]["private_metadata"], body["response_urls"]) == ("m", [])
    assert sim.views("U0BOB") == []


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"response_action": "clear"}, []),
        ({"response_action": "push", "view": modal(section("2"))}, ["1", "2"]),
        ({"response_action": "update", "view": modal(section("new"))}, ["new"]),
        ({"response_action": "push", "view": {"type": "modal"}}, ["1"]),
        ({"response_action": "errors", "errors": {"nowhere": "x"}}, ["1"]),
        ({"response_action": "errors", "errors": {}}, ["1"]),
        ({"response_action": "dance"}, ["1"]),
    ],
)
async def test_the_answer_to_a_submission_changes_the_stack(
    sim: Simulator, client: Client, wire: Wire, answer: dict[str, Any], shown: list[str]
) -> None:
    """An unusable answer changes nothing and the user is told."""
    view_id = await _opened(sim, client, modal(section("1")))
    wire.answers.append(answer)
    ack = await sim.submit("U0BOB", view_id)

    texts = [view["blocks"][0]["text"]["text"] for view in sim.views("U0BOB")]
    assert texts == shown
    assert ack.ok is (shown != ["1"])
    assert any(entry.name == "toast" for entry in sim.log) is (not ack.ok)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (({}, ""), "Please complete this required field."),
        (({"min_length": 3}, "ab"), "Please enter at least 3 characters."),
        (({"max_length": 3}, "abcd"), "Please enter no more than 3 characters."),
        (({"type": "email_text_input"}, "bob"), "Please enter a valid email address."),
        (({"type": "url_text_input"}, "bob"), "Please enter a valid URL."),
        (
            ({"type": "number_input", "is_decimal_allowed": False}, "1.5"),
            "Please enter a whole number.",
        ),
        (({"type": "number_input", "is_decimal_allowed": True}, "x"), "Please enter a number."),
        (({"type": "number_input", "is_decimal_allowed": True}, "NaN"), "Please enter a number."),
        (
            ({"type": "number_input", "is_decimal_allowed": True, "min_value": "2"}, "1"),
            "Please enter a number of at least 2.",
        ),
        (
            ({"type": "number_input", "is_decimal_allowed": True, "max_value": "2"}, "3"),
            "Please enter a number of at most 2.",
        ),
        (
            ({"type": "multi_users_select", "max_selected_items": 1}, ["U1", "U2"]),
            "Please select no more than 1 items.",
        ),
    ],
)
async def test_the_client_checks_inputs_before_it_sends(
    sim: Simulator, client: Client, wire: Wire, typed: tuple[dict[str, Any], Any], error: str
) -> None:
    """Slack's own client does not bother the app with these."""
    view_id = await _opened(sim, client, modal(text_input("a", **typed[0])))
    ack = await sim.submit("U0BOB", view_id, {"a": {"value": typed[1]}})

    assert ack.errors == {"a": error}
    assert sim.views("U0BOB")[0]["errors"] == {"a": error}
    assert wire.bodies == []


async def test_closing_is_told_only_if_asked_for(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """view_closed has no values and no trigger."""
    quiet = await _opened(sim, client, modal(section()))
    await sim.close_view("U0BOB", quiet)
    silent = list(wire.bodies)
    loud = await _opened(sim, client, modal(text_input("a"), notify_on_close=True))
    await sim.close_view("U0BOB", loud)
    body = wire.bodies[-1]

    assert silent == []
    assert (body["type"], body["is_cleared"]) == ("view_closed", False)
    assert body["view"]["state"] == {"values": {}}
    assert "trigger_id" not in body
    assert sim.views("U0BOB") == []


async def test_closing_may_clear_the_stack(sim: Simulator, client: Client, wire: Wire) -> None:
    """Each view that wants to know is told, the one in front first."""
    await _opened(sim, client, modal(section("1"), notify_on_close=True))
    view = modal(section("2"), notify_on_close=True, clear_on_close=True)
    pushed = await client.call("views.push", trigger_id=sim.workspace.trigger("U0BOB"), view=view)
    await sim.close_view("U0BOB", pushed["view"]["id"])

    texts = [body["view"]["blocks"][0]["text"]["text"] for body in wire.bodies]
    assert texts == ["2", "1"]
    assert {body["is_cleared"] for body in wire.bodies} == {True}
    assert sim.views("U0BOB") == []


async def test_an_input_may_report_at_once(sim: Simulator, client: Client, wire: Wire) -> None:
    """dispatch_action sends block_actions with the view; other inputs wait."""
    loud = {**text_input("a"), "dispatch_action": True}
    view_id = await _opened(sim, client, modal(loud, text_input("b")))
    await sim.click_view(
        "U0BOB", view_id, block_id="a", element="typed", values={"b": {"value": "z"}}
    )
    body = wire.bodies[-1]

    assert body["actions"][0]["value"] == "typed"
    assert body["view"]["state"]["values"]["b"]["value"]["value"] == "z"
    with pytest.raises(SimulatorError, match="with the submission only"):
        await sim.click_view("U0BOB", view_id, block_id="b", element="typed")


async def test_an_external_select_asks_for_options(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """In a message the container names it; unusable answers are an error."""
    element = {"type": "external_select", "action_id": "who", "min_query_length": 0}
    ts = await client.post(blocks=[actions(element, button())])
    options = [{"text": {"type": "plain_text", "text": "Bob"}, "value": "bob"}]
    where = {"type": "message", "channel": "C0GENERAL", "ts": ts}
    wire.answers += [{"options": options}, {"options": "none"}]
    found = await sim.suggest("U0BOB", where, "who", "b")
    body = wire.bodies[-1]

    assert found == {"options": options}
    assert (body["type"], body["value"], body["action_id"]) == ("block_suggestion", "b", "who")
    assert body["message"]["ts"] == ts
    with pytest.raises(SimulatorError, match="no usable options"):
        await sim.suggest("U0BOB", where, "who", "b")
    with pytest.raises(SimulatorError, match="asks nobody"):
        await sim.suggest("U0BOB", where, "go", "b")


async def test_a_chosen_conversation_may_come_with_a_way_back(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """response_url_enabled puts a response_url into the submission."""
    element = {"type": "conversations_select", "action_id": "value", "response_url_enabled": True}
    label = {"type": "plain_text", "text": "Where"}
    block = {"type": "input", "block_id": "a", "label": label, "element": element}
    view_id = await _opened(sim, client, modal(block))
    await sim.submit("U0BOB", view_id, {"a": {"value": "C0DEPLOYS"}})
    [url] = wire.bodies[-1]["response_urls"]
    async with client.session.post(
        url["response_url"], json={"text": "hi", "response_type": "in_channel"}
    ) as answer:
        text = await answer.text()

    assert (url["block_id"], url["action_id"], url["channel_id"]) == ("a", "value", "C0DEPLOYS")
    assert text == "ok"
    assert [item["text"] for item in sim.messages("C0DEPLOYS")] == ["hi"]


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


async def test_names_become_ids_only_for_commands_that_escape(
    escaping: tuple[Simulator, Wire],
) -> None:
    """With should_escape the text carries ids and names."""
    sim, wire = escaping
    await sim.command("U0ALICE", "C0GENERAL", "/ask @bob in #deploys a@bob")

    assert wire.bodies[-1]["text"] == "<@U0BOB|bob> in <#C0DEPLOYS|deploys> a@bob"
