"""Tables of a comparison, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from benchmarks.rounds import CONCURRENCY, PHASES, Measured, Result

_NAMES = {"start": "start → paused", "approve": "approve → completed"}
COLUMNS = [(phase, at_once) for phase in PHASES for at_once in (1, CONCURRENCY)]
HEADS = [
    f"{_NAMES[phase]}, {'alone' if at_once == 1 else f'{at_once} at once'}"
    for phase, at_once in COLUMNS
]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first is right-aligned."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def compared(results: Sequence[Result]) -> str:
    """Return all tables of a comparison, database by database."""
    parts = []
    for name, is_postgres in (("SQLite", False), ("PostgreSQL", True)):
        found = [each for each in results if each.case.candidate.is_postgres is is_postgres]
        if not found:
            continue
        present = [each for each in found if each.figures]
        parts.append(f"**{name}**, runs a second: median of the rounds (slowest-fastest)\n")
        parts.append(table(["", *HEADS], map(_rates, present)))
        own = next((each for each in present if each.case.candidate.label == "Signoff"), None)
        if own is not None:
            others = [each for each in present if each is not own]
            parts.append(f"**{name}**, Signoff's runs a second over the others'\n")
            parts.append(table(["Signoff over", *HEADS], [_ratios(own, each) for each in others]))
        parts.append(f"**{name}**, approve → completed, and executions of `b` at a double click\n")
        heads = [
            "",
            "p50 / p95 alone, ms",
            f"p50 / p95, {CONCURRENCY} at once, ms",
            "CPU a run, ms",
            "`b` ran",
        ]
        parts.append(table(heads, map(_latencies, present)))
        parts += [
            f"Not available: {_label(each)} ({each.error}).\n" for each in found if not each.figures
        ]
    return "\n".join(parts)


def _label(result: Result) -> str:
    name, comma, way = result.case.candidate.label.partition(",")
    return f"{name} {result.version}{comma}{way}" if result.version else name + comma + way


def _rates(result: Result) -> list[str]:
    return [_label(result), *(_rate(result.figures.get(column)) for column in COLUMNS)]


def _rate(found: Measured | None) -> str:
    if found is None or not found.rates:
        return "-"
    median = statistics.median(found.rates)
    return f"{median:,.0f} ({min(found.rates):,.0f}-{max(found.rates):,.0f})"


def _ratios(own: Result, other: Result) -> list[str]:
    cells = [ratio(own.figures.get(each), other.figures.get(each)) for each in COLUMNS]
    return [_label(other), *("-" if cell is None else f"{cell:.2f}" for cell in cells)]


def ratio(one: Measured | None, other: Measured | None) -> float | None:
    """Return the median over the rounds of one's rate over the other's."""
    if one is None or other is None or not one.rates or not other.rates:
        return None
    pairs = zip(one.rates, other.rates, strict=False)  # a member may have left early
    return statistics.median(mine / theirs for mine, theirs in pairs)


def _latencies(result: Result) -> list[str]:
    alone = result.figures.get(("approve", 1))
    many = result.figures.get(("approve", CONCURRENCY))
    twice = "-" if result.twice is None else f"{result.twice:.1f} times"
    return [
        _label(result),
        _milliseconds(alone),
        _milliseconds(many),
        f"{statistics.median((many or alone or Measured(cpu=[0])).cpu) * 1e3:.2f}",
        twice,
    ]


def _milliseconds(found: Measured | None) -> str:
    if found is None or not found.p50:
        return "-"
    p50, p95 = statistics.median(found.p50) * 1e3, statistics.median(found.p95) * 1e3
    return f"{p50:.1f} / {p95:.1f}"


def sized(pairs: Sequence[tuple[str, Result, Result]]) -> str:
    """Return what a larger size costs: each candidate's rates over its own rates without it."""
    rows, missing = [], []
    for what, larger, plain in pairs:
        database = "PostgreSQL" if plain.case.candidate.is_postgres else "SQLite"
        named = f"{_label(plain)}, {database}: {what}"
        if not larger.figures or not plain.figures:
            missing.append(f"Not available: {named} ({larger.error or plain.error}).\n")
            continue
        # A start with a history takes all its steps, which says nothing about the last one.
        columns = [None if each[0] == "start" and larger.case.history else each for each in COLUMNS]
        cells = [
            ratio(larger.figures.get(each), plain.figures.get(each)) if each else None
            for each in columns
        ]
        rows.append([named, *("-" if cell is None else f"{cell:.2f}" for cell in cells)])
    return "\n".join([table(["rates with … over those without", *HEADS], rows), *missing])


def standing(results: Sequence[Result]) -> str:
    """Return where Signoff stands beside its targets."""
    found = {each.case.candidate.key: each for each in results if each.figures}
    peers = [each for each in found.values() if _is_peer(each)]
    rows = [_target_floor(found), *(_target_peer(found, each) for each in peers)]
    rows.append(_target_twice(found))
    return table(["target", "measured", ""], [row for row in rows if row])


def _target_floor(found: dict[str, Result]) -> list[str]:
    own, floor = found.get("signoff"), found.get("floor-single")
    if own is None or floor is None:
        return []
    pairs = zip(own.figures["approve", 1].p50, floor.figures["approve", 1].p50, strict=False)
    times = statistics.median(mine / theirs for mine, theirs in pairs)
    what = "one approval alone takes at most twice one aiosqlite transaction of the same rows (p50)"
    return [what, f"{times:.2f} times", _verdict(is_met=times <= 2)]  # noqa: PLR2004 - the target


def _is_peer(result: Result) -> bool:
    return not result.case.candidate.is_floor and result.case.candidate.label != "Signoff"


def _target_peer(found: dict[str, Result], peer: Result) -> list[str]:
    is_postgres = peer.case.candidate.is_postgres
    own = found.get("pg-signoff" if is_postgres else "signoff")
    if own is None:
        return []
    ratios = [ratio(own.figures.get(each), peer.figures.get(each)) for each in COLUMNS]
    known = [each for each in ratios if each is not None]
    texts = ", ".join(f"{each:.2f}" for each in known)
    name = f"{_label(peer)}, {'PostgreSQL' if is_postgres else 'SQLite'}"
    return [f"faster than {name}", f"{texts} times", _verdict(is_met=min(known) > 1)]


def _target_twice(found: dict[str, Result]) -> list[str]:
    own = found.get("signoff")
    if own is None or own.twice is None:
        return []
    what = "a double click runs what follows once"
    return [what, f"{own.twice:.1f} times", _verdict(is_met=own.twice == 1)]


def _verdict(*, is_met: bool) -> str:
    return "met" if is_met else "**not met**"
