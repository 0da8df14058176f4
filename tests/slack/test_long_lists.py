"""Lists for one person go on behind what concerns others, page by page (rows S4, S6, S9)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.slack.people import scanning
from orchestrator.graph import Graph, GraphBuilder
from tests.slack.bench import Bench, Effects, bench, eventually, labels, shown
from tests.slack.test_commands import said
from tests.slack.test_home import many_graph, opened, shows
from tests.slack.test_readers import FINANCE, let_in

BOB, DAVE = "U0BOB", "U0DAVE"


def last_graph(**gate: Any) -> Graph:
    """Return a question for Bob without a deadline: all others come before it."""
    return (
        GraphBuilder("last")
        .approval("ask", approvers=BOB, title="The last one?", **gate)
        .start("ask")
        .ends("ask")
        .build()
    )


def crowd(_effects: Effects) -> list[Graph]:
    """Return questions for Dave in a private channel, with deadlines, and one for Bob."""
    private = {"channel": FINANCE, "timeout": "1h", "on_timeout": "expire"}
    return [_for_dave(private), last_graph()]


def _for_dave(private: dict[str, Any]) -> Graph:
    builder = GraphBuilder("crowd")
    for number in range(3):
        builder.approval(f"ask{number}", approvers=DAVE, title=f"For Dave {number}?", **private)
    return builder.sequence("ask0", "ask1", "ask2").start("ask0").ends("ask2").build()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look through few at a time, however long it takes."""
    monkeypatch.setattr(scanning, "REACH", 4)
    monkeypatch.setattr(scanning, "_BATCH", 3)
    monkeypatch.setattr(scanning, "SECONDS", 60.0)


async def start(bot: Bench, graph: str, times: int = 1) -> None:
    """Start runs, and wait until each asks."""
    for _ in range(times):
        await bot.engine.start(graph, {}, requester=DAVE, surface="test")

    async def asks() -> bool:
        runs = await bot.engine.list_newest(graph=graph, limit=100)
        return all(each.places for each in runs)

    await eventually(asks)


async def turned(bot: Bench, label: str, text: str) -> dict[str, Any]:
    """Press a button of the list that Bob has, and wait until it says something else."""
    page = bot.sim.ephemerals(BOB)[-1]
    await bot.sim.click(BOB, page["channel"], page["ts"], label=label)

    def find() -> dict[str, Any] | None:
        found = bot.sim.ephemerals(BOB)[-1]
        return found if text in shown(found) else None

    return await bot.sim.until(find, timeout=6)


@pytest.mark.parametrize("text", ["pending", "pending me"])
async def test_s4_s9_pending_goes_on_behind_the_questions_of_others(tmp_path: Path, text: str):
    """It says how far it has looked, and never that there is nothing while it does not know."""
    async with bench(tmp_path, graphs=crowd, prepare=let_in) as bot:
        await start(bot, "crowd", 6)
        await start(bot, "last")
        first = said(await bot.run(text, user=BOB))

        assert "Looked through the nearest 4 open questions" in first
        assert "The last one?" not in first
        assert "For Dave" not in first

        second = await turned(bot, "More", "The last one?")

        assert "For Dave" not in shown(second)
        assert "More" not in labels(second)


async def test_s4_s9_runs_go_on_behind_those_of_others(tmp_path: Path):
    """The newest that somebody may read, however many there are that they may not."""
    async with bench(tmp_path, graphs=crowd, prepare=let_in) as bot:
        await start(bot, "last")
        old = await bot.last_run()
        await start(bot, "crowd", 6)
        first = said(await bot.run("runs", user=BOB))

        assert "Looked through the newest 4 runs" in first
        assert old.ref not in first

        second = await turned(bot, "Older", old.ref)

        assert "crowd" not in json.dumps(second["blocks"])
        assert "Older" not in labels(second)


async def test_s6_home_goes_on_behind_the_questions_of_others(tmp_path: Path):
    """And back to the first ones."""
    async with bench(tmp_path, graphs=crowd, prepare=let_in) as bot:
        await start(bot, "crowd", 6)
        await start(bot, "last")
        first = await opened(bot, BOB, "Looked through the nearest 4 open questions")

        assert "None of the 4 open questions that were looked through waits for you." in shown(
            first
        )

        await bot.sim.click_view(BOB, bot.sim.home(BOB)["id"], label="More")
        second = await shows(bot, BOB, "The last one?")

        assert "further on" in shown(second)
        assert "More" not in labels(second)

        await bot.sim.click_view(BOB, bot.sim.home(BOB)["id"], label="To the first")
        await shows(bot, BOB, "Looked through the nearest 4", without="The last one?")


async def test_s6_home_counts_and_turns_over_all_that_were_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Pages of what was found come before looking further."""
    monkeypatch.setattr(scanning, "REACH", 8)
    async with bench(tmp_path, graphs=lambda effects: [many_graph(effects, 12)]) as bot:
        await bot.engine.start("many", {}, requester=BOB, surface="test")
        first = await opened(bot, BOB, "Waiting for you · 8+")
        await turn(bot)
        second = await shows(bot, BOB, "Back", without="further on")
        await turn(bot)
        third = await shows(bot, BOB, "further on · 4")

        found = [questions_of(home) for home in (first, second, third)]
        assert [len(each) for each in found] == [5, 3, 4]
        assert len(set().union(*found)) == 12


async def turn(bot: Bench) -> None:
    """Have Bob go on."""
    await bot.sim.click_view(BOB, bot.sim.home(BOB)["id"], label="More")


def questions_of(home: dict[str, Any]) -> set[str]:
    """Return the titles of the questions on a Home tab."""
    texts = [(block.get("text") or {}).get("text", "") for block in home["blocks"]]
    return {text.split("\n")[0] for text in texts if text.startswith("*Question")}
