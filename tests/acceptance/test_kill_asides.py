"""kill -9 between recording and answering what people do beside deciding: it is done once."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

import pytest

from bot.simulator import Timing
from bot.slack.windows.asides import INPUT, LENGTH, TEXT
from tests.acceptance.server import CHANNEL, PATIENCE, Server, server

#: Slack waits for a process that is being started again, and tells it of events once more.
PATIENT = Timing(connect=PATIENCE, event_retries=(4.0, 4.0, 4.0))


def count(running: Server, kind: str) -> int:
    """Return how many events of a kind all logs have."""
    with sqlite3.connect(running.folder / "signoff.db") as connection:
        query = "SELECT count(*) FROM events WHERE kind = ?"
        return int(connection.execute(query, (kind,)).fetchone()[0])


async def asked(running: Server) -> str:
    """Ask, and have the process be killed when something is recorded next."""
    await running.start()
    await running.request()
    question = await running.question()
    await running.stop()
    await running.start(crash_at="after_commit:1")
    return str(question["ts"])


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_h23_killed_after_a_reply_was_recorded(tmp_path: Path, mode: str) -> None:
    """Slack tells the next process of it, which knows it."""
    async with server(tmp_path, mode=mode) as running:
        ts = await asked(running)
        people = running.simulator
        people.workspace.timing = PATIENT
        await people.say("U0BOB", CHANNEL, "Who wrote this?", thread_ts=ts)
        killed = await running.wait_for_end()
        before = count(running, "CommentAdded")
        await running.start()
        await people.settle()
        room = people.direct("U0ALICE")
        await people.until(
            lambda: "Who wrote this?" in str(people.messages(room)), timeout=PATIENCE
        )
        told = [each for each in people.messages(room) if "Who wrote this?" in str(each)]
        code, output = await running.command("verify", "--all")

        assert (killed, before) == (-signal.SIGKILL, 1)
        assert count(running, "CommentAdded") == 1
        assert len(told) == 1
        assert "eyes" in str(people.thread(CHANNEL, ts))
        assert code == 0, output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "filled", "kind"),
    [
        ("comment", {TEXT: "Who wrote this?"}, "CommentAdded"),
        ("extend", {LENGTH: "1 day"}, "ApprovalExtended"),
        ("withdraw", {TEXT: "Not needed"}, "ApprovalResolved"),
    ],
)
async def test_h23_killed_after_a_form_was_recorded(
    tmp_path: Path, entry: str, filled: dict[str, str], kind: str
) -> None:
    """Whoever sends it once more to the next process hears that it is done."""
    user = "U0ALICE" if entry == "withdraw" else "U0BOB"
    async with server(tmp_path, mode="http") as running:
        ts = await asked(running)
        people = running.simulator
        await people.click(user, CHANNEL, ts, "signoff_menu", element=_menu(running, "More…"))
        (more,) = await people.until(lambda: people.views(user), timeout=PATIENCE)
        await people.click_view(user, more["id"], f"signoff_aside_{entry}")
        form = await people.until(
            lambda: next(iter(people.views(user)[1:]), None), timeout=PATIENCE
        )
        first = await people.submit(
            user, form["id"], {block: {INPUT: value} for block, value in filled.items()}
        )
        killed = await running.wait_for_end()
        before = count(running, kind)
        await running.start()
        again = await people.submit(user, form["id"])

        assert (first.ok, killed, before) == (False, -signal.SIGKILL, 1)
        assert again.ok
        assert people.views(user) == []
        assert count(running, kind) == 1


def _menu(running: Server, label: str) -> str:
    """Return what an entry of the question's menu carries."""
    elements = [
        element
        for block in running.questions()[-1]["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "overflow"
    ]
    options = [option for element in elements for option in element["options"]]
    return str(next(each["value"] for each in options if each["text"]["text"] == label))
