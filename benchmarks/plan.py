"""What a floor sends to its database for a run: the recorded rows, grouped by statement.

Standard library only: one floor runs in another environment.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

#: A statement's text and the rows of parameters that it is carried out with.
Statement = tuple[str, list[tuple[Any, ...]]]
#: The statements of one commit.
Commit = list[Statement]


class Plan:
    """The recorded rows of each phase, for any number of runs."""

    def __init__(self, recording: str, *, placeholder: str = "?") -> None:
        """Read a recording; `placeholder` is `?`, or `$` for numbered ones."""
        found = json.loads(Path(recording).read_text())
        self.schema: list[str] = found["schema"]
        self._ids: list[str] = found["ids"]
        self._placeholder = placeholder
        self._recorded: dict[str, list[list[dict[str, Any]]]] = {
            "start": found["start"],
            "approve": found["approve"],
        }
        self._ready: dict[tuple[str, str], list[Commit]] = {}

    def prepare(self, run: str) -> None:
        """Make the statements of a run under ids of its own."""
        if ("start", run) in self._ready:
            return
        own = uuid.uuid4().hex
        gate = hashlib.sha256(own.encode()).hexdigest()[:32]
        ids = (own, f"r-{own[-7:]}", gate, f"a-{gate[-7:]}")
        for name, commits in self._recorded.items():
            text = json.dumps(commits)
            for old, new in zip(self._ids, ids, strict=True):
                text = text.replace(old, new)
            self._ready[name, run] = [self._grouped(changes) for changes in json.loads(text)]

    def take(self, name: str, run: str) -> list[Commit]:
        """Return a phase's statements of a run, a list for each commit that Signoff makes."""
        return self._ready.pop((name, run))

    def _grouped(self, changes: list[dict[str, Any]]) -> Commit:
        groups: dict[str, list[tuple[Any, ...]]] = {}
        for change in changes:
            text, row = self._statement(change)
            groups.setdefault(text, []).append(row)
        return list(groups.items())

    def _statement(self, change: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        table, values, key = change["table"], change["values"], change["key"]
        names = [f'"{name}"' for name in values]
        row = (*values.values(), *(() if change["kind"] == "insert" else key.values()))
        marks = [self._mark(number) for number in range(1, len(row) + 1)]
        where = " AND ".join(
            f'"{name}"={mark}' for name, mark in zip(key, marks[len(values) :], strict=False)
        )
        match change["kind"]:
            case "insert":
                text = f"INSERT INTO {table} ({','.join(names)}) VALUES ({','.join(marks)})"  # noqa: S608 - recorded
            case "update":
                pairs = ",".join(f"{name}={mark}" for name, mark in zip(names, marks, strict=False))
                text = f"UPDATE {table} SET {pairs} WHERE {where}"  # noqa: S608 - recorded
            case _:
                text = f"DELETE FROM {table} WHERE {where}"  # noqa: S608 - recorded
        return text, row

    def _mark(self, number: int) -> str:
        return f"${number}" if self._placeholder == "$" else "?"
