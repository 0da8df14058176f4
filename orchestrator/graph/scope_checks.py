"""What is wrong with how the nodes of one scope hang together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from orchestrator.graph.composites import RouterNode
from orchestrator.graph.nodes import Edge
from orchestrator.graph.problems import (
    Declaration,
    Problem,
    Role,
    edge_place,
    gate_prefix,
    gates_of,
    scope_place,
)

#: Longest id of a graph or node; ids stand in paths, in links and in Slack's payloads.
MAX_ID = 60
# Among others no `/`, `#`, `[` or `]`: they separate the parts of a path like `each[3]/write#2`.
_ID = re.compile(rf"[a-z][a-z0-9_-]{{0,{MAX_ID - 1}}}")
ID_RULE = f"an id is a lower-case letter, then letters, digits, - or _, at most {MAX_ID} in all"


def is_id(text: object) -> bool:
    """Can the text be an id, or the name of a branch?"""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def find_naming_problems(scope: Declaration) -> Iterator[Problem]:
    """Look at ids, and at where the scope starts and ends."""
    for node, count in Counter(node.id for node in scope.nodes).items():
        if not is_id(node):
            yield Problem(scope.place(node), f"the id cannot be used; {ID_RULE}")
        if count > 1:
            yield Problem(
                scope.place(node), f"is declared {count} times; give each node its own id"
            )
    if scope.role is not Role.TOOLS:
        yield from _ends(scope)


def find_way_problems(scope: Declaration) -> Iterator[Problem]:
    """Look at routes, edges, forks, and at what can be reached."""
    yield from _routes(scope)
    if scope.role is Role.TOOLS:
        return
    yield from _edges(scope)
    yield from _forks(scope)
    yield from _reach(scope)


def _ends(scope: Declaration) -> Iterator[Problem]:
    known = scope.by_id()
    place = scope_place(scope.frame)
    if not known:
        yield Problem(place, "has no nodes; add at least one")
        return
    if scope.start is None:
        yield Problem(place, f"has no start; start at one of {_list(known)}")
    elif scope.start not in known:
        yield Problem(place, f"starts at {_unknown(scope.start, known)}")
    if not scope.all_ends():
        yield Problem(place, "has no end; add an end node, or name nodes after which it ends")
    for end in dict.fromkeys(scope.ends):
        if end not in known:
            yield Problem(place, f"ends after {_unknown(end, known)}")


def _routes(scope: Declaration) -> Iterator[Problem]:
    known = scope.by_id()
    for each in scope.declared:
        for kind, gate in gates_of(each.node):
            prefix = gate_prefix(each.node, kind)
            for option, target in (
                ("rejection", gate.rejection),
                ("timeout_route", gate.timeout_route),
            ):
                if target is None:
                    continue
                if scope.role is Role.TOOLS:
                    text = f"{option} is set, but a tool has nowhere to go on; take it out"
                    yield Problem(scope.place(each.node.id), f"{prefix}{text}")
                elif target not in known:
                    text = f"{option} leads to {_unknown(target, known)}"
                    yield Problem(scope.place(each.node.id), f"{prefix}{text}")


def _edges(scope: Declaration) -> Iterator[Problem]:
    known = scope.by_id()
    ends = scope.all_ends()
    for edge in scope.edges:
        place = edge_place(edge.source, edge.target, scope.frame)
        if edge.source not in known:
            yield Problem(place, f"comes from {_unknown(edge.source, known)}")
        if edge.target not in known:
            yield Problem(place, f"leads to {_unknown(edge.target, known)}")
        if edge.source in ends:
            yield Problem(
                place, f"leaves {edge.source!r}, after which runs end; drop the edge or the end"
            )


def _forks(scope: Declaration) -> Iterator[Problem]:
    """Look at the nodes with several ways out, and at those with none."""
    outgoing: dict[str, list[Edge]] = {}
    for edge in scope.edges:
        outgoing.setdefault(edge.source, []).append(edge)
    for node in scope.by_id().values():
        place = scope.place(node.id)
        edges = outgoing.get(node.id, [])
        defaults = [edge.target for edge in edges if edge.when is None]
        if not edges and node.id not in scope.all_ends():
            yield Problem(place, "is a dead end; add an edge to the next node, or make it an end")
        if isinstance(node, RouterNode) and not node.routes and _is_led(node):
            if len(defaults) < len(edges):
                by = "`select`" if node.select is not None else "`choose`"
                yield Problem(
                    place, f"has {by} and edges with conditions; keep one of the two ways"
                )
        elif len(defaults) > 1:
            yield Problem(
                place,
                f"has {len(defaults)} edges without a condition, to {', '.join(defaults)}; "
                "only one can be the default, so give the others a condition",
            )


def _is_led(node: RouterNode) -> bool:
    """Does somebody, or a function, say which edge is taken?"""
    return node.select is not None or node.gates.choose is not None


def _reach(scope: Declaration) -> Iterator[Problem]:
    """Look for nodes that no run gets to, and for circles that no run gets out of."""
    known = scope.by_id()
    if scope.start is None or scope.start not in known:
        return
    ways = scope.ways()
    reached = _spread([scope.start], ways)
    for node in known:
        if node not in reached:
            yield Problem(
                scope.place(node),
                f"cannot be reached from the start {scope.start!r}; "
                "add an edge to it, or take it out",
            )
    # Where a way breaks off has its own problem; only circles without any way out are left here.
    breaks = {source for source, targets in ways.items() if not targets or targets - known.keys()}
    backwards: dict[str, set[str]] = {}
    for source, targets in ways.items():
        for target in targets:
            backwards.setdefault(target, set()).add(source)
    hopeful = _spread(scope.all_ends() | breaks, backwards)
    trapped = [node for node in known if node in reached - hopeful]
    if trapped:
        names = ", ".join(repr(node) for node in trapped)
        yield Problem(
            scope.place(trapped[0]),
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
