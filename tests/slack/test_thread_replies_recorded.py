"""What is recorded of a reply in a thread, and how its author learns of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.slack.listeners import replies
from bot.slack.listeners.replies import LONGEST
from bot.slack.workspace import failures
from orchestrator.errors import OrchestratorError
from orchestrator.runtime import Engine
from tests.slack.bench import CHANNEL, Bench, bench, eventually
from tests.slack.dialogue import asking, settled
from tests.slack.test_thread_replies import EDITORS, NOT_THEIRS, asked, marks, reply, texts
from tests.slack.turning import posts

WRITTEN = {
    "Ask <@U0CAROL> in <#C0DEPLOYS|deploys>": "Ask @carol in #deploys",
    "<!subteam^S0EDITORS> &amp; <!here>": "@editors & @here",
    "&lt;@U0CAROL&gt; said a &lt; b": "<@U0CAROL> said a < b",
}


@pytest.mark.parametrize("written", WRITTEN)
async def test_h23_a_reply_is_recorded_as_it_is_read(tmp_path: Path, written: str):
    """Mentions by their names, and no mark-up of Slack's."""
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        question = await asked(bot)
        await reply(bot, "U0BOB", question, written, is_escaped=True)

        assert await texts(bot) == [WRITTEN[written]]


async def test_h23_files_are_named_and_long_texts_are_cut(tmp_path: Path):
    """What is cut stands in the thread."""
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        question = await asked(bot)
        file = bot.sim.upload("U0BOB", "invoice.pdf", b"%PDF")
        await reply(bot, "U0BOB", question, "", files=[file["id"]])
        await reply(bot, "U0BOB", question, "word " * 2000)
        (named, cut) = await texts(bot)

        assert named == "[invoice.pdf]"
        assert len(cut) <= LONGEST
        assert cut.endswith("word… (cut; all of it stands in the thread)")


async def test_h23_a_mark_that_slack_refuses_harms_nothing(tmp_path: Path):
    """An app that was installed before may lack the scope."""
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        question = await asked(bot)
        refused = {"method": "reactions.add", "error": "missing_scope", "count": 1}
        bot.sim.faults.update({"fail_next": [refused]})
        await reply(bot, "U0BOB", question, "Fine.")
        await bot.direct("U0ALICE", "Fine.")
        await eventually(lambda: not bot.sim.faults.fail_next)

        assert await texts(bot) == ["Fine."]


async def test_h23_what_is_cut_is_the_whole_with_the_names_of_files(tmp_path: Path):
    """Names of files are as long as people make them."""
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        question = await asked(bot)
        names = [f"{number}{'x' * 240}.pdf" for number in range(10)]
        files = [bot.sim.upload("U0BOB", name, b"%PDF")["id"] for name in names]
        await reply(bot, "U0BOB", question, "word " * 300, files=files)
        await reply(bot, "U0BOB", question, "word " * 2000, files=files)
        (some, none) = await texts(bot)

        assert max(len(some), len(none)) <= LONGEST
        assert "word\n[0xxx" in some
        assert some.endswith("… (cut; all of it stands in the thread)")


@pytest.mark.parametrize("text", ["\u200b", "\u2060\ufeff \u00ad", "\u3164\u2800", "\ufe0f\u200d"])
async def test_h23_what_nobody_can_see_is_no_comment(tmp_path: Path, text: str):
    """It is left alone like an empty message."""
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        question = await asked(bot)
        ts = await reply(bot, "U0BOB", question, text)

        assert await texts(bot) == []
        assert marks(bot, CHANNEL, question["ts"], ts) == []
        assert bot.sim.ephemerals("U0BOB") == []


@pytest.mark.parametrize("trouble", ["ratelimited", "http_503"])
async def test_h23_a_mark_that_slack_takes_later_is_set_then(
    tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
):
    """Nobody takes a busy Slack for a reply that was not recorded."""
    long = 60.0  # whoever waits so long has waited for the wrong thing
    is_busy = trouble == "ratelimited"
    monkeypatch.setattr(replies, "_PAUSE", long if is_busy else 0.0)
    monkeypatch.setattr(failures, "_DEFAULT_RETRY_AFTER", 0.0 if is_busy else long)
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        question = await asked(bot)
        refused = {"method": "reactions.add", "error": trouble, "count": 3}
        bot.sim.faults.update({"fail_next": [refused]})
        ts = await reply(bot, "U0BOB", question, "Fine.")
        await bot.sim.until(lambda: marks(bot, CHANNEL, question["ts"], ts) or None)

        assert await texts(bot) == ["Fine."]
        assert bot.sim.faults.fail_next == []


UNREADABLE = ["missing_scope", "thread_not_found", "channel_not_found"]


async def asked_anew(bot: Bench) -> dict[str, Any]:
    """Have a question asked anew, and return the message in which it stood before."""
    question = await asked(bot)
    await bot.engine.repost((await bot.approval()).id, by="U0ALICE")
    await eventually(lambda: len(posts(bot)) == 2)
    await settled(bot)
    return question


@pytest.mark.parametrize("error", UNREADABLE)
async def test_h23_who_writes_where_slack_lets_the_bot_read_nothing_is_told(
    tmp_path: Path, error: str
):
    """At once, for trying again would change nothing; and once, for people may go on talking."""
    async with bench(tmp_path, **asking(EDITORS)) as bot:
        before = await asked_anew(bot)
        refused = {"method": "conversations.replies", "error": error, "count": 2}
        bot.sim.faults.update({"fail_next": [refused]})
        await reply(bot, "U0BOB", before, "In the old thread.")
        await bot.told("U0BOB", "Slack does not let me see which question")
        await reply(bot, "U0BOB", before, "And again.")

        assert bot.sim.faults.fail_next == []
        assert len(bot.sim.ephemerals("U0BOB")) == 1
        assert await texts(bot) == []


@pytest.mark.parametrize(("times", "recorded"), [(2, ["Old."]), (9, [])])
async def test_h23_where_slack_has_trouble_it_delivers_a_reply_again(
    tmp_path: Path, times: int, recorded: list[str]
):
    """Who writes is told when the last try fails, too."""
    async with bench(tmp_path, transport="http", **asking(EDITORS)) as bot:
        before = await asked_anew(bot)
        refused = {"method": "conversations.replies", "error": "internal_error", "count": times}
        bot.sim.faults.update({"fail_next": [refused]})
        await reply(bot, "U0BOB", before, "Old.")
        if not recorded:
            await bot.told("U0BOB", "could not find out which question")

        assert await texts(bot) == recorded
        assert len(bot.sim.ephemerals("U0BOB")) == (0 if recorded else 1)


async def test_h23_an_unknown_refusal_is_a_whole_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With a number by which whoever runs the bot finds the reason."""

    async def refuse(*_: Any, **__: Any) -> None:
        raise OrchestratorError("nobody knows")

    async with bench(tmp_path, **asking(EDITORS)) as bot:
        question = await asked(bot)
        monkeypatch.setattr(Engine, "comment", refuse)
        await reply(bot, "U0BOB", question, "Hm.")
        line = await bot.told("U0BOB", NOT_THEIRS)

        assert "Tell who runs it this number" in str(line)
