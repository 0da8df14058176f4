"""What is wrong with a declared graph: every problem at once, each with its place and remedy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from orchestrator.graph.node_checks import find_node_problems
from orchestrator.graph.nodes import ApprovalNode, Edge, RouterNode, TaskNode
from orchestrator.graph.problems import Declaration, Problem, edge_place, node_place

#: Longest id of a graph or node; ids stand in paths, in links and in Slack's payloads.
MAX_ID = 60
# Among others no `/`, `#`, `[` or `]`: they separate the parts of a path like `each[3]/write#2`.
_ID = re.compile(rf"[a-z][a-z0-9_-]{{0,{MAX_ID - 1}}}")
_ID_RULE = f"an id is a lower-case letter, then letters, digits, - or _, at most {MAX_ID} in all"


def find_problems(declaration: Declaration) -> list[Problem]:
    """List everything that keeps the declaration from being a graph, in the order of reading."""
    return [
        *_ids(declaration),
        *_places(declaration),
        *(problem for node in declaration.nodes for problem in find_node_problems(node)),
        *_routes(declaration),
        *_edges(declaration),
        *_forks(declaration),
        *_unanswerable(declaration),
        *_reach(declaration),
    ]


def _ids(declaration: Declaration) -> Iterator[Problem]:
    if not _ID.fullmatch(declaration.id):
        yield Problem("graph", f"the id {declaration.id!r} cannot be used; {_ID_RULE}")
    for node, count in Counter(node.id for node in declaration.nodes).items():
        if not _ID.fullmatch(node):
            yield Problem(node_place(node), f"the id cannot be used; {_ID_RULE}")
        if count > 1:
            yield Problem(node_place(node), f"is declared {count} times; give each node its own id")


def _places(declaration: Declaration) -> Iterator[Problem]:
    known = declaration.by_id()
    if not known:
        yield Problem("graph", "has no nodes; add at least one")
        return
    if declaration.start is None:
        yield Problem("graph", f"has no start; start at one of {_list(known)}")
    elif declaration.start not in known:
        yield Problem("graph", f"starts at {_unknown(declaration.start, known)}")
    if not declaration.all_ends():
        yield Problem("graph", "has no end; add an end node, or name nodes after which it ends")
    for end in dict.fromkeys(declaration.ends):
        if end not in known:
            yield Problem("graph", f"ends after {_unknown(end, known)}")
    if declaration.max_visits < 1:
        yield Problem("graph", f"max_visits is {declaration.max_visits}; make it at least 1")


def _routes(declaration: Declaration) -> Iterator[Problem]:
    known = declaration.by_id()
    for node in declaration.nodes:
        if not isinstance(node, ApprovalNode):
            continue
        for option, target in (
            ("rejection", node.rejection),
            ("timeout_route", node.timeout_route),
        ):
            if target is not None and target not in known:
                yield Problem(node_place(node.id), f"{option} leads to {_unknown(target, known)}")


def _edges(declaration: Declaration) -> Iterator[Problem]:
    known = declaration.by_id()
    ends = declaration.all_ends()
    for edge in declaration.edges:
        place = edge_place(edge.source, edge.target)
        if edge.source not in known:
            yield Problem(place, f"comes from {_unknown(edge.source, known)}")
        if edge.target not in known:
            yield Problem(place, f"leads to {_unknown(edge.target, known)}")
        if edge.source in ends:
            yield Problem(
                place, f"leaves {edge.source!r}, after which runs end; drop the edge or the end"
            )


def _forks(declaration: Declaration) -> Iterator[Problem]:
    """Look at the nodes with several ways out, and at those with none."""
    outgoing: dict[str, list[Edge]] = {}
    for edge in declaration.edges:
        outgoing.setdefault(edge.source, []).append(edge)
    for node in declaration.by_id().values():
        place = node_place(node.id)
        edges = outgoing.get(node.id, [])
        defaults = [edge.target for edge in edges if edge.when is None]
        if not edges and node.id not in declaration.all_ends():
            yield Problem(place, "is a dead end; add an edge to the next node, or make it an end")
        if isinstance(node, RouterNode) and node.select is not None:
            if len(defaults) < len(edges):
                yield Problem(
                    place, "has `select` and edges with conditions; keep one of the two ways"
                )
        elif len(defaults) > 1:
            yield Problem(
                place,
                f"has {len(defaults)} edges without a condition, to {', '.join(defaults)}; "
                "only one can be the default, so give the others a condition",
            )


def _unanswerable(declaration: Declaration) -> Iterator[Problem]:
    """Look for tasks about whose fate somebody must be asked, when there is nobody to ask."""
    approvals = [node for node in declaration.nodes if isinstance(node, ApprovalNode)]
    if declaration.operators or any(node.approvers for node in approvals):
        return
    for node in declaration.nodes:
        if isinstance(node, TaskNode) and node.idempotent is False:
            yield Problem(
                node_place(node.id),
                "is not idempotent, so after a crash a person must decide about it, but the graph "
                "names nobody; name operators, or make the task safe to repeat",
            )


def _reach(declaration: Declaration) -> Iterator[Problem]:
    """Look for nodes that no run gets to, and for circles that no run gets out of."""
    known = declaration.by_id()
    if declaration.start is None or declaration.start not in known:
        return
    ways = declaration.ways()
    reached = _spread([declaration.start], ways)
    for node in known:
        if node not in reached:
            yield Problem(
                node_place(node),
                f"cannot be reached from the start {declaration.start!r}; "
                "add an edge to it, or take it out",
            )
    # Where a way breaks off has its own problem; only circles without any way out are left here.
    breaks = {source for source, targets in ways.items() if not targets or targets - known.keys()}
    backwards: dict[str, set[str]] = {}
    for source, targets in ways.items():
        for target in targets:
            backwards.setdefault(target, set()).add(source)
    hopeful = _spread(declaration.all_ends() | breaks, backwards)
    trapped = [node for node in known if node in reached - hopeful]
    if trapped:
        names = ", ".join(repr(node) for node in trapped)
        yield Problem(
            node_place(trapped[0]),
            f"leads round in a circle with no way to an end ({names}); add an edge out of it",
        )


def _spread(sources: Iterable[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the sources and everything that can be reached from them."""
    reached: set[str] = set()
    ahead = list(sources)
    while ahead:
        node = ahead.pop()
        if node not in reached:
            reached.add(node)
            ahead.extend(ways.get(node, ()))
    return reached


def _unknown(node: str, known: Iterable[str]) -> str:
    return f"the unknown node {node!r}; known are {_list(known)}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
