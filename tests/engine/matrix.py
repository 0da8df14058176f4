"""The tables of docs/gates-matrix.md and docs/timeouts.md, read; nothing of them stands in code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestrator.graph.kinds import ApprovalKind, Decision, OnReject, OnTimeout

_DOCS = Path(__file__).parents[2] / "docs"
MATRIX = _DOCS / "gates-matrix.md"
TIMEOUTS = _DOCS / "timeouts.md"
NONE = "–"  # noqa: RUF001 - the sign that the tables use
_EVERY = "every"

_Row = tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """A kind of node, as the first table describes it."""

    id: str
    work: str
    output: str

    @property
    def is_counted(self) -> bool:
        """Does the node do something that can be counted?"""
        return self.work != "nothing"


@dataclass(frozen=True)
class Numbers:
    """What happens in a cell."""

    before: int
    node: int
    behind: int
    aside: int
    run: str
    output: str
    #: Counts that only some nodes have, such as those of an else-branch.
    named: tuple[tuple[str, int], ...] = ()
    asked: int = 1


@dataclass(frozen=True)
class Cell:
    """A gate on a node, and what is answered: a decision, or nothing at all in time."""

    node: str
    gate: ApprovalKind
    decision: Decision | None = None
    on_reject: OnReject | None = None
    on_timeout: OnTimeout | None = None

    def __str__(self) -> str:
        parts = (self.node, self.gate, self.decision, self.on_reject, self.on_timeout)
        return "-".join(str(part) for part in parts if part is not None)


@cache
def _tables(document: Path) -> dict[_Row, tuple[_Row, ...]]:
    """Return the tables of a document by their headings."""
    found: dict[_Row, list[_Row]] = {}
    rows: list[_Row] | None = None
    for line in document.read_text().splitlines():
        if not line.startswith("|"):
            rows = None
        elif rows is None:
            rows = found.setdefault(_cells(line), [])
        elif not set(line) <= set("|- "):
            rows.append(_cells(line))
    return {heading: tuple(rows) for heading, rows in found.items()}


def _cells(line: str) -> _Row:
    # A node's id stands in backticks; code in sentences keeps its own.
    return tuple(re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in line.split("|")[1:-1])


def _table(document: Path, *heading: str) -> tuple[_Row, ...]:
    """Return the rows of the one table that begins with these columns."""
    (found,) = [
        rows for columns, rows in _tables(document).items() if columns[: len(heading)] == heading
    ]
    return found


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def nodes() -> dict[str, Node]:
    """Return the kinds of nodes by id."""
    rows = _table(MATRIX, "node", "what it is")
    return {name: Node(name, work, output) for name, _, work, output in rows}


def placements() -> dict[tuple[str, str], str]:
    """Return for each node and kind of gate `asked`, or the letter of the reason."""
    kinds = tuple(kind.value for kind in ApprovalKind)
    rows = _table(MATRIX, "node", "confirm")
    (heading,) = [each for each in _tables(MATRIX) if each[:2] == ("node", "confirm")]
    if set(heading[1:]) != set(kinds):
        raise LookupError(f"the columns are {heading[1:]}, the kinds are {kinds}")
    return {
        (name, kind): cell
        for name, *cells in rows
        for kind, cell in zip(heading[1:], cells, strict=True)
    }


def reasons() -> dict[str, str]:
    """Return what the message says, by the letter of the reason."""
    return {letter: says for letter, _, says in _table(MATRIX, "", "why it is refused")}


def asked_pairs() -> list[tuple[str, ApprovalKind]]:
    """Return every node with every gate that is asked on it."""
    return [
        (node, ApprovalKind(gate)) for (node, gate), cell in placements().items() if cell == "asked"
    ]


def _best(rows: Sequence[tuple[str, _Row]], node: str) -> _Row | None:
    """Return the row that names a node, or else the one for every node."""
    named = [row for names, row in rows if node in _list(names)]
    every = [row for names, row in rows if names == _EVERY]
    if len(named) > 1 or len(every) > 1:
        raise LookupError(f"several lines of equal rank are about {node}: {named or every}")
    return next(iter(named or every), None)


def _numbers(row: _Row, *, asked: str = "1") -> Numbers:
    before, node, behind, aside, run, output = row
    count, *named = _list(node)
    pairs = tuple((name, int(number)) for name, number in (each.rsplit(" ", 1) for each in named))
    return Numbers(
        before=int(before),
        node=int(count),
        behind=int(behind),
        aside=int(aside),
        run=run,
        output=output,
        named=pairs,
        asked=int(asked),
    )


def find_numbers(cell: Cell) -> Numbers | None:
    """Return what the table says about an answer; None: it says nothing."""
    on_reject = NONE if cell.on_reject is None else cell.on_reject.value
    rows = [
        (names, (asked, *rest))
        for gate, names, decision, follows, asked, *rest in _table(
            MATRIX, "gate", "nodes", "decision"
        )
        if (gate, decision, follows) == (cell.gate, cell.decision, on_reject)
    ]
    row = _best(rows, cell.node)
    return None if row is None else _numbers(row[1:], asked=row[0])


def find_refusal(node: str, gate: ApprovalKind, on_reject: OnReject) -> str | None:
    """Return what the message says where a rejection may not be followed so."""
    rows = [
        (names, (says,))
        for gates, names, refused, says in _table(MATRIX, "gate", "nodes", "on_reject")
        if gate.value in _list(gates) and on_reject.value in _list(refused)
    ]
    row = _best(rows, node)
    # A line of the table of answers that names the node goes before one for every node.
    is_followed = find_numbers(Cell(node, gate, Decision.REJECT, on_reject)) is not None
    is_named = any(node in _list(names) for names, _ in rows)
    return None if row is None or (is_followed and not is_named) else row[0]


def find_followed(node: str, gate: ApprovalKind) -> list[OnReject]:
    """Return what may follow a rejection."""
    return [each for each in OnReject if find_refusal(node, gate, each) is None]


def decided_cells(node: str, gate: ApprovalKind, decisions: tuple[Decision, ...]) -> list[Cell]:
    """Return the cells of a gate on a node, a rejection with everything that may follow it."""
    cells: list[Cell] = []
    for decision in decisions:
        if decision is not Decision.REJECT:
            cells.append(Cell(node, gate, decision))
            continue
        cells += [Cell(node, gate, decision, each) for each in find_followed(node, gate)]
    return cells


def find_expiry(node: str, gate: ApprovalKind, on_timeout: OnTimeout) -> Numbers | None:
    """Return what the table says about time running out; None: it says nothing."""
    rows = [
        (names, tuple(rest))
        for kind, names, action, _, *rest in _table(
            TIMEOUTS, "gate", "nodes", "on_timeout", "as if"
        )
        if (kind, action) == (gate, on_timeout)
    ]
    row = _best(rows, node)
    return None if row is None else _numbers(row)


def find_timeout_refusal(node: str, gate: ApprovalKind, on_timeout: OnTimeout) -> str | None:
    """Return what the message says where time may not run out so."""
    rows = [
        (names, (says,))
        for gates, names, refused, says in _table(
            TIMEOUTS, "gate", "nodes", "on_timeout", "the message says"
        )
        if gate.value in _list(gates) and on_timeout.value in _list(refused)
    ]
    row = _best(rows, node)
    return None if row is None else row[0]


def composites() -> list[str]:
    """Return the composites that cells stand in."""
    return [name for name, *_ in _table(MATRIX, "composite")]


@dataclass(frozen=True)
class Around:
    """What becomes of what is beside a cell and after its composites."""

    beside: int
    after: int
    run: str


def around() -> dict[str, Around]:
    """Return what follows outside a cell, by how the cell ends by itself."""
    rows = _table(MATRIX, "cell", "beside it")
    return {ends: Around(int(beside), int(after), run) for ends, beside, after, run in rows}


def branch_errors() -> dict[str, Around]:
    """Return what follows outside a cell that fails, by what its composite says."""
    rows = _table(MATRIX, "on_branch_error")
    return {rule: Around(int(beside), int(after), run) for rule, beside, after, run in rows}


def returns() -> list[tuple[Cell, Numbers]]:
    """Return the cells in which an answer is given again and again."""
    found = []
    for gate, node, decision, on_reject, asked, *rest in _table(MATRIX, "gate", "node", "decision"):
        cell = Cell(
            node,
            ApprovalKind(gate),
            Decision(decision),
            None if on_reject == NONE else OnReject(on_reject),
        )
        before, runs, behind, run = rest
        found.append((cell, _numbers((before, runs, behind, "0", run, NONE), asked=asked)))
    return found
