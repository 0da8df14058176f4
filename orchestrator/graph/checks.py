"""What is wrong with a declared graph: every problem at once, each with its place and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.graph.composite_checks import find_composite_problems
from orchestrator.graph.composites import Node, SubgraphNode, bodies
from orchestrator.graph.gate_checks import find_gate_problems
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import OnError
from orchestrator.graph.node_checks import find_node_problems, positive
from orchestrator.graph.nodes import EndNode, TaskNode, WaitNode
from orchestrator.graph.problems import (
    Declaration,
    Declared,
    GraphDeclaration,
    Problem,
    gate_prefix,
    gates_of,
)
from orchestrator.graph.scope_checks import (
    ID_RULE,
    find_naming_problems,
    find_way_problems,
    is_id,
)


def find_problems(declaration: GraphDeclaration) -> list[Problem]:
    """List everything that keeps the declaration from being a graph, in the order of reading."""
    return [
        *_own_id(declaration),
        *_scope(declaration.scope, _ceilings(declaration)),
        *_unanswerable(declaration),
        *_inside_itself(declaration),
        *_signals(declaration),
    ]


def _own_id(declaration: GraphDeclaration) -> Iterator[Problem]:
    if not is_id(declaration.id):
        yield Problem("graph", f"the id {declaration.id!r} cannot be used; {ID_RULE}")


def _ceilings(declaration: GraphDeclaration) -> Iterator[Problem]:
    if declaration.max_visits < 1:
        yield Problem("graph", f"max_visits is {declaration.max_visits}; make it at least 1")
    for text in positive("max_active", declaration.max_active):
        yield Problem("graph", text)
    for name, amount in declaration.budget.items():
        if not 0 < amount < float("inf"):
            yield Problem("graph", f"budget of {name!r} is {amount:g}; make it more than nothing")


def _scope(scope: Declaration, own: Iterable[Problem] = ()) -> Iterator[Problem]:
    """Look at a scope, and then at the scopes inside it."""
    yield from find_naming_problems(scope)
    yield from own
    for each in scope.declared:
        for text in (
            *find_node_problems(each),
            *find_composite_problems(each, scope),
            *find_gate_problems(each, scope),
        ):
            yield Problem(scope.place(each.node.id), text)
    yield from find_way_problems(scope)
    for each in scope.declared:
        for inner in each.inside.values():
            yield from _scope(inner)


def _every(scope: Declaration) -> Iterator[tuple[Declaration, Declared]]:
    for each in scope.declared:
        yield scope, each
        for inner in each.inside.values():
            yield from _every(inner)


def _unanswerable(declaration: GraphDeclaration) -> Iterator[Problem]:
    """Look for nodes about which somebody must be asked, when there is nobody to ask."""
    every = list(_every(declaration.scope))
    named = any(gate.named() for _, each in every for _, gate in gates_of(each.node))
    if declaration.operators or named:
        return
    for scope, each in every:
        node = each.node
        if isinstance(node, TaskNode) and node.idempotent is False:
            yield Problem(
                scope.place(node.id),
                "is not idempotent, so after a crash a person must decide about it, but the graph "
                "names nobody; name operators, or make the task safe to repeat",
            )
        for kind, gate in gates_of(node):
            if gate.is_computed:
                yield Problem(
                    scope.place(node.id),
                    f"{gate_prefix(node, kind)}computes its approvers, but the graph names nobody "
                    "to ask when it finds none; name operators",
                )
        if isinstance(node, EndNode) or node.on_error is not OnError.PAUSE:
            continue
        if node.gates.error is None:
            yield Problem(
                scope.place(node.id),
                "has on_error pause, but the graph names nobody to ask; "
                "name operators, or give it a gate `error`",
            )


def _inside_itself(declaration: GraphDeclaration) -> Iterator[Problem]:
    for scope, each in _every(declaration.scope):
        if isinstance(each.node, SubgraphNode) and declaration.id in _graphs(each.node.graph):
            yield Problem(
                scope.place(each.node.id),
                f"runs a graph with the id of this one, {declaration.id!r}; "
                "a graph cannot run inside itself, so take the node out or rename one of the two",
            )


def _signals(declaration: GraphDeclaration) -> Iterator[Problem]:
    """Look for signals of one name that are expected to look different: each must fit all waits."""
    known: dict[str, tuple[str, InputSchema | None]] = {}
    for scope, each in _every(declaration.scope):
        place = scope.place(each.node.id)
        for node in _waits(each.node):
            if node.signal is None:
                continue
            first, schema = known.setdefault(node.signal, (place, node.schema))
            if schema != node.schema:
                yield Problem(
                    place,
                    f"waits for the signal {node.signal!r} with another schema than {first}; "
                    "give both the same, or one of the signals another name",
                )


def _waits(node: Node) -> Iterator[WaitNode]:
    inside = node.graph.every_node() if isinstance(node, SubgraphNode) else (node,)
    return (each for each in inside if isinstance(each, WaitNode))


def _graphs(graph: Graph) -> Iterator[str]:
    yield graph.id
    for node in graph.every_node():
        for inner in bodies(node).values():
            if isinstance(inner, Graph):
                yield inner.id
