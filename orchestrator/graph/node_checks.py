"""What is wrong with one node by itself, wherever it stands in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from orchestrator.graph.nodes import (
    DECISION_KEY,
    EVERYTHING,
    RESPONSE_KEY,
    ApprovalNode,
    EndNode,
    Node,
    OnTimeout,
    Retry,
    TaskNode,
)
from orchestrator.graph.problems import Problem, node_place

#: Longest wait; beyond it a number with a wrong unit is likelier than a patient author.
MAX_WAIT = timedelta(days=3650)


def find_node_problems(node: Node) -> Iterator[Problem]:
    """List what is wrong with the node's own options."""
    found: Iterator[str] = iter(())
    if isinstance(node, TaskNode):
        found = _task(node)
    elif isinstance(node, ApprovalNode):
        found = _approval(node)
    elif isinstance(node, EndNode):
        found = _names("output", node.output)
    return (Problem(node_place(node.id), text) for text in found)


def _task(node: TaskNode) -> Iterator[str]:
    yield from _names("reads", node.reads)
    yield from _names("writes", node.writes)
    yield from _positive("timeout", node.timeout)
    yield from _retry(node.retry)
    yield from _decision_keys(node.writes)


def _approval(node: ApprovalNode) -> Iterator[str]:
    if not node.approvers:
        yield "has no approvers, so nobody could answer; name at least one"
    for option in ("reads", "writes", "review_keys"):
        yield from _names(option, getattr(node, option))
    yield from _shown(node)
    yield from _decision_keys(node.writes)
    yield from _deadline(node)


def _deadline(node: ApprovalNode) -> Iterator[str]:
    yield from _positive("timeout", node.timeout)
    yield from _positive("remind_before", node.remind_before)
    if node.timeout is not None and node.on_timeout is None:
        yield f"has a timeout but no on_timeout; say what happens: {', '.join(OnTimeout)}"
    if node.timeout is None and node.on_timeout is not None:
        yield "has on_timeout but no timeout; say how long to wait, such as 2d"
    if node.on_timeout is OnTimeout.ROUTE and node.timeout_route is None:
        yield "has on_timeout route but no timeout_route; name the node to go on at"
    if node.on_timeout is not OnTimeout.ROUTE and node.timeout_route is not None:
        yield "has timeout_route, which only on_timeout route uses; set it, or drop the route"
    if node.remind_before is None:
        return
    if node.timeout is None:
        yield "has remind_before but no timeout; say how long to wait, such as 2d"
    elif (
        isinstance(node.remind_before, timedelta)
        and isinstance(node.timeout, timedelta)
        and node.remind_before >= node.timeout
    ):
        yield "would remind before it asks; make remind_before shorter than timeout"


def _shown(node: ApprovalNode) -> Iterator[str]:
    if EVERYTHING in (node.review_keys, node.reads):
        return
    for key in node.review_keys:
        if key and key.split(".")[0] not in node.reads:
            yield f"shows {key!r}, which it does not read; add it to reads"


def _decision_keys(writes: tuple[str, ...]) -> Iterator[str]:
    for key in (DECISION_KEY, RESPONSE_KEY):
        if key in writes:
            yield f"writes {key!r}, which only an answer may set; choose another key"


def _names(option: str, names: tuple[object, ...]) -> Iterator[str]:
    if any(not isinstance(name, str) or not name.strip() for name in names):
        yield f"{option} has an empty name; write keys of the state, or * for all"


def _positive(option: str, value: object) -> Iterator[str]:
    if not isinstance(value, timedelta):
        return
    if value <= timedelta(0):
        yield f"{option} is {value.total_seconds():g} seconds; make it longer than nothing"
    elif value > MAX_WAIT:
        yield f"{option} is longer than {MAX_WAIT.days} days; check the unit, such as 5m or 2d"


def _retry(retry: Retry) -> Iterator[str]:
    if retry.attempts < 1:
        yield f"retry has {retry.attempts} attempts; the first try counts, so make it at least 1"
    if retry.delay < timedelta(0):
        yield "retry has a delay below zero; make it zero or longer"
    yield from _positive("cap of retry", retry.cap)
    if retry.factor < 1:
        yield f"retry has the factor {retry.factor:g}; make it at least 1, or waits would shrink"
    if not 0 <= retry.jitter <= 1:
        yield f"retry has the jitter {retry.jitter:g}; it is a share, so make it 0 to 1"
