"""kill -9 of the serving process at each crash point: the run ends as if nothing had happened."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bot.simulator.errors import SimulatorError
from tests.acceptance.server import PATIENCE, Server, server
from tests.postgres import Server as Postgres

#: Where a click can be cut off: while it is recorded, before it is answered, and behind it.
WHILE_APPROVING = [
    "before_commit:1",
    "after_commit:1",
    "after_attempt_started:1",
    "after_decision:1",
    "after_effect:1",
    "before_commit:2",
    "after_commit:2",
]


async def approve_at_last(running: Server) -> None:
    """Approve, unless the click that was cut off had been recorded."""
    message = await running.question()
    if "Approve" not in str(message["blocks"]):
        return
    try:
        await running.simulator.click("U0BOB", "C0APPROVALS", message["ts"], label="Approve")
    except SimulatorError:  # the button went away meanwhile: the first click counted
        return


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "mode"),
    [(point, "socket") for point in WHILE_APPROVING]
    + [("after_commit:1", "http"), ("after_effect:1", "http")],
)
async def test_w3_killed_while_a_click_is_taken(tmp_path: Path, point: str, mode: str) -> None:
    """After a restart the article is published once, and the message says who approved."""
    async with server(tmp_path, mode=mode) as running:
        await be_cut_off(running, point)


@pytest.mark.slow
@pytest.mark.parametrize("point", ["before_commit:1", "after_commit:1", "after_effect:1"])
async def test_w3_killed_on_postgresql_while_a_click_is_taken(
    tmp_path: Path, postgres: Postgres, point: str
) -> None:
    """The same holds where the database is on a server, which lives on."""
    with postgres.database() as url:
        async with server(tmp_path, database=url) as running:
            await be_cut_off(running, point)


async def be_cut_off(running: Server, point: str) -> None:
    """Approve with a click during which the server is killed; see it end well."""
    await running.start()
    await running.request()
    await running.question()
    await running.stop()
    await running.start(crash_at=point)
    await running.press("Approve")
    killed = await running.wait_for_end()
    await running.start()
    await approve_at_last(running)
    await running.until_shown("is completed")

    assert killed == -signal.SIGKILL
    assert len(running.published_lines()) == 1
    assert len(running.questions()) == 1
    assert "<@U0BOB>" in running.shown()
    code, output = await running.command("verify", "--all")
    assert code == 0, output


@pytest.mark.slow
async def test_w3_killed_between_a_post_and_its_record(tmp_path: Path) -> None:
    """The question that was posted is found again in the channel, not posted twice."""
    async with server(tmp_path) as running:
        await running.start(crash_at="after_post")
        await running.request()
        await running.question()
        assert await running.wait_for_end() == -signal.SIGKILL
        await running.start()
        await running.press("Approve")
        await running.until_shown("is completed")

        assert len(running.questions()) == 1
        assert len(running.published_lines()) == 1


@pytest.mark.slow
async def test_t6_a_deadline_that_passes_while_the_process_is_down(tmp_path: Path) -> None:
    """At the next start the run expires, and the message says so."""
    async with server(tmp_path) as running:
        await running.start()
        await running.request(deadline="3s")
        await running.question()
        await running.simulator.until(
            lambda: any(each.name == "chat.postMessage" for each in running.simulator.log),
            timeout=PATIENCE,
        )
        await running.kill()
        await running.start()
        await running.until_shown("xpired")

        assert "Approve" not in running.shown()
        assert running.published_lines() == []
        code, output = await running.command("runs", "--json")
        assert (code, '"timed_out"' in output) == (0, True)


async def test_an_operator_stops_the_server_in_good_order(tmp_path: Path) -> None:
    """SIGTERM ends it with code 0, with a question open."""
    async with server(tmp_path) as running:
        await running.start()
        await running.request()
        await running.question()

        assert await running.stop() == 0
