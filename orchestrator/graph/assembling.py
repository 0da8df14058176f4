"""Putting together what was declared, bodies inside bodies, as the checks look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from orchestrator.graph.collecting import Collecting, Entry, stand_in
from orchestrator.graph.composites import Node, Scope
from orchestrator.graph.kinds import ApprovalKind, OnReject
from orchestrator.graph.nodes import Edge, EndNode
from orchestrator.graph.problems import (
    Declaration,
    Declared,
    Place,
    Problem,
    Role,
    gates_of,
    inner_frame,
)

#: Gates whose rejection can send a run back to the node before.
BEFORE = (ApprovalKind.CONFIRM, ApprovalKind.INPUT, ApprovalKind.CHOOSE)


def assemble(collecting: Collecting) -> tuple[Declaration, list[Problem]]:
    """Return a scope with all scopes inside it, and what could not be read anywhere in them."""
    found: list[Problem] = []
    return _scope(collecting, "", (), found), found


def _scope(
    collecting: Collecting, frame: str, around: tuple[Collecting, ...], found: list[Problem]
) -> Declaration:
    if any(collecting is each for each in around):
        found.append(
            Problem(Place().within(frame), "is a Block inside itself; declare a Block of its own")
        )
        collecting = stand_in()
    found.extend(Problem(place.within(frame), text) for place, text in collecting.notes)
    bare = Declaration(
        frame=frame,
        role=collecting.role,
        declared=tuple(
            _declared(entry, frame, (*around, collecting), found) for entry in collecting.entries
        ),
        edges=tuple(collecting.edges),
        start=collecting.begin,
        ends=tuple(collecting.ended),
    )
    return _with_retries(_in_order(bare))


def _declared(
    entry: Entry, frame: str, around: tuple[Collecting, ...], found: list[Problem]
) -> Declared:
    inside = {
        name: _scope(block, inner_frame(frame, entry.id, name), around, found)
        for name, block in entry.blocks.items()
    }
    bodies: Mapping[str, Scope] = {name: each.scope() for name, each in inside.items()}
    return Declared(node=entry.make(bodies), given=entry.given, gates=entry.gates, inside=inside)


def _in_order(scope: Declaration) -> Declaration:
    """Let the nodes of a body run in the order of declaration, if it does not say another."""
    nodes = scope.nodes
    is_plain = not scope.edges and (scope.start is None or len(nodes) == 1)
    if scope.role is not Role.BODY or not nodes or not is_plain:
        return scope
    edges = tuple(Edge(source=a.id, target=b.id) for a, b in pairwise(nodes))
    last = () if isinstance(nodes[-1], EndNode) else (nodes[-1].id,)
    ends = tuple(dict.fromkeys([*scope.ends, *last]))
    return replace(scope, edges=edges, start=scope.start or nodes[0].id, ends=ends)


def _with_retries(scope: Declaration) -> Declaration:
    """Fill in which node is retried where a rejection sends the run to the node before."""
    backwards: dict[str, set[str]] = {}
    for source, targets in scope.ways().items():
        for target in targets:
            backwards.setdefault(target, set()).add(source)
    if scope.start is not None:
        # Where a run begins there may be no node before.
        backwards.setdefault(scope.start, set()).add("")
    return replace(
        scope,
        declared=tuple(
            replace(each, node=_with_retry(each.node, backwards.get(each.node.id, set())))
            for each in scope.declared
        ),
    )


def _with_retry(node: Node, before: set[str]) -> Node:
    if isinstance(node, EndNode) or len(before) != 1 or before == {""} or node.id in before:
        return node
    (source,) = before
    changed = {
        kind.value: replace(gate, rejection=source)
        for kind, gate in gates_of(node)
        if kind in BEFORE and gate.on_reject is OnReject.RETRY and gate.rejection is None
    }
    return replace(node, gates=replace(node.gates, **changed)) if changed else node
