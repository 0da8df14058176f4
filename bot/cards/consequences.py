"""What cancelling a run would do, and what it cannot take back any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.cards.values import one_line
from bot.cards.words import Strong, Words, join
from orchestrator.core.events import Record
from orchestrator.core.node_events import NodeSucceeded
from orchestrator.graph.graph import Graph
from orchestrator.graph.nodes import TaskNode
from orchestrator.store.records import Approval

_MOST = 5  # names in a sentence


def consequences(
    graph: Graph | None, records: Sequence[Record], questions: Sequence[Approval]
) -> list[Words]:
    """Say what cancelling brings about, a sentence each; nothing: it does no harm.

    Args:
        graph: The run's graph, if it is at hand.
        records: The run's log.
        questions: Its open questions.
    """
    rows: list[Words] = []
    if questions:
        what = "is withdrawn" if len(questions) == 1 else "are withdrawn"
        count = "The open question" if len(questions) == 1 else f"{len(questions)} open questions"
        titles = join([(Strong(one_line(each.title)),) for each in questions[:_MOST]], ", ")
        rows.append((f"{count} {what}: ", *titles))
    done = list(dict.fromkeys(_done_for_good(graph, records))) if graph else []
    if done:
        names = join([(Strong(one_line(each)),) for each in done[:_MOST]], ", ")
        rest = f" and {len(done) - _MOST} more" if len(done) > _MOST else ""
        rows.append(("Already done, and not taken back: ", *names, f"{rest}."))
    return rows


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
