"""Signoff beside the floors and other libraries, in turns, on SQLite and PostgreSQL.

First everybody carries out the workload as it is. Then some carry it out at a larger size, beside
themselves at the plain one: more state, more runs stored, a longer history.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import picture, report, results, rows
from benchmarks.candidates import BY_KEY, CANDIDATES
from benchmarks.environments import home
from benchmarks.members import Case, field
from benchmarks.rounds import WAYS, Comparison, Effort, Result

_PLAIN = 1_000  # bytes of state
#: Who is measured at a larger size.
_SIZED = ("floor", "signoff", "langgraph", "burr", "pg-signoff", "pg-langgraph", "pg-dbos")
_STORED = ("signoff", "langgraph", "pg-signoff", "pg-langgraph")
_LONG = ("signoff", "langgraph", "burr")
_TITLE = "Three nodes, one of them an approval, all on disk: further right is faster"


def parser() -> argparse.ArgumentParser:
    """Return what the command takes."""
    made = argparse.ArgumentParser(prog="python -m benchmarks compare", description=__doc__)
    made.add_argument(
        "--only",
        default="",
        metavar="KEYS",
        help=f"a comma between; any of {', '.join(BY_KEY)} (default: all)",
    )
    made.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    made.add_argument(
        "--seconds", type=float, default=0.6, help="of a phase of one of them (default: 0.6)"
    )
    made.add_argument(
        "--state", type=int, default=100_000, help="bytes at the larger size; 0: leave it out"
    )
    made.add_argument(
        "--stored", type=int, default=100_000, help="paused runs beforehand; 0: leave it out"
    )
    made.add_argument(
        "--history", type=int, default=1_000, help="steps before the question; 0: leave it out"
    )
    made.add_argument("--no-sizes", action="store_true", help="the plain size only")
    made.add_argument("--write-docs", action="store_true", help="write docs/performance.md")
    made.add_argument(
        "--again", action="store_true", help="measure nothing; show the newest figures"
    )
    return made


async def _measure(cases: Sequence[Case], effort: Effort) -> list[Result]:
    folder = home() / f"run-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    recordings: dict[int, Path] = {}
    for state in {each.state for each in cases if each.candidate.is_floor}:
        recordings[state] = folder / f"rows-{state}.json"
        rows.save(recordings[state], await rows.record(state))
    async with field(folder, recordings) as arena:
        return await Comparison(arena, effort).run(cases)


async def plain(only: Sequence[str], effort: Effort) -> list[Result]:
    """Compare the candidates, or those named, at the plain size."""
    chosen = [each for each in CANDIDATES if not only or each.key in only]
    return await _measure([Case(candidate=each, name=each.key) for each in chosen], effort)


async def larger(given: argparse.Namespace, only: Sequence[str]) -> list[Result]:
    """Compare candidates with themselves at larger sizes; the plain ones come first."""
    rounds, seconds = max(3, given.rounds - 2), given.seconds
    found: list[Result] = []
    if given.state:
        cases = [
            case
            for key in _chosen(_SIZED, only)
            for case in (
                Case(candidate=BY_KEY[key], name=f"{key}-plain"),
                Case(candidate=BY_KEY[key], name=f"{key}-state", state=given.state),
            )
        ]
        found += await _measure(cases, Effort(rounds=rounds, seconds=seconds))
    if given.stored:
        cases = [
            case
            for key in _chosen(_STORED, only)
            for case in (
                Case(candidate=BY_KEY[key], name=f"{key}-empty"),
                Case(candidate=BY_KEY[key], name=f"{key}-stored", stored=given.stored),
            )
        ]
        found += await _measure(cases, Effort(rounds=rounds, seconds=seconds))
    if given.history:
        cases = [
            case
            for key in _chosen(_LONG, only)
            for case in (
                Case(candidate=BY_KEY[key], name=f"{key}-short", history=10),
                Case(candidate=BY_KEY[key], name=f"{key}-long", history=given.history),
            )
        ]
        found += await _measure(cases, Effort(rounds=rounds, seconds=seconds, ways=WAYS[:1]))
    return found


def _chosen(keys: Sequence[str], only: Sequence[str]) -> list[str]:
    return [key for key in keys if not only or key in only]


def _pairs(found: Sequence[Result]) -> list[tuple[str, Result, Result]]:
    """Return each larger case after its plain one, and what is larger about it."""
    pairs = []
    for plain_one, larger_one in zip(found[::2], found[1::2], strict=True):
        case = larger_one.case
        if case.history:
            what = f"{case.history:,} steps before the question (over 10)"
        elif case.stored:
            what = f"{case.stored:,} paused runs stored"
        else:
            what = f"{case.state // 1_000:,} kB of state"
        pairs.append((what, larger_one, plain_one))
    return pairs


def _show(compared: Sequence[Result], sized: Sequence[Result], *, is_written: bool) -> None:
    standing, tables = report.standing(compared), report.compared(compared)
    sizes = report.sized(_pairs(sized)) if sized else ""
    about = f"Measured on {results.machine()}.\n"
    print(f"{about}\n{standing}\n{tables}\n{sizes}")
    if is_written:
        results.write_part("standing", f"{about}\n{standing}")
        results.write_part("comparison", tables)
        results.write_part("sizes", sizes or "Not measured yet.")
        results.PICTURE.write_text(picture.draw(compared, title=_TITLE))


def main(arguments: Sequence[str]) -> None:
    """Measure, print, and write the documents if that is asked for."""
    given = parser().parse_args(arguments)
    kept = home() / "comparison.json"
    if given.again:
        found = results.load(kept)
        compared = results.from_json(found.get("compared", []))
        sized = results.from_json(found.get("sized", []))
    else:
        only = [key for key in given.only.split(",") if key]
        if unknown := set(only) - set(BY_KEY):
            sys.exit(f"nobody is called {', '.join(sorted(unknown))}; see --help")
        effort = Effort(rounds=given.rounds, seconds=given.seconds)
        compared = asyncio.run(plain(only, effort))
        sized = [] if given.no_sizes else asyncio.run(larger(given, only))
        parts = {"compared": results.to_json(compared), "sized": results.to_json(sized)}
        results.save(kept, parts)
    _show(compared, sized, is_written=given.write_docs)
