"""A graph as a picture in text, narrow enough for a phone, with the places of a run marked."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.cards.route import Way, order_of, ways_of
from bot.cards.standings import Mark, Standing, standings
from bot.cards.values import one_line
from orchestrator.core.events import Record
from orchestrator.graph.callables import qualified_name
from orchestrator.graph.composites import (
    AgentNode,
    ConditionNode,
    LoopNode,
    MapNode,
    Node,
    RouterNode,
    Scope,
    SubgraphNode,
    bodies,
)
from orchestrator.graph.graph import Graph
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.nodes import ApprovalNode, EndNode, WaitNode
from orchestrator.graph.problems import gates_of, inner_frame
from orchestrator.store.records import Run

#: Columns of the widest line: what a phone shows in a fixed-width font without wrapping.
WIDTH = 60
#: Lines of the longest picture.
MOST_LINES = 44
_DEEPEST = 10  # levels that are indented; what is deeper stands below them
_KEPT = 2  # lines around a folded stretch that stay
_LEGEND = {
    Mark.DONE: "done",
    Mark.RUNNING: "runs",
    Mark.WAITING: "waits",
    Mark.HERE: "here",
    Mark.SKIPPED: "skipped",
    Mark.FAILED: "failed",
    Mark.STOPPED: "stopped",
}


class _Fold(StrEnum):
    """How much of a long graph is left out."""

    NOTHING = "nothing"
    ENDED = "ended"  #: what is inside of composites that are over
    QUIET = "quiet"  #: what is inside of every composite in which nothing goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of the picture."""

    depth: int
    text: str
    #: None: it says where the line above leads.
    mark: Mark | None = None

    @property
    def is_live(self) -> bool:
        return self.mark is not None and self.mark.is_live


def diagram(graph: Graph, run: Run | None = None, records: Sequence[Record] = ()) -> str:
    """Draw a graph from its start along its edges, a node a line.

    No line is wider than `WIDTH` columns. A graph of more than `MOST_LINES` lines is drawn with
    what is over, or not yet begun, folded away; where the run is always stays.

    Args:
        graph: What to draw.
        run: Whose places are marked.
        records: The run's log; then it is shown what is done, skipped and failed, too.
    """
    found = standings(records, run.places if run else ())
    drawing = _Drawing(found, has_run=run is not None)
    lines: list[_Line] = []
    for fold in _Fold:
        lines = list(drawing.scope(graph, "", 0, fold))
        if len(lines) <= MOST_LINES:
            break
    lines = _windowed(_without_stretches(lines))
    legend = _legend(lines) if run else ""
    return "\n".join([*map(_write, lines), *([legend] if legend else [])])


class _Drawing:
    """Draws scopes, the inner ones below and to the right of their node."""

    def __init__(self, found: dict[str, Standing], *, has_run: bool) -> None:
        self._found = found
        self._has_run = has_run

    def scope(self, scope: Scope, frame: str, depth: int, fold: _Fold) -> Iterator[_Line]:
        order = order_of(scope)
        for number, node_id in enumerate(order):
            node = scope.nodes[node_id]
            address = inner_frame(frame, node_id, "")
            yield self._node(node, address, depth)
            yield from self._inside(node, address, depth, fold)
            for way in ways_of(scope, order, number) if scope.edges or len(order) == 1 else ():
                yield _Line(depth=depth + 1, text=_way(way, depth + 1))

    def _node(self, node: Node, address: str, depth: int) -> _Line:
        standing = self._found.get(address)
        mark = standing.mark if standing else Mark.COMING
        signs = [f"✋{kind}" for kind in _signs(node)]
        said = [standing.words] if standing and standing.words else []
        text = "  ".join([one_line(node.id), *signs, *said, *_details(node)])
        return _Line(depth=depth, text=text, mark=mark if self._has_run else Mark.COMING)

    def _inside(self, node: Node, address: str, depth: int, fold: _Fold) -> Iterator[_Line]:
        inside = bodies(node)
        if not inside:
            return
        standing = self._found.get(address)
        is_live = standing is not None and standing.mark.is_live
        is_over = standing is not None and not is_live
        if is_over if fold is _Fold.ENDED else fold is _Fold.QUIET and not is_live:
            count = sum(map(_size, inside.values()))
            yield _Line(depth=depth + 1, text=f"… {count} inside")
            return
        for name, body in inside.items():
            if name:
                yield _Line(depth=depth + 1, text=f"[{one_line(name)}]")
            yield from self.scope(
                body, f"{address}[{name}]" if name else address, depth + 1 + bool(name), fold
            )
        if isinstance(node, LoopNode):
            yield _Line(depth=depth + 1, text=f"↺ again{_until(node)}")


