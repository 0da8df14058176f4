"""Forms of the menu that Slack delivers again, or whose recording takes long."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.simulator import Timing
from orchestrator.core import events as e
from orchestrator.graph.policy import any_of
from orchestrator.runtime import Engine
from tests.slack.bench import Bench, bench
from tests.slack.dialogue import asking, settled
from tests.slack.test_http_mode import post, sign
from tests.slack.test_menu import picked

#: A Slack that waits longer than the library which takes its requests.
LONG = Timing(ack=5.0, redeliveries=0)
FORMS: dict[str, tuple[str, dict[str, Any], type]] = {
    "Comment…": ("U0BOB", {"Your_comment": "Fine."}, e.CommentAdded),
    "Ask the requester…": ("U0BOB", {"What_do_you_need_to_know_": "Why?"}, e.CommentAdded),
    "Delegate…": ("U0BOB", {"Who_answers_in_your_place_": "U0DAVE"}, e.ApprovalDelegated),
    "Snooze…": ("U0BOB", {"For_how_long_": "1 hour"}, e.ApprovalSnoozed),
    "Extend…": ("U0BOB", {"By_how_long_": "1 day"}, e.ApprovalExtended),
    "Reassign…": ("U0BOB", {"Who_decides_instead_": ["U0DAVE"]}, e.ApprovalReassigned),
    "Withdraw…": ("U0ALICE", {"Why_": "Not needed."}, e.ApprovalResolved),
}


def submission(bot: Bench) -> bytes:
    """Return the newest form as Slack posted it."""
    sent = [each.request for each in bot.sim.log if each.name == "view_submission"]
    found = [each for each in sent if isinstance(each, dict)][-1]
    return urlencode({"payload": json.dumps(found.get("payload") or found["body"])}).encode()


async def count(bot: Bench, kind: type) -> int:
    """Return how many events of a kind the newest run has."""
    records = await bot.engine.get_events((await bot.last_run()).id)
    return sum(isinstance(each.event, kind) for each in records)


@pytest.mark.parametrize("transport", ["socket", "http"])
@pytest.mark.parametrize("entry", FORMS)
async def test_h23_a_form_that_comes_to_another_process_is_done_once(
    tmp_path: Path, transport: str, entry: str
):
    """It is answered there as if nothing had been done before."""
    user, given, kind = FORMS[entry]
    options = asking(any_of("U0BOB"), timeout="2d", on_timeout="reject")
    async with bench(tmp_path, transport=transport, **options) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        form = await picked(bot, user, question, entry)
        first = await bot.fill(user, form, **given)
        body = submission(bot)
        async with bench(tmp_path, transport="http", slack=bot.sim, **options) as other:
            answers = [await post(other, body, sign(other, body)) for _ in range(2)]

        assert first.ok
        assert [(status, json.loads(text)) for status, text in answers] == [
            (200, {"response_action": "clear"})
        ] * 2
        assert await count(bot, kind) == 1


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_h23_a_form_that_takes_too_long_is_not_confirmed(
    tmp_path: Path, transport: str, monkeypatch: pytest.MonkeyPatch
):
    """Nothing else answers for it meanwhile, and sent once more it counts once."""
    comment, gate = Engine.comment, asyncio.Event()

    async def slow(self: Engine, *args: Any, **options: Any) -> Any:
        await gate.wait()
        return await comment(self, *args, **options)

    options = asking(any_of("U0BOB")) | {"click_timeout": 60.0, "timing": LONG}
    async with bench(tmp_path, transport=transport, **options) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0BOB", question, "Comment…")
        monkeypatch.setattr(Engine, "comment", slow)
        first = await bot.fill("U0BOB", form, Your_comment="Fine.")
        gate.set()
        again = await bot.sim.submit("U0BOB", form["id"])

        assert not first.ok
        assert again.ok
        assert bot.sim.views("U0BOB") == []
        assert await count(bot, e.CommentAdded) == 1
