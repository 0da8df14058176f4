"""`signoff dead`: nodes that no process could start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.web import Check, queue_probe
from orchestrator.runtime import Engine, StaticDirectory, SystemClock, worker
from orchestrator.store import open_store
from tests.cli.conftest import FLOWS
from tests.cli.shell import Shell, until
from tests.postgres import Server


@pytest.fixture
def shared(unmigrated: Shell, postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have graphs, and a database on PostgreSQL; return its URL."""
    assert unmigrated.folder.exists()
    with postgres.database() as url:
        monkeypatch.setenv("SIGNOFF_DATABASE_URL", url)
        yield url


async def give_up(url: str) -> None:
    """Serve without any graph until a node is given up on."""
    clock = SystemClock()
    async with (
        open_store(url, now=clock.now) as store,
        Engine(store, {}, directory=StaticDirectory(), clock=clock) as engine,
    ):

        async def is_dead() -> bool:
            return bool(await engine.list_dead())

        await until(is_dead)


@pytest.fixture
def dead(shared: str, unmigrated: Shell, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have a run whose node was given up on; return its reference."""
    monkeypatch.setattr(worker, "FIRST_DELAY", timedelta(milliseconds=5))
    monkeypatch.setattr(worker, "TRIES", 2)
    run: str = unmigrated("run", "quick", "what=tea", "--as", "U0ALICE", "--json").json["ref"]
    asyncio.run(give_up(shared))
    return run


def test_w1_dead_letters_are_listed_with_their_reason(dead: str, unmigrated: Shell) -> None:
    """As a table, and as JSON."""
    heads, row = unmigrated("dead").out.splitlines()
    (letter,) = unmigrated("dead", "--json").json

    checks = unmigrated("doctor", "--json").json["checks"]

    assert "dead letters: 1" in [check["what"] for check in checks]
    assert heads.split() == ["ID", "RUN", "NODE", "TRIES", "SINCE", "REASON"]
    assert row.split()[:4] == [str(letter["id"]), dead, letter["node"], "2"]
    assert (letter["run"]["ref"], letter["tries"]) == (dead, 2)
    assert "no graph 'quick'" in letter["reason"]
    assert letter["reason"] in row


@pytest.mark.usefixtures("dead")
def test_w1_readyz_tells_how_many_dead_letters_there_are(shared: str) -> None:
    """Which is no fault of the process that is asked."""

    async def look() -> Check:
        clock = SystemClock()
        async with open_store(shared, now=clock.now) as store:
            engine = Engine(store, {}, directory=StaticDirectory(), clock=clock)
            return await queue_probe(engine)()

    assert asyncio.run(look()) == Check(is_good=True, detail="dead letters: 1")


def test_w1_a_dead_letter_that_is_put_back_runs(dead: str, unmigrated: Shell) -> None:
    """When its graph is loaded; the list is empty then."""
    (letter,) = unmigrated("dead", "--json").json
    answer = unmigrated("dead", "retry", str(letter["id"]))
    left = unmigrated("dead")
    run = unmigrated.serve(dead, lambda run: run.finished_at is not None)

    assert FLOWS.exists()
    assert (answer.code, answer.out) == (0, f"{dead} {letter['node']} is tried again\n")
    assert left.out == "No dead letters.\n"
    assert run["status"] == "completed"


def test_w1_all_dead_letters_are_put_back_at_once(dead: str, unmigrated: Shell) -> None:
    """And printed as JSON."""
    answer = unmigrated("dead", "retry", "--all", "--json")

    assert [each["run"]["ref"] for each in answer.json] == [dead]
    assert unmigrated("dead", "--json").json == []


@pytest.mark.usefixtures("shared")
def test_w1_what_is_no_dead_letter_is_refused(unmigrated: Shell) -> None:
    """Code 1 for one that is not there, 2 for none at all."""
    unknown = unmigrated("dead", "retry", "7")
    none = unmigrated("dead", "retry")
    both = unmigrated("dead", "retry", "7", "--all")

    assert unknown.code == 1
    assert unknown.lines == ["signoff: no dead letter 7; list them to see which there are"]
    assert (none.code, both.code) == (2, 2)


def test_w1_without_a_queue_there_are_no_dead_letters(shell: Shell) -> None:
    """SQLite has none, which is said."""
    answer = shell("dead")

    assert answer.code == 0
    assert answer.out.startswith("No dead letters: only PostgreSQL's queue has them.")
    assert shell("dead", "--json").json == []
