"""Finding runs and approvals: references, pages, what they show, and at what cost."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core.ids import approval_ref, run_ref
from orchestrator.core.state import RunStatus
from orchestrator.errors import ApprovalNotFoundError, RunNotFoundError
from orchestrator.store import Store, open_store, reads, work
from orchestrator.store.reader import Reader, _Prepared
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql, connected
from tests.store.steps import RUNS, answer, ask, begin, commit, shown
from tests.unit.core.flows import publishing, run_through, take

RUN = RUNS[0]
HOUR = timedelta(hours=1)
#: Two runs that differ only in what a short reference leaves out.
TWINS = ("0191d0c0a5b07cc08a0f1111111111ab", "0291d0c0a5b07cc08a0f1111111111ab")


def spellings(full: str, ref: str) -> list[str]:
    """Return the ways in which people write a reference."""
    dashed = f"{full[:8]}-{full[8:12]}-{full[12:16]}-{full[16:20]}-{full[20:]}"
    return [
        full, full.upper(), dashed, ref, ref.lower(), ref.upper(), f" {ref} ", f"`{ref}`",
    ]  # fmt: skip


async def test_a_run_is_found_by_its_id_and_its_short_reference(store: Store):
    """However it was typed or copied."""
    await ask(store, RUN)
    await ask(store, RUNS[1])
    for text in spellings(RUN, run_ref(RUN)):
        assert await store.find_run_id(text) == RUN
        assert (await store.get_run(text)).id == RUN


async def test_an_approval_is_found_by_its_id_and_its_short_reference(store: Store):
    """However it was typed or copied."""
    approval_id = await ask(store, RUN)
    await ask(store, RUNS[1])
    for text in spellings(approval_id, approval_ref(approval_id)):
        assert await store.find_approval_id(text) == approval_id
        assert (await store.get_question(text)).approval_id == approval_id


@pytest.mark.parametrize(
    "text", ["", "r-", "r-1234", "nope", "%", "' OR 1=1 --", "0" * 32, "r-%______"]
)
async def test_what_is_no_reference_is_not_found(store: Store, text: str):
    """With the name that was asked for in the message."""
    approval_id = await ask(store, RUN)
    for found in (store.find_run_id, store.get_run):
        with pytest.raises(RunNotFoundError) as caught:
            await found(text)

        assert str(caught.value) == f"no run {text!r}; `signoff runs` lists them"
    for found in (store.find_approval_id, store.get_question):
        with pytest.raises(ApprovalNotFoundError) as caught:
            await found(text)

        assert str(caught.value) == f"no approval {text!r}; `signoff pending` lists open ones"
    with pytest.raises(ApprovalNotFoundError):
        await store.find_approval_id(run_ref(RUN))
    with pytest.raises(RunNotFoundError):
        await store.get_run(approval_ref(approval_id))


async def test_a_short_reference_that_fits_several_runs_is_refused(store: Store):
    """Guessing would be worse; both are named, and their full ids work."""
    for run_id in TWINS:
        await ask(store, run_id)
    ref = run_ref(TWINS[0])
    with pytest.raises(RunNotFoundError) as caught:
        await store.get_run(ref)

    assert ref == run_ref(TWINS[1])
    assert str(caught.value) == (f"{ref} fits several runs: {TWINS[0]}, {TWINS[1]}; use a full id")
    assert (await store.get_run(TWINS[1])).id == TWINS[1]


async def test_a_short_reference_that_fits_several_approvals_is_refused(store: Store, sql: Sql):
    """A decision never goes to the wrong one."""
    first = await ask(store, RUN)
    second = await ask(store, RUNS[1])
    sql("UPDATE approvals SET ref = ? WHERE id = ?", approval_ref(first), second)
    with pytest.raises(ApprovalNotFoundError, match="fits several approvals"):
        await store.get_question(approval_ref(first))


async def test_a_run_shows_what_is_known_of_it(store: Store, clock: FakeClock):
    """From its start to its end."""
    graph = publishing()
    started = clock.now()
    command = replace(begin(RUN, topic="cats"), labels={"team": "pets"})
    await commit(store, RUN, graph, command)
    pending = await store.get_run(RUN)
    clock.advance(HOUR)
    await commit(store, RUN, graph, take("write"), c.CancelRun(by="ANN", reason="no"))
    stopping = await store.get_run(RUN)

    assert (pending.status, pending.places, pending.seq) == (RunStatus.PENDING, ("write",), 2)
    assert (pending.graph, pending.version) == ("publishing", graph.version)
    assert (pending.requester, pending.surface) == ("ANN", "python")
    assert (pending.input, pending.labels) == ({"topic": "cats"}, {"team": "pets"})
    assert (pending.started_at, pending.updated_at) == (started, started)
    assert stopping.status == RunStatus.CANCELLING
    assert (stopping.cancelled_by, stopping.cancel_reason) == ("ANN", "no")
    assert (stopping.updated_at, stopping.finished_at) == (clock.now(), None)

    clock.advance(HOUR)
    await commit(store, RUN, graph, c.LoseAttempt(path="write", attempt=1))
    cancelled = await store.get_run(RUN)

    assert (cancelled.status, cancelled.finished_at) == (RunStatus.CANCELLED, clock.now())
    assert cancelled.started_at == started


async def test_an_approval_shows_what_was_asked_and_answered(store: Store, clock: FakeClock):
    """Its payload comes from the log, and stays what it was."""
    graph = publishing(timeout="2h", on_timeout="reject", review_keys=["draft", "nope"])
    approval_id = await ask(store, RUN, graph)
    opened_at = clock.now()
    clock.advance(HOUR)
    await commit(
        store,
        RUN,
        graph,
        shown(approval_id, clock.now()),
        answer(approval_id, "reject", comment="no", key="k"),
        *run_through("write#2", {"draft": "two"}),
    )
    first, second = await store.list_approvals(RUN)

    assert (first.id, first.status, first.action) == (approval_id, "rejected", "reject")
    assert first.payload == {"draft": "one", "nope": None}
    assert second.payload == {"draft": "two", "nope": None}
    assert (first.opened_at, first.delivered_at) == (opened_at, clock.now())
    assert (first.resolved_at, first.due_at) == (clock.now(), clock.now() + 2 * HOUR)
    assert [(each.by, each.decision, each.comment) for each in first.answers] == [
        ("BOB", e.Decision.REJECT, "no")
    ]
    assert (first.requester, first.approvers, first.run.id) == ("ANN", ("@editors",), RUN)
    assert (second.is_open, second.answers, second.path) == (True, (), "review#2")
    assert await store.has_decision(approval_id, "k")
    assert not await store.has_decision(approval_id, "other")
    assert not await store.has_decision(second.id, "k")


async def test_runs_are_listed_in_pages_newest_first(store: Store, clock: FakeClock):
    """Every run is on one page, also those that began at the same instant."""
    graph = publishing()
    for number in range(25):
        if number % 5 == 0:
            clock.advance(timedelta(seconds=1))
        await commit(store, RUNS[number], graph, begin(RUNS[number]))
    seen: list[str] = []
    before = None
    while page := await store.list_runs(limit=4, before=before):
        seen += [run.id for run in page]
        before = page[-1].id if len(seen) % 8 else page[-1].ref

    assert seen == list(RUNS[:25])[::-1]


async def test_runs_are_filtered(store: Store):
    """By status, graph and requester, in any combination."""
    graph = publishing()
    await ask(store, RUNS[0], graph)
    await commit(store, RUNS[1], graph, begin(RUNS[1]))
    other = replace(begin(RUNS[2]), requester="DAN")
    await commit(store, RUNS[2], graph, other, c.CancelRun(by="DAN"))

    async def found(**filters):
        return [run.id for run in await store.list_runs(**filters)]

    assert await found(status="waiting") == [RUNS[0]]
    assert await found(status="pending", graph="publishing") == [RUNS[1]]
    assert await found(requester="DAN") == [RUNS[2]]
    assert await found(requester="DAN", status="waiting") == []
    assert await found(graph="nope") == []
    assert await found() == [RUNS[2], RUNS[1], RUNS[0]]
    with pytest.raises(RunNotFoundError):
        await found(before="r-0000000")


async def test_open_approvals_are_listed_by_deadline(store: Store, clock: FakeClock):
    """Those without one last, in the order in which they were opened."""
    patient, urgent = (
        publishing(timeout="3h", on_timeout="expire"),
        publishing(timeout="1h", on_timeout="expire"),
    )
    ids = []
    for run_id, graph in zip(RUNS, (publishing(), patient, urgent, publishing()), strict=False):
        clock.advance(timedelta(seconds=1))
        ids.append(await ask(store, run_id, graph))
    listed = [each.id for each in await store.list_pending()]

    assert listed == [ids[2], ids[1], ids[0], ids[3]]
    assert [each.id for each in await store.list_pending(limit=1)] == [ids[2]]
    assert [each.id for each in await store.list_pending(run_id=RUNS[0])] == [ids[0]]
    assert await store.list_pending(run_id=RUNS[50]) == []


async def test_t6_due_timers_come_expiries_first_and_oldest_first(store: Store, clock: FakeClock):
    """So that nobody is reminded of what has just expired."""
    quick = publishing(timeout="10m", on_timeout="expire", remind_before="5m")
    slow = publishing(timeout="20m", on_timeout="expire", remind_before="19m")
    retried = publishing(write={"retry": 3})
    first = await ask(store, RUNS[0], slow)
    second = await ask(store, RUNS[1], quick)
    failed = e.ErrorFacts(type="T", message="m")
    failing = c.FailAttempt(path="write", attempt=1, error=failed)
    await commit(store, RUNS[2], retried, begin(RUNS[2]), take("write"), failing)
    reminder = c.TimerKind.REMINDER

    assert await store.due_timers(clock.now(), 10) == []
    assert await store.next_timer_at() <= clock.now() + timedelta(seconds=1)

    clock.advance(timedelta(minutes=15) + timedelta(minutes=5))
    found = await store.due_timers(clock.now(), 10)

    assert [(each.kind, each.subject) for each in found] == [
        (c.TimerKind.EXPIRY, second),
        (c.TimerKind.RETRY, "write"),
        (reminder, first),
        (reminder, second),
    ]
    assert [each.subject for each in await store.due_timers(clock.now(), 1)] == [second]


async def test_a_timer_lives_as_long_as_its_reason(store: Store, clock: FakeClock, sql: Sql):
    """It moves with its deadline, and is gone with the answer."""
    graph = publishing(timeout="1h", on_timeout="expire", remind_before="10m")
    approval_id = await ask(store, RUN, graph)
    grace = timedelta(minutes=5)
    before = [each.due_at for each in await store.due_timers(clock.now() + 9 * HOUR, 9)]
    start = clock.now()
    clock.advance(timedelta(minutes=1))
    await commit(store, RUN, graph, shown(approval_id, clock.now()))
    after = [each.due_at for each in await store.due_timers(clock.now() + 9 * HOUR, 9)]
    await commit(store, RUN, graph, answer(approval_id))

    assert before == [start + grace + HOUR, start + grace + HOUR - timedelta(minutes=10)]
    assert after == [clock.now() + HOUR, clock.now() + HOUR - timedelta(minutes=10)]
    assert sql("SELECT * FROM timers") == []
    assert await store.next_timer_at() is None


async def test_dropping_a_timer_leaves_one_that_was_moved(store: Store, clock: FakeClock):
    """It may have been moved since it was read."""
    graph = publishing(timeout="1h", on_timeout="expire")
    approval_id = await ask(store, RUN, graph)
    (timer,) = await store.due_timers(clock.now() + 2 * HOUR, 9)
    clock.advance(HOUR)
    await commit(store, RUN, graph, shown(approval_id, clock.now()))
    await store.drop_timer(timer)
    (moved,) = await store.due_timers(clock.now() + 2 * HOUR, 9)

    assert moved.due_at > timer.due_at

    await store.drop_timer(moved)

    assert await store.next_timer_at() is None


async def test_jobs_are_ready_then_leased_then_lost(store: Store, clock: FakeClock):
    """A ready node belongs to nobody; a running one to its owner, as long as its lease lasts."""
    graph = publishing()
    for run_id in RUNS[:2]:
        await commit(store, run_id, graph, begin(run_id))
        clock.advance(timedelta(seconds=1))
    ready = [each.run_id for each in await store.ready_jobs(9)]
    await commit(store, RUNS[0], graph, take("write", owner="p1"))
    left = [each.run_id for each in await store.ready_jobs(9)]

    assert (ready, left) == ([RUNS[0], RUNS[1]], [RUNS[1]])
    assert await store.lost_jobs(clock.now(), 9) == []

    clock.advance(timedelta(seconds=4))
    store.renew_leases("p1", [(RUNS[0], "write")])
    store.renew_leases("p2", [(RUNS[0], "write")])
    await store.write(lambda *_: None)  # after the renewals, for nobody waits for those
    clock.advance(timedelta(seconds=4))

    assert await store.lost_jobs(clock.now(), 9) == []

    await store.release_leases("p2")

    assert await store.lost_jobs(clock.now(), 9) == []

    await store.release_leases("p1")

    assert await store.lost_jobs(clock.now(), 9) == [
        work.Job(run_id=RUNS[0], path="write", attempt=1)
    ]


async def test_attempts_of_cancelled_runs_are_told_to_their_owner(store: Store):
    """Another process may have cancelled the run."""
    graph = publishing()
    for run_id in RUNS[:2]:
        await commit(store, run_id, graph, begin(run_id), take("write", owner="p1"))
    await commit(store, RUNS[1], graph, c.CancelRun(by="ANN"))

    assert [each.run_id for each in await store.cancelling_jobs("p1")] == [RUNS[1]]
    assert await store.cancelling_jobs("p2") == []


async def test_an_instant_without_a_zone_is_refused(store: Store, url: str):
    """On both ways into the database; it is no sign that the database is away."""
    naive = datetime(2030, 1, 1)  # noqa: DTZ001 - what is to be refused
    with pytest.raises(ValueError, match="has no zone"):
        await store.due_timers(naive, 1)
    async with open_store(url, now=lambda: naive) as other:
        with pytest.raises(ValueError, match="has no zone"):
            await commit(other, RUN, publishing(), begin(RUN))

    assert await store.list_runs() == []


async def test_instants_come_back_in_utc_whatever_zone_they_were_given_in(
    store: Store, clock: FakeClock
):
    """And compare as instants in the database, not as texts."""
    graph = publishing(timeout="1h", on_timeout="expire")
    approval_id = await ask(store, RUN, graph)
    tokyo = ZoneInfo("Asia/Tokyo")
    await commit(store, RUN, graph, shown(approval_id, clock.now().astimezone(tokyo)))
    found = (await store.get_approval(approval_id)).due_at

    assert found == clock.now() + HOUR
    assert found.utcoffset() == timedelta(0)
    assert await store.due_timers(clock.now() + HOUR - timedelta(seconds=1), 9) == []
    assert len(await store.due_timers((clock.now() + HOUR).astimezone(tokyo), 9)) == 1


async def test_a_reader_cannot_write(file: Path):
    """Every write of a process goes through its one writer."""
    reader = Reader(str(file))
    await reader.open()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await reader._connection.execute("DELETE FROM runs")
    await reader.close()


class Plans(Reader):
    """A reader that asks how SQLite would run a query."""

    def __init__(self, file: Path) -> None:
        super().__init__(str(file))
        self._file = file
        self.plan = ""

    async def fetch(self, query, **values):
        """Keep the plan of a query; find nothing."""
        prepared = _Prepared(query)
        statement = f"EXPLAIN QUERY PLAN {prepared.text}"
        with connected(self._file) as connection:
            rows = connection.execute(statement, prepared.parameters(values)).fetchall()
        self.plan = "\n".join(row[-1] for row in rows)
        return []


NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ask_for", "index"),
    [
        (lambda reader: work.due_timers(reader, NOW, 500), "timers USING INDEX ix_timers_due_at"),
        (lambda reader: work.ready_jobs(reader, 9), "jobs USING INDEX ix_jobs_owner_lease_until"),
        (lambda reader: reads.find_run_id(reader, "r-1234567"), "runs USING INDEX ix_runs_ref"),
        (
            lambda reader: reads.find_approval_id(reader, "a-1234567"),
            "approvals USING INDEX ix_approvals_ref",
        ),
        (
            lambda reader: reader.fetch(reads.pending_query()),
            "approvals USING INDEX ix_approvals_status_due_at",
        ),
        (
            lambda reader: reader.fetch(reads.pending_query(run_id=RUN)),
            "approvals USING INDEX ix_approvals_",
        ),
        (
            lambda reader: reader.fetch(reads.runs_query()),
            "runs USING INDEX ix_runs_started_at_id",
        ),
        (
            lambda reader: reader.fetch(reads.runs_query(before=(NOW, RUN))),
            "runs USING INDEX ix_runs_started_at_id",
        ),
        (
            lambda reader: reader.fetch(reads.runs_query(status="waiting")),
            "runs USING INDEX ix_runs_status_started_at",
        ),
    ],
    ids=[
        "due",
        "ready",
        "run",
        "approval",
        "pending",
        "pending of a run",
        "runs",
        "page",
        "status",
    ],
)
async def test_a_query_of_many_rows_uses_an_index(file: Path, ask_for, index: str):
    """So its cost does not grow with what is stored and not asked for."""
    reader = Plans(file)
    with suppress(LookupError):
        await ask_for(reader)

    assert index in reader.plan
