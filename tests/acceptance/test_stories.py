"""Dialogues over both transports: what people do, what whom sees, and what was done by then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.dialogue import STORIES, read_story
from tests.acceptance.playing import Play
from tests.acceptance.stage import stage
from tests.acceptance.story_graphs import LEDGER
from tests.postgres import Server

_ALL = sorted(STORIES.glob("*.md"))


@pytest.mark.parametrize("transport", ["socket", "http"])
@pytest.mark.parametrize("path", _ALL, ids=lambda path: path.stem)
async def test_s1_s2_s3_s9_s12_a_story_goes_as_it_is_told(
    path: Path, transport: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line comes true: of people, of what they see, and of what the graph did."""
    ledger = tmp_path / "ledger.txt"
    monkeypatch.setenv(LEDGER, str(ledger))
    async with stage(tmp_path, transport) as (sim, bot):
        await Play(sim, bot, ledger).perform(read_story(path))


@pytest.mark.parametrize("path", _ALL, ids=lambda path: path.stem)
async def test_s1_s2_s3_s9_s12_a_story_goes_as_it_is_told_on_postgresql(
    path: Path, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same lines come true where the database is on a server."""
    ledger = tmp_path / "ledger.txt"
    monkeypatch.setenv(LEDGER, str(ledger))
    with postgres.database() as url:
        async with stage(tmp_path, "http", url) as (sim, bot):
            await Play(sim, bot, ledger).perform(read_story(path))
