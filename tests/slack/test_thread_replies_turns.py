"""What people type below a message that is about several questions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.graph.policy import any_of
from orchestrator.testing import FakeClock
from tests.slack.bench import CHANNEL, Bench, bench, eventually, shown
from tests.slack.dialogue import asking, clock, pass_time, settled, told
from tests.slack.test_http_mode import post, sign
from tests.slack.test_notify_digest import ask
from tests.slack.test_thread_replies import body_of, marks, reply, said, texts
from tests.slack.turning import all_delivered, calls_of, card_of, paying, posts, touch

LOW = {"risk": "low", "approvers": "U0BOB"}


async def paid(bot: Bench) -> dict[str, Any]:
    """Start an agent that wants to pay three people, and return its card."""
    await bot.run("run agent")
    await all_delivered(bot, 3)
    await settled(bot)
    return card_of(bot)


async def comments(bot: Bench) -> dict[str, list[str]]:
    """Return what was recorded with each call that has comments."""
    calls = await calls_of(bot)
    found = {name: [each.text for each in call.comments] for name, call in calls.items()}
    return {name: written for name, written in found.items() if written}


async def digest_of(bot: Bench, now: FakeClock, title: str) -> dict[str, Any]:
    """Let a digest be sent to Bob."""
    await pass_time(bot, now, timedelta(hours=5))
    return await bot.direct("U0BOB", title)


def regions() -> Graph:
    """Return a graph that asks Bob about two regions at once."""
    gate = LOW | {"title": lambda view: f"Roll out to {view.item}?"}
    each = Block().task("check", lambda context: {"done": context.item}, review=gate)
    return (
        GraphBuilder("regions")
        .task("list", lambda _: {"regions": ["eu", "us"]})
        .map("each", "state.regions", each)
        .edge("list", "each")
        .start("list")
        .ends("each")
        .build()
    )


async def test_h17_a_reply_below_the_calls_of_a_turn_is_for_the_first_that_is_open(tmp_path: Path):
    """They stand in one message, and what is said there is recorded once."""
    async with bench(tmp_path, **paying()) as bot:
        card = await paid(bot)
        await reply(bot, "U0BOB", card, "Rather dear.")

        assert await comments(bot) == {"Ann": ["Rather dear."]}
        assert said(bot, card) == []

        calls = await calls_of(bot)
        await touch(bot, "U0BOB", card, calls["Ann"], "Approve")
        await reply(bot, "U0BOB", card, "And this?")

        assert await comments(bot) == {"Ann": ["Rather dear."], "Ben": ["And this?"]}


async def test_h17_the_requester_answers_the_call_about_which_somebody_asked(tmp_path: Path):
    """Whoever asked hears it; what the requester writes after that is about the first call."""
    async with bench(tmp_path, **paying()) as bot:
        card = await paid(bot)
        calls = await calls_of(bot)
        await bot.engine.request_info(calls["Cem"].id, "Why Cem?", by="U0BOB", surface="slack")
        await bot.news(card, "Why Cem?")
        await reply(bot, "U0ALICE", card, "Because of the flood.")
        answer = await bot.direct("U0BOB", "Because of the flood.")
        await reply(bot, "U0ALICE", card, "Thanks all.")
        await settled(bot)

        assert "wrote about" in shown(answer)
        assert await comments(bot) == {
            "Ann": ["Thanks all."],
            "Cem": ["Why Cem?", "Because of the flood."],
        }
        assert told(bot) == {"U0ALICE": 1, "U0BOB": 1}


async def test_h17_an_answer_that_slack_delivers_again_stays_with_its_call(tmp_path: Path):
    """Also when nobody waits for it any more, and when that call has its outcome."""
    async with bench(tmp_path, transport="http", **paying()) as bot:
        card = await paid(bot)
        calls = await calls_of(bot)
        await bot.engine.request_info(calls["Cem"].id, "Why Cem?", by="U0BOB", surface="slack")
        await reply(bot, "U0ALICE", card, "Because of the flood.")
        body = body_of(bot, "Because of the flood.")
        headers = sign(bot, body) | {"Content-Type": "application/json"}
        first, _ = await post(bot, body, headers | {"X-Slack-Retry-Num": "1"})
        await touch(bot, "U0BOB", card, calls["Cem"], "Approve")
        second, _ = await post(bot, body, headers | {"X-Slack-Retry-Num": "2"})
        await settled(bot)

        assert (first, second) == (200, 200)
        assert await comments(bot) == {"Cem": ["Why Cem?", "Because of the flood."]}


@pytest.mark.parametrize("hand", ["delegate", "reassign"])
async def test_h17_whom_the_bot_has_called_for_one_call_writes_about_that(
    tmp_path: Path, hand: str
):
    """They may not write about the calls above it."""
    async with bench(tmp_path, **paying()) as bot:
        bot.sim.staging.invite(CHANNEL, "U0DAVE")
        card = await paid(bot)
        call = (await calls_of(bot))["Cem"].id
        if hand == "delegate":
            await bot.engine.delegate(call, to="U0DAVE", by="U0BOB", surface="cli")
        else:
            await bot.engine.reassign(call, "U0DAVE", by="U0BOB", surface="cli")
        await settled(bot)
        ts = await reply(bot, "U0DAVE", card, "Is that the right account?")
        await bot.sim.until(lambda: marks(bot, CHANNEL, card["ts"], ts) or None)

        assert await comments(bot) == {"Cem": ["Is that the right account?"]}
        assert bot.sim.ephemerals("U0DAVE") == []


async def test_h17_who_may_write_about_none_of_the_calls_is_told(tmp_path: Path):
    """Once, and not once a call."""
    async with bench(tmp_path, **paying()) as bot:
        bot.sim.staging.invite(CHANNEL, "U0DAVE")
        card = await paid(bot)
        await reply(bot, "U0DAVE", card, "May I?")
        await bot.told("U0DAVE", "not recorded as a comment")
        await reply(bot, "U0DAVE", card, "Hello?")

        assert len(bot.sim.ephemerals("U0DAVE")) == 1
        assert await comments(bot) == {}


async def test_h17_a_call_that_has_just_expired_does_not_stand_in_the_way(tmp_path: Path):
    """What is written then is about the next one."""
    now = clock()
    soon = {"timeout": timedelta(minutes=5), "on_timeout": "reject"}
    async with bench(tmp_path, clock=now, **paying(3, Ann=soon)) as bot:
        card = await paid(bot)
        now.advance(timedelta(minutes=6))
        await reply(bot, "U0BOB", card, "Too dear.")
        await settled(bot)

        assert await comments(bot) == {"Ben": ["Too dear."]}
        assert bot.sim.ephemerals("U0BOB") == []


async def test_h17_the_thread_of_a_card_that_was_posted_anew_stays_about_all_its_calls(
    tmp_path: Path,
):
    """What is written there comes to the same call as below the new card."""
    async with bench(tmp_path, **paying()) as bot:
        card = await paid(bot)
        calls = await calls_of(bot)
        await bot.engine.request_info(calls["Ben"].id, "Why Ben?", by="U0BOB", surface="slack")
        await bot.engine.repost(calls["Cem"].id, by="U0ALICE")
        await eventually(lambda: len(posts(bot)) == 2)
        await settled(bot)
        await reply(bot, "U0BOB", card, "In the old thread.")
        await reply(bot, "U0ALICE", card, "He is owed it.")
        await settled(bot)

        assert await comments(bot) == {
            "Ann": ["In the old thread."],
            "Ben": ["Why Ben?", "He is owed it."],
        }
        assert any("In the old thread." in each for each in said(bot, posts(bot)[1]))


async def test_s7_a_reply_below_a_digest_says_which_question_is_meant(tmp_path: Path):
    """Nothing is recorded of what may be about any of them."""
    now = clock("2030-01-01 09:00")
    policy = any_of("U0BOB")
    async with bench(tmp_path, **asking(policy, risk="low"), clock=now) as bot:
        await ask(bot, 2)
        digest = await digest_of(bot, now, "2 questions of low risk wait for you")
        room = bot.sim.direct("U0BOB")
        await bot.sim.say("U0BOB", room, "Which?", thread_ts=digest["ts"])
        await bot.told("U0BOB", "about several questions")

        assert await texts(bot) == []

        (first, *_) = bot.open_questions()
        await bot.press("U0BOB", first, "Approve")
        await bot.sim.say("U0BOB", room, "This one.", thread_ts=digest["ts"])
        await bot.direct("U0ALICE", "This one.")


async def test_s7_a_digest_may_show_several_questions_of_one_run(tmp_path: Path):
    """Each of them may be meant, so that a reply is recorded with none."""
    now = clock("2030-01-01 09:00")
    async with bench(tmp_path, graphs=lambda _: [regions()], clock=now) as bot:
        await bot.run("run regions")
        await eventually(lambda: len(bot.open_questions()) == 2)
        await settled(bot)
        digest = await digest_of(bot, now, "2 questions of low risk wait for you")
        await bot.sim.say("U0BOB", bot.sim.direct("U0BOB"), "Which?", thread_ts=digest["ts"])
        await bot.told("U0BOB", "about several questions")
        run = await bot.last_run()

        assert [each.comments for each in await bot.engine.list_approvals(run.id)] == [(), ()]


async def test_s7_a_digest_may_show_the_calls_of_a_turn(tmp_path: Path):
    """There each has its own line, and below their card they are answered together."""
    now = clock("2030-01-01 09:00")
    gates = dict.fromkeys(("Ann", "Ben", "Cem"), LOW)
    async with bench(tmp_path, clock=now, **paying(3, **gates)) as bot:
        card = await paid(bot)
        digest = await digest_of(bot, now, "3 questions of low risk wait for you")
        await bot.sim.say("U0BOB", bot.sim.direct("U0BOB"), "Which?", thread_ts=digest["ts"])
        await bot.told("U0BOB", "about several questions")
        await reply(bot, "U0BOB", card, "Hm.")

        assert await comments(bot) == {"Ann": ["Hm."]}


async def test_s7_a_digest_whose_sending_was_not_confirmed_says_itself_what_it_is(tmp_path: Path):
    """Nothing is recorded below it with the question that it shows first."""
    now = clock("2030-01-01 09:00")
    async with bench(tmp_path, **asking(any_of("U0BOB"), risk="low"), clock=now) as bot:
        await ask(bot, 2)
        bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
        now.advance(timedelta(hours=5))
        await bot.engine.tick()
        bot.engine._kernel.on_delivery()
        digest = await bot.direct("U0BOB", "2 questions of low risk wait for you")
        await bot.sim.say("U0BOB", bot.sim.direct("U0BOB"), "Which?", thread_ts=digest["ts"])
        await bot.told("U0BOB", "about several questions")

        assert await texts(bot) == []
