"""Where things are in the graphs of the matrix, and how often each of them happened."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

#: Stands for an output that is not there.
MISSING = "missing"
_VISIT = re.compile(r"#\d+")

#: Where the work of a node is done, below it.
WORK = {
    "tool": ("unit/probe",),
    "outside-tool": ("unit/probe",),
    "agent": ("unit/turn",),
    "router": ("unit[left]/work",),
    "condition": ("unit[then]/work",),
    "condition-else": ("unit[then]/work",),
    "steps": ("unit/work",),
    "subgraph": ("unit/work",),
    "loop": ("unit[1]/work", "unit[2]/work", "unit[3]/work"),
    "parallel": ("unit[a]/work", "unit[b]/work"),
    "map": ("unit[1]/work", "unit[2]/work"),
}
#: Where else something is counted.
NAMED = {
    "else": "unit[else]/otherwise",
    "right": "unit[right]/elsewhere",
    "other": "other",
    "evaluated": "evaluated",
}


def without_visits(path: str) -> str:
    """Return a path that is the same at every visit."""
    return _VISIT.sub("", path)


@dataclass
class Tally:
    """What ran, by run and path without visits, and which output of the cell's node was seen."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seen: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def note(self, view: Any, path: str) -> int:
        """Count something; return how often it has happened now."""
        place = without_visits(path)
        self.counts[view.run["id"]][place] += 1
        return self.counts[view.run["id"]][place]

    def note_here(self, view: Any, name: str) -> int:
        """Count something of the cell that does not know its path."""
        return self.note(view, view.state["here"] + name)


@dataclass(frozen=True)
class Spots:
    """Where a cell stands in its graph, and what is beside and after it."""

    core: str
    beside: tuple[str, ...]
    after: tuple[str, ...]
    #: Further places of the cell itself: the other items of maps.
    copies: tuple[str, ...]


_INSIDE = {
    "parallel": "[core]",
    "map": "[1]",
    "loop": "[1]",
    "condition": "[then]",
    "router": "[core]",
}


def spots(nest: Sequence[str]) -> Spots:
    """Return the paths of a cell inside composites."""
    frames = [("", True)]
    beside: list[str] = []
    after: list[str] = []
    for name, composite in zip(("outer", "inner"), nest, strict=False):
        inner: list[tuple[str, bool]] = []
        for prefix, is_core in frames:
            (after if is_core else beside).append(f"{prefix}beyond")
            inner.append((f"{prefix}{name}{_INSIDE.get(composite, '')}/", is_core))
            if composite == "map":
                inner.append((f"{prefix}{name}[2]/", False))
            elif composite == "parallel":
                beside.append(f"{prefix}{name}[sibling]/sibling")
        frames = inner
    copies = tuple(prefix for prefix, is_core in frames if not is_core)
    (core,) = (prefix for prefix, is_core in frames if is_core)
    return Spots(core, (*beside, *(f"{copy}behind" for copy in copies)), tuple(after), copies)
