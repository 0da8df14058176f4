"""Results on disk, and the parts of docs/performance.md that are written from them."""

from __future__ import annotations

import json
import os
import platform
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.candidates import BY_KEY
from benchmarks.members import Case
from benchmarks.rounds import Measured, Result

_DOCS = Path(__file__).parents[1] / "docs"
DOCUMENT = _DOCS / "performance.md"
PICTURE = _DOCS / "images" / "performance.svg"


def to_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return results as JSON."""
    return [
        {
            **asdict(each),
            "case": {**asdict(each.case), "candidate": each.case.candidate.key},
            "figures": [[*key, asdict(found)] for key, found in each.figures.items()],
        }
        for each in results
    ]


def from_json(found: Sequence[dict[str, Any]]) -> list[Result]:
    """Return results that `to_json` wrote."""
    return [
        Result(
            **{
                **each,
                "case": Case(**{**each["case"], "candidate": BY_KEY[each["case"]["candidate"]]}),
                "figures": {
                    (phase, at_once): Measured(**figures)
                    for phase, at_once, figures in each["figures"]
                },
            }
        )
        for each in found
    ]


def save(path: Path, parts: dict[str, Any]) -> None:
    """Keep figures in a file."""
    path.write_text(json.dumps(parts, indent=1))


def load(path: Path) -> dict[str, Any]:
    """Return kept figures; nothing where there are none."""
    return dict(json.loads(path.read_text())) if path.exists() else {}


def machine() -> str:
    """Describe this machine in a line."""
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def write_part(name: str, text: str, document: Path = DOCUMENT) -> None:
    """Replace what stands between a part's two marks in the document.

    Raises:
        LookupError: The document has no such marks.
    """
    first, last = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"{re.escape(first)}.*?{re.escape(last)}", re.DOTALL)
    found, count = pattern.subn(
        lambda _: f"{first}\n\n{text.strip()}\n\n{last}", document.read_text()
    )
    if count != 1:
        raise LookupError(f"{document} has no part {name!r}")
    document.write_text(found)
