"""The matrix of docs/gates-matrix.md, every cell through the real engine on a real database."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product

import pytest
import pytest_asyncio

from orchestrator.errors import GraphValidationError
from orchestrator.graph.kinds import DECISIONS, ON_REJECT, ApprovalKind, Decision, OnReject
from tests.engine.matrix import (
    Cell,
    Numbers,
    around,
    asked_pairs,
    branch_errors,
    composites,
    decided_cells,
    find_followed,
    find_numbers,
    find_refusal,
    nodes,
    placements,
    reasons,
    returns,
)
from tests.engine.matrix_bench import Bench, gather, open_bench
from tests.engine.matrix_graphs import Maker
from tests.engine.matrix_runs import NOT_OFFERED, Play
from tests.engine.matrix_spots import Tally
from tests.postgres import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIRS = asked_pairs()
REFUSED = [pair for pair, cell in placements().items() if cell != "asked"]
#: Nodes that are composites themselves.
WITH_BODIES = frozenset(
    {"router", "condition", "condition-else", "steps", "loop", "parallel", "map", "subgraph"}
)
NESTS: list[tuple[str, ...]] = [(), *((each,) for each in composites())]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """Return an engine on a database file that all cells of this module share."""
    file = tmp_path_factory.mktemp("matrix") / "test.db"
    async with open_bench(f"sqlite+aiosqlite:///{file}") as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def postgres_bench(postgres: Server) -> AsyncIterator[Bench]:
    """Return an engine on PostgreSQL that some of the cells share."""
    with postgres.database() as url:
        async with open_bench(url) as made:
            yield made


def cells_of(node: str, gate: ApprovalKind) -> list[Cell]:
    """Return all cells of a gate on a node."""
    return decided_cells(node, gate, DECISIONS[gate])


async def play(bench: Bench, cell: Cell, nest: tuple[str, ...] = ()) -> list[str]:
    """Run a cell; return where it differs from its line."""
    expected = find_numbers(cell)
    if expected is None:
        return [f"{cell}: the table has no line for it"]
    assert cell.decision is not None
    # What decides about the graph is the gate; what is answered comes later.
    known = find_followed(cell.node, cell.gate)
    on_reject = cell.on_reject or next(iter(known), None)
    maker = Maker(bench.tally, replace(cell, decision=None, on_reject=on_reject), nest)
    one = Play(bench, cell, maker, [cell.decision])
    async with bench.gate:
        await one.begin()
        await one.finish()
        one.compare(expected, one.spots.core)
        if not nest:
            await one.check_stored()
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
    assert await gather(bench, (play(bench, cell, nest) for cell in cells_of(*pair))) == []


@pytest.mark.parametrize("pair", PAIRS, ids=ids)
async def test_h10_every_answer_leads_there_on_postgresql(
    postgres_bench: Bench, pair: tuple[str, ApprovalKind]
) -> None:
    """Each gate on each node, with each answer; what is around them knows no database."""
    plays = (play(postgres_bench, cell) for cell in cells_of(*pair))
    assert await gather(postgres_bench, plays) == []


def inner_composites(cell: Cell, outer: str, number: int) -> list[str]:
    """Return which composites a cell stands in inside another one.

    All of them; but a node with bodies is one composite deep by itself, and takes them in turn,
    unless everything is asked for.
    """
    known = composites()
    if cell.node not in WITH_BODIES or os.environ.get("MATRIX") == "full":
        return known
    return [known[(number + known.index(outer)) % len(known)]]


@pytest.mark.slow
@pytest.mark.parametrize("outer", composites())
@pytest.mark.parametrize("pair", PAIRS, ids=ids)
async def test_h10_composites_inside_composites_change_nothing(
    bench: Bench, pair: tuple[str, ApprovalKind], outer: str
) -> None:
    """Each gate on each node, with each answer, two composites deep, in every order of two."""
    nested = (
        (cell, (outer, inner))
        for number, cell in enumerate(cells_of(*pair))
        for inner in inner_composites(cell, outer, number)
    )

    assert await gather(bench, (play(bench, *each) for each in nested)) == []


async def test_h10_every_ordered_pair_of_composites_is_met() -> None:
    """Also for the nodes that take their composites in turn."""
    met: dict[tuple[str, str], set[str]] = defaultdict(set)
    for pair, outer in product(PAIRS, composites()):
        for number, cell in enumerate(cells_of(*pair)):
            for inner in inner_composites(cell, outer, number):
                met[outer, inner].add(cell.node)

    assert set(product(composites(), repeat=2)) == set(met)
    assert {frozenset(node for node, _ in PAIRS)} == {
        frozenset(nodes) | {"fork", "approval"} for nodes in met.values()
    }


def refused(cell: Cell) -> str:
    """Return how building the graph of a cell is refused, or nothing."""
    try:
        Maker(Tally(), cell).graph()
    except GraphValidationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("pair", REFUSED, ids=ids)
async def test_h10_a_gate_that_makes_no_sense_is_refused_with_the_remedy(
    pair: tuple[str, str],
) -> None:
    """The message names the node and says what to do instead."""
    node, gate = pair
    message = refused(Cell(node, ApprovalKind(gate)))

    assert place_of(node) in message
    assert reasons()[placements()[pair]] in message


def place_of(node: str) -> str:
    """Return how problems name the cell's node."""
    return "node 'unit/probe': " if node.endswith("tool") else "node 'unit': "


