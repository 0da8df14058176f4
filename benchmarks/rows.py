"""The rows that Signoff writes for the workload, so that the floors write the very same ones.

The engine carries the workload out once; after each of its commits the tables are compared with
what they were. What differs is kept as inserts, updates and deletes, a list for each commit.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import wire
from orchestrator.core.ids import approval_id, approval_ref, run_ref
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import migrate, open_store

_Tables = dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]
_Change = dict[str, Any]


class _Look:
    """Reads every table of a database, and keeps what each commit changed."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False)
        query = "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
        self._columns = {
            name: self._connection.execute(f"PRAGMA table_info({name})").fetchall()
            for (name,) in self._connection.execute(query).fetchall()
            if name != "graphs"  # written once, not for each run
        }
        self._seen = self._read()
        self.commits: list[list[_Change]] = []

    @property
    def schema(self) -> list[str]:
        """The statements that make the tables and their indexes."""
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        return [sql for (sql,) in self._connection.execute(f"{query} ORDER BY type DESC")]

    def on_point(self, name: str) -> None:
        """Keep what a commit changed; given to the store as its hook."""
        if name == "after_commit":
            found = self._read()
            self.commits.append([change for table in found for change in self._of(table, found)])
            self._seen = found

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _read(self) -> _Tables:
        return {name: self._read_table(name) for name in self._columns}

    def _read_table(self, name: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        keys = [column[0] for column in self._columns[name] if column[5]]
        rows = self._connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - its own
        return {tuple(row[number] for number in keys): row for row in rows}

    def _of(self, table: str, found: _Tables) -> list[_Change]:
        old, new = self._seen[table], found[table]
        names = [column[1] for column in self._columns[table]]
        keys = [column[1] for column in self._columns[table] if column[5]]

        def change(kind: str, key: tuple[Any, ...], values: dict[str, Any]) -> _Change:
            where = dict(zip(keys, key, strict=True))
            return {"table": table, "kind": kind, "key": where, "values": values}

        made: list[_Change] = []
        for key, row in new.items():
            before = old.get(key)
            if before is None:
                made.append(change("insert", key, dict(zip(names, row, strict=True))))
            elif before != row:
                pairs = zip(names, row, before, strict=True)
                values = {name: value for name, value, was in pairs if value != was}
                made.append(change("update", key, values))
        return made + [change("delete", key, {}) for key in old.keys() - new.keys()]


async def record(state: int) -> dict[str, Any]:
    """Return the tables' schema and what each commit of the workload's phases writes."""
    from benchmarks.product import Product, to_url  # noqa: PLC0415 - the floors import this module

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recorded.db"
        url = to_url(str(path))
        await migrate(url)
        graph = Product(wire.Options(database=str(path), state=state)).graph()
        look = _Look(path)
        clock = SystemClock()
        async with open_store(url, now=clock.now, hook=look.on_point) as store:
            engine = Engine(store, {graph.id: graph}, directory=StaticDirectory())
            async with engine:
                run = await engine.start(graph.id, {}, requester="ALICE", surface="bench")
                await engine.wait_until(run.id, lambda now: now.status == "waiting")
                start = list(look.commits)
                gate = approval_id(run.id, "gate", 1)
                await engine.decide(gate, "approve", by="BOB", surface="bench")
                await engine.wait_until(run.id, lambda now: now.status == "completed")
                approve = look.commits[len(start) :]
        schema = look.schema
        look.close()
    return {
        "ids": [run.id, run_ref(run.id), gate, approval_ref(gate)],
        "schema": schema,
        "start": start,
        "approve": approve,
    }


def save(path: Path, recording: dict[str, Any]) -> None:
    """Write a recording to a file."""
    path.write_text(json.dumps(recording))
