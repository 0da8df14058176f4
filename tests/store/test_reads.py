"""Finding runs and approvals: references, pages, what they show, and at what cost."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import literal, select

from orchestrator.core import events as e
from orchestrator.core.ids import approval_ref, run_ref
from orchestrator.core.state import RunStatus
from orchestrator.errors import ApprovalNotFoundError, RunNotFoundError
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.store import Store, open_store, reads, rules, work
from orchestrator.store.approvals import pending_query
from orchestrator.store.choosing import choose
from orchestrator.store.questions import Questions
from orchestrator.store.reader import Reader, _Shapes
from orchestrator.store.sqlite import SQLite
from orchestrator.testing import FakeClock
from tests.store.conftest import Sql, connected
from tests.store.steps import BOOM, HOUR, RUNS, ask, begin, commit, done, opening, shown, take

RUN = RUNS[0]
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
    started = clock.now()
    await commit(store, RUN, begin({"topic": "cats"}, labels={"team": "pets"}))
    pending = await store.get_run(RUN)
    clock.advance(HOUR)
    await commit(store, RUN, take("write"), e.CancelRequested(by="ANN", reason="no"))
    stopping = await store.get_run(RUN)

    assert (pending.status, pending.places, pending.seq) == (RunStatus.PENDING, ("write",), 2)
    assert (pending.graph, pending.version) == ("publishing", "v1")
    assert (pending.requester, pending.surface) == ("ANN", "python")
    assert (pending.input, pending.labels) == ({"topic": "cats"}, {"team": "pets"})
    assert (pending.started_at, pending.updated_at) == (started, started)
    assert (pending.cancelled_by, pending.paused_by, pending.held) == (None, None, None)
    assert stopping.status == RunStatus.CANCELLING
    assert (stopping.cancelled_by, stopping.cancel_reason) == ("ANN", "no")
    assert (stopping.updated_at, stopping.finished_at) == (clock.now(), None)

    clock.advance(HOUR)
    await commit(store, RUN, e.RunCancelled(by="ANN"))
    cancelled = await store.get_run(RUN)

    assert (cancelled.status, cancelled.finished_at) == (RunStatus.CANCELLED, clock.now())
    assert cancelled.started_at == started


async def test_p6_a_run_shows_who_paused_it_and_what_it_has_spent(store: Store):
    """Until somebody resumes it; what was spent stays."""
    failed = e.AttemptFailed(path="write", attempt=1, error=BOOM, spent={"tokens": 7})
    await commit(store, RUN, begin(), take("write"), failed)
    await commit(store, RUN, e.RunPaused(by="OPS", reason="lunch"))
    paused = await store.get_run(RUN)
    await commit(store, RUN, e.RunResumed(by="OPS"))
    resumed = await store.get_run(RUN)

    assert (paused.status, paused.paused_by, paused.pause_reason) == ("paused", "OPS", "lunch")
    assert (resumed.paused_by, resumed.pause_reason) == (None, None)
    assert paused.spent == resumed.spent == {"tokens": 7}


async def test_g9_a_run_shows_that_it_is_held_and_which_version_it_follows(store: Store):
    """The version is the adopted one from then on, in lists, too."""
    asking = opening(RUN, "", kind=ApprovalKind.ERROR)
    held = e.RunHeld(approval_id=asking.approval_id, loaded="v2", differences=("write",))
    await commit(store, RUN, (*begin(), asking, held))
    waiting = await store.get_run(RUN)
    await commit(store, RUN, e.VersionAdopted(version="v2"))
    (after,) = await store.list_runs()

    assert (waiting.held, waiting.version) == (asking.approval_id, "v1")
    assert (after.held, after.version) == (None, "v2")
    assert (await store.verify(RUN)).is_sound


async def test_a_finished_runs_output_is_found_by_its_references(store: Store):
    """Also where one name is made of values that are stored in different places."""
    parts = e.Gather((e.Pointer(1, ("topic",)), e.Pointer(4, ("tags", "1"))), ("topic", "tag"))
    wrote = done("write", {"tags": ["a", "b"]})
    output = {"both": parts, "all": e.Gather((e.Pointer(4), e.Pointer(0))), "none": e.Pointer(0)}
    await commit(store, RUN, begin({"topic": "cats"}), take("write"), wrote)

    assert await store.get_output(RUN) is None

    await commit(store, RUN, e.RunCompleted(path="write", output=output))

    assert await store.get_output(RUN) == {
        "both": {"topic": "cats", "tag": "b"},
        "all": [{"tags": ["a", "b"]}, None],
        "none": None,
    }


async def test_runs_are_listed_in_pages_newest_first(store: Store, clock: FakeClock):
    """Every run is on one page, also those that began at the same instant."""
    for number in range(25):
        if number % 5 == 0:
            clock.advance(timedelta(seconds=1))
        await commit(store, RUNS[number], begin())
    seen: list[str] = []
    before = None
    while page := await store.list_runs(limit=4, before=before):
        seen += [run.id for run in page]
        before = page[-1].id if len(seen) % 8 else page[-1].ref

    assert seen == list(RUNS[:25])[::-1]


async def test_runs_are_filtered(store: Store):
    """By status, graph and requester, in any combination."""
    await ask(store, RUNS[0])
    await commit(store, RUNS[1], begin())
    ended = (e.CancelRequested(by="DAN"), e.RunCancelled(by="DAN"))
    await commit(store, RUNS[2], begin(requester="DAN"), ended)

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


async def test_an_instant_without_a_zone_is_refused(store: Store, url: str):
    """On both ways into the database; it is no sign that the database is away."""
    naive = datetime(2030, 1, 1)  # noqa: DTZ001 - what is to be refused
    with pytest.raises(ValueError, match="has no zone"):
        await store.due_timers(naive, 1)
    async with open_store(url, now=lambda: naive) as other:
        with pytest.raises(ValueError, match="has no zone"):
            await commit(other, RUN, begin())

    assert await store.list_runs() == []


async def test_instants_come_back_in_utc_whatever_zone_they_were_given_in(
    store: Store, clock: FakeClock
):
    """And compare as instants in the database, not as texts."""
    approval_id = await ask(store, RUN)
    tokyo = ZoneInfo("Asia/Tokyo")
    await store.commit(RUN, shown(approval_id, (clock.now() + HOUR).astimezone(tokyo)))
    found = (await store.get_approval(approval_id)).due_at

    assert found == clock.now() + HOUR
    assert found.utcoffset() == timedelta(0)
    assert await store.due_timers(clock.now() + HOUR - timedelta(seconds=1), 9) == []
    assert len(await store.due_timers((clock.now() + HOUR).astimezone(tokyo), 9)) == 1


async def test_a_reader_cannot_write(file: Path):
    """Every write of a process goes through its one writer."""
    reader = Reader(choose(f"sqlite:///{file}"))
    await reader.open()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await reader._source._connection.execute("DELETE FROM runs")
    await reader.close()


class Plans(Reader):
    """A reader that asks how SQLite would run a query."""

    def __init__(self, file: Path) -> None:
        super().__init__(choose(f"sqlite:///{file}"))
        self._file = file
        self.plan = ""

    async def fetch(self, query, **values):
        """Keep the plan of a query; find nothing."""
        shape, given = _Shapes(SQLite).find(query)
        text, parameters = shape.ask(given | values)
        with connected(self._file) as connection:
            rows = connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters).fetchall()
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
            lambda reader: reader.fetch(pending_query()),
            "approvals USING INDEX ix_approvals_pending",
        ),
        (
            lambda reader: reader.fetch(pending_query(kind="review")),
            "approvals USING INDEX ix_approvals_pending_kind",
        ),
        (
            lambda reader: reader.fetch(pending_query(kind="review", run_id=RUN)),
            "approvals USING INDEX ix_approvals_run_id",
        ),
        (
            lambda reader: Questions(reader).find("a" * 32),
            "events USING INDEX ix_events_approval_id_seq",
        ),
        (
            lambda reader: reader.fetch(rules.active_query("g", "n", "tool", RUN, NOW)),
            "rules USING INDEX ix_rules_graph_node_kind",
        ),
        (
            lambda reader: rules.list_rules(reader, NOW, include_over=True),
            "rules USING INDEX ix_rules_granted_at_id",
        ),
        (
            lambda reader: work.vanished(reader, "p1", []),
            "jobs USING INDEX ix_jobs_owner_lease_until",
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
        "pending of a kind",
        "pending of a run",
        "question",
        "active rules",
        "rules",
        "vanished",
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


@pytest.mark.parametrize("kind", [None, "review"])
async def test_open_approvals_are_not_sorted_to_be_listed(file: Path, kind: str | None):
    """The first page costs the same however many wait."""
    reader = Plans(file)
    await reader.fetch(pending_query(kind=kind))

    assert "ORDER BY" not in reader.plan


async def test_queries_of_one_shape_keep_their_own_values(file: Path):
    """Lists of any length, limits and instants: only what is compiled is shared."""
    reader = Reader(choose(f"sqlite:///{file}"))
    await reader.open()
    one = literal(1).label("n")
    for names in (["a"], ["b", "c"], [], ["a"]):
        query = select(literal("a").in_(names).label("has"))
        (row,) = await reader.fetch(query)
        assert bool(row.has) is ("a" in names)
    for most in (0, 1, 0):
        assert len(await reader.fetch(select(one).limit(most))) == most
    await reader.close()
