"""A picture of a comparison: a row for each candidate, dots on a logarithmic axis, as SVG."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from html import escape

from benchmarks.rounds import CONCURRENCY, PHASES, Measured, Result

_LABELS, _PANEL, _GAP, _RIGHT = 290, 300, 72, 32  # pixels across
_ROW, _TOP, _HEAD, _BOTTOM = 24, 88, 28, 48  # pixels down
_TITLES = {"start": "start → paused", "approve": "approve → completed"}
_STYLE = """
  .ground { fill: #ffffff } .grid { stroke: #d8dee4 } text { fill: #1f2328; font: 13px sans-serif }
  .title { font-size: 15px; font-weight: 600 } .faint { fill: #59636e; font-size: 12px }
  .own { font-weight: 600 } .band { fill: #f1f5fb }
  .one { fill: #ffffff; stroke: #59636e } .many { fill: #59636e; stroke: #59636e }
  .own.one { fill: #ffffff; stroke: #0969da } .own.many { fill: #0969da; stroke: #0969da }
  .spread { stroke: #59636e; stroke-opacity: .45 } .own.spread { stroke: #0969da }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .grid { stroke: #30363d } text { fill: #e6edf3 }
    .faint { fill: #9198a1 } .band { fill: #16202e }
    .one { fill: #0d1117; stroke: #9198a1 } .many { fill: #9198a1; stroke: #9198a1 }
    .own.one { fill: #0d1117; stroke: #58a6ff } .own.many { fill: #58a6ff; stroke: #58a6ff }
    .spread { stroke: #9198a1 } .own.spread { stroke: #58a6ff }
  }
"""


class _Axis:
    """Runs a second, by powers of ten, across one panel."""

    def __init__(self, left: float, rates: Sequence[float]) -> None:
        self._left = left
        self.first = math.floor(math.log10(min(rates)))
        self.last = math.ceil(math.log10(max(rates)))

    def at(self, rate: float) -> float:
        """Return the place of a rate."""
        share = (math.log10(rate) - self.first) / max(1, self.last - self.first)
        return self._left + share * _PANEL

    def ticks(self) -> list[tuple[float, str]]:
        """Return the places of the powers of ten, and what is written there."""
        return [(self.at(10**each), f"{10**each:,}") for each in range(self.first, self.last + 1)]


def draw(results: Sequence[Result], *, title: str) -> str:
    """Return the picture of what took part."""
    groups = [
        (name, [each for each in results if each.figures and each.case.candidate.is_postgres is it])
        for name, it in (("SQLite", False), ("PostgreSQL", True))
    ]
    groups = [(name, found) for name, found in groups if found]
    rates = [
        rate
        for _, found in groups
        for each in found
        for figure in each.figures.values()
        for rate in figure.rates
    ]
    height = _TOP + sum(_HEAD + _ROW * len(found) for _, found in groups) + _BOTTOM
    width = _LABELS + 2 * _PANEL + _GAP + _RIGHT
    lefts = (_LABELS, _LABELS + _PANEL + _GAP)
    axes = {phase: _Axis(left, rates or [1, 10]) for phase, left in zip(PHASES, lefts, strict=True)}
    parts = [_text(16, 26, title, "title"), *_legend(16, 48)]
    for phase, axis in axes.items():
        parts += _grid(axis, height, _TITLES[phase])
    y = _TOP
    for name, found in groups:
        parts.append(_text(16, y + 18, name, "faint"))
        y += _HEAD
        for result in found:
            parts += _row(result, axes, y, width)
            y += _ROW
    return _document(width, height, title, parts)


def _document(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect class="ground" width="{width}" height="{height}" rx="6"/>\n{body}\n</svg>\n'
    )


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _dot(x: float, y: float, kind: str) -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5" stroke-width="2"/>'


def _legend(x: float, y: float) -> list[str]:
    return [
        _dot(x + 5, y - 4, "one"),
        _text(x + 18, y, "one at a time", "faint"),
        _dot(x + 125, y - 4, "many"),
        _text(x + 138, y, f"{CONCURRENCY} at once; the line is slowest to fastest round", "faint"),
    ]


def _grid(axis: _Axis, height: int, title: str) -> list[str]:
    bottom = height - _BOTTOM + 6
    parts = [_text(axis.at(10**axis.first), _TOP - 12, f"{title}, runs a second", "faint")]
    for x, label in axis.ticks():
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(_text(x, bottom + 18, label, "faint", "middle"))
    return parts


def _row(result: Result, axes: dict[str, _Axis], y: float, width: int) -> list[str]:
    is_own = result.case.candidate.label == "Signoff"
    own = "own " if is_own else ""
    middle = y + _ROW / 2
    parts = []
    if is_own:
        parts.append(f'<rect class="band" x="8" width="{width - 16}" y="{y}" height="{_ROW}"/>')
    parts.append(_text(28, middle + 4, result.case.candidate.label, own.strip()))
    for phase, axis in axes.items():
        for at_once, kind in ((1, "one"), (CONCURRENCY, "many")):
            found = result.figures.get((phase, at_once))
            if found is not None and found.rates:
                parts += _mark(axis, found, middle, own + kind, own + "spread")
    return parts


def _mark(axis: _Axis, found: Measured, y: float, kind: str, spread: str) -> list[str]:
    low, high = axis.at(min(found.rates)), axis.at(max(found.rates))
    line = (
        f'<line class="{spread}" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
        'stroke-width="2"/>'
    )
    return [line, _dot(axis.at(statistics.median(found.rates)), y, kind)]
