"""The matrix of docs/gates-matrix.md, every cell through the real engine on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from orchestrator.errors import GraphValidationError
from orchestrator.graph.kinds import DECISIONS, ON_REJECT, ApprovalKind, Decision, OnReject
from orchestrator.runtime import Engine, StaticDirectory
from orchestrator.store import migrate, open_store
from orchestrator.testing import FakeClock
from tests.engine.matrix import (
    Cell,
    around,
    asked_pairs,
    branch_errors,
    composites,
    decided_cells,
    find_numbers,
    find_refusal,
    nodes,
    placements,
    reasons,
    returns,
)
from tests.engine.matrix_graphs import Maker, Tally
from tests.engine.matrix_runs import NOT_OFFERED, Bench, Play, gather

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIRS = asked_pairs()
REFUSED = [pair for pair, cell in placements().items() if cell != "asked"]
NESTS: list[tuple[str, ...]] = [(), *((each,) for each in composites())]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """Return an engine on a database file that all cells of this module share."""
    clock = FakeClock()
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('matrix') / 'test.db'}"
    await migrate(url)
    graphs: dict[str, Any] = {}
    async with open_store(url, now=clock.now) as store:
        engine = Engine(store, graphs, directory=StaticDirectory(), clock=clock, concurrency=64)
        # Thousands of nodes fail on purpose; each would write its traceback.
        with capture_logs():
            async with engine:
                yield Bench(engine, graphs)


def cells_of(node: str, gate: ApprovalKind) -> list[Cell]:
    """Return all cells of a gate on a node."""
    return decided_cells(node, gate, DECISIONS[gate])


async def play(bench: Bench, cell: Cell, nest: tuple[str, ...] = ()) -> list[str]:
    """Run a cell; return where it differs from its line."""
    expected = find_numbers(cell)
    if expected is None:
        return [f"{cell}: the table has no line for it"]
    assert cell.decision is not None
    one = Play(bench, bench.maker(cell, nest), [cell.decision])
    async with bench.gate:
        await one.begin()
        await one.finish()
        await one.compare(expected, one.spots.core)
        if expected.run == NOT_OFFERED:
            one.expect({"refused": True}, {"refused": one.is_refused})
            return one.report()
        rule = around()[expected.run]
        one.expect_around(beside=rule.beside, after=rule.after, run=rule.run)
        return one.report()


def ids(pair: tuple[str, str]) -> str:
    """Name a gate on a node."""
    return "-".join(pair)


@pytest.mark.parametrize("nest", NESTS, ids=lambda nest: nest[0] if nest else "plain")
@pytest.mark.parametrize("pair", PAIRS, ids=ids)
async def test_h10_every_answer_leads_where_the_table_says(
    bench: Bench, pair: tuple[str, ApprovalKind], nest: tuple[str, ...]
) -> None:
    """Each gate on each node, with each answer, plain and in each composite."""
    assert [] == await gather(play(bench, cell, nest) for cell in cells_of(*pair))
