"""Checking a run's log: every kind of damage is found (row W2, promise 5)."""

from __future__ import annotations

import json

import pytest

from orchestrator.core import events as e
from orchestrator.errors import CorruptHistoryError, RunNotFoundError
from orchestrator.store import Store
from tests.store.conftest import Sql
from tests.store.steps import RUNS, answer, approve, ask, commit, finish, take

RUN = RUNS[0]


async def test_an_untouched_log_is_sound(store: Store):
    """Also that of a run that waits."""
    await finish(store, RUN)
    await ask(store, RUNS[1])
    whole, waiting = await store.verify(RUN), await store.verify(RUNS[1])

    assert (whole.is_sound, whole.problem, whole.events) == (True, None, 13)
    assert (waiting.is_sound, waiting.events) == (True, 6)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            "UPDATE events SET body = replace(body, 'BOB', 'EVE') WHERE kind = 'DecisionRecorded'",
            "event 7 was changed after it was stored",
        ),
        (
            "UPDATE events SET body = body || ' ' WHERE seq = 1",
            "event 1 was changed after it was stored",
        ),
        (
            "UPDATE events SET kind = 'NodeSkipped' WHERE seq = 4",
            "event 4 was changed after it was stored",
        ),
        (
            "UPDATE events SET at = '2029-01-01T00:00:00.000000+00:00' WHERE seq = 7",
            "event 7 was changed after it was stored",
        ),
        (
            "UPDATE events SET hash = 'x' WHERE seq = 13",
            "event 13 was changed after it was stored",
        ),
        ("DELETE FROM events WHERE seq = 13", "the newest events are missing"),
        ("DELETE FROM events WHERE seq > 6", "the newest events are missing"),
        ("DELETE FROM events WHERE seq = 8", "event 8 is missing"),
        ("DELETE FROM events WHERE seq = 1", "event 1 is missing"),
        ("DELETE FROM events", "the newest events are missing"),
    ],
)
async def test_a_change_of_the_log_is_found(store: Store, sql: Sql, change: str, problem: str):
    """And the event is named at which it shows."""
    await finish(store, RUN)
    sql(change)
    found = await store.verify(RUN)

    assert found.problem == problem
    assert not found.is_sound


async def test_two_events_that_changed_places_are_found(store: Store, sql: Sql):
    """Each of them is genuine; their order is not."""
    await finish(store, RUN)
    sql("UPDATE events SET seq = -5 WHERE seq = 5")
    sql("UPDATE events SET seq = 5 WHERE seq = 6")
    sql("UPDATE events SET seq = 6 WHERE seq = -5")
    found = await store.verify(RUN)

    assert found.problem == "event 5 was changed after it was stored"


async def test_an_event_of_another_run_is_found(store: Store, sql: Sql):
    """A genuine event does not fit in elsewhere, for its hash covers the run."""
    await finish(store, RUN)
    await ask(store, RUNS[1])
    sql("DELETE FROM events WHERE run_id = ?", RUN)
    sql("UPDATE events SET run_id = ?", RUN)
    found = await store.verify(RUN)

    assert found.problem == "event 1 was changed after it was stored"


async def test_a_chain_that_was_forged_anew_still_has_to_make_sense(store: Store, sql: Sql):
    """Whoever can compute hashes cannot leave out what later events build on."""
    from orchestrator.core.chain import GENESIS, link  # noqa: PLC0415 - the forger's tool

    await finish(store, RUN)
    rows = sql("SELECT at, kind, body, approval_id FROM events WHERE run_id = ? ORDER BY seq", RUN)
    del rows[5]  # the question was never asked
    head = GENESIS
    sql("DELETE FROM events")
    for seq, (at, kind, body, asked) in enumerate(rows, start=1):
        head = link(head, run_id=RUN, seq=seq, at=at, kind=kind, body=body)
        sql(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", RUN, seq, at, kind, body, head, asked
        )
    sql("UPDATE runs SET head = ?, seq = ?", head, len(rows))
    found = await store.verify(RUN)

    assert found.problem is not None
    assert found.problem.startswith("event 6 does not follow from those before")


@pytest.mark.parametrize(
    "change",
    [
        {"ending": None},
        {"frames": {}},
        {"visited": 1},
        {"needs": [1]},
        {"version": "v2"},
        {"asked": None},
    ],
)
async def test_a_changed_checkpoint_is_found(store: Store, sql: Sql, change: dict):
    """The stored state has to follow from the log."""
    await finish(store, RUN)
    ((text,),) = sql("SELECT checkpoint FROM runs")
    sql("UPDATE runs SET checkpoint = ?", json.dumps(json.loads(text) | change))
    found = await store.verify(RUN)

    assert found.problem == "the stored state does not follow from the log"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", "null"])
