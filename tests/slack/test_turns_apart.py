"""Calls of one turn whose titles are alike: wherever one is named, its arguments tell which."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cards.gist import gist, gists, told_apart
from bot.cards.words import Code, plain
from bot.slack.kit.mrkdwn import mrkdwn
from orchestrator.graph.formats import parse_format
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.policy import any_of
from tests.slack.bench import CHANNEL, Bench, bench, button, eventually, menu, shown
from tests.slack.dialogue import clock, pass_time, settled
from tests.slack.samples import HOSTILE, approval
from tests.slack.turning import all_delivered, card_of, open_calls, part, parts, paying, touch

PAID = ("Ann", "Ben", "Cem")
WINDOWS = (
    "Comment…",
    "Ask the requester…",
    "Delegate…",
    "Who can approve?",
    "More…",
)


async def asked(bot: Bench) -> dict[str, Any]:
    """Start the agent and wait until all its calls came before people."""
    await bot.run("run agent")
    found = await all_delivered(bot, len(PAID))
    await settled(bot)
    return found


def sections(message: dict[str, Any]) -> list[str]:
    """Return the paragraphs of a message."""
    return [each["text"]["text"] for each in message["blocks"] if each["type"] == "section"]


async def test_h17_an_answered_call_keeps_what_it_was_about(tmp_path: Path):
    """On the card, in its notification, and in what its requester is told."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        await bot.engine.decide(calls["Ben"].id, "reject", comment="No", by="U0BOB", surface="cli")
        await eventually(lambda: open_calls(card_of(bot)) == 2)
        told = next(each for each in sections(card_of(bot)) if "⛔" in each)

        assert told.startswith("⛔ *2.  Pay?*\nTo: Ben · Amount: 40\nRejected by <@U0BOB>")

        await touch(bot, "U0BOB", card_of(bot), calls["Ann"], "Approve")
        await touch(bot, "U0BOB", card_of(bot), calls["Cem"], "Approve")
        await bot.finished()
        await settled(bot)

        assert "✅ Pay? (To: Ann · Amount: 40) · ⛔ Pay? (To: Ben" in card_of(bot)["text"]

        told_by_direct = "\n".join(each["text"] for each in bot.directs("U0ALICE"))

        assert "⛔ *Pay?* (Amount: 40 · To: Ben)" in told_by_direct
        assert "✅ *Pay?* (Amount: 40 · To: Ann)" in told_by_direct


async def test_h17_an_edited_call_is_told_as_it_was_approved(tmp_path: Path):
    """Not only as it was asked."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        values = {"to": "Ben", "amount": 30}
        await bot.engine.decide(calls["Ben"].id, "edit", values=values, by="U0BOB", surface="cli")
        told = await bot.direct("U0ALICE", "Edited and approved by")

        assert "✏️ *Pay?* (Amount: 40 → 30 · To: Ben)" in shown(told)
        assert "*2.  Pay?*\\nAmount: 40 → 30 · To: Ben\\nEdited" in shown(card_of(bot))


async def test_h17_what_is_asked_and_said_about_a_call_names_it(tmp_path: Path):
    """To the requester, in direct messages about one of three."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        await bot.engine.request_info(calls["Cem"].id, "Who?", by="U0BOB", surface="cli")
        await bot.engine.comment(calls["Ben"].id, "Fine.", by="U0BOB", surface="cli")

        assert "To: Cem" in shown(await bot.direct("U0ALICE", "needs to know"))
        assert "To: Ben" in shown(await bot.direct("U0ALICE", "wrote about"))


