"""Where Signoff's time goes: CPU by thread and by function, at so many runs at once on SQLite.

A thread looks at all others every few milliseconds, and books the CPU time that each has used
since to where it is. Functions are listed with what they call included, then without.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from types import FrameType
from typing import Self, TypeVar

from benchmarks import wire
from benchmarks.product import Product
from benchmarks.report import table

_STEP = 0.002  # seconds between looks
_SWITCH = 0.00005  # seconds that a thread keeps the interpreter while another wants it
_ROOT = Path(__file__).parents[1]
_Key = tuple[str, str]  # a thread, and a function
_What = TypeVar("_What")


class Sampler:
    """Books seconds of CPU to functions, thread by thread, while it is entered."""

    def __init__(self) -> None:
        self.within: defaultdict[_Key, float] = defaultdict(float)  #: with calls
        self.itself: defaultdict[_Key, float] = defaultdict(float)  #: without
        self.threads: defaultdict[str, float] = defaultdict(float)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        self._interval = sys.getswitchinterval()
        # Else a thread would be seen only where it lets others run by itself.
        sys.setswitchinterval(_SWITCH)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        sys.setswitchinterval(self._interval)

    def _look(self) -> None:
        used: dict[int, float] = {}
        while not self._ending.wait(_STEP):
            frames = sys._current_frames()  # noqa: SLF001 - documented for this very use
            for thread in threading.enumerate():
                frame = frames.get(thread.ident or 0)
                if frame is None or thread is self._thread or thread.ident is None:
                    continue
                now = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
                spent = now - used.get(thread.ident, now)
                used[thread.ident] = now
                self._book(thread.name, frame, spent)

    def _book(self, thread: str, frame: FrameType, spent: float) -> None:
        self.threads[thread] += spent
        self.itself[thread, _name(frame)] += spent
        seen = set()
        walked: FrameType | None = frame
        while walked is not None:
            seen.add(_name(walked))
            walked = walked.f_back
        for name in seen:
            self.within[thread, name] += spent


def _name(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    parts = path.parts
    if path.is_relative_to(_ROOT) and ".venv" not in parts:
        place = path.relative_to(_ROOT).with_suffix("")
    else:
        place = Path(*parts[-2:]).with_suffix("")
    return f"{'.'.join(place.parts)}.{frame.f_code.co_qualname}"


def _most(found: Mapping[_What, float], count: int) -> list[tuple[_What, float]]:
    """Return the largest ones, the largest first."""
    return sorted(found.items(), key=itemgetter(1), reverse=True)[:count]


async def _work(database: str, runs: int, at_once: int) -> tuple[Sampler, dict[str, float]]:
    product = Product(wire.Options(database=database))
    await product.open()
    await wire.phase(product, "start", [f"warm-{n}" for n in range(at_once)], at_once)
    rates = {}
    with Sampler() as sampler:
        names = [f"run-{number}" for number in range(runs)]
        for what in ("start", "approve"):
            answer = await wire.phase(product, what, names, at_once)
            rates[what] = runs / answer["seconds"]
    await product.close()
    return sampler, rates


def shown(sampler: Sampler, runs: int, top: int) -> str:
    """Return the tables."""
    total = sum(sampler.threads.values()) or 1.0
    parts = [
        table(
            ["thread", "CPU a run, ms", "share"],
            [
                [name, f"{spent / runs * 1e3:.2f}", f"{spent / total:.0%}"]
                for name, spent in _most(sampler.threads, 6)
            ],
        )
    ]
    for title, found in (
        ("with what it calls", sampler.within),
        ("by itself", sampler.itself),
    ):
        rows = [
            [f"{thread}: {name}", f"{spent / total:.1%}"]
            for (thread, name), spent in _most(found, top)
        ]
        parts.append(table([f"a function, {title}", "of all CPU"], rows))
    return "\n".join(parts)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks profile", description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000, help="(default: 2000)")
    parser.add_argument("--at-once", type=int, default=32, help="(default: 32)")
    parser.add_argument("--top", type=int, default=50, help="functions (default: 50)")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        database = str(Path(folder) / "profile.db")
        sampler, rates = asyncio.run(_work(database, given.runs, given.at_once))
    print(f"start {rates['start']:,.0f}/s, approve {rates['approve']:,.0f}/s, sampled\n")
    print(shown(sampler, given.runs, given.top))
