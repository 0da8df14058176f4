"""Windows and buttons about a run: shown, paused, resumed, cancelled, started again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.store.records import Run
from tests.slack.bench import CHANNEL, Bench, Effects, bench, eventually, shown
from tests.slack.test_commands import said


async def listed(bot: Bench, user: str) -> dict[str, Any]:
    """Have the runs listed, and return the answer as a message."""
    ack = await bot.run("list", user=user)

    assert ack.ok
    found: dict[str, Any] = bot.sim.ephemerals(user)[-1]
    return found


async def front(bot: Bench, user: str, text: str) -> dict[str, Any]:
    """Wait for somebody's front window to say something."""

    def find() -> dict[str, Any] | None:
        views = bot.sim.views(user)
        said_ = json.dumps(views[-1], ensure_ascii=False) if views else ""
        return views[-1] if text in said_ else None

    return await bot.sim.until(find, timeout=4)


async def test_s4_a_run_is_paused_and_resumed_in_its_window(bot: Bench):
    """The window says how the run is now; the buttons are those that fit."""
    await bot.ask()
    page = await listed(bot, "U0ALICE")
    await bot.sim.click("U0ALICE", CHANNEL, page["ts"], label="Show")
    view = await front(bot, "U0ALICE", "◆ review  ✋approval")
    await bot.sim.click_view("U0ALICE", view["id"], label="Pause")
    paused = await front(bot, "U0ALICE", "is paused by <@U0ALICE>")
    await bot.sim.click_view("U0ALICE", paused["id"], label="Resume")
    resumed = await front(bot, "U0ALICE", "waits at *review*")

    assert "Resume" in json.dumps(paused)
    assert "Pause" in json.dumps(resumed)
    assert (await bot.last_run()).paused_by is None


async def test_s9_who_has_no_hand_in_a_run_cannot_steer_it_from_its_window(socket_bot: Bench):
    """Anybody may look; the refusal says who may do more."""
    await socket_bot.ask()
    page = await listed(socket_bot, "U0DAVE")
    await socket_bot.sim.click("U0DAVE", CHANNEL, page["ts"], label="Show")
    view = await front(socket_bot, "U0DAVE", "◆ review")
    await socket_bot.sim.click_view("U0DAVE", view["id"], label="Pause")
    refused = await front(socket_bot, "U0DAVE", "You cannot pause run")

    assert "That takes <@U0ALICE>, who started it, or <!subteam^S0EDITORS>." in json.dumps(refused)
    assert (await socket_bot.last_run()).status == "waiting"


async def test_s4_cancelling_in_a_window_asks_back_first(socket_bot: Bench):
    """The form lies on top of the window; what became of it replaces the form."""
    await socket_bot.ask()
    page = await listed(socket_bot, "U0BOB")
    await socket_bot.sim.click("U0BOB", CHANNEL, page["ts"], label="Show")
    view = await front(socket_bot, "U0BOB", "◆ review")
    await socket_bot.sim.click_view("U0BOB", view["id"], label="Cancel…")
    form = await front(socket_bot, "U0BOB", "The open question is withdrawn")

    assert (await socket_bot.last_run()).status == "waiting"

    await socket_bot.fill("U0BOB", form, Why_="wrong text")
    done = await front(socket_bot, "U0BOB", "is being cancelled")
    run = await socket_bot.finished()

    assert done["title"]["text"] == "Cancelled"
    assert (run.status, run.cancel_reason) == ("cancelled", "wrong text")


async def test_s4_a_run_is_started_again_from_its_window(socket_bot: Bench):
    """The form says who asks now, and submitting it twice starts one run."""
    await socket_bot.ask()
    first = await socket_bot.last_run()
    await socket_bot.engine.cancel(first.id, by="U0ALICE", surface="test")
    await socket_bot.finished()
    page = await listed(socket_bot, "U0BOB")
    await socket_bot.sim.click("U0BOB", CHANNEL, page["ts"], label="Show")
    view = await front(socket_bot, "U0BOB", "was cancelled by")
    await socket_bot.sim.click_view("U0BOB", view["id"], label="Start again…")
    form = await front(socket_bot, "U0BOB", "you as who asks")
    await socket_bot.fill("U0BOB", form)
    started = await front(socket_bot, "U0BOB", "Started *publish* again")
    second = await socket_bot.last_run()

    assert second.ref in json.dumps(started)
    assert (second.requester, second.input) == ("U0BOB", first.input)
    assert len(await socket_bot.engine.list_runs()) == 2


