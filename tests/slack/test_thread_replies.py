"""What people type in the thread of a question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import DirectoryError, StoreUnavailableError
from orchestrator.graph.policy import any_of
from orchestrator.runtime import Engine
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, bench, shown
from tests.slack.dialogue import asking, settled, told
from tests.slack.test_http_mode import post, sign
from tests.slack.test_menu import picked

TRANSPORTS = pytest.mark.parametrize("transport", ["socket", "http"])
EDITORS = any_of("@editors")
NOT_THEIRS = "not recorded as a comment"


async def reply(bot: Bench, user: str, question: dict[str, Any], text: str, **more: Any) -> str:
    """Type something in the thread of a question, and wait until the bot has heard of it."""
    ts = await bot.sim.say(user, CHANNEL, text, thread_ts=question["ts"], **more)
    await bot.sim.settle()
    return ts


async def texts(bot: Bench) -> list[str]:
    """Return the comments on the newest question."""
    return [each.text for each in (await bot.approval()).comments]


def marks(bot: Bench, channel: str, thread: str, ts: str) -> list[str]:
    """Return the emoji at a message of a thread."""
    found = (each for each in bot.sim.thread(channel, thread) if each["ts"] == ts)
    return [mark["name"] for each in found for mark in each.get("reactions", ())]


def said(bot: Bench, question: dict[str, Any]) -> list[str]:
    """Return what the bot said in the thread of a question."""
    thread = bot.sim.thread(CHANNEL, question["ts"])[1:]
    return [shown(each) for each in thread if each.get("bot_id")]


async def asked(bot: Bench) -> dict[str, Any]:
    """Start a run, and return its question once everything is stored."""
    question = await bot.ask("run confirmed")
    await settled(bot)
    await bot.sim.settle()
    return question


@TRANSPORTS
async def test_h23_a_reply_is_a_comment(tmp_path: Path, transport: str):
    """It is recorded once, marked, told to the requester, and not repeated in its thread."""
    async with bench(tmp_path, transport=transport, **asking(EDITORS)) as bot:
        question = await asked(bot)
        ts = await reply(bot, "U0BOB", question, "Is that <safe> & sound?")
        note = await bot.direct("U0ALICE", "wrote about")
        await bot.sim.until(lambda: marks(bot, CHANNEL, question["ts"], ts) or None)
        await settled(bot)
        (comment,) = (await bot.approval()).comments

        assert (comment.by, comment.surface) == ("U0BOB", "slack")
        assert comment.text == "Is that <safe> & sound?"
        assert marks(bot, CHANNEL, question["ts"], ts) == ["eyes"]
        assert "Is that" in shown(note)
        assert told(bot) == {"U0ALICE": 1}
        assert said(bot, question) == []
        assert bot.sim.ephemerals("U0BOB") == []
        assert (await bot.engine.verify((await bot.last_run()).id)).is_sound


@TRANSPORTS
async def test_h23_a_reply_before_the_post_is_confirmed_is_a_comment(
    tmp_path: Path, transport: str
):
    """The message says itself what it is about, also while nobody knows where it stands."""
    async with bench(tmp_path, transport=transport, **asking(EDITORS)) as bot:
        bot.sim.faults.update({"lose_answer_next": 1, "lose_answer_method": "chat.postMessage"})
        question = await bot.ask("run confirmed")
        await reply(bot, "U0BOB", question, "So soon?")

        assert await texts(bot) == ["So soon?"]


@TRANSPORTS
async def test_h23_an_event_that_slack_delivers_twice_is_one_comment(
    tmp_path: Path, transport: str
):
    """Both deliveries are answered."""
    async with bench(tmp_path, transport=transport, **asking(EDITORS)) as bot:
        question = await asked(bot)
        bot.sim.faults.duplicate_next = 1
        await reply(bot, "U0BOB", question, "Twice?")
        await bot.direct("U0ALICE", "Twice?")
        await settled(bot)

        assert bot.sim.faults.duplicate_next == 0
        assert await texts(bot) == ["Twice?"]
        assert told(bot) == {"U0ALICE": 1}


def body_of(bot: Bench, text: str) -> bytes:
    """Return the body of the event that told the bot of a text."""
    sent = [each.request for each in bot.sim.log if each.kind == "envelope"]
    (found,) = [each for each in sent if text in json.dumps(each)]
    return json.dumps(found.get("payload") or found["body"]).encode()


@TRANSPORTS
async def test_h23_an_event_that_comes_to_another_process_is_the_same_comment(
    tmp_path: Path, transport: str
):
    """What one process has recorded the next one knows, also after the first is gone."""
    options = asking(EDITORS)
    async with bench(tmp_path, transport=transport, **options) as bot:
        question = await asked(bot)
        await reply(bot, "U0BOB", question, "Once?")
        body = body_of(bot, "Once?")
        async with bench(tmp_path, transport="http", slack=bot.sim, **options) as other:
            headers = sign(other, body) | {"Content-Type": "application/json"}
            for retry in ("1", "2"):
                status, _ = await post(other, body, headers | {"X-Slack-Retry-Num": retry})
                assert status == 200
        await settled(bot)

        assert await texts(bot) == ["Once?"]
        assert told(bot) == {"U0ALICE": 1}


@TRANSPORTS
@pytest.mark.parametrize("error", [StoreUnavailableError("gone"), DirectoryError("gone")])
async def test_h23_what_cannot_be_recorded_is_not_answered(
    tmp_path: Path, transport: str, error: Exception, monkeypatch: pytest.MonkeyPatch
):
    """Slack delivers it again, and then it is recorded, once."""
    comment, tries = Engine.comment, []

    async def failing(self: Engine, *args: Any, **options: Any) -> Any:
        tries.append(options["key"])
        if len(tries) == 1:
            raise error
        return await comment(self, *args, **options)

    async with bench(tmp_path, transport=transport, **asking(EDITORS)) as bot:
        question = await asked(bot)
        monkeypatch.setattr(Engine, "comment", failing)
        await reply(bot, "U0BOB", question, "Again?")

        assert len(tries) == 2
        assert len(set(tries)) == 1
        assert await texts(bot) == ["Again?"]


@TRANSPORTS
async def test_h23_only_what_people_write_anew_is_a_comment(tmp_path: Path, transport: str):
    """Not the bot's posts and edits, nor what is edited or deleted later, or stands elsewhere."""
    async with bench(tmp_path, transport=transport, **asking(kinds.TWO)) as bot:
        elsewhere = await bot.sim.say("U0BOB", CHANNEL, "Lunch?")
        question = await asked(bot)
        await bot.sim.say("U0CAROL", CHANNEL, "Yes!", thread_ts=elsewhere)
        await bot.sim.say("U0CAROL", CHANNEL, "Look at this one.")
        ts = await reply(bot, "U0BOB", question, "First words")
        bot.sim.edit("U0BOB", CHANNEL, ts, "Second words")
        await bot.press("U0BOB", question, "Approve")
        await bot.edited(question["ts"], "1 of 2")
        await bot.engine.comment((await bot.approval()).id, "From outside", by="U0CAROL")
        await bot.news(question, "From outside")
        bot.sim.delete("U0BOB", CHANNEL, ts)
        await bot.sim.settle()

        assert await texts(bot) == ["First words", "From outside"]
        assert bot.sim.ephemerals("U0CAROL") == []


