"""Rounds: every member carries out each phase in turn, round after round."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.members import Case, Field, Member, UnavailableError

CONCURRENCY = 32
WAYS = (1, CONCURRENCY)  #: how many runs at once
PHASES = ("start", "approve")
_TRIAL = 8  # runs of the first, unmeasured round, one at a time
_TWICE = 16  # runs whose approval is clicked twice
_LEAST, _MOST = 5, 2_000  # runs of a phase


@dataclass
class Measured:
    """What a phase took, round by round."""

    rates: list[float] = field(default_factory=list)  #: runs a second
    p50: list[float] = field(default_factory=list)  #: seconds
    p95: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  #: seconds a run

    def add(self, answer: dict[str, Any]) -> None:
        """Take a round's answer."""
        ordered = sorted(answer["latencies"])
        self.rates.append(len(ordered) / answer["seconds"])
        self.p50.append(statistics.median(ordered))
        self.p95.append(ordered[math.ceil(len(ordered) * 0.95) - 1])
        self.cpu.append(answer["cpu"] / len(ordered))


@dataclass
class Result:
    """What a case came to; without figures it did not take part."""

    case: Case
    version: str = ""
    is_concurrent: bool = True
    error: str = ""
    twice: float | None = None  #: executions of `b` a run, when every approval is clicked twice
    figures: dict[tuple[str, int], Measured] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long is measured."""

    rounds: int = 5
    seconds: float = 0.6  #: of each phase of each member in each round
    ways: Sequence[int] = WAYS


class Comparison:
    """Members that are all alive, and take turns."""

    def __init__(self, arena: Field, effort: Effort) -> None:
        self._arena = arena
        self._effort = effort
        self._members: dict[str, Member] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self.results: dict[str, Result] = {}

    async def run(self, cases: Sequence[Case]) -> list[Result]:
        """Start everybody, measure, and return what came out, in the order given."""
        for case in cases:
            self.results[case.name] = Result(case=case)
            await self._try(case.name, self._enter(case))
        rounds = range(self._effort.rounds)
        for number in rounds:
            _tell(f"round {number + 1} of {len(rounds)}")
            for at_once in self._effort.ways:
                await self._round(number, at_once)
        for name, member in list(self._members.items()):
            if member.is_concurrent and not member.case.candidate.is_floor:
                await self._try(name, self._click_twice(name, member))
        return list(self.results.values())

    async def _try(self, name: str, work: Any) -> None:
        try:
            await work
        except UnavailableError as error:
            self._members.pop(name, None)
            self.results[name].error = str(error)
            _tell(f"{name} is not available: {error}")

    async def _enter(self, case: Case) -> None:
        """Start a member, warm it up, and see how many runs it can do in a round."""
        member = await self._arena.start(case)
        result = self.results[case.name]
        result.version, result.is_concurrent = member.version, member.is_concurrent
        self._members[case.name] = member
        least = 1 if case.history else _LEAST
        for at_once in self._ways(member):
            runs = _runs(f"trial-{at_once}", max(1 if case.history else _TRIAL, at_once))
            took = [(await member.phase(what, runs, at_once))["seconds"] for what in PHASES]
            wanted = int(len(runs) / max(took) * self._effort.seconds)
            self._counts[case.name, at_once] = min(_MOST, max(least, at_once, wanted))
        rates = ", ".join(f"{self._counts[case.name, way]}" for way in self._ways(member))
        _tell(f"{case.name} takes part with {rates} runs a phase")

    def _ways(self, member: Member) -> Sequence[int]:
        return self._effort.ways if member.is_concurrent else (1,)

    async def _round(self, number: int, at_once: int) -> None:
        for what in PHASES:
            for name, member in list(self._members.items()):
                if at_once in self._ways(member):
                    await self._try(name, self._phase(name, what, number, at_once))

    async def _phase(self, name: str, what: str, number: int, at_once: int) -> None:
        runs = _runs(f"{number}-{at_once}", self._counts[name, at_once])
        answer = await self._members[name].phase(what, runs, at_once)
        self.results[name].figures.setdefault((what, at_once), Measured()).add(answer)

    async def _click_twice(self, name: str, member: Member) -> None:
        runs = _runs("twice", _TWICE)
        await member.phase("start", runs, 1)
        answer = await member.phase("twice", runs, 1)
        self.results[name].twice = answer["executions"] / _TWICE


def _runs(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
