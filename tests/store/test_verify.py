"""Checking a run's log: every kind of damage is found (row W2, promise 5)."""

from __future__ import annotations

import json

import pytest

from orchestrator.core import events as e
from orchestrator.errors import CorruptHistoryError
from orchestrator.store import Store
from tests.store.conftest import Sql
from tests.store.steps import RUNS, answer, ask, commit, step
from tests.unit.core.flows import publishing, run_through, take

RUN = RUNS[0]


async def finished(store: Store) -> None:
    """Bring a run to its end: twelve events and a few."""
    graph = publishing()
    approval_id = await ask(store, RUN, graph)
    await commit(store, RUN, graph, answer(approval_id, comment="fine"), *run_through("publish"))


async def test_an_untouched_log_is_sound(store: Store):
    """Also that of a run that waits."""
    await finished(store)
    await ask(store, RUNS[1])
    whole, waiting = await store.verify(RUN), await store.verify(RUNS[1])

    assert (whole.is_sound, whole.problem, whole.events) == (True, None, 15)
    assert (waiting.is_sound, waiting.events) == (True, 7)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            "UPDATE events SET body = replace(body, 'BOB', 'EVE') WHERE kind = 'DecisionRecorded'",
            "event 8 was changed after it was stored",
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
            "UPDATE events SET at = '2029-01-01T00:00:00.000000+00:00' WHERE seq = 8",
            "event 8 was changed after it was stored",
        ),
        (
            "UPDATE events SET hash = 'x' WHERE seq = 15",
            "event 15 was changed after it was stored",
        ),
        ("DELETE FROM events WHERE seq = 15", "the newest events are missing"),
        ("DELETE FROM events WHERE seq > 7", "the newest events are missing"),
        ("DELETE FROM events WHERE seq = 8", "event 8 is missing"),
        ("DELETE FROM events WHERE seq = 1", "event 1 is missing"),
        ("DELETE FROM events", "the newest events are missing"),
    ],
)
async def test_a_change_of_the_log_is_found(store: Store, sql: Sql, change: str, problem: str):
    """And the event is named at which it shows."""
    await finished(store)
    sql(change)
    found = await store.verify(RUN)

    assert found.problem == problem
    assert not found.is_sound


async def test_two_events_that_changed_places_are_found(store: Store, sql: Sql):
    """Each of them is genuine; their order is not."""
    await finished(store)
    sql("UPDATE events SET seq = -5 WHERE seq = 5")
    sql("UPDATE events SET seq = 5 WHERE seq = 6")
    sql("UPDATE events SET seq = 6 WHERE seq = -5")
    found = await store.verify(RUN)

    assert found.problem == "event 5 was changed after it was stored"


async def test_an_event_of_another_run_is_found(store: Store, sql: Sql):
    """A genuine event does not fit in elsewhere, for its hash covers the run."""
    await finished(store)
    await ask(store, RUNS[1])
    sql("DELETE FROM events WHERE run_id = ?", RUN)
    sql("UPDATE events SET run_id = ?", RUN)
    found = await store.verify(RUN)

    assert found.problem == "event 1 was changed after it was stored"


async def test_a_chain_that_was_forged_anew_still_has_to_make_sense(store: Store, sql: Sql):
    """Whoever can compute hashes cannot leave out what later events build on."""
    from orchestrator.core.chain import GENESIS, link  # noqa: PLC0415 - the forger's tool

    await finished(store)
    rows = sql("SELECT at, kind, body FROM events WHERE run_id = ? ORDER BY seq", RUN)
    del rows[6]  # the question was never asked
    head = GENESIS
    sql("DELETE FROM events")
    for seq, (at, kind, body) in enumerate(rows, start=1):
        head = link(head, run_id=RUN, seq=seq, at=at, kind=kind, body=body)
        sql("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", RUN, seq, at, kind, body, head)
    sql("UPDATE runs SET head = ?, seq = ?", head, len(rows))
    found = await store.verify(RUN)

    assert found.problem is not None
    assert found.problem.startswith("event 8 does not follow from those before")


@pytest.mark.parametrize(
    "change",
    [
        {"ending": None},
        {"outputs": {}},
        {"visited": 1},
        {"keys": {"draft": [1, "topic"]}},
        {"asked": None},
    ],
)
async def test_a_changed_checkpoint_is_found(store: Store, sql: Sql, change: dict):
    """The stored state has to follow from the log."""
    await finished(store)
    ((text,),) = sql("SELECT checkpoint FROM runs")
    sql("UPDATE runs SET checkpoint = ?", json.dumps(json.loads(text) | change))
    found = await store.verify(RUN)

    assert found.problem == "the stored state does not follow from the log"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", "null"])
async def test_a_checkpoint_that_is_none_is_found(store: Store, sql: Sql, text: str):
    """Checking is for damage of any kind, so it never fails itself."""
    await finished(store)
    sql("UPDATE runs SET checkpoint = ?", text)
    found = await store.verify(RUN)

    assert found.problem == "the stored state does not follow from the log"


@pytest.mark.parametrize(
    "change",
    ["UPDATE runs SET status = 'failed'", "UPDATE runs SET error = 'x'", "UPDATE runs SET seq = 9"],
)
async def test_a_changed_row_of_the_run_is_found(store: Store, sql: Sql, change: str):
    """What lists show follows from the log, too."""
    await finished(store)
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
        "UPDATE events SET kind = 'NodeReady' WHERE seq = 7 AND run_id = ?",
    ],
)
async def test_a_damaged_run_cannot_go_on_and_names_itself(store: Store, sql: Sql, change: str):
    """It fails alone: the other runs of the commit go on."""
    graph = publishing()
    damaged = await ask(store, RUN, graph)
    whole = await ask(store, RUNS[1], graph)
    sql(change, RUN)
    with pytest.raises(CorruptHistoryError, match=RUN):
        await store.commit(RUN, step(graph, answer(damaged)))
    after = await commit(store, RUNS[1], graph, answer(whole), take("publish"))

    assert after.state.places["publish"].attempt == 1


async def test_an_event_of_a_newer_version_is_refused_by_name(store: Store, sql: Sql):
    """Reading the log says what is wrong with which event."""
    await finished(store)
    sql("UPDATE events SET kind = 'RunTeleported' WHERE seq = 3")
    with pytest.raises(CorruptHistoryError, match="event 3: unknown event type 'RunTeleported'"):
        await store.get_events(RUN)


async def test_w2_a_log_is_read_from_any_event_on(store: Store):
    """In order, and each record as it was stored."""
    await finished(store)
    log = await store.get_events(RUN)

    assert [each.seq for each in log] == list(range(1, 16))
    assert isinstance(log[0].event, e.RunStarted)
    assert isinstance(log[-1].event, e.RunCompleted)
    assert await store.get_events(RUN, after=12) == log[12:]
    assert await store.get_events(RUN, after=99) == []
    assert await store.get_events(RUNS[5]) == []
