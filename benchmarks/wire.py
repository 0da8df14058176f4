"""What every candidate of the comparison shares: its loop, its clock, and JSON lines on stdin.

A candidate is a process. It is told what to do by one JSON object a line and answers each with
one. Only the standard library is used here, because the candidates' environments differ.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

#: Attributes of the dict that node `a` returns, each of a tenth of the state's size.
_KEYS = 10
_YOUNG = 5_000  # new objects between two looks of the garbage collector


@dataclass(frozen=True)
class Options:
    """What a candidate is set up with."""

    database: str  #: a file, or the URL of a PostgreSQL database
    state: int = 1_000  #: bytes that node `a` returns
    stored: int = 0  #: paused runs that are in the database beforehand
    history: int = 0  #: automatic steps that a run has taken before its question
    recording: str = ""  #: a file with the rows that Signoff writes, for the floors

    def as_json(self) -> dict[str, Any]:
        """Return them for the command line of a candidate."""
        return asdict(self)


class Candidate:
    """One way to run the workload; subclasses fill it in."""

    is_concurrent = True  #: can 32 asyncio tasks use it at once?
    distribution = ""  #: what its version is the version of

    def __init__(self, options: Options) -> None:
        self.options = options
        self.executions = 0  #: of node `b`

    async def open(self) -> None:
        """Open the database and make what runs are made of."""

    async def fill(self, count: int) -> None:
        """Put so many paused runs into the database.

        Raises:
            NotImplementedError: This candidate has no fast way to.
        """
        raise NotImplementedError(f"{count} runs")

    def prepare(self, runs: Sequence[str]) -> None:
        """Make ready, unmeasured, what a phase over these runs needs."""

    async def start(self, run: str) -> None:
        """Start a run; return when it is stored as paused."""
        raise NotImplementedError(run)

    async def approve(self, run: str) -> None:
        """Approve a run; return when it is stored as completed."""
        raise NotImplementedError(run)

    async def close(self) -> None:
        """Close the database."""


def payload(size: int) -> dict[str, str]:
    """Return what node `a` returns: a dict of so many bytes."""
    return {f"key{number}": "x" * (size // _KEYS - 10) for number in range(_KEYS)}


async def phase(candidate: Candidate, what: str, runs: Sequence[str], at_once: int) -> Any:
    """Carry out one phase over some runs and say what it took."""
    candidate.prepare(runs)
    action: Callable[[str], Awaitable[Any]] = {
        "start": candidate.start,
        "approve": candidate.approve,
        "twice": lambda run: _twice(candidate, run),
    }[what]
    waiting, latencies, before = iter(runs), [], candidate.executions

    async def work() -> None:
        for run in waiting:
            began = time.perf_counter()
            await action(run)
            latencies.append(time.perf_counter() - began)

    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "latencies": latencies,
        "executions": candidate.executions - before,
    }


async def _twice(candidate: Candidate, run: str) -> None:
    """Click one approval twice at the same moment; a refusal of the second is as it should be."""
    clicks = (candidate.approve(run), candidate.approve(run))
    await asyncio.gather(*clicks, return_exceptions=True)


def run(make: Callable[[Options], Candidate]) -> None:
    """Be a candidate's process: the options are its last argument, commands come on stdin."""
    options = Options(**json.loads(sys.argv[-1]))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    asyncio.run(_serve(make(options), answers))


async def _serve(candidate: Candidate, answers: Any) -> None:
    def say(answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        await candidate.open()
        if candidate.options.stored:
            await candidate.fill(candidate.options.stored)
    except Exception as error:  # noqa: BLE001 - the comparison goes on without it
        say({"error": f"{type(error).__name__}: {error}"})
        return
    _settle()
    say({"version": _version(candidate.distribution), "is_concurrent": candidate.is_concurrent})
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        try:
            say(
                await phase(candidate, command["what"], command["runs"], command["at_once"])
                | {"rss": rss()}
            )
        except Exception as error:  # noqa: BLE001 - as above
            say({"error": f"{type(error).__name__}: {error}"})
    await candidate.close()


def _version(distribution: str) -> str:
    return metadata.version(distribution) if distribution else ""


def _settle() -> None:
    """Keep the garbage collector from what is loaded by now, in all candidates alike."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


def rss() -> int:
    """Return the bytes of memory that this process holds."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