def _signs(node: Node) -> Iterator[str]:
    for kind, _ in gates_of(node):
        is_own = isinstance(node, ApprovalNode) and kind is ApprovalKind.CONFIRM
        yield "approval" if is_own else kind.value


def _details(node: Node) -> Iterator[str]:
    match node:
        case RouterNode(select=select) if select is not None:
            yield f"by {_condition(select)}"
        case ConditionNode():
            yield f"if {_condition(node.when)}"
        case LoopNode():
            yield f"loop, {node.max_rounds} rounds at most"
        case MapNode():
            yield f"for each of {_condition(node.over, 'a list')}"
        case SubgraphNode():
            yield f"graph {one_line(node.graph.id)}"
        case WaitNode():
            yield f"until signal {one_line(node.signal)}" if node.signal else "wait"
        case AgentNode():
            yield "agent"
        case EndNode():
            yield "end"
        case _:
            if bodies(node):
                yield type(node).__name__.removesuffix("Node").lower()


def _until(node: LoopNode) -> str:
    return "" if node.until is None else f" until {_condition(node.until)}"


def _way(way: Way, depth: int) -> str:
    arrow = "↺ back to " if way.is_back else "→ "
    target = f"{arrow}{one_line(way.target)}" if way.target else "■ ends here"
    label = _condition(way.when) if way.when is not None else way.label
    if not label:
        return target
    word = "if " if way.when is not None else ""
    room = WIDTH - 2 - 2 * min(depth, _DEEPEST) - _columns(target) - len(word) - 1
    return f"{word}{_fit(one_line(label), max(room, 8))} {target}"


def _condition(value: object, unnamed: str = "its condition") -> str:
    source = getattr(value, "source", None)
    if isinstance(source, str):
        return one_line(source)
    name = qualified_name(value).rpartition(".")[2]
    return unnamed if "<" in name else one_line(name)


def _size(scope: Scope) -> int:
    """Count the nodes of a scope, at every depth."""
    return sum(1 + sum(map(_size, bodies(node).values())) for node in scope.nodes.values())


def _without_stretches(lines: list[_Line]) -> list[_Line]:
    """Fold away stretches where nothing goes on, the longest first, until the rest is short."""
    while len(lines) > MOST_LINES:
        longest = max(_stretches(lines), key=lambda each: each[1] - each[0], default=(0, 0))
        first, last = longest[0] + _KEPT, longest[1] - _KEPT
        if last - first < _KEPT:
            break
        lines = [*lines[:first], _folded(lines[first:last]), *lines[last:]]
    return lines


def _stretches(lines: Sequence[_Line]) -> Iterator[tuple[int, int]]:
    """Yield where runs of lines begin and end in which nothing goes on."""
    first = 0
    for number, line in enumerate(lines):
        if line.is_live or line.text.startswith("⋮"):
            yield first, number
            first = number + 1
    yield first, len(lines)


def _folded(lines: Sequence[_Line]) -> _Line:
    counts = Counter(line.mark for line in lines if line.mark is not None)
    said = [f"{counts[mark]} {_LEGEND.get(mark, 'to come')}" for mark in Mark if counts[mark]]
    return _Line(depth=min(line.depth for line in lines), text=f"⋮ {', '.join(said) or '…'}")


def _windowed(lines: list[_Line]) -> list[_Line]:
    """Keep what is around the first place where something goes on; the last resort."""
    if len(lines) <= MOST_LINES:
        return lines
    here = next((number for number, line in enumerate(lines) if line.is_live), 0)
    first = max(min(here - MOST_LINES // 3, len(lines) - MOST_LINES), 0)
    last = min(first + MOST_LINES - 2, len(lines))
    above = [_folded(lines[:first])] if first else []
    below = [_folded(lines[last:])] if last < len(lines) else []
    return [*above, *lines[first:last], *below]


def _write(line: _Line) -> str:
    indent = "  " * min(line.depth, _DEEPEST)
    mark = f"{line.mark.value} " if line.mark is not None else "  "
    return _fit(f"{mark}{indent}{line.text}", WIDTH).rstrip()


def _legend(lines: Iterable[_Line]) -> str:
    used = {line.mark for line in lines}
    said = [f"{mark.value} {word}" for mark, word in _LEGEND.items() if mark in used]
    return f"\n{'   '.join(said)}" if said else ""


def _fit(text: str, columns: int) -> str:
    """Cut a text so that it is at most so many columns wide."""
    if _columns(text) <= columns:
        return text
    while text and _columns(text) > columns - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _columns(text: str) -> int:
    """Measure a text in columns of a fixed-width font."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