@TRANSPORTS
@pytest.mark.parametrize("person", ["U0DAVE", "U0GUEST"])
async def test_h23_who_may_not_comment_is_told_once(tmp_path: Path, transport: str, person: str):
    """In the thread and to nobody else; what they wrote stays there and is not recorded."""
    async with bench(tmp_path, transport=transport, **asking(EDITORS)) as bot:
        if person not in bot.sim.world.channels[CHANNEL].members:
            bot.sim.staging.invite(CHANNEL, person)
        question = await asked(bot)
        first = await reply(bot, person, question, "May I?")
        await bot.told(person, NOT_THEIRS)
        await reply(bot, person, question, "Hello?")
        (line,) = bot.sim.ephemerals(person)

        assert line["thread_ts"] == question["ts"]
        assert await texts(bot) == []
        assert marks(bot, CHANNEL, question["ts"], first) == []


async def test_h23_a_guest_whom_the_group_names_may_not_comment(tmp_path: Path):
    """Guests decide nothing through a channel that they are in, and add nothing to the record."""
    policy = any_of("#approvals")
    async with bench(tmp_path, **asking(policy)) as bot:
        if "U0GUEST" not in bot.sim.world.channels[CHANNEL].members:
            bot.sim.staging.invite(CHANNEL, "U0GUEST")
        question = await asked(bot)
        await reply(bot, "U0GUEST", question, "May I?")
        await bot.told("U0GUEST", NOT_THEIRS)

        assert await texts(bot) == []


