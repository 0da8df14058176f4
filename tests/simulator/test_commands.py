"""Slash commands: their bodies, and what their answers show."""

from __future__ import annotations

import pytest

from bot.simulator import Simulator

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


async def test_names_become_ids_only_for_commands_that_escape(
    escaping: tuple[Simulator, Wire],
) -> None:
    """With should_escape the text carries ids and names."""
    sim, wire = escaping
    await sim.command("U0ALICE", "C0GENERAL", "/ask @bob in #deploys a@bob")

    assert wire.bodies[-1]["text"] == "<@U0BOB|bob> in <#C0DEPLOYS|deploys> a@bob"
