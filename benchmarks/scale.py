"""A thousand open approvals beside a million in one SQLite file, and many deadlines at once.

Each database is filled with copies of a run that the engine itself has written, and served by a
process of its own. The databases take turns. Then so many deadlines fall due at one instant.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from benchmarks import results
from benchmarks.environments import home
from benchmarks.multiply import multiply
from benchmarks.product import to_url
from benchmarks.report import table
from benchmarks.serving import asked
from orchestrator.graph import Graph
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import migrate, open_store

_ROOT = Path(__file__).parents[1]
_MEMORY = "memory of the serving process, MB"
_MEMORY_WANTED = 50.0  # MB more than with an empty database
_COMING = 15  # seconds until the deadlines are due
_PATIENCE = 600.0  # seconds


def parser() -> argparse.ArgumentParser:
    """Return what the command takes."""
    made = argparse.ArgumentParser(prog="python -m benchmarks scale", description=__doc__)
    made.add_argument("--few", type=int, default=1_000, help="open approvals (default: 1000)")
    made.add_argument("--many", type=int, default=1_000_000, help="(default: 1000000)")
    made.add_argument("--due", type=int, default=10_000, help="deadlines (default: 10000)")
    made.add_argument("--clicks", type=int, default=50, help="per look (default: 50)")
    made.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    made.add_argument("--write-docs", action="store_true", help="write docs/performance.md")
    return made


async def fill(path: Path, count: int, graph: Graph) -> None:
    """Make a database with so many open approvals of a graph."""
    await migrate(to_url(str(path)))
    if not count:
        return
    async with open_store(to_url(str(path)), now=SystemClock().now) as store:
        engine = Engine(store, {graph.id: graph}, directory=StaticDirectory())
        run = await engine.start(graph.id, {}, requester="ALICE", surface="bench")
    await asyncio.to_thread(multiply, str(path), run.id, count - 1, gate="gate")


def _look(path: Path, clicks: int) -> dict[str, float]:
    # Not by -m: the graph's functions are to have the names under which they were stored.
    code = "import sys; from benchmarks.serving import main; main(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(path), str(clicks)]
    made = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if made.returncode:
        sys.exit(f"{path} cannot be served: {made.stderr.strip().splitlines()[-1]}")
    return dict(json.loads(made.stdout))


def measure(folder: Path, sizes: Sequence[int], rounds: int, clicks: int) -> list[dict[str, float]]:
    """Return what one look takes at each size: the medians of the rounds."""
    paths = [folder / f"open-{size}.db" for size in sizes]
    for path, size in zip(paths, sizes, strict=True):
        began = time.monotonic()
        asyncio.run(fill(path, size, asked()))
        print(f"filled with {size:,} in {time.monotonic() - began:.0f} s", file=sys.stderr)
    looks: list[list[dict[str, float]]] = [[] for _ in sizes]
    for _ in range(rounds):
        for path, size, found in zip(paths, sizes, looks, strict=True):
            found.append(_look(path, min(clicks, size // (2 * rounds))))
    return [
        {name: statistics.median(each[name] for each in found) for name in found[0]}
        for found in looks
    ]


async def expire(path: Path, count: int, coming: int = _COMING) -> float:
    """Return the seconds from one instant until all deadlines of that instant have been kept."""
    graph = asked(f"{coming}s")
    due = SystemClock().now() + timedelta(seconds=coming)
    await fill(path, count, graph)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(to_url(str(path)), now=SystemClock().now)
        )
        engine = Engine(store, {graph.id: graph}, directory=StaticDirectory())
        await stack.enter_async_context(engine)
        began = time.monotonic() + (due - SystemClock().now()).total_seconds()
        if began < time.monotonic():
            sys.exit("filling took longer than the deadlines; fewer, or a faster disk")
        while _left(path):
            if time.monotonic() > began + _PATIENCE:
                sys.exit(f"{_left(path)} deadlines did not fire")
            await asyncio.sleep(0.05)
        return time.monotonic() - began


def _left(path: Path) -> int:
    connection = sqlite3.connect(path, timeout=10)
    try:
        return int(connection.execute("SELECT count(*) FROM timers").fetchone()[0])
    finally:
        connection.close()


def shown(sizes: Sequence[int], found: Sequence[dict[str, float]]) -> str:
    """Return the table: what is measured, at each size, and the largest over the one before."""
    few, many = found[-2], found[-1]
    rows = []
    for name in many:
        cells = [f"{each[name]:,.1f}" if name in each else "-" for each in found]
        rows.append([name, *cells, f"{many[name] / few[name]:.2f}"])
    heads = ["", *(f"{size:,} open" for size in sizes), "ratio"]
    more = many[_MEMORY] - found[0][_MEMORY]
    verdict = "within" if more <= _MEMORY_WANTED else "**over**"
    return (
        f"{table(heads, rows)}\nMemory is {more:.0f} MB more than with an empty database: "
        f"{verdict} the {_MEMORY_WANTED:.0f} MB wanted.\n"
    )


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    given = parser().parse_args(arguments)
    folder = home() / f"scale-{os.getpid()}"
    folder.mkdir()
    try:
        sizes = (0, given.few, given.many)
        text = shown(sizes, measure(folder, sizes, given.rounds, given.clicks))
        if given.due:
            took = asyncio.run(expire(folder / "due.db", given.due))
            rate = given.due / took
            text += (
                f"\n{given.due:,} deadlines of one instant were all kept {took:.1f} s after it: "
                f"{rate:,.0f} a second.\n"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(text)
    if given.write_docs:
        results.write_part("scale", f"Measured on {results.machine()}.\n\n{text}")
