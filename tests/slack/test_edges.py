"""Rarer ways: channels by name, answers without a response_url, restarts, failing windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.cards import approval_line, run_line, run_words
from bot.cards.words import plain
from bot.simulator import Simulator
from bot.slack.errors import sentence
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.mrkdwn import mrkdwn, units
from bot.slack.kit.payloads import PayloadError
from bot.slack.starting import Starts
from bot.slack.tasks import TaskKeeper
from orchestrator.core.state import RunStatus
from orchestrator.errors import (
    ApprovalClosedError,
    ApprovalNotFoundError,
    ApproversError,
    DirectoryError,
    GraphChangedError,
    GraphNotFoundError,
    NotAnApproverError,
    PayloadChangedError,
    RunFinishedError,
    RunNotFoundError,
    StoreError,
)
from tests.slack.bench import CHANNEL, Bench, bench, eventually, labels
from tests.slack.samples import NOW, approval, resolved, run
from tests.slack.test_sender import calls
from tests.slack.test_slowness import locked


async def test_a_channel_may_be_configured_by_its_name(tmp_path: Path):
    """Posting takes the name; looking for a lost post finds the id that belongs to it."""
    async with bench(tmp_path, channel="#approvals") as bot:
        bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
        question = await bot.ask()
        await bot.sim.until(lambda: calls(bot, "conversations.list", channel=None))
        await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
        await bot.outcome("Approved by")

        assert len(calls(bot, "chat.postMessage", channel="#approvals")) == 1


async def test_a_history_that_cannot_be_read_does_not_hold_a_question_back(tmp_path: Path):
    """Asked twice is better than never asked; the operator reads which scope is missing."""
    with structlog.testing.capture_logs() as logs:
        async with bench(tmp_path) as bot:
            failures = [
                {"method": "chat.postMessage", "error": "internal_error", "count": 1},
                {"method": "conversations.history", "error": "missing_scope", "count": 1},
            ]
            bot.sim.faults.update({"fail_next": failures})
            await bot.ask()

    complaint = next(e for e in logs if e["event"] == "slack_history_unreadable")
    assert complaint["fix"].startswith("add the scope")


async def test_a_database_that_is_away_for_a_while_loses_no_question(tmp_path: Path):
    """The sender waits for it and then sends."""
    with structlog.testing.capture_logs() as logs:
        async with bench(tmp_path) as bot:
            bot.sim.faults.update(
                {"fail_next": {"method": "chat.postMessage", "error": "fatal_error", "count": 1}}
            )
            await bot.run()
            await bot.sim.until(lambda: calls(bot, "chat.postMessage"))
            with locked(tmp_path):
                await eventually(
                    lambda: any("database" in str(e).lower() for e in logs), timeout=15
                )
            question = await bot.question()

    assert labels(question) == {"Approve", "Reject…"}


async def test_an_answer_without_a_response_url_is_posted_in_the_channel(socket_bot: Bench):
    """The response_url lives for half an hour; after that the channel is the way."""
    replies = socket_bot.surface.tools.replies
    body: dict[str, Any] = {"user": {"id": "U0BOB"}, "channel": {"id": CHANNEL}}
    await replies.tell(body, ("hello <!channel>",))
    await replies.tell({**body, "response_url": f"{socket_bot.sim.url}/gone"}, ("again",))
    await replies.tell({"user": {"id": "U0BOB"}}, ("by message",))

    assert "hello &lt;!channel&gt;" in await socket_bot.told("U0BOB", "hello")
    assert await socket_bot.told("U0BOB", "again")
    assert socket_bot.sim.messages(socket_bot.sim.direct("U0BOB"))[0]["text"] == "by message"


async def test_an_answer_that_nobody_can_get_is_only_logged(socket_bot: Bench):
    """A channel that is gone takes no answer; the decision stands without it."""
    body: dict[str, Any] = {"user": {"id": "U0BOB"}, "channel": {"id": "C0NOWHERE"}}
    with structlog.testing.capture_logs() as logs:
        await socket_bot.surface.tools.replies.tell(body, ("hello",))
        await socket_bot.surface.tools.replies.tell({}, ("nobody",))

    assert [entry["event"] for entry in logs] == ["slack_reply_failed"]


async def test_a_window_that_does_not_open_is_explained(socket_bot: Bench):
    """A trigger lives three seconds; the person is asked to press again."""
    question = await socket_bot.ask()
    socket_bot.sim.faults.update(
        {"fail_next": {"method": "views.open", "error": "expired_trigger_id", "count": 1}}
    )
    await socket_bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Reject…")
    told = await socket_bot.told("U0BOB", "Press again")

    assert "expired trigger id" in told


async def test_a_home_tab_that_fails_is_published_at_the_next_opening(socket_bot: Bench):
    """Nobody asked for it, so the log is enough."""
    socket_bot.sim.faults.update(
        {"fail_next": {"method": "views.publish", "error": "internal_error", "count": 1}}
    )
    with structlog.testing.capture_logs() as logs:
        await socket_bot.sim.open_home("U0ALICE")
        await eventually(lambda: any(e["event"] == "slack_home_failed" for e in logs))
    await socket_bot.sim.open_home("U0ALICE")

    assert await socket_bot.sim.until(lambda: socket_bot.sim.home("U0ALICE"))


async def test_a_shortcut_of_another_version_is_left_alone(tmp_path: Path):
    """It is acknowledged, and nothing comes of it."""
    async with Simulator() as slack, bench(tmp_path, slack=slack) as bot:
        shortcut = await slack.shortcut("U0ALICE", "start_run")

        assert shortcut.ok
        assert (bot.messages(), slack.views("U0ALICE")) == ([], [])


async def test_other_events_and_messages_are_left_alone(bot: Bench):
    """All are acknowledged, and none causes a word."""
    await bot.sim.say("U0ALICE", CHANNEL, "hello <@U0SIGNOFF>")
    await bot.sim.open_home("U0ALICE", tab="messages")
    await bot.sim.settle()

    assert bot.messages() == []
    assert [entry for entry in bot.sim.log if entry.status == "timeout"] == []


async def test_h6_a_command_redelivered_to_another_process_starts_no_second_run(socket_bot: Bench):
    """The run's id is made of the request that started it, so it is the same in any process."""
    request: dict[str, Any] = {
        "requester": "U0ALICE", "are_words": True, "request": "1.2.3",
    }  # fmt: skip
    values = {"topic": "Bees"}
    first = await Starts(socket_bot.engine, TaskKeeper()).start("publish", values, **request)
    second = await Starts(socket_bot.engine, TaskKeeper()).start("publish", values, **request)
    third = await Starts(socket_bot.engine, TaskKeeper()).start(
        "publish", values, **(request | {"request": "4.5.6"})
    )

    assert first.id == second.id
    assert first.id != third.id