REGIONS = {
    "type": "object",
    "properties": {"regions": {"type": "array", "items": {"type": "string"}}},
}


def rollout(effects: Effects) -> Graph:
    """Return a graph that goes over regions, each of which can be taken back, and then waits."""

    def note(context: Any) -> None:
        effects.published.append(context.node)

    body = Block().task("roll", note, undo=note, idempotent=True)
    return (
        GraphBuilder("rollout", input=REGIONS)
        .map("regions", lambda view: view.input["regions"], body)
        .wait("news", signal="told")
        .edge("regions", "news")
        .start("regions")
        .ends("news")
        .build()
    )


async def test_s4_cancelling_says_what_will_be_undone_and_asks_back(tmp_path: Path):
    """Items by their names, many of them counted; no question need be open."""
    async with bench(tmp_path, graphs=lambda effects: [rollout(effects)]) as bot:
        two = await _rolled(bot, ["eu", "us"])
        seven = await _rolled(bot, [f"r{number}" for number in range(7)])
        answer = said(await bot.run(f"cancel {two.ref}"))
        many = said(await bot.run(f"cancel {seven.ref}"))

        assert "eu and us: `roll` will be undone." in answer
        assert "Nothing is done" not in answer
        assert "r0, r1, r2, r3 and r4: `roll` will be undone." in many
        assert "2 more will be undone." in many
        assert (await bot.engine.get_run(two.id)).status == "waiting"


async def _rolled(bot: Bench, regions: list[str]) -> Run:
    run = await bot.engine.start(
        "rollout", {"regions": regions}, requester="U0ALICE", surface="test"
    )
    return await bot.engine.wait_until(run.id, lambda each: each.status == "waiting", timeout=5)


async def test_s4_a_started_run_is_shown_by_the_button_of_the_answer(socket_bot: Bench):
    """No reference has to be typed."""
    ack = await socket_bot.run()
    answer = json.dumps(ack.body)

    assert "Started" in answer
    assert '"action_id": "signoff_run_show"' in answer


async def test_s10_a_question_whose_message_is_gone_is_posted_anew(socket_bot: Bench):
    """By whoever has to do with it; the new message takes the decision."""
    question = await socket_bot.ask()
    approval = await socket_bot.approval()
    await eventually(lambda: _is_delivered(socket_bot))
    socket_bot.sim.delete("U0ALICE", CHANNEL, question["ts"])
    refused = said(await socket_bot.run(f"repost {approval.ref}", user="U0DAVE"))
    posted = said(await socket_bot.run(f"repost {approval.ref}"))
    again = await socket_bot.question()
    await socket_bot.press("U0BOB", again, "Approve")
    done = await socket_bot.outcome("Approved by")

    assert "may not have" in refused
    assert f"The question `{approval.ref}` stands in <#{CHANNEL}> now." in posted
    assert again["ts"] != question["ts"]
    assert "Bees in winter" in shown(done)
    assert socket_bot.effects.published == ["Bees in winter"]


async def _is_delivered(bot: Bench) -> bool:
    return (await bot.approval()).delivered_at is not None


async def test_s11_runs_of_another_workspace_are_nowhere_to_be_seen(socket_bot: Bench):
    """Not in lists, not by their reference, not on the Home tab."""
    engine = socket_bot.engine
    other = await engine.start(
        "publish", {"topic": "Secret"}, requester="U0ALICE", surface="test", workspace="T2"
    )
    await engine.wait_until(other.id, lambda run: run.status == "waiting", timeout=5)
    question = (await engine.list_approvals(other.id))[-1]
    texts = [
        said(await socket_bot.run(text, user="U0BOB"))
        for text in (
            "list",
            "pending",
            "pending me",
            f"show {other.ref}",
            f"show {question.ref}",
            f"who {question.ref}",
            f"remind {question.ref}",
            f"repost {question.ref}",
            f"cancel {other.ref}",
            f"retry {other.ref}",
        )
    ]
    await socket_bot.sim.open_home("U0BOB")
    home = await socket_bot.sim.until(lambda: socket_bot.sim.home("U0BOB"), timeout=4)

    assert all("Secret" not in text for text in texts)
    assert "No run has been started yet." in texts[0]
    assert all("not known here, or not for you" in texts[number] for number in (3, 4, 8, 9))
    assert all("not known here, or not for you" in texts[number] for number in (5, 6, 7))
    assert "Nothing waits for you." in json.dumps(home)
