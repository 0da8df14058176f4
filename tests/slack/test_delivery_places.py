"""Channels that cannot be used: where the question goes, what it says, and how it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog

from bot.simulator import Simulator
from orchestrator.graph import Graph
from orchestrator.graph.policy import any_of
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, Effects, bench, eventually, labels, shown
from tests.slack.dialogue import settled
from tests.slack.test_commands import said

#: Private, and the bot is no member.
FINANCE = "G0FINANCE"
GENERAL = "C0GENERAL"


def confirmed(**gate: Any) -> Any:
    """Return what makes a graph of one question to Bob, with the option `channel` and others."""

    def make(effects: Effects) -> list[Graph]:
        return [kinds.confirmed(effects, any_of("U0BOB"), **gate)]

    return make


def posts(bot: Bench, channel: str) -> list[dict[str, Any]]:
    """Return the bot's messages in a channel, without those of threads."""
    found = bot.sim.messages(channel)
    return [m for m in found if m.get("bot_id") and m.get("thread_ts") in (None, m["ts"])]


async def post(bot: Bench, channel: str, text: str = "Do it?") -> dict[str, Any]:
    """Wait until a channel has a message of the bot that says something."""

    def find() -> dict[str, Any] | None:
        return next((m for m in reversed(posts(bot, channel)) if text in shown(m)), None)

    return await bot.sim.until(find, timeout=8)


async def test_s10_a_question_is_asked_in_the_channel_of_its_gate(tmp_path: Path):
    """By its name, and nowhere else; the outcome comes there."""
    async with bench(tmp_path, graphs=confirmed(channel="#general")) as bot:
        await bot.run("run confirmed")
        question = await post(bot, GENERAL)
        await bot.sim.click("U0BOB", GENERAL, question["ts"], label="Approve")
        await post(bot, GENERAL, "Approved by <@U0BOB>")

        assert bot.messages() == []
        assert "belongs in" not in shown(question)


async def test_s10_a_question_that_its_private_channel_refuses_goes_to_the_operators(
    tmp_path: Path,
):
    """To no other channel, the fallback included; its first line says how to mend that."""
    async with bench(
        tmp_path,
        graphs=confirmed(channel=FINANCE),
        operators=("U0DAVE",),
        fallback_channel=GENERAL,
    ) as bot:
        await bot.run("run confirmed")
        question = await bot.direct("U0DAVE", "Do it?")
        await settled(bot)
        approval = await bot.approval()

        assert "Approve" in labels(question)
        assert f"<#{FINANCE}>" in question["blocks"][0]["text"]["text"]
        assert "/invite" in question["blocks"][0]["text"]["text"]
        assert f"/signoff repost {approval.ref}" in shown(question)

        answer = said(await bot.run(f"repost {approval.ref}"))

        assert "went to the operators by direct message" in answer
        assert f"because I cannot post in <#{FINANCE}>" in answer

        bot.sim.staging.invite(FINANCE, "U0SIGNOFF")
        answer = said(await bot.run(f"repost {approval.ref}"))

        assert f"stands in <#{FINANCE}> now." in answer
        assert bot.messages() == posts(bot, GENERAL) == []

        back = await post(bot, FINANCE)
        await bot.sim.click("U0DAVE", FINANCE, back["ts"], label="Approve")
        await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
        outcome = await post(bot, FINANCE, "Approved by <@U0BOB>")

        assert "/signoff repost" not in shown(outcome)


async def test_s10_a_question_that_its_public_channel_refuses_goes_to_the_fallback_channel(
    tmp_path: Path,
):
    """Only there, never to the workspace's channel."""

    def archive(sim: Simulator) -> None:
        sim.staging.archive("C0DEPLOYS")

    graphs = confirmed(channel="C0DEPLOYS")
    async with bench(tmp_path, graphs=graphs, prepare=archive, fallback_channel=GENERAL) as bot:
        await bot.run("run confirmed")
        question = await post(bot, GENERAL)

        assert "<#C0DEPLOYS>, which is archived" in shown(question)
        assert bot.messages() == []


async def test_s10_an_outcome_does_not_leave_a_private_channel(tmp_path: Path):
    """Who asked is told by direct message; the fallback channel sees nothing."""

    def let_in(sim: Simulator) -> None:
        sim.staging.invite(FINANCE, "U0SIGNOFF")

    async with bench(
        tmp_path, graphs=confirmed(channel=FINANCE), prepare=let_in, fallback_channel=GENERAL
    ) as bot:
        await bot.run("run confirmed")
        await post(bot, FINANCE)
        await settled(bot)
        bot.sim.world.channels[FINANCE].is_archived = True  # and nobody says so
        approval = await bot.approval()
        await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
        await bot.direct("U0ALICE", "Approved by <@U0BOB>")
        await settled(bot)

        assert posts(bot, GENERAL) == []


