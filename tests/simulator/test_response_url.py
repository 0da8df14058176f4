"""response_url: five uses, thirty minutes, replacing and deleting."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import Simulator

from .conftest import Client, Clock, actions, button, section
from .wire import Wire


async def _send(client: Client, url: str, **body: Any) -> tuple[int, str]:
    async with client.session.post(url, json=body) as answer:
        return answer.status, await answer.text()


async def _clicked(sim: Simulator, client: Client, wire: Wire) -> tuple[str, str]:
    ts = await client.post(blocks=[section("Deploy?"), actions(button())])
    await sim.click("U0BOB", "C0GENERAL", ts, "go")
    url: str = wire.bodies[-1]["response_url"]
    return ts, url


async def test_five_answers_and_no_more(sim: Simulator, client: Client, wire: Wire) -> None:
    """Ephemeral by default; the sixth is refused."""
    _, url = await _clicked(sim, client, wire)
    answers = [await _send(client, url, text=str(number)) for number in range(6)]

    assert answers[:5] == [(200, "ok")] * 5
    assert answers[5] == (404, "used_url")
    assert [item["text"] for item in sim.ephemerals("U0BOB")] == list("01234")


async def test_half_an_hour_and_no_longer(
    sim: Simulator, client: Client, wire: Wire, clock: Clock
) -> None:
    """After that the url is expired."""
    _, url = await _clicked(sim, client, wire)
    clock.now += 1801

    assert await _send(client, url, text="late") == (404, "expired_url")


async def test_the_original_is_replaced_or_deleted(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """A message of the channel, and one for a single person."""
    ts, url = await _clicked(sim, client, wire)
    await _send(client, url, text="done", replace_original=True)
    replaced = sim.messages("C0GENERAL")
    await _send(client, url, delete_original=True)
    posted = await client.call(
        "chat.postEphemeral",
        channel="C0GENERAL",
        user="U0BOB",
        text="only you",
        blocks=[actions(button())],
    )
    await sim.click("U0BOB", "C0GENERAL", posted["message_ts"], "go")
    await _send(client, wire.bodies[-1]["response_url"], text="new", replace_original=True)

    assert [(item["ts"], item["text"], "blocks" in item) for item in replaced] == [
        (ts, "done", False)
    ]
    assert sim.messages("C0GENERAL") == []
    assert [(item["text"], "edited" in item) for item in sim.ephemerals("U0BOB")] == [
        ("new", False)
    ]


async def test_an_answer_may_be_for_all_and_in_a_thread(
    sim: Simulator, client: Client, wire: Wire
) -> None:
    """response_type and thread_ts; from a thread's message it stays in the thread."""
    parent, url = await _clicked(sim, client, wire)
    await _send(client, url, text="reply", response_type="in_channel", thread_ts=parent)
    reply = await client.post(thread_ts=parent, blocks=[actions(button())])
    await sim.click("U0BOB", "C0GENERAL", reply, "go")
    await _send(client, wire.bodies[-1]["response_url"], text="here", response_type="in_channel")

    texts = [item["text"] for item in sim.thread("C0GENERAL", parent)]
    assert texts == ["hello", "reply", "hello", "here"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "no_text"),
        ({"blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"text": 5}, "invalid_payload"),
    ],
)
async def test_a_bad_answer_is_refused_and_not_counted(
    sim: Simulator, client: Client, wire: Wire, body: dict[str, Any], error: str
) -> None:
    """As a webhook: status 400 and a word."""
    _, url = await _clicked(sim, client, wire)
    refusals = {await _send(client, url, **body) for _ in range(6)}

    assert refusals == {(400, error)}
    assert await _send(client, url, text="good") == (200, "ok")


async def test_only_json_and_only_known_urls(sim: Simulator, client: Client, wire: Wire) -> None:
    """Broken JSON and guessed urls are refused."""
    _, url = await _clicked(sim, client, wire)
    async with client.session.post(url, data=b"{") as answer:
        broken = (answer.status, await answer.text())
    async with client.session.post(url, json=["x"]) as answer:
        listed = answer.status

    assert broken == (400, "invalid_payload")
    assert listed == 400
    assert await _send(client, f"{sim.url}/actions/T0SIGNOFF/9/abc", text="x") == (
        404,
        "no_such_url",
    )
