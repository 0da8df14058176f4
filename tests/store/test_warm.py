"""States that the writer keeps between batches are never older than the database."""

from __future__ import annotations

import pytest

from orchestrator.core import events as e
from orchestrator.core.state import RunStatus
from orchestrator.errors import StoreError
from orchestrator.store import Store, open_store
from orchestrator.store.warm import MOST, RATIO, SLACK, Loaded, WarmStates, prune
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql
from tests.store.steps import RUNS, ask, begin, commit, done, opening, step, take

CANCELLED = (e.CancelRequested(by="EVE"), e.RunCancelled(by="EVE"))


async def test_a_neighbours_write_is_seen_by_the_next_batch(
    store: Store, url: str, clock: FakeClock
):
    """A run that this writer has moved, and another one since, goes on from the other's state."""
    await commit(store, RUNS[0], begin(), take("write"))
    async with open_store(url, now=clock.now) as neighbour:
        await commit(neighbour, RUNS[0], e.CancelRequested(by="EVE"))
    ended = await commit(store, RUNS[0], e.RunCancelled(by="EVE"))

    assert ended.state.status is RunStatus.CANCELLED
    assert (await store.verify(RUNS[0])).is_sound


async def test_a_batch_that_failed_leaves_no_state_behind(store: Store, sql: Sql):
    """What was computed and not stored is not what the next batch goes on from."""
    await commit(store, RUNS[0], begin())
    sql("ALTER TABLE events RENAME TO events_away")
    with pytest.raises(StoreError):
        await store.commit(RUNS[0], step(take("write")))
    sql("ALTER TABLE events_away RENAME TO events")
    moved = await commit(store, RUNS[0], take("write"))

    assert (moved.state.places["write"].attempt, moved.state.seq) == (1, 3)
    assert (await store.verify(RUNS[0])).is_sound


async def test_only_runs_on_the_move_are_kept_and_not_too_many(store: Store):
    """Waiting runs cost no memory."""
    running = await commit(store, RUNS[0], begin(), take("write"))
    await ask(store, RUNS[1])
    states = WarmStates()
    states.keep({str(number): Loaded(running.state, "") for number in range(MOST + 5)})

    assert set(store._writer._warm.find(RUNS)) == {RUNS[0]}
    assert set(states.find(["4", "5"])) == {"5"}


async def test_a_long_run_forgets_values_that_nothing_refers_to(store: Store):
    """Only the newest round of each node counts, however many there were."""
    await commit(store, RUNS[0], begin({"topic": "cats"}), take("write"))
    most = 0
    for number in range(2, 2 * SLACK):
        path = f"write#{number}"
        before = "write" if number == 2 else f"write#{number - 1}"
        ready = e.NodeReady(path=path, node="write")
        round_ = (done(before, {"draft": number}), ready, take(path))
        moved = await commit(store, RUNS[0], round_)
        most = max(most, len(moved.state.memory))

        assert moved.state.value(moved.state.frames[""].keys["draft"]) == number
    assert most <= SLACK + RATIO * 2 + 1
    assert moved.state.value(moved.state.input) == {"topic": "cats"}
    assert (await store.verify(RUNS[0])).is_sound


async def test_pruning_a_state_leaves_its_copies_as_they_are(store: Store):
    """Somebody else may still be reading them; an open question keeps its default."""
    asking = opening(RUNS[0], "write", default={"ok": True})
    state = (await commit(store, RUNS[0], (*begin({"topic": "cats"}), asking))).state
    state.memory.update(dict.fromkeys(range(100, 200), "old"))
    other = state.copy()
    prune(state)

    assert state.memory == {1: {"topic": "cats"}, 3: {"ok": True}}
    assert len(other.memory) == 102
