"""Latencies in buckets whose width grows with the value: exact to two digits, small for ever."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

_PARTS = 64  # buckets between a value and its double
_BARS = 40  # characters of the longest bar


class Histogram:
    """Counts of values, in buckets that are at most a sixty-fourth wide."""

    def __init__(self, values: Iterable[float] = ()) -> None:
        self._counts: Counter[int] = Counter()
        self.total = 0
        self.most = 0.0
        for value in values:
            self.add(value)

    def add(self, value: float) -> None:
        """Count a value above zero."""
        self._counts[_bucket(value)] += 1
        self.total += 1
        self.most = max(self.most, value)

    def at(self, share: float) -> float:
        """Return the value below which this share of all values are."""
        wanted, seen = math.ceil(share * self.total), 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= wanted:
                return min(_top(bucket), self.most)
        return self.most

    def doubled(self) -> list[tuple[float, int]]:
        """Return how many values there are below each power of two, from the least to the most."""
        found: Counter[int] = Counter()
        for bucket, count in self._counts.items():
            found[math.floor(bucket / _PARTS) + 1] += count
        if not found:
            return []
        return [(2.0**power, found[power]) for power in range(min(found), max(found) + 1)]


def _bucket(value: float) -> int:
    return math.floor(math.log2(max(value, 1e-9)) * _PARTS)


def _top(bucket: int) -> float:
    return float(2.0 ** ((bucket + 1) / _PARTS))


def bars(histogram: Histogram, unit: str) -> str:
    """Return a histogram as lines of text."""
    found = histogram.doubled()
    longest = max((count for _, count in found), default=1)
    return "\n".join(
        f"  < {top:>10,.1f} {unit} {count:>7}  {'#' * math.ceil(count / longest * _BARS)}"
        for top, count in found
    )


def row(name: str, histogram: Histogram) -> Sequence[str]:
    """Return the cells of a table: the name, how many, p50, p90, p99 and the most."""
    shares = [f"{histogram.at(share):,.1f}" for share in (0.5, 0.9, 0.99)]
    return [name, f"{histogram.total:,}", *shares, f"{histogram.most:,.1f}"]
