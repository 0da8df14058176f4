"""The tables of docs/timeouts.md, every line on every node that can have the gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import product

import pytest
import pytest_asyncio

from orchestrator.errors import ApprovalClosedError, GraphValidationError
from orchestrator.graph.kinds import DECISIONS, ON_TIMEOUT, ApprovalKind, OnTimeout
from tests.engine.matrix import (
    Cell,
    Numbers,
    asked_pairs,
    find_expiry,
    find_timeout_refusal,
)
from tests.engine.matrix_bench import Bench, gather, open_bench
from tests.engine.matrix_graphs import APPROVER, HOUR, Maker
from tests.engine.matrix_runs import Play
from tests.engine.matrix_spots import Tally

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIRS = asked_pairs()
PLAIN: tuple[str, ...] = ()
DEEP = ("subgraph", "map")
#: How a run ends that the first expiry ends.
AT_ONCE = ("timed_out", "cancelled")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """Return an engine on a database file that all lines share, with a clock to set."""
    async with open_bench(
        f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('timeouts') / 'test.db'}"
    ) as made:
        yield made


def ids(pair: tuple[str, str]) -> str:
    """Name a gate on a node."""
    return "-".join(pair)


def expected_of(cell: Cell) -> Numbers:
    """Return the line of a cell, which must be there."""
    assert cell.on_timeout is not None
    numbers = find_expiry(cell.node, cell.gate, cell.on_timeout)
    assert numbers is not None, f"{cell} has no line"
    return numbers


async def begin(play: Play) -> None:
    """Start a run and go on until its gate has asked."""
    await play.begin()
    await play.approach()


async def check(bench: Bench, play: Play) -> list[str]:
    """Compare a run that nobody answered in time with its line."""
    await play.settle(anew=True)
    await play.finish()
    expected, spots = expected_of(play.cell), play.spots
    for prefix in (spots.core, *spots.copies):
        play.compare(expected, prefix)
    after = int(expected.run == "completed")
    counts = bench.tally.counts[play.started.id]
    play.expect(
        {"run": expected.run, **dict.fromkeys(spots.after, after)},
        {"run": play.started.status.value, **{path: counts[path] for path in spots.after}},
    )
    asked = await bench.engine.list_approvals(play.started.id, kind=play.cell.gate.value)
    found = {(each.status, each.action) for each in asked}
    wanted: set[tuple[str, str | None]] = {("expired", play.cell.on_timeout)}
    if expected.run in AT_ONCE and spots.copies:
        wanted.add(("withdrawn", "withdraw"))
    play.expect({"outcome": wanted}, {"outcome": found})
    await play.check_stored()
    return play.report()


@pytest.mark.parametrize("nest", [PLAIN, DEEP], ids=["plain", "in-map-in-subgraph"])
@pytest.mark.parametrize("pair", PAIRS, ids=ids)
async def test_t2_time_runs_out_as_the_table_says(
    bench: Bench, pair: tuple[str, ApprovalKind], nest: tuple[str, ...]
) -> None:
    """The deadline alone moves the run, as if somebody had answered; the outcome is expired."""
    node, gate = pair
    cells = [
        Cell(node, gate, on_timeout=action)
        for action in OnTimeout
        if find_timeout_refusal(node, gate, action) is None
    ]
    plays = [Play(bench, cell, Maker(bench.tally, cell, nest), []) for cell in cells]
    await asyncio.gather(*(begin(play) for play in plays))
    bench.clock.advance(HOUR)
    await bench.engine.tick()

    assert await gather(bench, (check(bench, play) for play in plays)) == []


async def test_t3_a_late_answer_is_refused_for_every_kind(bench: Bench) -> None:
    """It is told that time had run out, and changes nothing."""
    for gate in ApprovalKind:
        node = next(node for node, kind in PAIRS if kind is gate)
        cell = Cell(node, gate, on_timeout=OnTimeout.EXPIRE)
        play = Play(bench, cell, Maker(bench.tally, cell), [])
        await begin(play)
        (question,) = await bench.engine.list_pending(run=play.started.id)
        bench.clock.advance(HOUR)
        with pytest.raises(ApprovalClosedError, match="expired"):
            await bench.engine.decide(
                question.id, DECISIONS[gate][0].value, by=APPROVER, surface="test"
            )
        await bench.engine.tick()
        await play.settle(anew=True)
        with pytest.raises(ApprovalClosedError, match="expired"):
            await bench.engine.decide(
                question.id, DECISIONS[gate][0].value, by=APPROVER, surface="test"
            )

        assert play.started.status == "timed_out"


@pytest.mark.parametrize("pair", PAIRS, ids=ids)
async def test_t2_what_makes_no_sense_is_refused_with_the_remedy(
    pair: tuple[str, ApprovalKind],
) -> None:
    """The message names the node and what can be written instead."""
    node, gate = pair
    place = "node 'unit/probe': " if node.endswith("tool") else "node 'unit': "
    for action in OnTimeout:
        says = find_timeout_refusal(node, gate, action)
        try:
            Maker(Tally(), Cell(node, gate, on_timeout=action)).graph()
        except GraphValidationError as error:
            message = str(error)
        else:
            message = ""
        if says is None:
            assert (message, action in ON_TIMEOUT[gate]) == ("", True)
        else:
            assert place in message
            assert says in message


async def test_t2_the_table_is_complete() -> None:
    """It has a line for every kind with everything that may happen when time runs out."""
    allowed = {
        (gate, action)
        for (node, gate), action in product(PAIRS, OnTimeout)
        if find_timeout_refusal(node, gate, action) is None
        and expected_of(Cell(node, gate, on_timeout=action)).asked == 1
    }

    assert {(gate, action) for gate in ApprovalKind for action in ON_TIMEOUT[gate]} == allowed
