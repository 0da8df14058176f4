"""HTTP mode: what is not from Slack learns nothing and does nothing."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import structlog

from tests.slack.bench import CHANNEL, Bench, button

FORM = "application/x-www-form-urlencoded"


def sign(bot: Bench, body: bytes, *, at: float | None = None) -> dict[str, str]:
    """Return the headers that Slack would send with a body."""
    timestamp = str(int(time.time() if at is None else at))
    base = b"v0:" + timestamp.encode() + b":" + body
    digest = hmac.new(bot.sim.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": FORM,
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest}",
    }


async def post(bot: Bench, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Post to the bot and return status and text."""
    assert bot.http is not None
    async with bot.http.post(bot.url, data=io.BytesIO(body), headers=headers) as answer:
        return answer.status, await answer.text()


async def click_body(bot: Bench, user: str = "U0BOB") -> bytes:
    """Return the body of a click on Approve, as Slack would post it."""
    question = await bot.ask()
    element = button(question, "Approve")
    action = {
        "type": "button",
        "action_id": element["action_id"],
        "block_id": "b",
        "value": element["value"],
        "action_ts": "1795000000.000001",
    }
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": user, "team_id": "T0SIGNOFF"},
        "team": {"id": "T0SIGNOFF", "domain": "demo"},
        "channel": {"id": CHANNEL, "name": "approvals"},
        "container": {"type": "message", "message_ts": question["ts"], "channel_id": CHANNEL},
        "trigger_id": "1.2.3",
        "actions": [action],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


async def test_a_signed_click_counts_and_its_replay_changes_nothing(http_bot: Bench):
    """The same signed bytes a second time are acknowledged and recorded once."""
    body = await click_body(http_bot)
    headers = sign(http_bot, body)
    first = await post(http_bot, body, headers)
    await http_bot.finished()
    second = await post(http_bot, body, headers)

    assert (first[0], second[0]) == (200, 200)
    assert len((await http_bot.approval()).answers) == 1
    assert http_bot.effects.published == ["Bees in winter"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"X-Slack-Signature": "v0=" + "0" * 64}, id="forged"),
        pytest.param({"X-Slack-Signature": None}, id="missing signature"),
        pytest.param({"X-Slack-Request-Timestamp": None}, id="missing timestamp"),
        pytest.param({"X-Slack-Signature": "v0=ümläüt"}, id="not ascii"),
        pytest.param({"X-Slack-Signature": ""}, id="empty"),
        pytest.param({"X-Slack-Request-Timestamp": "soon"}, id="no number"),
        pytest.param({"X-Slack-Request-Timestamp": "٣٤٥"}, id="foreign digits"),
        pytest.param({"X-Slack-Request-Timestamp": "9" * 30}, id="huge number"),
    ],
)
async def test_an_unproven_request_is_refused(http_bot: Bench, change: dict[str, str | None]):
    """Whatever is wrong with the proof, the answer is 401 and nothing happens."""
    body = await click_body(http_bot)
    signed = sign(http_bot, body) | change
    headers = {name: value for name, value in signed.items() if value is not None}
    status, text = await post(http_bot, body, headers)

    assert (status, json.loads(text)) == (401, {"error": "invalid request"})
    assert (await http_bot.approval()).is_open


@pytest.mark.parametrize("age", [-301, 301])
async def test_a_request_of_another_time_is_refused(http_bot: Bench, age: int):
    """A signature is good for five minutes."""
    body = await click_body(http_bot)
    status, _ = await post(http_bot, body, sign(http_bot, body, at=time.time() - age))

    assert status == 401
    assert (await http_bot.approval()).is_open