@pytest.mark.parametrize("pair", PAIRS, ids=ids)
async def test_h10_a_rejection_leads_somewhere_or_is_refused_with_the_remedy(
    pair: tuple[str, ApprovalKind],
) -> None:
    """Each way of going on after a rejection is in one of the two tables, and never ignored."""
    node, gate = pair
    for on_reject in OnReject:
        cell = Cell(node, gate, Decision.REJECT, on_reject)
        message, says = refused(replace(cell, decision=None)), find_refusal(node, gate, on_reject)
        if says is None:
            assert (message, on_reject in ON_REJECT[gate]) == ("", True)
            assert find_numbers(cell) is not None
        else:
            assert place_of(node) in message
            assert says in message


async def test_h10_the_table_is_complete() -> None:
    """It has every node with every gate, and a line for every answer and what may follow it."""
    assert set(placements()) == set(product(nodes(), (kind.value for kind in ApprovalKind)))
    assert set(reasons()) == {cell for cell in placements().values() if cell != "asked"}
    cells = [cell for pair in PAIRS for cell in cells_of(*pair)]
    assert [cell for cell in cells if find_numbers(cell) is None] == []
    answered = {(cell.gate, cell.decision) for cell in cells}
    assert {(gate, each) for gate in ApprovalKind for each in DECISIONS[gate]} == answered
    followed = {(cell.gate, cell.on_reject) for cell in cells if cell.on_reject is not None}
    assert {(gate, each) for gate in ApprovalKind for each in ON_REJECT[gate]} == followed


@pytest.mark.parametrize("line", returns(), ids=lambda line: str(line[0]))
async def test_h15_a_question_comes_back_only_so_often(
    bench: Bench, line: tuple[Cell, Numbers]
) -> None:
    """Past `max_retries`, or the last round, the same answer ends the run."""
    cell, expected = line
    assert cell.decision is not None
    maker = Maker(bench.tally, replace(cell, decision=None), max_retries=1)
    one = Play(bench, cell, maker, [cell.decision] * 3)
    await one.begin()
    await one.finish()
    one.compare(expected, "")
    one.expect_around(beside=0, after=0, run=expected.run)

    assert one.report() == []
    bench.forget()


@pytest.mark.parametrize("rule", branch_errors())
@pytest.mark.parametrize("composite", ["parallel", "map"])
async def test_h10_a_failure_in_a_branch_means_what_its_composite_says(
    bench: Bench, composite: str, rule: str
) -> None:
    """The others go on, or are stopped and their questions withdrawn, or do not mind."""
    cell = Cell("task", ApprovalKind.CONFIRM, Decision.REJECT, OnReject.FAIL)
    maker = Maker(bench.tally, replace(cell, decision=None), (composite,), on_branch_error=rule)
    expected, numbers = branch_errors()[rule], find_numbers(cell)
    assert cell.decision is not None
    assert numbers is not None
    one = Play(bench, cell, maker, [cell.decision])
    await one.begin()
    await one.finish()
    one.compare(numbers, one.spots.core)
    one.expect_around(beside=expected.beside, after=expected.after, run=expected.run)
    await one.check_stored()
    approvals = await bench.engine.list_approvals(one.started.id)

    assert one.report() == []
    assert ("withdrawn" in {each.status for each in approvals}) == (rule == "fail-fast")
    bench.forget()
