"""Looking up what decisions are about, many at the same moment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import CorruptHistoryError, StoreUnavailableError
from orchestrator.store import Store
from orchestrator.store.questions import MOST, Questions
from tests.store.conftest import Sql
from tests.store.steps import RUNS, ask
from tests.store.test_reads import Plans


class Counting:
    """A source that counts its queries, and may be away."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.texts: list[str] = []
        self.is_away = False

    async def fetch(self, text: str, parameters: Any) -> Any:
        """Count a query."""
        self.texts.append(text)
        if self.is_away:
            raise StoreUnavailableError("away")
        return await self._source.fetch(text, parameters)

    async def close(self) -> None:
        """See Source."""
        await self._source.close()


@pytest.fixture
def source(store: Store) -> Counting:
    """Return what the store reads from."""
    reader = store._reader
    reader._source = Counting(reader._source)
    return reader._source


async def test_those_that_come_at_the_same_moment_share_a_query(store: Store, source: Counting):
    """Each caller gets its own, also when two ask for the same, or for what is not there."""
    first, second = await ask(store, RUNS[0]), await ask(store, RUNS[1])
    wanted = [first, second, first, "0" * 32]
    found = await asyncio.gather(*(store._questions.find(each) for each in wanted))

    assert [each and each.approval_id for each in found] == [first, second, first, None]
    assert [each and each.run_id for each in found] == [RUNS[0], RUNS[1], RUNS[0], None]
    assert len(source.texts) == 1


async def test_so_many_share_several_queries(store: Store, source: Counting):
    """As many as are looked up at once."""
    approval_id = await ask(store, RUNS[0])
    wanted = [f"{number:032}" for number in range(2 * MOST)]
    found = await asyncio.gather(*(store._questions.find(each) for each in [*wanted, approval_id]))

    assert [each is not None for each in found] == [False] * 2 * MOST + [True]
    assert len(source.texts) == 3


async def test_who_does_not_wait_any_longer_keeps_nobody_from_an_answer(store: Store):
    """The query goes on for the others."""
    approval_id = await ask(store, RUNS[0])
    one, other = (asyncio.ensure_future(store.get_question(approval_id)) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()

    assert (await other).approval_id == approval_id


async def test_a_database_that_is_away_is_told_to_everybody(store: Store, source: Counting):
    """And it is asked again the next time."""
    first, second = await ask(store, RUNS[0]), await ask(store, RUNS[1])
    source.is_away = True
    found = await asyncio.gather(
        store.get_question(first), store.get_question(second), return_exceptions=True
    )
    source.is_away = False

    assert [type(each) for each in found] == [StoreUnavailableError] * 2
    assert (await store.get_question(first)).approval_id == first


async def test_a_broken_log_is_told_to_who_asked_for_it(store: Store, sql: Sql):
    """Its neighbours in the query get theirs."""
    first, second = await ask(store, RUNS[0]), await ask(store, RUNS[1])
    sql("UPDATE events SET body = '{' WHERE approval_id = ?", first)
    broken, sound = await asyncio.gather(
        store.get_question(first), store.get_question(second), return_exceptions=True
    )

    assert isinstance(broken, CorruptHistoryError)
    assert not isinstance(sound, BaseException)
    assert sound.approval_id == second


async def test_several_are_found_by_an_index(file: Path):
    """As one is."""
    plans = Plans(file)
    questions = Questions(plans)
    await asyncio.gather(questions.find("a" * 32), questions.find("b" * 32))

    assert "events USING INDEX ix_events_approval_id_seq" in plans.plan
