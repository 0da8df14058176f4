"""Modals and Home tabs through the Web API: triggers, stacks, hashes."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.simulator import Simulator

from .conftest import Client, Clock, modal, section, text_input


def _trigger(sim: Simulator, user: str = "U0BOB") -> str:
    return sim.workspace.trigger(user)


async def _open(client: Client, *blocks: dict[str, Any], **more: Any) -> Any:
    return await client.call(
        "views.open",
        trigger_id=_trigger(client.sim),
        view=modal(*(blocks or (text_input("a"),)), **more),
    )


async def test_a_modal_opens_as_slack_describes_it(client: Client) -> None:
    """Everything that was not given has its default."""
    view = (await _open(client))["view"]

    assert view["type"] == "modal"
    assert view["state"] == {"values": {}}
    assert (view["private_metadata"], view["external_id"]) == ("", "")
    assert (view["root_view_id"], view["previous_view_id"]) == (view["id"], None)
    assert view["close"] is None
    assert view["blocks"][0]["dispatch_action"] is False
    [shown] = client.sim.views("U0BOB")
    assert shown["state"]["values"] == {"a": {"value": {"type": "plain_text_input", "value": None}}}


async def test_a_trigger_works_once_and_for_three_seconds(client: Client, clock: Clock) -> None:
    """Used, old, unknown and malformed triggers have each their error."""
    used, old = _trigger(client.sim), _trigger(client.sim)
    await client.call("views.open", trigger_id=used, view=modal(section()))
    clock.now += 3.1
    errors = [
        (await client.call("views.open", trigger_id=trigger, view=modal(section())))["error"]
        for trigger in (used, old, "1.2.abcdef", "nonsense")
    ]
    without = await client.call("views.open", view=modal(section()))

    assert errors == [
        "exchanged_trigger_id",
        "expired_trigger_id",
        "invalid_trigger_id",
        "invalid_trigger_id",
    ]
    assert without["error"] == "invalid_arguments"


async def test_a_refused_view_does_not_spend_its_trigger(client: Client) -> None:
    """The app may try again with a better one."""
    trigger = _trigger(client.sim)
    refused = await client.call("views.open", trigger_id=trigger, view=modal({"type": "x"}))
    opened = await client.call("views.open", trigger_id=trigger, view=modal(section()))

    assert refused["error"] == "invalid_arguments"
    assert "[json-pointer:/view/blocks/0/type]" in refused["response_metadata"]["messages"][0]
    assert opened["ok"] is True


async def test_three_views_stack_and_a_fourth_does_not(client: Client) -> None:
    """Each knows the one below it and the root."""
    views = [(await _open(client))["view"]]
    for _ in range(2):
        answer = await client.call(
            "views.push", trigger_id=_trigger(client.sim), view=modal(section())
        )
        views.append(answer["view"])
    fourth = await client.call("views.push", trigger_id=_trigger(client.sim), view=modal(section()))

    assert [view["previous_view_id"] for view in views] == [None, views[0]["id"], views[1]["id"]]
    assert {view["root_view_id"] for view in views} == {views[0]["id"]}
    assert fourth["error"] == "push_limit_reached"


async def test_nothing_can_be_pushed_without_a_modal(client: Client) -> None:
    """The stack must have a root."""
    answer = await client.call("views.push", trigger_id=_trigger(client.sim), view=modal(section()))

    assert answer["error"] == "not_found"


async def test_a_hash_guards_against_overtaking(client: Client) -> None:
    """The old hash is refused after a change, the new one is taken."""
    view = (await _open(client))["view"]
    first = await client.call(
        "views.update", view_id=view["id"], hash=view["hash"], view=modal(section("1"))
    )
    stale = await client.call(
        "views.update", view_id=view["id"], hash=view["hash"], view=modal(section("2"))
    )

    assert first["ok"] is True
    assert stale["error"] == "hash_conflict"
    assert client.sim.views("U0BOB")[0]["blocks"][0]["text"]["text"] == "1"


async def test_a_view_is_found_by_its_external_id(client: Client) -> None:
    """The id is unique in the workspace; closed views are not found."""
    await _open(client, external_id="mine")
    updated = await client.call(
        "views.update", external_id="mine", view=modal(section("new"), external_id="mine")
    )
    unknown = await client.call("views.update", view_id="V0", view=modal(section()))
    neither = await client.call("views.update", view=modal(section()))
    second = await client.call(
        "views.open",
        trigger_id=_trigger(client.sim, "U0CAROL"),
        view=modal(section(), external_id="mine"),
    )

    assert updated["view"]["blocks"][0]["text"]["text"] == "new"
    assert unknown["error"] == "not_found"
    assert neither["error"] == "invalid_arguments"
    assert second["error"] == "duplicate_external_id"


async def test_an_update_keeps_what_was_entered(client: Client) -> None:
    """Inputs that stay keep their values; those that go lose them."""
    view = (await _open(client, text_input("a", min_length=3), text_input("b")))["view"]
    await client.sim.submit("U0BOB", view["id"], {"a": {"value": "x"}, "b": {"value": "typed"}})
    await client.call(
        "views.update", view_id=view["id"], view=modal(text_input("b"), text_input("c"))
    )

    [shown] = client.sim.views("U0BOB")

    assert shown["state"]["values"]["b"]["value"]["value"] == "typed"
    assert shown["state"]["values"]["c"]["value"]["value"] is None
    assert "a" not in shown["state"]["values"]
    assert "errors" not in shown


async def test_home_is_per_user_and_keeps_its_id(client: Client) -> None:
    """Publishing again replaces the content; the hash guards it too."""
    first = await client.call(
        "views.publish", user_id="U0BOB", view={"type": "home", "blocks": [section("1")]}
    )
    second = await client.call(
        "views.publish",
        user_id="U0BOB",
        hash=first["view"]["hash"],
        view={"type": "home", "blocks": [section("2")]},
    )
    stale = await client.call(
        "views.publish",
        user_id="U0BOB",
        hash=first["view"]["hash"],
        view={"type": "home", "blocks": []},
    )
    nobody = await client.call(
        "views.publish", user_id="U0NOBODY", view={"type": "home", "blocks": []}
    )

    assert second["view"]["id"] == first["view"]["id"]
    assert stale["error"] == "hash_conflict"
    assert nobody["error"] == "invalid_arguments"
    home = client.sim.home("U0BOB")
    assert home is not None
    assert home["blocks"][0]["text"]["text"] == "2"
    assert client.sim.home("U0CAROL") is None


async def test_a_huge_view_is_refused(client: Client) -> None:
    """Above 250 kB of JSON, although each block is within its limits."""
    blocks = [section("x" * 3000) for _ in range(90)]
    answer = await client.call(
        "views.publish", user_id="U0BOB", view={"type": "home", "blocks": blocks}
    )

    assert answer["error"] == "view_too_large"


async def test_home_must_be_enabled_in_the_manifest() -> None:
    """Without the tab there is nothing to publish to."""
    manifest = {"display_information": {"name": "Small"}}
    async with Simulator(manifest) as sim, aiohttp.ClientSession() as session:
        answer = await Client(sim, session).call(
            "views.publish", user_id="U0BOB", view={"type": "home", "blocks": []}
        )

    assert answer["error"] == "not_enabled"


@pytest.mark.parametrize("has_null", [False, True])
async def test_null_members_of_a_view_are_as_good_as_absent(
    client: Client,
    has_null: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """SDKs send null for what is not set."""
    view = modal(section(), **({"close": None, "private_metadata": None} if has_null else {}))
    answer = await client.call("views.open", trigger_id=_trigger(client.sim), view=view)

    assert answer["ok"] is True
    assert answer["view"]["private_metadata"] == ""
