"""What a batch costs on PostgreSQL: how often the writer waits for the server."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from orchestrator.store import open_store
from orchestrator.testing import FakeClock
from tests.postgres import Server
from tests.store.steps import RUNS, begin, done, step, take


async def test_a_batch_takes_four_round_trips_however_many_runs_it_is_about(
    postgres: Server, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    """To begin, to lock, to write all tables, and to commit and tell of it."""
    sent: list[str] = []
    for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
        monkeypatch.setattr(asyncpg.Connection, name, noting(name, sent))

    with postgres.database() as url:
        async with open_store(url, now=clock.now) as store:
            await store.commit(RUNS[0], step(*begin(), take("write"), run_id=RUNS[0]))
            sent.clear()
            before = store.commits
            await asyncio.gather(
                *(
                    store.commit(each, step(*begin(), take("write"), run_id=each))
                    for each in RUNS[1:]
                )
            )
            await asyncio.gather(*(store.commit(each, step(done("write"))) for each in RUNS))

            assert 4 <= store.commits - before < len(RUNS)
            assert len(sent) == 4 * (store.commits - before), sent


def noting(name: str, sent: list[str]) -> Any:
    """Return a method of the driver that notes what the writer's connection sends."""
    real = getattr(asyncpg.Connection, name)

    async def method(self: Any, text: str, *arguments: Any, **options: Any) -> Any:
        if self.get_settings().application_name == "signoff":
            sent.append(" ".join(text.split()))
        return await real(self, text, *arguments, **options)

    return method
