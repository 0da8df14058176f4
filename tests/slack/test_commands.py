"""The slash command: every text gets words."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import Ack
from tests.slack.bench import Bench


def said(ack: Ack) -> str:
    """Return what a command answered, to that person only."""
    assert ack.ok
    assert ack.body["response_type"] == "ephemeral"

    text: str = ack.body["text"]
    return text


@pytest.mark.parametrize("text", ["", "help", "HELP", "  help  "])
async def test_s4_help_lists_everything(socket_bot: Bench, text: str):
    """Each sub-command has a line; an empty text is a call for help."""
    answer = said(await socket_bot.run(text))
    names = ("run", "list", "show", "pending", "cancel")

    assert all(f"`/signoff {name}" in answer for name in names)


async def test_s4_a_mistyped_command_names_the_nearest(socket_bot: Bench):
    """The person sees what they probably meant, and the help."""
    answer = said(await socket_bot.run("pendnig"))

    assert "There is no `/signoff pendnig`; did you mean `/signoff pending`?" in answer
    assert "`/signoff list`" in answer


async def test_s4_a_hostile_command_is_only_text(socket_bot: Bench):
    """What was typed comes back escaped."""
    answer = said(await socket_bot.run("<!channel> & <@U0BOB>"))

    assert "<!channel>" not in answer
    assert "&lt;!channel&gt;" in answer


async def test_s4_help_says_what_can_be_started(socket_bot: Bench):
    """Each graph has its description and a command to copy."""
    answer = said(await socket_bot.run("help"))

    assert '*publish* Write an article and publish it. `/signoff run publish topic="…"`' in answer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("run", "Say which graph"),
        ("run publihs topic=x", "There is no graph `publihs`; did you mean `publish`?"),
        ("run publish", "`topic`"),
        ("run publish topic=x wait=soon", "`wait`"),
        ("run publish topic=x colour=red", "`colour` is unknown"),
        ("run publish Bees", "`Bees` is no `key=value`"),
        ('run publish topic="open', "A quote is not closed"),
        ("run publish topic=a topic=b", "topic is given twice"),
        ("show", "Say which run"),
        ("show r-0000000", "There is no run `r-0000000`"),
        ("show a-0000000", "not known any more"),
        ("cancel", "Say which run"),
        ("cancel r-0000000", "There is no run `r-0000000`"),
        ("pending", "Nothing waits"),
        ("list", "No run has been started yet"),
    ],
)
async def test_s4_every_command_gets_words(socket_bot: Bench, text: str, words: str):
    """A command that cannot be carried out says why and starts nothing."""
    answer = said(await socket_bot.run(text))

    assert words in answer
    assert await socket_bot.engine.list_runs() == []


async def test_g5_a_missing_input_is_answered_with_an_example(socket_bot: Bench):
    """What is missing is listed, and a command that works is shown."""
    answer = said(await socket_bot.run("run publish"))

    assert "*publish* was not started:" in answer
    assert 'For example: `/signoff run publish topic="…"`' in answer


async def test_s4_a_confirmed_run_is_stored(socket_bot: Bench):
    """The reference in the answer can be looked up at once; quotes keep words together."""
    answer = said(await socket_bot.run("run publish topic=“Bees in winter” wait=90m"))
    run = await socket_bot.last_run()

    assert f"`{run.ref}`" in answer
    assert run.input["topic"] == "Bees in winter"
    assert (run.requester, run.surface) == ("U0ALICE", "slack")


async def test_s4_list_show_and_pending_tell_what_goes_on(socket_bot: Bench):
    """A run that waits is on all three lists, with its approvers and its deadline."""
    await socket_bot.ask()
    run, approval = await socket_bot.last_run(), await socket_bot.approval()
    listed = said(await socket_bot.run("list"))
    shown = said(await socket_bot.run(f"show {run.ref}"))
    by_approval = said(await socket_bot.run(f"show {approval.ref.upper()}"))
    pending = said(await socket_bot.run("pending"))

    assert f"`{run.ref}` *publish* waits at *review*" in listed
    assert "Bees in winter" in shown
    assert f"`{approval.ref}`" in shown
    assert shown == by_approval
    assert f"`{approval.ref}` *Publish “Bees in winter”?*" in pending
    assert "waiting for <!subteam^S0EDITORS> · decide by <!date^" in pending


async def test_s4_cancel_stops_a_run_for_who_started_it_or_decides_in_it(socket_bot: Bench):
    """Anybody else is told who may."""
    await socket_bot.ask()
    first = await socket_bot.last_run()
    refused = said(await socket_bot.run(f"cancel {first.ref}", user="U0DAVE"))

    assert "You cannot cancel run" in refused
    assert (await socket_bot.last_run()).status == "waiting"

    accepted = said(await socket_bot.run(f"cancel {first.ref} not today", user="U0BOB"))
    run = await socket_bot.finished()

    assert "is being cancelled" in accepted
    assert (run.status, run.cancelled_by, run.cancel_reason) == ("cancelled", "U0BOB", "not today")

    again = said(await socket_bot.run(f"cancel {first.ref}"))

    assert "already cancelled" in again


async def test_s6_home_shows_what_waits_and_how_to_start(bot: Bench):
    """Opening the Home tab publishes it, once per opening."""
    await bot.sim.open_home("U0ALICE")
    empty: dict[str, Any] = await bot.sim.until(lambda: bot.sim.home("U0ALICE"))

    assert "Nothing waits" in str(empty)
    assert "/signoff run publish" in str(empty)

    await bot.ask()
    await bot.sim.open_home("U0ALICE")
    full = await bot.sim.until(
        lambda: (
            (home := bot.sim.home("U0ALICE")) and "Waiting for an answer · 1" in str(home) and home
        )
    )

    assert "Publish “Bees in winter”?" in str(full)
