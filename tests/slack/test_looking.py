"""Looking closer at a question: all of it, who may decide, who is called (rows S1, H17, H21)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cards import who_card
from bot.cards.words import plain
from bot.simulator.blockkit import view_faults
from bot.slack.windows.who import who_view
from orchestrator.core.state import Delegation
from orchestrator.graph import Graph
from orchestrator.graph.policy import Policy, Slot, Stage, any_of, parse_approvers
from tests.slack import kinds
from tests.slack.bench import CHANNEL, Bench, Effects, bench, button, labels, menu, shown
from tests.slack.samples import NOW, approval
from tests.slack.test_cards import vote
from tests.slack.test_kinds import only

BOTH = Policy(
    stages=(
        Stage(
            slots=(
                Slot(approvers=parse_approvers("@editors"), count=2),
                Slot(approvers=parse_approvers("@release")),
            ),
            four_eyes=True,
        ),
    ),
    veto=parse_approvers("U0DAVE"),
)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_h21_who_can_approve_names_everybody(tmp_path: Path, transport: str):
    """The entry of the menu opens a window with the people behind each list, and the rules."""
    make = only(lambda effects: kinds.confirmed(effects, BOTH))
    async with bench(tmp_path, transport=transport, **make) as bot:
        question = await bot.ask("run confirmed")
        await bot.press("U0BOB", question, "Approve")
        after = await bot.edited(question["ts"], "1 of 2 from")
        await bot.pick("U0CAROL", after, "Who can approve?")
        window = await said(bot, "U0CAROL", "Missing:")
        text = shown(window)

        assert "✓ 1 of 1 from" in shown(after) or "○ 0 of 1 from" in shown(after)
        assert "• <@U0BOB> · ✓ approved" in text
        assert "• <@U0CAROL>" in text
        assert "<@U0ALICE> asked for this and may not approve it." in text
        assert "A rejection by <@U0DAVE> always counts." in text


async def said(bot: Bench, user: str, text: str) -> dict[str, Any]:
    """Wait until somebody's front window says something."""

    def find() -> dict[str, Any] | None:
        views = bot.sim.views(user)
        return views[-1] if views and text in shown(views[-1]) else None

    return await bot.sim.until(find, timeout=4)


def test_h21_who_is_away_barred_or_stands_in_is_said():
    """Snoozed until later, asked for it, answers for somebody; an entry nobody could look up."""
    policy = Policy(stages=(*any_of("@editors @gone", four_eyes=True).stages, *any_of("@x").stages))
    asked = approval(
        policy=policy,
        votes=(vote("U0BOB"),),
        snoozed={"U0CAROL": NOW + timedelta(hours=1), "U0BOB": NOW},
        delegations={"U0DAVE": Delegation(seat="U0CAROL", via=("@editors",))},
    )
    rosters = {
        "@editors": frozenset({"U0ALICE", "U0BOB", "U0CAROL"}),
        "@gone": "Slack has no user group @gone; check the handle",
    }
    card = who_card(asked, rosters, now=NOW)
    first, second = card.groups

    assert plain(first.title) == "Stage 1, now · 1 of @editors or @gone"
    assert [plain(each) for each in first.people] == [
        "• @U0ALICE · may not approve",
        "• @U0BOB · ✓ approved",
        "• @U0CAROL · @U0DAVE may answer in their place · away until 2026-11-21 10:00 UTC",
        "• @gone: Slack has no user group @gone; check the handle",
    ]
    assert plain(second.title) == "Stage 2, later · 1 of @x"
    assert view_faults(who_view(card), kind="modal") == []


def test_h21_a_crowd_is_counted_and_fits_into_the_window():
    """A channel may have hundreds of members."""
    names = [f"#channel-{number}" for number in range(40)]
    rosters = {
        name: frozenset(f"U{number:03}{n:04}" for n in range(500))
        for number, name in enumerate(names)
    }
    card = who_card(approval(policy=any_of(names)), rosters, now=NOW)

    assert view_faults(who_view(card), kind="modal") == []
    assert "470 more" in shown(who_view(card))