@pytest.mark.parametrize("label", WINDOWS)
async def test_h17_a_window_of_the_menu_says_which_call_it_is_about(tmp_path: Path, label: str):
    """By its arguments and its reference."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        row = part(card_of(bot), calls["Ben"])
        entry = next(each for each in menu(row) if each["text"]["text"] == label)
        await bot.sim.click(
            "U0BOB",
            CHANNEL,
            row["ts"],
            "signoff_menu",
            element=entry["value"],
            block_id=row["blocks"][0]["block_id"],
        )
        view = await bot.sim.until(lambda: next(iter(bot.sim.views("U0BOB")), None))

        assert "Amount: 40 · To: Ben" in shown(view)
        assert calls["Ben"].ref in shown(view)


async def test_h17_the_window_of_a_rejection_says_which_call_it_is_about(tmp_path: Path):
    """Made of nothing but what the button carries."""
    async with bench(tmp_path, **paying()) as bot:
        calls = await asked(bot)
        await touch(bot, "U0CAROL", card_of(bot), calls["Ben"], "Reject…")
        view = await bot.window("U0CAROL", "Reject")

        assert "To: Ben · Amount: 40" in shown(view)
        assert calls["Ben"].ref in shown(view)


async def test_s7_each_line_of_a_digest_says_what_it_is_about(tmp_path: Path):
    """Whoever approves there approves what they read."""
    now = clock("2030-01-01 09:00")
    gates = {name: {"risk": "low", "approvers": "U0BOB"} for name in PAID}
    async with bench(tmp_path, clock=now, **paying(**gates)) as bot:
        await asked(bot)
        await pass_time(bot, now, timedelta(hours=5))
        digest = await bot.direct("U0BOB", "3 questions of low risk wait for you")
        lines = sections(digest)

        found = sorted(line.split("\n")[1] for line in lines)

        assert found == [f"Amount: 40 · To: {name}" for name in PAID]

        await bot.sim.click(
            "U0BOB",
            bot.sim.direct("U0BOB"),
            digest["ts"],
            block_id=next(each for each in parts(digest))["blocks"][0]["block_id"],
            label="Approve",
        )
        after = await bot.direct("U0BOB", "Approved by <@U0BOB>")

        assert f"*Pay?*\n{lines[0].split(chr(10))[1]}\nApproved by" in sections(after)[0]


async def test_h17_a_secret_argument_is_hidden_everywhere(tmp_path: Path):
    """On the card after the outcome, on its buttons, and in direct messages."""
    async with bench(tmp_path, **paying(Ben={"formats": {"to": "secret"}})) as bot:
        calls = await asked(bot)
        row = part(card_of(bot), calls["Ben"])

        assert "Ben" not in button(row, "Reject…")["value"]

        for each in calls.values():
            await touch(bot, "U0BOB", card_of(bot), each, "Approve")
        await bot.finished()
        await settled(bot)
        directs = [shown(each) for each in bot.directs("U0ALICE")]

        assert "Ben" not in shown(card_of(bot))
        assert not any("Ben" in each for each in directs)


async def test_h17_a_call_without_a_deadline_says_nothing_of_it(tmp_path: Path):
    """Where another call of the card has one."""
    short = {"timeout": timedelta(minutes=5), "on_timeout": "reject"}
    async with bench(tmp_path, **paying(Ben=short)) as bot:
        await asked(bot)

        assert shown(card_of(bot)).count("*Decide by* <!date") == 1
        assert "no deadline" not in shown(card_of(bot))


def test_h17_the_line_of_a_call_begins_with_what_weighs_most():
    """It is short, and of long values there is the beginning."""
    payload = {
        "body": "Dear all, " * 50,
        "to": "ann@example.com",
        "amount": 5000,
        "note": "x" * 60,
        "nested": {"deep": {"target": "prod", "more": list(range(50))}},
        "one": 1,
        "two": 2,
        "last": "not shown",
    }
    line = plain(gist(approval(payload=payload)))

    assert line.startswith(
        "Amount: 5,000 · Nested deep target: prod · To: ann@example.com · Note: x"
    )
    assert len(line) < 200
    assert "not shown" not in line


def test_h17_the_lines_of_calls_begin_with_what_differs():
    """What is the same for all comes last."""
    calls = [
        approval(payload={"amount": 40, "currency": "EUR", "to": name, "cc": name}) for name in PAID
    ]

    assert [plain(each) for each in gists(calls)] == [
        f"To: {name} · Cc: {name} · Amount: 40 · Currency: EUR" for name in PAID
    ]


def test_h17_the_line_of_a_call_is_verbatim_and_calls_nobody():
    """No character of a value is mark-up, and a secret is none of it."""
    payload = {"to": "*all* <!channel>", "pin": "1234", "draft": HOSTILE}
    formats = {"pin": parse_format("secret")}
    words = gist(approval(payload=payload, formats=formats))

    assert Code("*all* <!channel>") in words
    assert "<!" not in mrkdwn(words)
    assert "1234" not in plain(words)


def test_h17_only_what_is_asked_several_times_is_told_apart():
    """Calls, items and rounds; the title of anything else says enough."""
    assert told_apart(approval(policy=any_of("@editors"))) == ()
    assert told_apart(approval(kind=ApprovalKind.TOOL)) != ()
    assert told_apart(approval(path="each[3]/review")) != ()
    assert told_apart(approval(path="review#2")) != ()
