"""Sub-commands that steer what is under way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.slack.command_line import CommandError
from bot.slack.listeners.steering import read_signal
from orchestrator.graph import Graph, GraphBuilder, any_of
from tests.slack import kinds
from tests.slack.bench import Bench, Effects, bench, eventually
from tests.slack.test_commands import said
from tests.slack.test_kinds import only

PAID = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}


def waiting(effects: Effects) -> Graph:
    """Return a graph that waits for a signal and keeps what it brings."""

    def done(context: Any) -> None:
        effects.seen.append(context.outputs["money"])

    return (
        GraphBuilder("waiting", operators="U0BOB")
        .wait("money", signal="paid", schema=PAID)
        .task("done", done)
        .edge("money", "done")
        .start("money")
        .ends("done")
        .build()
    )


async def test_s4_help_lists_the_commands_that_steer(socket_bot: Bench):
    """Each has a line of its own."""
    answer = said(await socket_bot.run("help"))
    names = ("pause", "resume", "signal", "remind", "rules", "revoke")

    assert all(f"`/signoff {name}" in answer for name in names)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pause", "Say which run"),
        ("pause r-0000000", "`r-0000000` is not known here, or not for you"),
        ("resume", "Say which run"),
        ("resume r-0000000", "`r-0000000` is not known here, or not for you"),
        ("signal", "Say which run, and which signal"),
        ("signal r-0000000", "Say which run, and which signal"),
        ("signal r-0000000 paid", "`r-0000000` is not known here, or not for you"),
        ("signal r-0000000 paid {oops", "is no JSON"),
        ("rules", "No standing rule holds"),
        ("revoke", "Say which rule"),
        ("revoke s-0000000", "There is no standing rule `s-0000000`"),
        ("remind", "Say which question"),
        ("repost", "Say which question"),
        ("repost a-0000000", "not known here, or not for you"),
        ("remind a-0000000", "not known here, or not for you"),
        ("paus", "did you mean `/signoff pause`"),
    ],
)
async def test_s4_every_command_that_steers_gets_words(socket_bot: Bench, text: str, words: str):
    """What cannot be carried out says why."""
    assert words in said(await socket_bot.run(text))


@pytest.mark.parametrize(
    ("text", "brought"),
    [
        ('signal r-1 paid {"note": "two words"}', '{"note": "two words"}'),
        ("signal r-1 paid {“note”: “two words”}", '{"note": "two words"}'),
        ("  SIGNAL   r-1   paid   3", "3"),
    ],
)
def test_what_a_signal_brings_keeps_its_quotes(text: str, brought: str):
    """JSON is read as it is, and with the quotes of phones made straight."""
    line = read_signal(text)

    assert line is not None
    assert line.words == ("r-1", "paid", brought)


def test_a_signal_may_bring_nothing():
    """Its name alone is enough."""
    line = read_signal("signal r-1 paid")

    assert line is not None
    assert line.words == ("r-1", "paid")
    assert read_signal("list") is None
    assert read_signal("") is None


def test_a_signal_that_brings_no_json_is_refused():
    """The message shows what would be right."""
    with pytest.raises(CommandError, match="no JSON"):
        read_signal("signal r-1 paid {oops")


async def test_g2_a_signal_reaches_the_run_that_waits_for_it(tmp_path: Path):
    """What it brings is checked; who has no hand in the run cannot send it."""
    async with bench(tmp_path, **only(waiting)) as bot:
        await bot.run("run waiting")
        run = await bot.last_run()
        stranger = said(await bot.run(f'signal {run.ref} paid {{"amount": 3}}', user="U0DAVE"))
        wrong = said(await bot.run(f'signal {run.ref} paid {{"amount": "much"}}'))
        unknown = said(await bot.run(f"signal {run.ref} payed"))
        sent = said(await bot.run(f'signal {run.ref} paid {{"amount": 3}}', user="U0BOB"))
        after = await bot.finished()

        assert "You cannot send a signal to run" in stranger
        assert "was not sent" in wrong
        assert "`amount`" in wrong
        assert "known: paid" in unknown
        assert f"Sent the signal `paid` to run `{run.ref}`" in sent
        assert after.status == "completed"
        assert bot.effects.seen == [{"amount": 3}]


async def test_p6_a_paused_run_takes_decisions_and_goes_on_when_it_is_resumed(tmp_path: Path):
    """What the decision would start waits; the list says who paused it."""
    make = only(lambda effects: kinds.confirmed(effects, any_of("U0BOB")))
    async with bench(tmp_path, **make) as bot:
        question = await bot.ask("run confirmed")
        run = await bot.last_run()
        stranger = said(await bot.run(f"pause {run.ref}", user="U0DAVE"))
        paused = said(await bot.run(f"pause {run.ref} wait for the release"))
        listed = said(await bot.run("list"))
        await bot.press("U0BOB", question, "Approve")
        await bot.outcome("Approved by")

        assert "You cannot pause run" in stranger
        assert "is paused" in paused
        assert "is paused by <@U0ALICE>" in listed
        assert bot.effects.published == []

        resumed = said(await bot.run(f"resume {run.ref}", user="U0BOB"))
        await eventually(lambda: bot.effects.published == ["work"])

        assert "goes on" in resumed


async def test_h23_who_has_no_hand_in_a_question_reminds_nobody(tmp_path: Path):
    """The refusal says who may."""
    make = only(lambda effects: kinds.confirmed(effects, any_of("U0BOB")))
    async with bench(tmp_path, **make) as bot:
        await bot.ask("run confirmed")
        reference = (await bot.approval()).ref
        refused = said(await bot.run(f"remind {reference}", user="U0DAVE"))

        assert "You may not remind anybody" in refused
