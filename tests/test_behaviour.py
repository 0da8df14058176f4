"""docs/behaviour.md and the tests name the same rows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_ROW = re.compile(r"^\| ([GPHTWS]\d+) \|", re.MULTILINE)
_TEST = re.compile(r"^ *(?:async )?def test_([gphtws]\d+)_", re.MULTILINE)


def test_every_row_has_a_test_and_every_test_a_row() -> None:
    """A promise without a test is none, and a row that a test names is promised."""
    promised = set(_ROW.findall((ROOT / "docs" / "behaviour.md").read_text()))
    tested = {
        row.upper()
        for path in (ROOT / "tests").rglob("test_*.py")
        for row in _TEST.findall(path.read_text())
    }

    assert tested == promised