async def test_a_changed_body_is_refused(http_bot: Bench):
    """The signature covers every byte."""
    body = await click_body(http_bot)
    headers = sign(http_bot, body)
    status, _ = await post(http_bot, body.replace(b"U0BOB", b"U0CAR"), headers)

    assert status == 401
    assert (await http_bot.approval()).is_open


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"\xff\xfe", FORM, id="no utf-8"),
        pytest.param(b"payload=%7Bnot-json", FORM, id="payload is no json"),
        pytest.param(b"payload=%5B%5D", FORM, id="payload is a list"),
        pytest.param(b"payload=%7B%7D", FORM, id="payload without a type"),
        pytest.param(b"something=else", FORM, id="neither command nor payload"),
        pytest.param(b"", FORM, id="empty"),
        pytest.param(b"{", "application/json", id="no json"),
        pytest.param(b"[" * 100_000, "application/json", id="deep json"),
        pytest.param(b"7", "application/json", id="a number"),
        pytest.param(b'{"type":"event_callback","event":"x"}', "application/json", id="event"),
        pytest.param(b'{"type":"url_verification"}', "application/json", id="no challenge"),
        pytest.param(b'{"command":"x"}&command=%2Fsignoff', FORM, id="json in a form"),
        pytest.param(b"command=%2Fsignoff&text=list", FORM, id="command of nobody"),
        pytest.param(b"command=%2Fsignoff&command=x&user_id=U0BOB", FORM, id="a field twice"),
    ],
)
async def test_a_malformed_body_is_a_bad_request_without_a_traceback(
    http_bot: Bench, body: bytes, content_type: str
):
    """Signed nonsense is answered 400 in a word."""
    with structlog.testing.capture_logs() as logs:
        status, text = await post(
            http_bot, body, sign(http_bot, body) | {"Content-Type": content_type}
        )

    assert status == 400
    assert "Traceback" not in text
    assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"user": None}, id="user is null"),
        pytest.param({"user": "U0BOB"}, id="user is a text"),
        pytest.param({"user": {}}, id="user without an id"),
        pytest.param({"user": {"id": 5}}, id="user with a number"),
        pytest.param({"actions": None}, id="actions is null"),
        pytest.param({"actions": []}, id="no action"),
        pytest.param({"actions": {}}, id="actions is an object"),
        pytest.param({"actions": ["Approve"]}, id="action is a text"),
        pytest.param({"actions": [{"type": "button"}]}, id="action without an id"),
        pytest.param({"team": "T0SIGNOFF"}, id="team is a text"),
        pytest.param({"channel": CHANNEL}, id="channel is a text"),
        pytest.param({"type": 5}, id="type is a number"),
        pytest.param({"type": "view_submission"}, id="form without a view"),
        pytest.param({"type": "view_submission", "view": {"id": 1}}, id="view with a number"),
    ],
)
async def test_an_interaction_of_another_form_is_a_bad_request(
    http_bot: Bench, change: dict[str, Any]
):
    """What Bolt or a listener would trip over is refused before they see it."""
    body = await click_body(http_bot)
    payload = json.loads(parse_qs(body.decode())["payload"][0]) | change
    changed = urlencode({"payload": json.dumps(payload)}).encode()
    with structlog.testing.capture_logs() as logs:
        status, _ = await post(http_bot, changed, sign(http_bot, changed))

    assert status == 400
    assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == []
    assert (await http_bot.approval()).is_open


async def test_unsigned_nonsense_is_refused_before_it_is_parsed(http_bot: Bench):
    """A stranger's body is never looked at, so it cannot cause an error."""
    status, _ = await post(http_bot, b"\xff{{{", {"Content-Type": "application/json"})

    assert status == 401


async def test_a_body_that_cannot_be_unpacked_is_a_bad_request(http_bot: Bench):
    """A stranger's broken gzip is an error of theirs."""
    status, _ = await post(http_bot, b"abcde", {"Content-Encoding": "gzip"})

    assert status == 400


async def test_a_body_over_the_limit_is_refused(http_bot: Bench):
    """More than a megabyte is not read, whatever it is signed with."""
    body = b"payload=" + b"x" * 1_100_000
    status, _ = await post(http_bot, body, sign(http_bot, body))

    assert status == 413


async def test_the_url_is_verified_when_slack_asks(http_bot: Bench):
    """The signed challenge comes back."""
    ack = await http_bot.sim.verify_url("a-challenge")

    assert ack.ok
    assert "a-challenge" in json.dumps(ack.body)


async def test_an_unsigned_challenge_is_refused(http_bot: Bench):
    """Nobody else may find out that this is a bot."""
    body = json.dumps({"type": "url_verification", "challenge": "x"}).encode()
    status, _ = await post(http_bot, body, {"Content-Type": "application/json"})

    assert status == 401


async def test_nothing_that_people_wrote_is_logged(
    http_bot: Bench, caplog: pytest.LogCaptureFixture
):
    """Bodies stay out of the log, of the bot and of the libraries below it."""
    with structlog.testing.capture_logs() as logs, caplog.at_level("INFO"):
        await http_bot.ask("run publish topic=Bees body='my secret plan'")
        await post(http_bot, b"payload=secret", {"Content-Type": FORM})

    assert "secret" not in json.dumps(logs, default=str)
    assert "secret" not in caplog.text
