"""Dialogues: what people are told by direct message, and what they are not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.simulator import Simulator
from bot.simulator.world import User
from orchestrator.graph.policy import any_of, in_order
from tests.slack import kinds
from tests.slack.bench import CHANNEL, bench, button, labels, mrkdwn_texts, shown
from tests.slack.dialogue import asking, clock, pass_time, press_direct, reject, settled, told
from tests.slack.test_menu import GLASS, picked

HOUR = timedelta(hours=1)
NAGGING = {"reminders": {"after": "1h", "every": "1h", "most": 5}, "timeout": "2d"}


async def test_s8_the_requester_is_told_the_outcome_and_the_end(tmp_path: Path):
    """Who, what, when, the comment, what the run does now; who decided hears nothing."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        await reject(bot, "U0BOB", question, "Not on a Friday")
        outcome = await bot.direct("U0ALICE", "Rejected by <@U0BOB>")
        await bot.direct("U0ALICE", "was cancelled")
        await settled(bot)
        link = button(outcome, "Open the question")["url"]

        assert "Do it?" in outcome["text"]
        assert "after it was asked" in outcome["text"]
        assert "Not on a Friday" in shown(outcome)
        assert link.startswith("https://")
        assert CHANNEL in link
        assert set(told(bot)) == {"U0ALICE"}


async def test_s8_who_decided_by_themselves_is_not_told_the_outcome(tmp_path: Path):
    """The end of the run is news to them all the same."""
    async with bench(tmp_path, **asking(any_of("U0ALICE"))) as bot:
        question = await bot.ask("run confirmed")
        await bot.press("U0ALICE", question, "Approve")
        await bot.finished()
        end = await bot.direct("U0ALICE", "is completed")
        await settled(bot)

        assert "Approved by" not in shown(end)
        assert told(bot) == {"U0ALICE": 1}


async def test_s8_who_cancelled_the_run_is_not_told_of_it(tmp_path: Path):
    """Nor of the question that fell away with it."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        run = await bot.last_run()
        await bot.run("follow confirmed", user="U0DAVE")
        await bot.engine.cancel(run.id, by="U0ALICE", surface="slack")
        await bot.finished()
        end = await bot.direct("U0DAVE", "was cancelled by <@U0ALICE>")
        await bot.edited(question["ts"], "Withdrawn")
        await settled(bot)

        assert "Withdrawn" not in shown(end)
        assert told(bot) == {"U0DAVE": 1}


async def test_s8_a_failed_run_says_why(tmp_path: Path):
    """The requester reads the error in words."""

    def fail(_context: object) -> None:
        raise RuntimeError("out of paper")

    gate = {"approvers": "@editors", "title": "Print?"}
    graphs = [kinds.one("printing", fail, confirm=gate)]
    async with bench(tmp_path, graphs=lambda _effects: graphs) as bot:
        question = await bot.ask("run printing")
        await bot.press("U0BOB", question, "Approve")
        end = await bot.direct("U0ALICE", "out of paper")

        assert "failed: " in end["text"]


async def test_s8_whoever_follows_is_told_and_whoever_muted_is_not(tmp_path: Path):
    """By graph or by run; each is told once."""
    async with bench(tmp_path, **asking()) as bot:
        question = await bot.ask("run confirmed")
        run = await bot.last_run()
        await bot.run("follow confirmed", user="U0DAVE")
        await bot.run(f"follow {run.ref}", user="U0DAVE")
        await bot.run(f"mute {run.ref}")
        await bot.press("U0BOB", question, "Approve")
        await bot.direct("U0DAVE", "Approved by <@U0BOB>")
        await bot.direct("U0DAVE", "is completed")
        await settled(bot)

        assert set(told(bot)) == {"U0DAVE"}
        assert told(bot)["U0DAVE"] <= 2


async def test_s7_t4_reminders_come_by_direct_message_to_those_who_are_missing(tmp_path: Path):
    """With a way to the question, a snooze and a mute, each of which does what it says."""
    now = clock()
    async with bench(tmp_path, **asking(kinds.TWO, **NAGGING), clock=now) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        await pass_time(bot, now, HOUR)
        bobs = await bot.direct("U0BOB", "Your answer is still missing")
        await bot.direct("U0CAROL", "Your answer is still missing")

        assert told(bot) == {"U0BOB": 1, "U0CAROL": 1}
        assert labels(bobs) == {"Open the question", "Snooze 1 h", "Mute this run"}

        await press_direct(bot, "U0BOB", bobs, "Snooze 1 h")
        await bot.told("U0BOB", "not reminded of this for an hour")
        await pass_time(bot, now, HOUR - timedelta(minutes=1))
        await pass_time(bot, now, timedelta(minutes=1))

        assert told(bot)["U0CAROL"] == 2

        carols = bot.directs("U0CAROL")[-1]
        await press_direct(bot, "U0CAROL", carols, "Mute this run")
        await bot.told("U0CAROL", "is muted for you")
        before = told(bot)
        await pass_time(bot, now, HOUR)

        assert told(bot)["U0CAROL"] == before["U0CAROL"]
        assert told(bot)["U0BOB"] == before["U0BOB"] + 1


async def test_t4_who_has_voted_is_not_reminded(tmp_path: Path):
    """Of a group only those who are missing."""
    now = clock()
    async with bench(tmp_path, **asking(kinds.TWO, **NAGGING), clock=now) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        await bot.press("U0BOB", question, "Approve")
        await pass_time(bot, now, HOUR)

        assert told(bot) == {"U0CAROL": 1}


async def test_t4_no_reminder_comes_after_the_outcome(tmp_path: Path):
    """Neither one that waited for the end of somebody's quiet hours."""
    now = clock()
    async with bench(tmp_path, **asking(**NAGGING), clock=now) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        await bot.run("quiet 10:30-20:00", user="U0BOB")
        await pass_time(bot, now, HOUR)

        assert set(told(bot)) == {"U0CAROL"}

        await bot.press("U0CAROL", question, "Approve")
        await bot.finished()
        await pass_time(bot, now, timedelta(hours=12))

        assert "U0BOB" not in told(bot)


