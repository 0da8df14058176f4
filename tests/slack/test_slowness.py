"""A database that is slow or away: nothing is confirmed that is not stored."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.simulator import Timing
from tests.slack.bench import CHANNEL, Bench, bench, eventually

pytestmark = pytest.mark.slow
ONCE = Timing(redeliveries=0)


@contextmanager
def locked(tmp_path: Path) -> Iterator[None]:
    """Hold the database's write lock, as another process might."""
    connection = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def _settled(bot: Bench) -> None:
    """Wait until the question's delivery is stored, so that nothing else writes."""

    async def is_delivered() -> bool:
        return (await bot.approval()).delivered_at is not None

    await eventually(is_delivered)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_click_that_cannot_be_stored_is_not_acknowledged(tmp_path: Path, transport: str):
    """Slack shows its own error, the approval stays open, and a later click counts."""
    async with bench(tmp_path, transport=transport, timing=ONCE, click_timeout=0.5) as bot:
        question = await bot.ask()
        await _settled(bot)
        started = time.monotonic()
        with locked(tmp_path):
            ack = await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
        took = time.monotonic() - started

        assert not ack.ok
        assert ("http_504" if transport == "http" else "timeout") == ack.error
        assert transport == "socket" or took < 2

        again = await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Approve")
        run = await bot.finished()

        assert again.ok
        assert run.status == "completed"
        assert bot.effects.published == ["Bees in winter"]


async def test_a_command_that_cannot_be_stored_confirms_nothing(tmp_path: Path):
    """No run is announced that does not exist."""
    async with bench(tmp_path, transport="http", timing=ONCE, click_timeout=0.5) as bot:
        await bot.workspace.directory.group_ids()
        with locked(tmp_path):
            ack = await bot.run()

        assert not ack.ok
        assert ack.body is None or "Started" not in str(ack.body)


async def test_a_form_opens_while_the_database_is_away(tmp_path: Path):
    """Nothing is looked up between the click and the form."""
    async with bench(tmp_path, timing=ONCE) as bot:
        question = await bot.ask()
        await _settled(bot)
        with locked(tmp_path):
            ack = await bot.sim.click("U0BOB", CHANNEL, question["ts"], label="Reject…")
            views = await bot.sim.until(lambda: bot.sim.views("U0BOB"))

        assert ack.ok
        assert len(views) == 1
