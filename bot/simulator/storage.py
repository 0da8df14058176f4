"""The state file: the world's records in SQLite.

Only changed records are written, so saving costs the same in a world of ten messages and of
ten thousand.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from bot.simulator.records import RECORD_TYPES, as_row
from bot.simulator.world import World

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""


class Storage:
    """One SQLite file with one row per record.

    What `save` has written survives kill -9 and a power cut: WAL with synchronous=FULL
    (https://www.sqlite.org/pragma.html#pragma_synchronous).
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_SCHEMA)
        row = self._connection.execute("SELECT coalesce(max(place), 0) FROM records").fetchone()
        self._place = int(row[0])

    def load(self) -> World | None:
        """Return the stored world, or None if the file is new."""
        rows = self._connection.execute("SELECT kind, body FROM records ORDER BY place").fetchall()
        if not rows:
            return None
        world = World()
        for kind, body in rows:
            world.put(RECORD_TYPES[kind](**json.loads(body)))
        world.unsaved.clear()
        return world

    def save(self, world: World) -> None:
        """Write what changed, in one transaction; durable when this returns."""
        if not world.unsaved:
            return
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for kind, key in sorted(world.unsaved):
            record = world.table(kind).get(key)
            if record is None:
                execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))
                continue
            self._place += 1
            execute(
                "INSERT INTO records VALUES (?, ?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(as_row(record)), self._place),
            )
        execute("COMMIT")
        world.unsaved.clear()

    def clear(self) -> None:
        """Forget the stored world."""
        self._connection.execute("DELETE FROM records")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
