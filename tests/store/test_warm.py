"""States that the writer keeps between batches are never older than the database."""

from __future__ import annotations

import pytest

from orchestrator.core import commands as c
from orchestrator.core.state import RunStatus
from orchestrator.errors import StoreError
from orchestrator.store import Store, open_store
from orchestrator.store.warm import MOST, Loaded, WarmStates
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql
from tests.store.steps import RUNS, ask, begin, commit, step
from tests.unit.core.flows import finish, publishing, take


async def test_a_neighbours_write_is_seen_by_the_next_batch(
    store: Store, url: str, clock: FakeClock
):
    """A run that this writer has moved, and another one since, goes on from the other's state."""
    graph = publishing()
    await commit(store, RUNS[0], graph, begin(RUNS[0]), take("write"))
    async with open_store(url, now=clock.now) as neighbour:
        await commit(neighbour, RUNS[0], graph, c.CancelRun(by="EVE"))
    ended = await commit(store, RUNS[0], graph, finish("write", {"draft": "one"}))

    assert ended.state.status is RunStatus.CANCELLED
    assert (await store.verify(RUNS[0])).is_sound


async def test_a_batch_that_failed_leaves_no_state_behind(store: Store, sql: Sql):
    """What was computed and not stored is not what the next batch goes on from."""
    graph = publishing()
    await commit(store, RUNS[0], graph, begin(RUNS[0]))
    sql("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(StoreError):
        await store.commit(RUNS[0], step(graph, take("write")))
    sql("DROP TRIGGER full")
    moved = await commit(store, RUNS[0], graph, take("write"))

    assert moved.state.places["write"].attempt == 1
    assert (await store.verify(RUNS[0])).is_sound


async def test_only_runs_on_the_move_are_kept_and_not_too_many(store: Store):
    """Waiting runs cost no memory."""
    graph = publishing()
    running = await commit(store, RUNS[0], graph, begin(RUNS[0]), take("write"))
    await ask(store, RUNS[1], graph)
    states = WarmStates()
    states.keep({str(number): Loaded(running.state, "") for number in range(MOST + 5)})

    assert set(store._writer._warm.find(RUNS)) == {RUNS[0]}
    assert set(states.find(["4", "5"])) == {"5"}
