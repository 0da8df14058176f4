"""What cancelling a run would do: what it takes back, and what it cannot take back any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from bot.cards.values import is_short, one_line, value_text
from bot.cards.words import Code, Strong, Words, join
from orchestrator.core.events import (
    BodyEntered,
    FrameOpened,
    NodeFailed,
    NodeSkipped,
    NodeSucceeded,
    Record,
    ResultIgnored,
)
from orchestrator.core.folding import undo_path
from orchestrator.core.gates import gates_of
from orchestrator.core.state import frame_of, name_of
from orchestrator.graph.formats import FormatKind
from orchestrator.graph.graph import Graph, address_of
from orchestrator.graph.nodes import TaskNode
from orchestrator.store.records import Approval, Run

_MOST = 5  # names in a sentence
_UNDO = undo_path("")


def consequences(
    graph: Graph | None, run: Run, records: Sequence[Record], questions: Sequence[Approval]
) -> list[Words]:
    """Say what cancelling brings about, a sentence each; nothing: it does no harm.

    Args:
        graph: The run's graph, if it is at hand.
        run: The run.
        records: The run's log.
        questions: Its open questions.
    """
    rows: list[Words] = []
    if questions:
        what = "is withdrawn" if len(questions) == 1 else "are withdrawn"
        count = "The open question" if len(questions) == 1 else f"{len(questions)} open questions"
        titles = join([(Strong(one_line(each.title)),) for each in questions[:_MOST]], ", ")
        rows.append((f"{count} {what}: ", *titles))
    if graph is None:
        rows.append(("Its graph is not loaded here, so what of it will be undone is not known.",))
        return rows
    to_undo = [path for path in _to_undo(records) if graph.find_node(path)]
    under_way = [place for place in run.places if _has_undo(graph, place)]
    names = {} if _has_secrets(graph) else _item_names(records)
    rows += _listed(to_undo, names, "will be undone.")
    rows += _listed(under_way, names, "is under way, and will be undone if it is done before.")
    done = list(dict.fromkeys(_done_for_good(graph, records)))
    if done:
        nodes = join([(Strong(one_line(each)),) for each in done[:_MOST]], ", ")
        rest = f" and {len(done) - _MOST} more" if len(done) > _MOST else ""
        rows.append(("Already done, and not taken back: ", *nodes, f"{rest}."))
    return rows


def _listed(paths: Sequence[str], names: Mapping[str, str], what: str) -> Iterator[Words]:
    """Yield a sentence for each node, with the items that it worked on: the first of them all."""
    shown = sorted(paths[:_MOST], key=address_of)
    for _, found in groupby(shown, key=address_of):
        visits = list(found)
        items = [names.get(frame_of(each)) for each in visits]
        if None in items:
            yield (*join([(Code(one_line(each)),) for each in visits], ", "), f" {what}")
            continue
        shown_items = list(dict.fromkeys(map(str, items)))
        *first, last = shown_items
        of = f"{', '.join(first)} and {last}" if first else last
        yield (f"{of}: ", Code(one_line(name_of(address_of(visits[0])))), f" {what}")
    if len(paths) > _MOST:
        yield (f"{len(paths) - _MOST} more {what}",)


def _item_names(records: Iterable[Record]) -> dict[str, str]:
    """Return the items of maps that are short, by the path of the frame that works on them."""
    items: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    for record in records:
        event = record.event
        if isinstance(event, BodyEntered) and event.items is not None:
            items[event.path] = event.items
        elif isinstance(event, FrameOpened) and event.number is not None:
            found = items.get(event.place, [])[event.number - 1 : event.number]
            if found and is_short(found[0]):
                names[event.path] = one_line(value_text(found[0]))
    return names


def _has_secrets(graph: Graph) -> bool:
    """Does a gate of the graph hide something, which an item may be?"""
    return any(
        shown.kind is FormatKind.SECRET
        for scope in graph.scopes.values()
        for node in scope.nodes.values()
        for _, gate in gates_of(node)
        for shown in gate.formats.values()
    )


def _to_undo(records: Iterable[Record]) -> list[str]:
    """Return the paths of the visits that have an undo and have not been taken back."""
    found: dict[str, None] = {}
    for record in records:
        event = record.event
        if isinstance(event, NodeSucceeded | NodeSkipped | NodeFailed) and event.path.endswith(
            _UNDO
        ):
            found.pop(event.path.removesuffix(_UNDO), None)
        elif isinstance(event, NodeSucceeded | ResultIgnored) and event.has_undo:
            found[event.path] = None
    return list(found)


def _has_undo(graph: Graph, path: str) -> bool:
    node = graph.find_node(path)
    return isinstance(node, TaskNode) and node.undo is not None


def _done_for_good(graph: Graph, records: Iterable[Record]) -> Iterator[str]:
    """Yield the nodes that did what may not be repeated, and that have no undo."""
    for record in records:
        if not isinstance(record.event, NodeSucceeded):
            continue
        node = graph.find_node(record.event.path)
        if isinstance(node, TaskNode) and _is_for_good(graph, node, record.event.path):
            yield node.id


def _is_for_good(graph: Graph, node: TaskNode, path: str) -> bool:
    return node.undo is None and not graph.is_idempotent(node, path)
