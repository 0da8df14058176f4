"""Dialogues: questions, calls and handovers by direct message."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from orchestrator.graph.policy import any_of, in_order
from tests.slack import kinds
from tests.slack.bench import bench, button, labels, mrkdwn_texts, shown
from tests.slack.dialogue import asking, clock, pass_time, press_direct, settled, told
from tests.slack.test_menu import GLASS, picked

HOUR = timedelta(hours=1)


async def test_s7_an_escalation_does_not_wait(tmp_path: Path):
    """Whoever is called in is told by themselves, in their quiet hours and muted, too."""
    now = clock()
    step = {"after": "1h", "to": "U0DAVE"}
    async with bench(tmp_path, **asking(escalation=step, timeout="2d"), clock=now) as bot:
        await bot.run("quiet 00:00-23:59", user="U0DAVE")
        await bot.run("mute all", user="U0DAVE")
        await bot.ask("run confirmed")
        await settled(bot)
        await pass_time(bot, now, HOUR)
        called = await bot.direct("U0DAVE", "so you may decide, too")

        assert "Do it?" in shown(called)
        assert told(bot) == {"U0DAVE": 1}


async def test_h23_the_requester_is_asked_and_whoever_asked_is_answered(tmp_path: Path):
    """Nobody has to look into the thread for that."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        form = await picked(bot, "U0BOB", question, "Ask the requester…")
        await bot.fill("U0BOB", form, What_do_you_need_to_know_="Why today?")
        asked = await bot.direct("U0ALICE", "needs to know something from you")

        assert "Why today?" in shown(asked)
        assert button(asked, "Open the question")["url"]

        await press_direct(bot, "U0ALICE", asked, "Answer…")
        form = await bot.window("U0ALICE", "Comment")
        await bot.fill("U0ALICE", form, Your_comment="The old one runs out tonight.")
        answer = await bot.direct("U0BOB", "<@U0ALICE> wrote about")
        await settled(bot)

        assert "runs out tonight" in shown(answer)
        assert await bot.news(question, "runs out tonight")
        assert told(bot) == {"U0ALICE": 1, "U0BOB": 1}


async def test_h23_an_answer_after_the_outcome_is_refused_politely(tmp_path: Path):
    """The button of an old message says what became of the question."""
    async with bench(tmp_path, **asking()) as bot:
        await bot.ask("run confirmed")
        approval = await bot.approval()
        await bot.engine.request_info(approval.id, "Why today?", by="U0BOB", surface="slack")
        asked = await bot.direct("U0ALICE", "needs to know something from you")
        await bot.engine.decide(approval.id, "approve", by="U0BOB", surface="slack")
        await press_direct(bot, "U0ALICE", asked, "Answer…")

        assert await bot.told("U0ALICE", "Already approved by <@U0BOB>")
        assert bot.sim.views("U0ALICE") == []


async def test_h23_whom_a_hand_over_concerns_is_told(tmp_path: Path):
    """The deputy, the new approvers, and of a later deadline the requester."""
    async with bench(tmp_path, **asking(timeout="1d")) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        reference = (await bot.approval()).ref
        await bot.engine.delegate(reference, by="U0BOB", to="U0DAVE")
        await bot.direct("U0DAVE", "lets you answer in their place")
        await bot.engine.extend(reference, by="U0BOB", until=HOUR, reason="Lunch")
        moved = await bot.direct("U0ALICE", "moved the deadline of")
        await bot.engine.reassign(reference, "U0CAROL U0DAVE", by="U0CAROL")
        await bot.direct("U0DAVE", "asks you to decide this")
        await settled(bot)

        assert "Lunch" in shown(moved)
        assert told(bot) == {"U0ALICE": 1, "U0DAVE": 2}


async def test_h25_everybody_is_told_of_a_broken_glass_but_who_broke_it(tmp_path: Path):
    """With the reason, at once; the requester reads the outcome."""
    async with bench(tmp_path, **asking(GLASS)) as bot:
        await bot.ask("run confirmed")
        approval = await bot.approval()
        await bot.engine.decide(
            approval.id,
            "approve",
            by="U0DAVE",
            surface="slack",
            comment="The site is down.",
            break_glass_confirm=approval.ref,
        )
        notice = await bot.direct("U0BOB", "approved this alone, against the policy")
        await bot.direct("U0CAROL", "against the policy")
        await bot.direct("U0ALICE", "Approved alone")
        await settled(bot)

        assert "The site is down." in shown(notice)
        assert set(told(bot)) == {"U0ALICE", "U0BOB", "U0CAROL"}
        assert told(bot)["U0BOB"] == told(bot)["U0CAROL"] == 1


