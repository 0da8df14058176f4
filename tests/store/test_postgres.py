"""Several processes on one PostgreSQL, and a server that goes away (rows W1, W5, T5)."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.errors import StoreUnavailableError
from orchestrator.store import News, Store, open_store, postgres
from orchestrator.store.database import database_of
from orchestrator.testing import FakeClock
from tests.postgres import Server, run, serving
from tests.store.steps import HOUR, RUNS, answer, approve, ask, begin, commit, shown, start

LEASE = timedelta(seconds=30)


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """Return the URL of a migrated database."""
    with postgres.database() as url:
        yield url


@pytest.fixture
async def two(database: str, clock: FakeClock) -> AsyncIterator[tuple[Store, Store]]:
    """Return two stores on one database, as two processes have them."""
    async with opened(database, clock) as one, opened(database, clock) as other:
        yield one, other


@asynccontextmanager
async def opened(url: str, clock: FakeClock) -> AsyncIterator[Store]:
    """Open a store with a chat surface."""
    async with open_store(url, now=clock.now) as store:
        store.has_chat = True
        yield store


@pytest.mark.slow
async def test_w5_a_process_recovers_when_its_server_is_back(clock: FakeClock):
    """While it is away nothing is recorded, and every caller is told so soon."""
    with serving() as server, server.database() as url:
        async with opened(url, clock) as store:
            approval_id = await ask(store, RUNS[0])
            heard = asyncio.Event()
            store.on_news(lambda _news: heard.set())
            await asyncio.to_thread(server.stop)
            async with asyncio.timeout(8):
                results = await asyncio.gather(
                    store.commit(RUNS[0], answer(approval_id)),
                    store.commit(RUNS[1], start(RUNS[1])),
                    store.list_pending(),
                    return_exceptions=True,
                )
            heard.clear()
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(20):
                await heard.wait()  # who listens is told that anything may have happened
            await approve(store, RUNS[0], approval_id)

            assert [type(each) for each in results] == [StoreUnavailableError] * 3
            assert "nothing was recorded" in str(results[0])
            assert [each.id for each in await store.list_runs()] == [RUNS[0]]
            assert (await store.verify(RUNS[0])).is_sound


class Losing:
    """A connection that is lost at its first commit."""

    def __init__(self, driver: Any, *, is_committed: bool) -> None:
        self._driver = driver
        self._is_committed = is_committed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    async def execute(self, text: str) -> Any:
        """Lose the connection before or after the commit has reached the server."""
        if text.endswith("COMMIT"):
            if self._is_committed:
                await self._driver.execute(text)
            self._driver.terminate()
            raise ConnectionResetError("the cable was pulled")
        return await self._driver.execute(text)


@pytest.mark.parametrize("is_committed", [True, False])
async def test_w1_a_connection_that_is_lost_in_a_commit_loses_and_doubles_nothing(
    database: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, *, is_committed: bool
):
    """The server is asked what came of the transaction before it is written again."""
    real, losses = postgres._driver, []

    async def losing(connection: Any) -> Any:
        found = await real(connection)
        if losses:
            return found
        losses.append(Losing(found, is_committed=is_committed))
        return losses[0]

    async with opened(database, clock) as store:
        await commit(store, RUNS[1], begin())
        monkeypatch.setattr(postgres, "_driver", losing)
        done = await store.commit(RUNS[0], start(RUNS[0]))
        found = await store.list_runs()

        assert isinstance(done, Advance)
        assert losses
        assert sorted(each.id for each in found) == sorted(RUNS[:2])
        assert (await store.verify(RUNS[0])).is_sound


async def test_w5_a_doubt_that_cannot_be_cleared_up_is_told_as_one(
    database: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    """It is not said that nothing was recorded, and nothing is written twice."""
    real, calls = postgres._driver, []

    async def losing(connection: Any) -> Any:
        calls.append(connection)
        if len(calls) > 1:
            raise ConnectionRefusedError("nobody is there")
        return Losing(await real(connection), is_committed=True)

    async with opened(database, clock) as store:
        await commit(store, RUNS[1], begin())
        monkeypatch.setattr(postgres, "_driver", losing)
        with pytest.raises(StoreUnavailableError, match="look whether this was recorded"):
            await store.commit(RUNS[0], start(RUNS[0]))
        monkeypatch.setattr(postgres, "_driver", real)

        assert (await store.verify(RUNS[0])).is_sound


async def test_w1_a_deadlock_is_nobodys_problem(two: tuple[Store, Store]):
    """Whom the server has thrown out of it is tried again."""
    meeting = threading.Barrier(2)

    def side(first: str, second: str) -> Any:
        tries: list[int] = []

        def write(connection: Connection, _now: Any) -> int:
            database = database_of(connection)
            database.hold(connection, first)
            tries.append(1)
            if len(tries) == 1:
                meeting.wait(timeout=20)
            database.hold(connection, second)
            return len(tries)

        return write

    found = await asyncio.gather(two[0].write(side("a", "b")), two[1].write(side("b", "a")))

    assert sum(found) > 2


async def test_w1_two_processes_start_one_run_and_one_of_them_does(two: tuple[Store, Store]):
    """The other one sees it, and is refused."""

    def begin_once(run_id: str) -> Any:
        real = start(run_id)
        return lambda state, now: real(None, now) if state is None else r.NotCurrent(reason="it is")

    for run_id in RUNS[:20]:
        found = await asyncio.gather(*(each.commit(run_id, begin_once(run_id)) for each in two))

        assert sorted(type(each).__name__ for each in found) == ["Advance", "NotCurrent"]


async def test_w1_decisions_of_two_processes_are_counted_once(two: tuple[Store, Store]):
    """What one of them remembers of a run is compared with what is stored."""
    for run_id in RUNS[:10]:
        approval_id = await ask(two[0], run_id)
        found = await asyncio.gather(*(each.commit(run_id, answer(approval_id)) for each in two))

        assert sum(isinstance(each, Advance) for each in found) == 1
        assert (await two[1].verify(run_id)).is_sound


async def test_w1_two_senders_never_take_the_same_delivery(two: tuple[Store, Store]):
    """Each goes out once, and no two at a time to one channel."""
    for number, run_id in enumerate(RUNS[:30]):
        effect = Deliver(purpose=Purpose.QUESTION, approval_id=f"{number:032x}")
        await commit(two[0], run_id, begin(), deliver=(effect,))
    taken = []
    while len(taken) < 30:
        found = await asyncio.gather(
            *(
                each.claim_deliveries(owner=f"s{number}", limit=10, lease=LEASE)
                for number, each in enumerate(two)
            )
        )
        taken += [row.id for part in found for row in part]

    assert len(set(taken)) == len(taken) == 30


async def test_w1_two_senders_send_one_message_at_a_time_to_a_channel(two: tuple[Store, Store]):
    """Whoever is second sees what the first one has under way."""
    for number, run_id in enumerate(RUNS[:6]):
        effect = Deliver(purpose=Purpose.QUESTION, approval_id=f"{number:032x}")
        await commit(two[0], run_id, begin(), deliver=(effect,))
    found = await asyncio.gather(
        *(
            each.claim_deliveries(owner=name, limit=9, lease=LEASE, one_a_channel=True)
            for name in ("s1", "s2", "s3")
            for each in two
        )
    )

    assert sum(map(len, found)) == 1


async def test_t5_due_timers_are_shared_among_processes(two: tuple[Store, Store], clock: FakeClock):
    """None is looked at twice; what a process has left undone is free again after a while."""
    due_at = clock.now() + HOUR
    for run_id in RUNS[:20]:
        approval_id = await ask(two[0], run_id)
        await two[0].commit(run_id, shown(approval_id, due_at))
    clock.advance(HOUR)
    now = clock.now()
    found = await asyncio.gather(*(each.take_timers(now, 15) for each in two))
    rest = [await each.take_timers(now, 100) for each in two]
    again = await two[0].take_timers(now, 100)
    clock.advance(timedelta(seconds=10))
    later = await two[1].take_timers(clock.now(), 100)
    taken = [timer.run_id for part in (*found, *rest) for timer in part]

    assert sorted(taken) == sorted(RUNS[:20])
    assert again == []
    assert {timer.run_id for timer in later} == set(RUNS[:20])


async def test_w1_values_that_two_processes_change_lose_no_change(two: tuple[Store, Store]):
    """A swap that came second finds another text, and is tried again by whoever wants it."""
    await two[0].values.put("tests", "count", "0")

    async def add(store: Store) -> None:
        done = 0
        while done < 10:
            old = await store.values.get("tests", "count")
            done += await store.values.swap("tests", "count", old=old, new=str(int(old or 0) + 1))

    await asyncio.gather(*(add(each) for each in two for _ in range(2)))
    firsts = await asyncio.gather(
        *(
            each.values.swap("tests", "new", old=None, new=str(number))
            for number, each in enumerate(two)
        )
    )

    assert await two[0].values.get("tests", "count") == "40"
    assert sorted(firsts) == [False, True]


async def test_a_process_hears_what_another_one_leaves_to_be_done(two: tuple[Store, Store]):
    """At once, and nothing of what it leaves itself."""
    heard: list[News] = []
    told = asyncio.Event()

    def hear(news: News) -> None:
        if news.runs:  # the first news says nothing but that it listens
            heard.append(news)
            told.set()

    two[1].on_news(hear)
    await ask(two[1], RUNS[0])
    async with asyncio.timeout(20):
        for run_id in RUNS[1:]:  # until the other one listens
            await ask(two[0], run_id)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await told.wait()
            if heard:
                break

    assert heard[0].runs
    assert heard[0].runs <= set(RUNS[1:])


async def test_texts_sort_by_code_point_as_in_python(two: tuple[Store, Store], database: str):
    """Whatever the language of the server: pages of lists go on after a text."""
    names = ["a", "B", "Z", "z", "ä", "_", "1", "é", "A"]
    for name in names:
        await two[0].values.put("tests", name, name)
    others = run(
        database,
        "SELECT table_name || '.' || column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type IN ('text', 'character varying') "
        "AND table_name NOT LIKE 'signoff_%' AND table_name <> 'alembic_version' "
        "AND collation_name IS DISTINCT FROM 'C'",
    )

    assert list(await two[0].values.list("tests")) == sorted(names)
    assert others == []


async def test_a_lock_that_somebody_keeps_is_unavailable_soon(two: tuple[Store, Store]):
    """A click has two seconds in all; what another process holds is not waited for any longer."""
    held, free = threading.Event(), threading.Event()
    approval_id = await ask(two[0], RUNS[0])

    def keep(connection: Connection, _now: Any) -> None:
        connection.execute(text("SELECT 1 FROM runs FOR UPDATE"))
        held.set()
        free.wait(timeout=20)

    keeping = asyncio.create_task(two[0].write(keep))
    await asyncio.to_thread(held.wait)
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="lock timeout; nothing was recorded"):
        await two[1].commit(RUNS[0], answer(approval_id))
    took = time.monotonic() - began
    free.set()
    await keeping
    await approve(two[1], RUNS[0], approval_id)

    assert took < 4.5