async def test_the_last_step_of_a_post_can_be_tested_by_a_crash(tmp_path: Path):
    """The hook is reached between Slack's answer and its record."""
    reached: list[str] = []
    async with bench(tmp_path, hook=reached.append) as bot:
        await bot.ask()

        await eventually(lambda: reached == ["after_post"])

        assert len(bot.messages()) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ApprovalClosedError("a", outcome="approved", by="U0BOB", at=NOW), "by @U0BOB 2026-11-21"),
        (ApprovalClosedError("a", outcome="approved", by="U0ME", at=None), "approved by you;"),
        (ApprovalClosedError("a", outcome="answered", by=None, at=NOW), "Already answered 2026"),
        (ApprovalClosedError("a", outcome="expired", by=None, at=NOW), "Too late: this expired"),
        (ApprovalClosedError("a", outcome="withdrawn", by=None, at=NOW), "withdrawn"),
        (NotAnApproverError("U0ME", ["@editors", "U0BOB"]), "it takes @editors or @U0BOB"),
        (ApprovalNotFoundError("a-1"), "not known here, or not for you"),
        (PayloadChangedError(), "changed since you looked"),
        (PayloadError(), "another version of Signoff"),
        (RunFinishedError("r", "timed_out"), "already timed out"),
        (GraphChangedError("publish", "a", "b"), "another version of its graph"),
        (DirectoryError(), "Slack could not tell who may decide"),
        (RunNotFoundError("r-1"), "r-1 is not known here, or not for you"),
        (GraphNotFoundError("x", ["publish"]), "There is no graph x; there is publish"),
        (GraphNotFoundError("x"), "No graph is loaded"),
        (ApproversError("nobody stands behind @x"), "nobody stands behind @x"),
    ],
)
def test_s9_every_refusal_has_a_sentence(error: Exception, words: str):
    """Each says what happened and what to do, to who reads it."""
    found = sentence(error, reader="U0ME")

    assert found is not None
    assert words in plain(found)


@pytest.mark.parametrize("error", [StoreError(), RuntimeError("secret"), KeyError("secret")])
def test_other_errors_have_none(error: Exception):
    """People cannot do anything about them; they get a number that is in the log."""
    assert sentence(error, reader="U0ME") is None


@pytest.mark.parametrize("status", list(RunStatus))
def test_s4_every_state_of_a_run_has_words(status: RunStatus):
    """A line about a run can always be shown."""
    line = plain(run_line(run(status=status, places=())))

    assert line.split()[1].startswith("r-")
    assert "  " not in line


def test_a_failed_run_says_why_and_its_story_names_who_decided():
    """The error is shortened to what fits on a screen."""
    failed = run(status=RunStatus.FAILED, error="out of paper " * 100)
    rows = run_words(failed, [resolved("approved"), approval()])
    text = "\n".join(map(plain, rows))

    assert "failed: out of paper" in text
    assert "was approved by @U0BOB" in text
    assert "waits for @editors, decide by" in text
    assert len(text) < 1000
    assert "no deadline" in plain(approval_line(approval(due_at=None)))


def test_text_that_is_too_long_is_cut_between_lines_so_that_no_token_breaks():
    """Half a mention would be shown as what it is made of."""
    line = mrkdwn(run_line(run()))
    text = "\n".join([line] * 100)
    made = b.section(text)["text"]["text"]

    assert units(made) <= limits.TEXT
    assert made.endswith("\n…")
    assert set(made.split("\n")) == {line, "…"}