@TRANSPORTS
async def test_h23_the_requesters_reply_answers_whoever_asked(tmp_path: Path, transport: str):
    """As the button in their direct message does; the question goes on with that."""
    async with bench(tmp_path, transport=transport, **asking(EDITORS)) as bot:
        question = await asked(bot)
        form = await picked(bot, "U0BOB", question, "Ask the requester…")
        await bot.fill("U0BOB", form, What_do_you_need_to_know_="Which budget?")
        await bot.news(question, "needs to know")
        await reply(bot, "U0ALICE", question, "The one of <#C0GENERAL|general>")
        answer = await bot.direct("U0BOB", "<@U0ALICE> wrote about")
        await settled(bot)

        assert "The one of #general" in shown(answer)
        assert [(each.by, each.wants_answer) for each in (await bot.approval()).comments] == [
            ("U0BOB", True),
            ("U0ALICE", False),
        ]
        assert len(said(bot, question)) == 1
        assert told(bot) == {"U0ALICE": 1, "U0BOB": 1}

        await bot.press("U0BOB", question, "Approve")
        assert (await bot.finished()).status == "completed"


@TRANSPORTS
async def test_h23_a_reply_to_the_direct_message_that_asks_is_the_answer(
    tmp_path: Path, transport: str
):
    """It comes to whoever asked, and stands in the question's thread for all others."""
    async with bench(tmp_path, transport=transport, **asking(EDITORS)) as bot:
        question = await asked(bot)
        approval = await bot.approval()
        await bot.engine.request_info(approval.id, "Which budget?", by="U0BOB", surface="slack")
        note = await bot.direct("U0ALICE", "needs to know something from you")
        room = bot.sim.direct("U0ALICE")
        ts = await bot.sim.say("U0ALICE", room, "Marketing's.", thread_ts=note["ts"])
        await bot.direct("U0BOB", "Marketing's.")
        news = await bot.news(question, "Marketing's.")
        await bot.sim.until(lambda: marks(bot, room, note["ts"], ts) or None)

        assert news["text"] == "<@U0ALICE> wrote:"
        assert await texts(bot) == ["Which budget?", "Marketing's."]
        assert told(bot) == {"U0ALICE": 1, "U0BOB": 1}


@TRANSPORTS
async def test_s8_a_reply_to_a_copy_stands_in_the_questions_thread(tmp_path: Path, transport: str):
    """There nobody has read it yet."""
    async with bench(tmp_path, transport=transport, **asking(EDITORS, direct=True)) as bot:
        question = await asked(bot)
        copy = await bot.direct("U0BOB", "Do it?")
        await bot.sim.say("U0BOB", bot.sim.direct("U0BOB"), "Hm.", thread_ts=copy["ts"])
        news = await bot.news(question, "Hm.")

        assert news["text"] == "<@U0BOB> wrote:"
        assert await texts(bot) == ["Hm."]


async def test_h23_after_the_outcome_people_talk_among_themselves(tmp_path: Path):
    """The bot takes nothing more down, and bothers nobody."""
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        question = await asked(bot)
        await bot.press("U0BOB", question, "Approve")
        await bot.finished()
        ts = await reply(bot, "U0CAROL", question, "Thanks!")

        assert await texts(bot) == []
        assert marks(bot, CHANNEL, question["ts"], ts) == []
        assert bot.sim.ephemerals("U0CAROL") == []


async def test_s11_who_writes_to_the_bot_hears_what_it_reads(tmp_path: Path):
    """Once in a while, and only they."""
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        room = bot.sim.direct("U0DAVE")
        await bot.sim.say("U0DAVE", room, "Hello?")
        await bot.told("U0DAVE", "`/signoff help`")
        await bot.sim.say("U0DAVE", room, "Anybody?")
        await bot.sim.settle()

        assert len(bot.sim.ephemerals("U0DAVE")) == 1


async def test_h23_what_stands_in_a_private_channel_is_heard_there(tmp_path: Path):
    """Slack tells of it by another subscription."""
    room = "G0FINANCE"
    policy = any_of("U0CAROL")
    async with bench(tmp_path, **asking(policy, channel=room)) as bot:
        bot.sim.staging.invite(room, bot.sim.world.team.bot_user)
        await bot.run("run confirmed")
        question = await bot.sim.until(
            lambda: next((m for m in bot.sim.messages(room) if m.get("bot_id")), None)
        )
        await settled(bot)
        await bot.sim.say("U0CAROL", room, "Psst.", thread_ts=question["ts"])
        await bot.sim.settle()

        assert await texts(bot) == ["Psst."]