async def test_s7_a_reminder_waits_for_the_end_of_quiet_hours(tmp_path: Path):
    """And comes then, if the answer is still missing."""
    now = clock()
    async with bench(tmp_path, **asking(any_of("U0BOB"), **NAGGING), clock=now) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        await bot.run("quiet 10:30-11:30", user="U0BOB")  # in Berlin; 9:30 to 10:30 here
        await pass_time(bot, now, HOUR)

        assert told(bot) == {}

        await pass_time(bot, now, timedelta(minutes=30))

        assert told(bot) == {"U0BOB": 1}


async def test_s7_an_outcome_waits_for_the_end_of_quiet_hours(tmp_path: Path):
    """Somebody who sleeps is told in the morning."""
    now = clock("2030-01-01 22:00")
    async with bench(tmp_path, **asking(), clock=now) as bot:
        await bot.run("quiet 22:00-07:00")
        question = await bot.ask("run confirmed")
        await bot.press("U0BOB", question, "Approve")
        await bot.finished()
        await settled(bot)

        assert told(bot) == {}

        await pass_time(bot, now, timedelta(hours=8))
        texts = [message["text"] for message in bot.directs("U0ALICE")]

        assert any("Approved by <@U0BOB>" in text for text in texts)


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

        form = await picked(bot, "U0ALICE", question, "Comment…")
        await bot.fill("U0ALICE", form, Your_comment="The old one runs out tonight.")
        answer = await bot.direct("U0BOB", "<@U0ALICE> wrote about")
        await settled(bot)

        assert "runs out tonight" in shown(answer)
        assert told(bot) == {"U0ALICE": 1, "U0BOB": 1}


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


async def test_s7_more_people_than_can_be_told_are_told_in_the_thread_only(tmp_path: Path):
    """A question to half the company is no direct message to each."""
    crowd = [f"U0CROWD{number}" for number in range(21)]

    def prepare(sim: Simulator) -> None:
        for person in crowd:
            sim.world.put(User(id=person, name=person.lower(), real_name=person))

    make = asking(any_of(" ".join(crowd)), direct=True)
    async with bench(tmp_path, **make, prepare=prepare) as bot:
        question = await bot.ask("run confirmed")
        await settled(bot)
        await bot.run(f"remind {(await bot.approval()).ref}")
        await bot.news(question, "still waiting for your answer")
        await settled(bot)

        assert [person for person in crowd if bot.directs(person)] == []


async def test_s7_a_notice_without_an_address_still_comes(tmp_path: Path):
    """When Slack does not say where the question stands, only the button is missing."""
    async with bench(tmp_path, **asking(any_of("U0BOB"))) as bot:
        await bot.ask("run confirmed")
        await settled(bot)
        fault = {"method": "chat.getPermalink", "error": "internal_error", "count": 5}
        bot.sim.faults.update({"fail_next": fault})
        await bot.run(f"remind {(await bot.approval()).ref}")
        reminder = await bot.direct("U0BOB", "Your answer is still missing")

        assert labels(reminder) == {"Snooze 1 h", "Mute this run"}


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
        await bot.direct("U0BOB", "1 question waits for you")
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
