"""docs/behaviour.md and the tests name the same rows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_ROW = re.compile(r"^\| ([GPHTWS]\d+) \|", re.MULTILINE)
#: A test may show several rows: `test_h15_h22_…`.
_TEST = re.compile(r"^ *(?:async )?def test_((?:[gphtws]\d+_)+)", re.MULTILINE)


def test_every_row_has_a_test_and_every_test_a_row() -> None:
    """A promise without a test is none, and a row that a test names is promised."""
    promised = set(_ROW.findall((ROOT / "docs" / "behaviour.md").read_text()))
    tested = {
        row.upper()
        for path in (ROOT / "tests").rglob("test_*.py")
        for rows in _TEST.findall(path.read_text())
        for row in rows.rstrip("_").split("_")
    }

    assert tested == promised


def test_rows_are_in_order_and_each_is_there_once() -> None:
    """A reader finds a row where its number says that it is."""
    rows = _ROW.findall((ROOT / "docs" / "behaviour.md").read_text())

    assert len(set(rows)) == len(rows)
    for letter in {row[0] for row in rows}:
        numbers = [int(row[1:]) for row in rows if row[0] == letter]
        assert sorted(numbers) == numbers