async def test_a_checkpoint_that_is_none_is_found(store: Store, sql: Sql, text: str):
    """Checking is for damage of any kind, so it never fails itself."""
    await finish(store, RUN)
    sql("UPDATE runs SET checkpoint = ?", text)
    found = await store.verify(RUN)

    assert found.problem == "the stored state does not follow from the log"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET status = 'failed'",
        "UPDATE runs SET error = 'x'",
        "UPDATE runs SET seq = 9",
        "UPDATE runs SET version = 'v2'",
    ],
)
async def test_a_changed_row_of_the_run_is_found(store: Store, sql: Sql, change: str):
    """What lists show follows from the log, too."""
    await finish(store, RUN)
    sql(change)
    found = await store.verify(RUN)

    assert found.problem == "the stored state does not follow from the log"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET checkpoint = 'nonsense' WHERE id = ?",
        "UPDATE runs SET checkpoint = '{}' WHERE id = ?",
        "UPDATE runs SET checkpoint = '[]' WHERE id = ?",
        "DELETE FROM events WHERE seq = 4 AND run_id = ?",
        "UPDATE events SET body = '{}' WHERE seq = 4 AND run_id = ?",
        "UPDATE events SET kind = 'Moved' WHERE seq = 4 AND run_id = ?",
        "UPDATE events SET kind = 'NodeReady' WHERE seq = 6 AND run_id = ?",
        """UPDATE runs SET checkpoint = '{"needs": [1], "approvals": []}' WHERE id = ?""",
    ],
)
async def test_a_damaged_run_cannot_go_on_and_names_itself(store: Store, sql: Sql, change: str):
    """It fails alone: the other runs of the commit go on."""
    damaged = await ask(store, RUN)
    whole = await ask(store, RUNS[1])
    sql(change, RUN)
    with pytest.raises(CorruptHistoryError, match=RUN):
        await store.commit(RUN, answer(damaged))
    await approve(store, RUNS[1], whole)
    after = await commit(store, RUNS[1], take("publish"))

    assert after.state.places["publish"].attempt == 1


async def test_an_event_of_a_newer_version_is_refused_by_name(store: Store, sql: Sql):
    """Reading the log says what is wrong with which event."""
    await finish(store, RUN)
    sql("UPDATE events SET kind = 'RunTeleported' WHERE seq = 3")
    with pytest.raises(CorruptHistoryError, match="event 3: unknown event type 'RunTeleported'"):
        await store.get_events(RUN)


async def test_w2_a_log_is_read_from_any_event_on(store: Store):
    """In order, and each record as it was stored."""
    await finish(store, RUN)
    log = await store.get_events(RUN)

    assert [each.seq for each in log] == list(range(1, 14))
    assert isinstance(log[0].event, e.RunStarted)
    assert isinstance(log[-1].event, e.RunCompleted)
    assert await store.get_events(RUN, after=10) == log[10:]
    assert await store.get_events(RUN, after=99) == []
    assert await store.get_events(RUNS[5]) == []


async def test_an_event_that_is_filed_under_another_approval_is_found(store: Store, sql: Sql):
    """Else an approval could be shown with an answer that was given to another one."""
    await finish(store, RUN)
    sql("UPDATE events SET approval_id = 'other' WHERE kind = 'DecisionRecorded'")
    found = await store.verify(RUN)

    assert found.problem == "event 7 is filed under another approval than its own"


async def test_w2_the_state_after_each_event_can_be_asked_for(store: Store):
    """With its values; events that the run does not have are refused."""
    approval_id = await finish(store, RUN)
    before, asking, newest = [await store.get_state_at(RUN, seq) for seq in (3, 6, 13)]

    assert [each.seq for each in (before, asking, newest)] == [3, 6, 13]
    assert before.places["write"].owner == "p1"
    assert set(asking.approvals) == {approval_id}
    assert asking.value(asking.frames[""].keys["draft"]) == "one"
    assert newest.is_finished
    for seq in (0, -1, 14):
        with pytest.raises(ValueError, match=f"has no event {seq}"):
            await store.get_state_at(RUN, seq)
    with pytest.raises(RunNotFoundError):
        await store.get_state_at(RUNS[5], 1)


async def test_w2_a_state_of_a_log_that_leads_nowhere_is_refused(store: Store, sql: Sql):
    """The run is named, as everywhere."""
    await finish(store, RUN)
    sql("DELETE FROM events WHERE seq = 1")
    sql("UPDATE events SET seq = seq - 1")
    with pytest.raises(CorruptHistoryError, match=RUN):
        await store.get_state_at(RUN, 5)
