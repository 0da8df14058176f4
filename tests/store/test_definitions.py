"""Definitions of graphs: saved with the first run of a version, once (row G9)."""

from __future__ import annotations

import pytest

from orchestrator.core import events as e
from orchestrator.errors import StoreError
from orchestrator.graph import Graph, GraphBuilder
from orchestrator.store import Store, open_store
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql
from tests.store.steps import HOUR, RUNS, start, step

ROWS = "SELECT id, version, first_seen_at FROM graphs ORDER BY version"


def nothing(context: object) -> None:
    """Stand for a task."""
    del context


def graph(**options: object) -> Graph:
    """Return a graph of one node."""
    builder = GraphBuilder("publishing", title="Publish", **options)
    return builder.task("write", nothing).start("write").ends("write").build()


async def test_g9_a_definition_is_saved_with_the_run_that_follows_it(store: Store, sql: Sql):
    """In the run's own transaction."""
    one = graph()
    before = store.commits
    await store.commit(RUNS[0], start(RUNS[0]), graph=one)

    assert store.commits == before + 1
    assert await store.get_definition(one.id, one.version) == one.definition
    assert await store.get_definition(one.id, "other") is None
    assert await store.get_definition("other", one.version) is None
    assert len(sql(ROWS)) == 1


async def test_g9_a_definition_is_written_once_and_keeps_its_first_instant(
    store: Store, clock: FakeClock, url: str, sql: Sql
):
    """By any number of runs and processes."""
    one, two = graph(), graph(version="2")
    await store.commit(RUNS[0], start(RUNS[0]), graph=one)
    first = sql(ROWS)
    clock.advance(HOUR)
    await store.commit(RUNS[1], start(RUNS[1]), graph=one)
    await store.save_graph(one)
    async with open_store(url, now=clock.now) as other:
        await other.save_graph(one)
        await other.commit(RUNS[2], start(RUNS[2]), graph=one)

        assert sql(ROWS) == first

        await other.save_graph(two)

    assert one.version != two.version
    assert len(sql(ROWS)) == 2
    assert await store.get_definition(two.id, two.version) == two.definition


async def test_g9_a_definition_that_is_known_costs_nothing(store: Store):
    """No transaction of its own, and no statement in others'."""
    one = graph()
    await store.save_graph(one)
    before = store.commits
    await store.save_graph(one)

    assert store.commits == before


async def test_g9_a_refused_step_saves_no_definition(store: Store, sql: Sql):
    """And the next one that is accepted does."""
    one = graph()
    await store.commit(RUNS[0], start(RUNS[0]))
    await store.commit(RUNS[0], step(e.RunCancelled(by="ANN")))
    await store.commit(RUNS[0], step(e.RunPaused(by="ANN")), graph=one)

    assert sql(ROWS) == []

    await store.commit(RUNS[1], start(RUNS[1]), graph=one)

    assert len(sql(ROWS)) == 1


async def test_g9_a_commit_that_failed_is_not_remembered_as_a_definition(store: Store, sql: Sql):
    """What was rolled back is saved with the next run."""
    one = graph()
    sql("ALTER TABLE events RENAME TO events_away")
    with pytest.raises(StoreError):
        await store.commit(RUNS[0], start(RUNS[0]), graph=one)
    sql("ALTER TABLE events_away RENAME TO events")

    assert sql(ROWS) == []

    await store.commit(RUNS[0], start(RUNS[0]), graph=one)

    assert len(sql(ROWS)) == 1
