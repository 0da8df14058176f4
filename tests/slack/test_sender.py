"""The sender: what Slack refuses, delays or loses, and what people see in the end."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.slack.kit.messages import APPROVAL_EVENT
from bot.slack.sending import outbox
from orchestrator.graph import Graph
from orchestrator.graph.policy import any_of, quorum
from tests.slack import kinds
from tests.slack.bench import (
    CHANNEL,
    Bench,
    Effects,
    bench,
    eventually,
    labels,
    publish_graph,
    shown,
)


def calls(bot: Bench, method: str, channel: str = CHANNEL) -> list[Any]:
    """Return the calls of a Web API method about a channel, oldest first."""
    return [
        entry
        for entry in bot.sim.log
        if entry.kind == "api" and entry.name == method and entry.request.get("channel") == channel
    ]


async def test_a_post_whose_answer_is_lost_is_found_again_and_made_once(socket_bot: Bench):
    """The message's metadata names the approval, so the channel's history settles it."""
    bot = socket_bot
    bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
    question = await bot.ask()
    approval = await bot.approval()

    async def is_recorded() -> bool:
        return await bot.engine.find_message(approval.id) is not None

    await bot.sim.until(lambda: calls(bot, "conversations.history"))
    await eventually(is_recorded)
    await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
    await bot.outcome("Approved by")

    assert len(calls(bot, "chat.postMessage")) == 1
    assert len(bot.messages()) == 1


async def test_a_post_that_never_arrived_is_made_again(socket_bot: Bench):
    """When the history does not have the message, it is posted."""
    bot = socket_bot
    bot.sim.faults.update(
        {"fail_next": {"method": "chat.postMessage", "error": "internal_error", "count": 1}}
    )
    await bot.ask()

    assert len(calls(bot, "chat.postMessage")) == 2
    assert len(calls(bot, "conversations.history")) == 1
    assert len(bot.messages()) == 1


async def test_a_try_that_outlasts_its_lease_is_ended_before_that(
    socket_bot: Bench, monkeypatch: pytest.MonkeyPatch
):
    """Or another sender would post the same; what it has posted is found again."""
    bot = socket_bot
    await bot.ask()
    monkeypatch.setattr(outbox, "_LONGEST_TRY", 0.3)
    bot.sim.faults.update({"slow_ms": 800})
    await bot.engine.start("publish", {"topic": "Bees"}, requester="U0ALICE", surface="python")
    await bot.sim.until(lambda: len(calls(bot, "chat.postMessage")) == 2, timeout=8)
    await eventually(lambda: bot.surface.statistics().sender.failed == 1)
    monkeypatch.undo()
    bot.sim.faults.update({"slow_ms": 0})

    async def is_done() -> bool:
        return await bot.engine.next_delivery_at() is None

    await eventually(is_done)

    assert len(bot.messages()) == 2


async def test_an_edit_whose_answer_is_lost_is_made_again(socket_bot: Bench):
    """An edit may be repeated; the message ends in its outcome."""
    bot = socket_bot
    question = await bot.ask()
    bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.update"})
    await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
    await bot.sim.until(lambda: len(calls(bot, "chat.update")) >= 2)
    await bot.outcome("Approved by")

    assert len(bot.messages()) == 1


@pytest.mark.slow
async def test_a_storm_of_429_loses_and_doubles_nothing(socket_bot: Bench):
    """Every refused call is made again after Retry-After, and none twice."""
    bot = socket_bot
    await bot.ask()
    bot.sim.faults.update({"rate_limit_next": 3, "retry_after": 1})
    for number in range(3):
        await bot.run(f"run publish topic=Bees{number}")
    await bot.sim.until(lambda: len(bot.messages()) == 4, timeout=20)
    answered = [entry for entry in calls(bot, "chat.postMessage") if entry.status == "ok"]

    assert len(answered) == 4
    assert len(calls(bot, "chat.postMessage")) - len(answered) == 3
    assert calls(bot, "conversations.history") == []
    topics = {f"Bees{n}" for n in range(3)}
    assert topics == {t for t in topics if any(t in shown(m) for m in bot.messages())}


@pytest.mark.slow
async def test_retry_after_is_honoured(socket_bot: Bench):
    """Nothing is sent by a refused method before its time."""
    bot = socket_bot
    await bot.ask()
    bot.sim.faults.update({"rate_limit_next": 1, "retry_after": 2})
    await bot.run("run publish topic=Wasps")
    await bot.sim.until(lambda: len(bot.messages()) == 2, timeout=10)
    refused, made = calls(bot, "chat.postMessage")[-2:]

    assert made.at - refused.at >= 2.0


@pytest.mark.slow
async def test_a_channel_gets_one_message_a_second(tmp_path: Path):
    """Posts and edits to a channel keep their distance, however many wait."""
    async with bench(tmp_path, message_interval=1.0) as bot:
        bot.sim.faults.update({"enforce_rate": True})
        question = await bot.ask()
        await bot.run("run publish topic=Wasps")
        await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
        await bot.outcome("Approved by")
        await bot.sim.until(lambda: len(bot.messages()) == 2, timeout=10)
        sent = sorted(e.at for e in calls(bot, "chat.postMessage") + calls(bot, "chat.update"))
        gaps = [later - earlier for earlier, later in pairwise(sent)]

        assert len(sent) >= 3
        assert min(gaps) >= 1.0


async def test_an_approval_that_is_decided_before_it_is_posted_is_posted_as_decided(
    socket_bot: Bench,
):
    """Messages are rendered when they are sent, so they never show what was."""
    bot = socket_bot
    bot.sim.faults.update(
        {"fail_next": {"method": "chat.postMessage", "error": "internal_error", "count": 1}}
    )
    await bot.run()
    await bot.sim.until(lambda: calls(bot, "chat.postMessage"))
    approval = await bot.approval()
    await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
    message = await bot.outcome("Approved by <@U0BOB>")

    assert set() == labels(message)
    assert len(bot.messages()) == 1


async def test_s10_a_channel_without_the_bot_is_reported_with_its_fix(tmp_path: Path):
    """The operator reads what to do; the approval stays decidable elsewhere."""
    with structlog.testing.capture_logs() as logs:
        async with bench(tmp_path, channel="G0FINANCE") as bot:
            await bot.run()
            await bot.sim.until(lambda: calls(bot, "chat.postMessage", "G0FINANCE"))
            await eventually(lambda: _logged(logs, "slack_place_refused"))
            approval = await bot.approval()
            await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
            run = await bot.finished()

            assert run.status == "completed"
            assert bot.effects.published == ["Bees in winter"]
    complaint = next(entry for entry in logs if entry["event"] == "slack_place_refused")

    assert complaint["error"] in {"channel_not_found", "not_in_channel"}
    assert "invite the bot" in complaint["fix"]
    assert complaint["log_level"] == "error"


async def test_blocks_that_slack_refuses_are_replaced_by_plain_ones(socket_bot: Bench):
    """A message that can be decided comes in any case."""
    bot = socket_bot
    bot.sim.faults.update(
        {"fail_next": {"method": "chat.postMessage", "error": "invalid_blocks", "count": 1}}
    )
    question = await bot.ask()

    assert {"Approve", "Reject…"} == labels(question)
    assert "Publish “Bees in winter”?" in shown(question)

    await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")

    assert (await bot.finished()).status == "completed"


async def test_a_message_that_was_deleted_is_not_edited_for_ever(socket_bot: Bench):
    """Every edit of a message that is gone is tried once, and the next question still comes."""
    bot = socket_bot
    question = await bot.ask()
    await bot.workspace.client.chat_delete(channel=CHANNEL, ts=question["ts"])
    approval = await bot.approval()
    with structlog.testing.capture_logs() as logs:
        await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
        await bot.finished()
        await bot.run("run publish topic=Wasps")
        await bot.question()
        given_up = [e for e in logs if e["event"] == "slack_delivery_given_up"]

    # One for the decision and perhaps one for the end of the run.
    assert 1 <= len(given_up) <= 2
    assert len(calls(bot, "chat.update")) == len(given_up)


async def test_t4_one_reminder_comes_in_the_thread_and_calls_the_approvers(tmp_path: Path):
    """The reminder mentions the group, says until when, and is not repeated."""
    async with bench(
        tmp_path, graphs=lambda effects: [publish_graph(effects, remind_before="5.5s")]
    ) as bot:
        question = await bot.ask("run publish topic=Bees wait=6s")
        thread = await bot.sim.until(lambda: bot.sim.thread(CHANNEL, question["ts"])[1:])

        assert len(thread) == 1
        assert "<!subteam^S0EDITORS>" in thread[0]["text"]
        assert "<!date^" in thread[0]["text"]
        assert "Publish “Bees in winter”?" not in thread[0]["text"]
        assert "Publish “Bees”?" in thread[0]["text"]

        await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
        await bot.outcome("Approved by")
        await bot.finished()

        assert len(bot.sim.thread(CHANNEL, question["ts"])[1:]) == 1


async def test_t4_a_reminder_whose_answer_is_lost_is_made_once(tmp_path: Path):
    """The thread is looked through before a reminder is repeated."""
    async with bench(
        tmp_path, graphs=lambda effects: [publish_graph(effects, remind_before="5.5s")]
    ) as bot:
        question = await bot.ask("run publish topic=Bees wait=6s")
        bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
        await bot.sim.until(lambda: calls(bot, "conversations.replies"))

        async def is_done() -> bool:
            return await bot.engine.next_delivery_at() is None

        await eventually(is_done)

        assert len(calls(bot, "chat.postMessage")) == 2
        assert len(bot.sim.thread(CHANNEL, question["ts"])[1:]) == 1


@pytest.mark.slow
async def test_h21_votes_that_come_together_make_few_edits(tmp_path: Path):
    """What waits to be sent is superseded by what is newer; the last edit shows all votes."""
    people = "U0ALICE U0BOB U0CAROL U0DAVE U0GUEST"

    def make(effects: Effects) -> list[Graph]:
        return [kinds.confirmed(effects, replace(quorum(5, people), outsiders=True))]

    async with bench(tmp_path, graphs=make, message_interval=0.5) as bot:
        question = await bot.ask("run confirmed")
        for user in people.split()[:4]:
            await bot.press(user, question, "Approve")
        await bot.edited(question["ts"], "4 of 5 · waiting for")

        assert len(calls(bot, "chat.update")) <= 2


async def test_a_notice_whose_answer_is_lost_is_posted_once(tmp_path: Path):
    """The thread is looked through before a comment is posted again."""

    def make(effects: Effects) -> list[Graph]:
        return [kinds.confirmed(effects, any_of("U0BOB"))]

    async with bench(tmp_path, graphs=make) as bot:
        question = await bot.ask("run confirmed")
        approval = await bot.approval()
        bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
        await bot.engine.comment(approval.id, "Why now?", by="U0BOB", surface="cli")
        await bot.sim.until(lambda: calls(bot, "conversations.replies"))

        async def is_done() -> bool:
            return await bot.engine.next_delivery_at() is None

        await eventually(is_done)

        assert len(bot.sim.thread(CHANNEL, question["ts"])[1:]) == 1


async def test_the_deadline_that_is_shown_is_the_one_that_counts(socket_bot: Bench):
    """The clock starts when the question is posted, and the message says what follows."""
    question = await socket_bot.ask()

    async def is_delivered() -> bool:
        return (await socket_bot.approval()).delivered_at is not None

    await eventually(is_delivered)
    approval = await socket_bot.approval()

    assert approval.due_at is not None
    assert approval.timeout is not None
    assert f"<!date^{int(approval.due_at.timestamp())}^" in shown(question)
    assert abs((approval.due_at - approval.timeout).timestamp() - time.time()) < 5


async def test_deliveries_that_waited_for_the_bot_are_sent_when_it_comes(tmp_path: Path):
    """What another process recorded is found without being told."""
    async with bench(tmp_path) as bot:
        bot.engine.on_delivery(lambda: None)
        await bot.ask()

        assert bot.messages()[0]["metadata"]["event_type"] == APPROVAL_EVENT


def _logged(logs: list[Any], event: str) -> bool:
    return any(entry["event"] == event for entry in logs)