def long_review(_effects: Effects, **gate: Any) -> Graph:
    """Return a review of a long listing."""
    text = "\n".join(f"line {number} of the listing" for number in range(3000))
    asked = {"approvers": "@editors", "title": "Good?", "formats": {"text": "code"}, **gate}
    return kinds.one("long", lambda _context: {"text": text, "amount": 5}, review=asked)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_s1_a_long_payload_is_read_page_by_page_and_sent_as_a_file(
    tmp_path: Path, transport: str
):
    """Edit has moved to the menu; the file comes once, into the thread of the question."""
    async with bench(tmp_path, transport=transport, **only(long_review)) as bot:
        question = await bot.ask("run long")

        assert labels(question) == {"Approve", "Reject…", "Request changes…", "Show all"}
        assert menu(question)[0]["text"]["text"] == "Edit…"

        await bot.press("U0BOB", question, "Show all")
        first = await said(bot, "U0BOB", "page 1 of")
        await bot.sim.click_view("U0BOB", first["id"], label="Next")
        second = await said(bot, "U0BOB", "page 2 of")
        await bot.sim.click_view("U0BOB", second["id"], label="Send as file")
        sent = await said(bot, "U0BOB", "Sent: the file is in the thread")
        thread = bot.sim.thread(CHANNEL, question["ts"])
        files = [each for message in thread for each in message.get("files", ())]

        assert second["id"] == first["id"]
        assert "page 2 of" in shown(sent)
        assert "Send as file" not in shown(sent)
        assert [each["title"] for each in files] == [f"All of {(await bot.approval()).ref}"]


async def test_s1_a_file_that_slack_refuses_is_said(tmp_path: Path):
    """The window says so, and the question stays as it is."""
    async with bench(tmp_path, **only(long_review)) as bot:
        question = await bot.ask("run long")
        await bot.press("U0BOB", question, "Show all")
        first = await said(bot, "U0BOB", "page 1 of")
        bot.sim.faults.update(
            {
                "fail_next": {
                    "method": "files.getUploadURLExternal",
                    "error": "file_uploads_disabled",
                    "count": 1,
                }
            }
        )
        await bot.sim.click_view("U0BOB", first["id"], label="Send as file")

        assert await said(bot, "U0BOB", "Slack did not take the file (file uploads disabled)")
        assert (await bot.approval()).is_open


async def test_h22_edit_is_in_the_menu_where_there_is_no_room(tmp_path: Path):
    """It opens the same form."""
    async with bench(tmp_path, **only(long_review)) as bot:
        question = await bot.ask("run long")
        await bot.pick("U0BOB", question, "Edit…")

        assert await bot.sim.until(lambda: bot.sim.views("U0BOB"))


async def test_s7_a_first_message_calls_only_whom_its_gate_names(tmp_path: Path):
    """Approvers and the requester are named, and not called; an edit calls nobody."""
    make = only(lambda effects: kinds.confirmed(effects, kinds.TWO, notify="U0DAVE"))
    async with bench(tmp_path, **make) as bot:
        question = await bot.ask("run confirmed")
        await bot.press("U0BOB", question, "Approve")
        after = await bot.edited(question["ts"], "✓ approved by <@U0BOB>")

        assert "asked by *alice* · for <@U0DAVE>" in shown(question)
        assert "asked by <@U0ALICE>" in shown(after)
        assert {user for user in PEOPLE if bot.sim.pings(user)} == {"U0DAVE"}


PEOPLE = ("U0ALICE", "U0BOB", "U0CAROL", "U0DAVE")


async def test_s1_high_risk_asks_back_with_the_question_and_what_it_is_about(tmp_path: Path):
    """One click is not enough to approve; rejecting has its form anyway."""
    make = only(lambda effects: kinds.confirmed(effects, any_of("@editors"), risk="high"))
    async with bench(tmp_path, **make) as bot:
        question = await bot.ask("run confirmed")
        asked_back = button(question, "Approve")["confirm"]

        assert asked_back["text"]["text"].startswith("Do it?")
        assert asked_back["confirm"]["text"] == "Approve"
        assert "confirm" not in button(question, "Reject…")
        assert "*high risk*" in shown(question)
        await bot.pick("U0BOB", question, "More…")
        window = shown(await said(bot, "U0BOB", "Withdraw…"))

        assert "Approve for" not in window
