"""Prints the workload of README.md, Signoff beside the floors; run by `make bench`."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import floor
from benchmarks.product import Product

ROUNDS = 5
CONCURRENCY = 32
SEQUENTIAL = 60  # runs a round, one at a time
TOGETHER = 640  # runs a round, 32 at once
PHASES = ("start → paused", "approve → completed")


async def main() -> None:
    """Measure in turns, then print."""
    with tempfile.TemporaryDirectory() as folder:
        variants: list[Any] = [
            floor.Blocking(Path(folder) / "blocking.db"),
            floor.Grouped(Path(folder) / "grouped.db"),
            await Product.open(Path(folder) / "signoff.db"),
        ]
        rates: dict[tuple[str, int, str], list[float]] = {}
        for number in range(ROUNDS + 1):
            for variant in variants:
                for at_once, count in ((1, SEQUENTIAL), (CONCURRENCY, TOGETHER)):
                    found = await _round(variant, f"{number}-{at_once}", at_once, count)
                    if number == 0:  # warms caches up
                        continue
                    for phase, rate in zip(PHASES, found, strict=True):
                        rates.setdefault((phase, at_once, variant.name), []).append(rate)
        for variant in variants:
            await variant.close()
    _print(rates, [variant.name for variant in variants])


async def _round(variant: Any, prefix: str, at_once: int, count: int) -> tuple[float, float]:
    runs = [f"{prefix}-{number}" for number in range(count)]
    return (
        await _rate(variant.start, runs, at_once),
        await _rate(variant.approve, runs, at_once),
    )


async def _rate(action: Callable[[str], Awaitable[None]], runs: list[str], at_once: int) -> float:
    waiting = iter(runs)

    async def work() -> None:
        for run in waiting:
            await action(run)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return len(runs) / (time.perf_counter() - began)


def _print(rates: dict[tuple[str, int, str], list[float]], names: list[str]) -> None:
    print(f"SQLite, synchronous=FULL, runs a second: median of {ROUNDS} rounds (slowest-fastest)\n")
    print(f"{'':<24}{'at once':>8}", *(f"{name:>24}" for name in names), f"{'ratio':>8}")
    for phase in PHASES:
        for at_once in (1, CONCURRENCY):
            found = [rates[phase, at_once, name] for name in names]
            medians = [statistics.median(values) for values in found]
            cells = [
                f"{median:,.0f} ({min(values):,.0f}-{max(values):,.0f})"
                for median, values in zip(medians, found, strict=True)
            ]
            ratio = medians[-1] / medians[1]
            print(f"{phase:<24}{at_once:>8}", *(f"{cell:>24}" for cell in cells), f"{ratio:>8.2f}")


if __name__ == "__main__":
    asyncio.run(main())