async def test_s10_a_question_goes_to_the_fallback_channel_when_the_workspaces_is_archived(
    tmp_path: Path,
):
    """And is decided there; what went wrong is logged once, with what to do."""

    def archive(sim: Simulator) -> None:
        sim.staging.archive(CHANNEL)

    with structlog.testing.capture_logs() as logs:
        async with bench(
            tmp_path, graphs=confirmed(), prepare=archive, fallback_channel=GENERAL
        ) as bot:
            await bot.run("run confirmed")
            await bot.run("run confirmed")
            question = await post(bot, GENERAL)
            await eventually(lambda: len(posts(bot, GENERAL)) == 2)

            assert "is archived" in shown(question)

            await bot.sim.click("U0BOB", GENERAL, question["ts"], label="Approve")
            await post(bot, GENERAL, "Approved by")
    refused = [entry for entry in logs if entry["event"] == "slack_place_refused"]

    assert [entry["error"] for entry in refused] == ["is_archived"]
    assert "unarchive" in refused[0]["fix"]


async def test_s10_without_any_channel_the_operators_get_the_question(tmp_path: Path):
    """Each by direct message, edited with the outcome; from there only approvers decide."""
    operators = ("dave@example.com", "U0CAROL")
    async with bench(tmp_path, graphs=confirmed(), channel=FINANCE, operators=operators) as bot:
        await bot.run("run confirmed")
        dave = await bot.direct("U0DAVE", "Do it?")
        carol = await bot.direct("U0CAROL", "Do it?")

        assert f"<#{FINANCE}>" in shown(dave)
        assert f"<#{FINANCE}>" in shown(carol)

        await bot.sim.click("U0DAVE", bot.sim.direct("U0DAVE"), dave["ts"], label="Approve")
        approval = await bot.approval()

        assert approval.is_open

        await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
        await bot.direct("U0DAVE", "Approved by <@U0BOB>")
        await bot.direct("U0CAROL", "Approved by <@U0BOB>")
        await settled(bot)

        assert len(bot.directs("U0DAVE")) == len(bot.directs("U0CAROL")) == 1


async def test_s10_a_question_that_nobody_can_be_asked_waits(tmp_path: Path):
    """When the bot is let in it is posted at once."""
    nobody = {"method": "conversations.open", "error": "user_disabled", "count": 99}
    async with bench(tmp_path, graphs=confirmed(), channel=FINANCE) as bot:
        bot.sim.faults.update({"fail_next": nobody})
        await bot.run("run confirmed")
        await eventually(lambda: _is_put_off(bot))
        bot.sim.staging.invite(FINANCE, "U0SIGNOFF")
        question = await post(bot, FINANCE)

        assert "Approve" in labels(question)

        approval = await bot.approval()
        await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
        await post(bot, FINANCE, "Approved by")

        assert len(posts(bot, FINANCE)) == 1


async def test_s10_a_question_is_asked_elsewhere_when_its_channel_is_archived(tmp_path: Path):
    """At once, not when somebody votes; the deadline stays."""
    async with bench(
        tmp_path, graphs=confirmed(timeout="1h", on_timeout="expire"), fallback_channel=GENERAL
    ) as bot:
        first = await bot.ask("run confirmed")
        await settled(bot)
        before = await bot.approval()
        bot.sim.staging.archive(CHANNEL)
        question = await post(bot, GENERAL)

        assert "is archived" in shown(question)
        assert (await bot.approval()).due_at == before.due_at

        bot.sim.staging.unarchive(CHANNEL)
        await bot.engine.repost(before.ref, by="U0ALICE")
        back = await bot.question()
        await post(bot, GENERAL, "asked anew")
        await bot.press("U0BOB", back, "Approve")
        await bot.outcome("Approved by")

        assert "belongs in" not in shown(back)
        assert len(posts(bot, GENERAL)) == 1
        assert "asked anew" in shown(await bot.edited(first["ts"], "asked anew"))


