"""Filling in, submitting and closing modals."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import Simulator, SimulatorError

from .conftest import Client, actions, button, modal, section, text_input
from .wire import Wire


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
