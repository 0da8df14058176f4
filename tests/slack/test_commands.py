"""The slash command: every text gets words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.simulator import Ack
from orchestrator.graph import Graph, GraphBuilder, gate
from tests.slack.bench import CHANNEL, Bench, Effects, bench, eventually, labels


def paid_graph(effects: Effects) -> Graph:
    """Return a graph that waits, pays behind a gate, and waits again."""

    def pay(_context: Any) -> None:
        effects.published.append("paid")

    return (
        GraphBuilder("paid", operators="U0BOB")
        .wait("begin", signal="go")
        .task("pay", pay, confirm=gate(approvers="U0BOB"))
        .wait("later", signal="end")
        .edge("begin", "pay")
        .edge("pay", "later")
        .start("begin")
        .ends("later")
        .build()
    )


def flaky_graph(effects: Effects) -> Graph:
    """Return a graph whose task fails once, and asks about it."""

    def work(_context: Any) -> None:
        effects.tries += 1
        if effects.tries == 1:
            raise ValueError("the shop is closed")

    return (
        GraphBuilder("flaky")
        .task("work", work, error=gate(approvers="U0BOB"))
        .start("work")
        .ends("work")
        .build()
    )


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
        ("run publihs topic=x", "There is no graph `publihs`; did you mean `publish`?"),
        ("run publish Bees", "`Bees` is no `key=value`"),
        ('run publish topic="open', "A quote is not closed"),
        ("run publish topic=a topic=b", "topic is given twice"),
        ("show", "Say which run"),
        ("show r-0000000", "`r-0000000` is not known here, or not for you"),
        ("show a-0000000", "not known here, or not for you"),
        ("cancel", "Say which run"),
        ("cancel r-0000000", "`r-0000000` is not known here, or not for you"),
        ("pending", "Nothing waits"),
        ("pending me", "Nothing waits for you"),
        ("pending publihs", "There is no graph `publihs`; did you mean `publish`?"),
        ("pending publish", "Nothing waits for an answer in publish"),
        ("list", "No run has been started yet"),
        ("history", "No finished run"),
        ("history publish failed me", "No finished run of *publish* started by <@U0ALICE>"),
        ("history nobody@nowhere.example", "is nobody I can find"),
        ("history publihs", "publihs is no graph, no status and no person; did you mean publish?"),
        ("who", "Say which question"),
        ("who a-0000000", "not known here, or not for you"),
        ("retry", "Say which run"),
        ("retry r-0000000", "`r-0000000` is not known here, or not for you"),
        ("help cancel", "Its open questions are withdrawn"),
        ("help cancle", "There is no command `cancle`; did you mean `cancel`?"),
    ],
)
async def test_s4_every_command_gets_words(socket_bot: Bench, text: str, words: str):
    """A command that cannot be carried out says why and starts nothing."""
    answer = said(await socket_bot.run(text))

    assert words in answer
    assert await socket_bot.engine.list_runs() == []


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
    await eventually(lambda: _is_delivered(socket_bot))
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


async def test_s4_cancel_asks_back_and_stops_a_run(socket_bot: Bench):
    """Whoever started it or decides in it may; anybody else is told who."""
    await socket_bot.ask()
    first = await socket_bot.last_run()
    refused = said(await socket_bot.run(f"cancel {first.ref}", user="U0DAVE"))

    assert "You cannot cancel run" in refused
    assert "That takes <@U0ALICE>, who started it, or <!subteam^S0EDITORS>." in refused

    asked = await socket_bot.run(f"cancel {first.ref} not today", user="U0BOB")

    assert "The open question is withdrawn: *Publish “Bees in winter”?*" in said(asked)
    assert (await socket_bot.last_run()).status == "waiting"

    answer = socket_bot.sim.ephemerals("U0BOB")[-1]
    ack = await socket_bot.sim.click("U0BOB", CHANNEL, answer["ts"], label="Cancel the run")
    run = await socket_bot.finished()

    assert ack.ok
    assert (run.status, run.cancelled_by, run.cancel_reason) == ("cancelled", "U0BOB", "not today")
    assert "is being cancelled" in await socket_bot.told("U0BOB", "is being cancelled")

    again = said(await socket_bot.run(f"cancel {first.ref}"))

    assert "already cancelled" in again


async def test_s4_cancel_says_what_is_not_taken_back(tmp_path: Path):
    """What was done and has no undo is named; where nothing is at stake it is done."""
    async with bench(tmp_path, graphs=lambda effects: [paid_graph(effects)]) as bot:
        await bot.run("run paid")
        await eventually(lambda: bot.effects.published == [])
        harmless = await bot.last_run()
        at_once = said(await bot.run(f"cancel {harmless.ref}"))

        assert "is being cancelled" in at_once

        await bot.run("run paid")
        run = await bot.last_run()
        await bot.engine.signal(run.id, "go", by="U0ALICE", surface="test")
        question = await bot.question()
        await bot.press("U0BOB", question, "Approve")
        await bot.engine.wait_until(run.id, lambda r: "later" in r.places, timeout=5)
        asked = said(await bot.run(f"cancel {run.ref}"))

        assert "Already done, and not taken back: *pay*." in asked


async def test_s4_retry_answers_the_error_question_of_a_run(tmp_path: Path):
    """The run's reference does, and so does the question's; a stranger is told who may."""
    async with bench(tmp_path, graphs=lambda effects: [flaky_graph(effects)]) as bot:
        await bot.run("run flaky")
        await bot.question()
        run = await bot.last_run()
        stranger = said(await bot.run(f"retry {run.ref}", user="U0DAVE"))
        again = said(await bot.run(f"retry {run.ref}", user="U0BOB"))
        after = await bot.finished()

        assert "You cannot decide this one: it takes <@U0BOB>" in stranger
        assert f"*work* of run `{run.ref}` is being tried again." in again
        assert (after.status, bot.effects.tries) == ("completed", 2)

        nothing = said(await bot.run(f"retry {run.ref}"))

        assert "is completed; there is nothing to try again" in nothing


async def test_s4_retry_starts_a_run_that_ended_badly_again(socket_bot: Bench):
    """With the same input, and the one who asks as requester; twice delivered it starts one."""
    await socket_bot.ask()
    first = await socket_bot.last_run()
    waits = said(await socket_bot.run(f"retry {first.ref}"))

    assert "goes on, and nothing in it asks about an error" in waits

    await socket_bot.engine.cancel(first.id, by="U0ALICE", surface="test")
    await socket_bot.finished()
    again = said(await socket_bot.run(f"retry {first.ref}", user="U0BOB"))
    second = await socket_bot.last_run()

    assert f"Started *publish* again with the same input: run `{second.ref}`." in again
    assert (second.input, second.requester) == (first.input, "U0BOB")
    assert second.id != first.id


async def test_s4_history_pages_through_finished_runs(socket_bot: Bench):
    """Ten on a page, and a button for older ones; filters by graph, status and person."""
    for number in range(12):
        run = await socket_bot.engine.start(
            "publish", {"topic": f"t{number}"}, requester="U0BOB", surface="test"
        )
        await socket_bot.engine.cancel(run.id, by="U0BOB", surface="test")
        await socket_bot.engine.wait_until(run.id, lambda r: r.finished_at is not None, timeout=5)
    ack = await socket_bot.run("history publish cancelled <@U0BOB|bob>")
    page = socket_bot.sim.ephemerals("U0ALICE")[-1]

    assert said(ack).count("was cancelled by") == 10
    assert "that ended as cancelled" in said(ack)

    await socket_bot.sim.click("U0ALICE", CHANNEL, page["ts"], label="Older")
    await eventually(lambda: _page(socket_bot)["text"].count("was cancelled by") == 2)

    assert "Older" not in labels(_page(socket_bot))
    assert "No finished run" in said(await socket_bot.run("history publish failed"))


def _page(bot: Bench) -> dict[str, Any]:
    found: dict[str, Any] = bot.sim.ephemerals("U0ALICE")[-1]
    return found


async def test_s4_pending_me_shows_what_somebody_may_decide_now(socket_bot: Bench):
    """Who is none of the approvers sees nothing; the button opens the question."""
    await socket_bot.ask()
    mine = await socket_bot.run("pending me", user="U0BOB")
    others = said(await socket_bot.run("pending me", user="U0DAVE"))

    assert "Publish “Bees in winter”?" in said(mine)
    assert "Nothing waits for you" in others

    page = socket_bot.sim.ephemerals("U0BOB")[-1]
    await socket_bot.sim.click("U0BOB", CHANNEL, page["ts"], label="Open")
    view = await socket_bot.window("U0BOB", "Question")
    await socket_bot.sim.click_view("U0BOB", view["id"], label="Approve")
    decided = await socket_bot.window("U0BOB", "What became of it")

    assert "Approved by <@U0BOB>" in json.dumps(decided)
    assert socket_bot.effects.published == ["Bees in winter"]


async def test_s4_who_names_those_who_may_decide(socket_bot: Bench):
    """With the people behind groups, and what the rules are."""
    await socket_bot.ask()
    approval = await socket_bot.approval()
    answer = said(await socket_bot.run(f"who {approval.ref}"))

    assert "<!subteam^S0EDITORS>" in answer
    assert "<@U0BOB>" in answer


async def test_g10_show_draws_the_graph_with_the_run_in_it(socket_bot: Bench):
    """The picture stands in a font of fixed width, the question beside its link."""
    await socket_bot.ask()
    run, approval = await socket_bot.last_run(), await socket_bot.approval()
    await eventually(lambda: _is_delivered(socket_bot))
    shown = await socket_bot.run(f"show {run.ref}")
    kinds = [block["type"] for block in shown.body["blocks"]]
    (picture,) = (block for block in shown.body["blocks"] if block["type"] == "rich_text")
    text = picture["elements"][0]["elements"][0]["text"]

    assert kinds[:2] == ["header", "section"]
    assert text.splitlines()[:3] == [
        "✓ write",
        f"◆ review  ✋approval  {approval.ref}",
        "· publish",
    ]
    assert {"Pause", "Cancel…"} <= labels(shown.body)
    assert "https://" in json.dumps(shown.body["blocks"])


async def _is_delivered(bot: Bench) -> bool:
    return (await bot.approval()).delivered_at is not None
