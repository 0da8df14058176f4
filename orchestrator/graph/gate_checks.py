"""What is wrong with one gate by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from orchestrator.graph.composites import Node
from orchestrator.graph.gates import Gate
from orchestrator.graph.kinds import ON_TIMEOUT, ApprovalKind, OnTimeout
from orchestrator.graph.node_checks import decision_keys, names, positive
from orchestrator.graph.policy import Policy
from orchestrator.graph.problems import gate_prefix, gates_of
from orchestrator.graph.views import EVERYTHING


def find_gate_problems(node: Node) -> Iterator[str]:
    """List what is wrong with each of the node's gates."""
    for kind, gate in gates_of(node):
        prefix = gate_prefix(node, kind)
        for text in _gate(kind, gate):
            yield f"{prefix}{text}"


def _gate(kind: ApprovalKind, gate: Gate) -> Iterator[str]:
    if isinstance(gate.policy, Policy) and not gate.policy.approvers():
        yield "has no approvers, so nobody could answer; name at least one"
    for option in ("reads", "writes", "review_keys"):
        yield from names(option, getattr(gate, option))
    yield from _shown(gate)
    yield from decision_keys(gate.writes)
    yield from _deadline(kind, gate)


def _deadline(kind: ApprovalKind, gate: Gate) -> Iterator[str]:
    yield from positive("timeout", gate.timeout)
    if gate.timeout is not None and gate.on_timeout is None:
        yield f"has a timeout but no on_timeout; say what happens: {', '.join(ON_TIMEOUT[kind])}"
    if gate.timeout is None and gate.on_timeout is not None:
        yield "has on_timeout but no timeout; say how long to wait, such as 2d"
    if gate.on_timeout is OnTimeout.ROUTE and gate.timeout_route is None:
        yield "has on_timeout route but no timeout_route; name the node to go on at"
    if gate.on_timeout is not OnTimeout.ROUTE and gate.timeout_route is not None:
        yield "has timeout_route, which only on_timeout route uses; set it, or drop the route"
    before = None if gate.reminders is None else gate.reminders.before
    yield from positive("remind_before", before)
    if before is None:
        return
    if gate.timeout is None:
        yield "has remind_before but no timeout; say how long to wait, such as 2d"
    elif (
        isinstance(before, timedelta)
        and isinstance(gate.timeout, timedelta)
        and before >= gate.timeout
    ):
        yield "would remind before it asks; make remind_before shorter than timeout"


def _shown(gate: Gate) -> Iterator[str]:
    if EVERYTHING in (gate.review_keys, gate.reads):
        return
    for key in gate.review_keys:
        if key and key.split(".")[0] not in gate.reads:
            yield f"shows {key!r}, which it does not read; add it to reads"