async def test_s10_a_message_that_was_left_behind_shows_the_outcome_in_the_end(tmp_path: Path):
    """Once its channel can be written to, nobody finds buttons there that decide nothing."""
    async with bench(tmp_path, graphs=confirmed(), fallback_channel=GENERAL) as bot:
        first = await bot.ask("run confirmed")
        await settled(bot)
        bot.sim.staging.archive(CHANNEL)
        question = await post(bot, GENERAL)
        await settled(bot)
        bot.sim.staging.unarchive(CHANNEL)
        await bot.sim.click("U0BOB", GENERAL, question["ts"], label="Approve")
        left = await bot.edited(first["ts"], "Approved by")

        assert "Approve" not in labels(left)


async def test_s10_an_outcome_that_its_channel_refuses_is_told_elsewhere(tmp_path: Path):
    """The decision was made from the command line; whoever asked hears of it, too."""
    async with bench(tmp_path, graphs=confirmed(), fallback_channel=GENERAL) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        bot.sim.world.channels[CHANNEL].is_archived = True  # and nobody says so
        approval = await bot.approval()
        await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
        outcome = await post(bot, GENERAL, "which I cannot use any more")
        await bot.direct("U0ALICE", "Approved by <@U0BOB>")

        assert "Approved by" in shown(outcome)


async def test_s10_without_a_fallback_channel_the_requester_is_told_the_outcome(tmp_path: Path):
    """And nothing is tried for ever."""
    async with bench(tmp_path, graphs=confirmed()) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        bot.sim.world.channels[CHANNEL].is_archived = True  # and nobody says so
        approval = await bot.approval()
        await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="cli")
        await bot.direct("U0ALICE", "Approved by <@U0BOB>")
        await bot.finished()
        await settled(bot)

        assert bot.directs("U0BOB") == []


async def test_s10_a_deleted_question_is_posted_anew_once(tmp_path: Path):
    """By itself at the next edit, and after that only when somebody wants it."""
    people = any_of("U0BOB")

    def make(effects: Effects) -> list[Graph]:
        return [kinds.confirmed(effects, people)]

    with structlog.testing.capture_logs() as logs:
        async with bench(tmp_path, graphs=make) as bot:
            question = await bot.ask("run confirmed")
            await settled(bot)
            approval = await bot.approval()
            bot.sim.staging.delete_message(CHANNEL, question["ts"])
            await bot.engine.comment(approval.id, "Why now?", by="U0BOB", surface="cli")
            again = await bot.sim.until(bot.open_question, timeout=8)
            await settled(bot)
            bot.sim.staging.delete_message(CHANNEL, again["ts"])
            await bot.engine.comment(approval.id, "And why?", by="U0BOB", surface="cli")
            await settled(bot)

            assert bot.open_question() is None

            assert await bot.engine.repost(approval.id, by="U0BOB")
            third = await bot.question()
            await bot.press("U0BOB", third, "Approve")
            await bot.outcome("Approved by")
    anew = [entry for entry in logs if entry["event"] == "question_posted_anew"]

    assert [entry["error"] for entry in anew] == ["cannot_reply_to_message"]


async def test_s10_messages_follow_a_channel_that_gets_another_id(tmp_path: Path):
    """As one does that is shared with another organisation."""
    async with bench(tmp_path, graphs=confirmed()) as bot:
        await bot.ask("run confirmed")
        approval = await bot.approval()
        await settled(bot)
        event = {"old_channel_id": CHANNEL, "new_channel_id": "C0MOVED"}
        bot.sim.workspace.emit("channel_id_changed", {"type": "channel_id_changed", **event})

        async def has_moved() -> bool:
            found = await bot.engine.find_message(approval.id)
            return found is not None and found.channel == "C0MOVED"

        await eventually(has_moved)


async def test_only_who_has_to_do_with_a_question_may_have_it_posted_anew(tmp_path: Path):
    """And while it is on its way nobody can have it twice."""
    async with bench(tmp_path, graphs=confirmed()) as bot:
        await bot.ask("run confirmed")
        approval = await bot.approval()
        await settled(bot)
        found: list[str] = []
        try:
            await bot.engine.repost(approval.id, by="U0DAVE")
        except PermissionError as error:
            found.append(str(error))

        assert "the requester, an approver, or an operator may" in found[0]

        bot.sim.faults.update({"is_away": True})

        assert await bot.engine.repost(approval.id, by="U0ALICE")
        assert not await bot.engine.repost(approval.id, by="U0BOB")


def _is_put_off(bot: Bench) -> bool:
    sender = bot.surface.statistics().sender
    return sender.failed == 1 and sender.under_way == 0