async def test_h22_whose_vote_an_edit_voids_is_told(tmp_path: Path):
    """Whoever had not voted reads it in the thread."""
    make = asking_for_review()
    async with bench(tmp_path, **make) as bot:
        question = await bot.ask("run reviewed")
        await bot.press("U0BOB", question, "Approve")
        approval = await bot.approval()
        await bot.engine.decide(
            approval.id,
            "edit",
            by="U0CAROL",
            surface="slack",
            values=kinds.DRAFT | {"words": 121},
        )
        await bot.direct("U0BOB", "edited what you have voted on")
        await settled(bot)

        assert told(bot) == {"U0BOB": 1}


def asking_for_review() -> dict[str, object]:
    """Return what `bench` takes: a review that takes two of three."""
    policy = kinds.quorum(2, "U0BOB U0CAROL U0DAVE")
    return {"graphs": lambda effects: [kinds.reviewed(effects, policy)]}


async def test_s7_a_question_may_also_come_by_direct_message(tmp_path: Path):
    """With all its buttons; decided there, it shows the outcome there, too."""
    async with bench(tmp_path, **asking(direct=True)) as bot:
        question = await bot.ask("run confirmed")
        copy = await bot.direct("U0BOB", "Do it?")
        await bot.direct("U0CAROL", "Do it?")

        assert labels(copy) == labels(question)

        await press_direct(bot, "U0BOB", copy, "Approve")
        await bot.edited(question["ts"], "Approved by <@U0BOB>")
        await settled(bot)

        assert all("Approved by" in shown(bot.directs(who)[0]) for who in ("U0BOB", "U0CAROL"))
        assert told(bot)["U0BOB"] == told(bot)["U0CAROL"] == 1


async def test_s7_a_later_stage_gets_its_copies_when_it_is_asked(tmp_path: Path):
    """And not before."""
    policy = in_order(any_of("U0BOB"), any_of("U0DAVE"))
    async with bench(tmp_path, **asking(policy, direct=True)) as bot:
        question = await bot.ask("run confirmed")
        await bot.direct("U0BOB", "Do it?")
        await settled(bot)

        assert set(told(bot)) == {"U0BOB"}

        await bot.press("U0BOB", question, "Approve")
        await bot.direct("U0DAVE", "Do it?")


HOSTILE = "<!channel> <@U0DAVE> <https://evil.example|click> & *bold*"


async def test_s7_no_text_from_outside_can_ping_or_link_in_a_direct_message(tmp_path: Path):
    """Neither a title, nor a comment, nor a reason, nor an error."""

    def fail(_context: object) -> None:
        raise RuntimeError(HOSTILE)

    gate = {"approvers": "@editors", "title": HOSTILE, "risk": "high", "direct": True}
    graphs = [kinds.one("printing", fail, confirm=gate)]
    async with bench(tmp_path, graphs=lambda _effects: graphs) as bot:
        await bot.run("run printing")
        await bot.question()
        await settled(bot)
        approval = await bot.approval()
        await bot.engine.request_info(approval.id, HOSTILE, by="U0BOB", surface="cli")
        await bot.engine.remind(approval.id, by="U0ALICE", surface="cli")
        await settled(bot)
        await bot.engine.decide(
            approval.id, "approve", by="U0CAROL", surface="cli", comment=HOSTILE
        )
        await bot.finished()
        await settled(bot)
        sent = [*bot.directs("U0ALICE"), *bot.directs("U0BOB"), *bot.messages()]
        texts = [text for message in sent for text in mrkdwn_texts(message)]
        rung = bot.sim.pings("U0DAVE")

        assert len(sent) >= 5
        assert all("<!channel>" not in text and "<@U0DAVE>" not in text for text in texts)
        assert all("<https://evil" not in text for text in texts)
        assert rung == []


async def test_s7_a_question_that_is_posted_anew_is_told_nobody_twice(tmp_path: Path):
    """Who has a copy, or reads of it in a digest, knows."""
    now = clock()
    async with bench(tmp_path, **asking(any_of("U0BOB"), risk="low"), clock=now) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        await pass_time(bot, now, timedelta(hours=5))
        await bot.direct("U0BOB", "1 question of low risk waits for you")
        await bot.engine.repost((await bot.approval()).ref, by="U0ALICE")
        await bot.sim.until(lambda: len(bot.messages()) == 2)
        await pass_time(bot, now, timedelta(hours=24))

        assert told(bot) == {"U0BOB": 1}


async def test_s7_who_is_called_to_a_question_gets_a_copy_unless_they_have_one(tmp_path: Path):
    """Then they are told that they are called; nobody is left out."""
    now = clock()
    make = asking(direct=True, escalation={"after": "1h", "to": "U0BOB U0DAVE"}, timeout="2d")
    async with bench(tmp_path, **make, clock=now) as bot:
        await bot.ask("run confirmed")
        await bot.direct("U0BOB", "Do it?")
        await settled(bot)
        await pass_time(bot, now, HOUR)
        await bot.direct("U0BOB", "so you may decide, too")
        copy = await bot.direct("U0DAVE", "Do it?")

        assert "Approve" in labels(copy)
        assert told(bot) == {"U0BOB": 2, "U0CAROL": 1, "U0DAVE": 1}
