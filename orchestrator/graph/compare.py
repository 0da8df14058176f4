"""What is different between two definitions for a run that is under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.graph.composites import OTHERWISE, THEN, TURN
from orchestrator.graph.differences import field_differences
from orchestrator.graph.graph import address_of
from orchestrator.graph.problems import edge_place, inner_frame, node_place, scope_place

Record = Mapping[str, Any]
#: Kinds whose whole body may run again, or for another item, while a part of it runs.
_REPEATING = frozenset({"LoopNode", "MapNode", "AgentNode"})
#: Fields that hold bodies.
_BODIES = frozenset({"routes", "then", "otherwise", "body", "branches", "graph", "turn", "tools"})


def changes(old: Record, new: Record, paths: Iterable[str]) -> list[str]:
    """List what differs in all that a run can still get to, a line for each; none: it can go on.

    Ceilings, operators and wording are free to change. What has been left behind is, too.

    Args:
        old: The definition that the run follows.
        new: The definition at hand.
        paths: The run's active places, and the frames around them.
    """
    active = _Active()
    for path in paths:
        active.add(address_of(path))
    found = [*_header("", old, new), *_scopes("", old, new, active)]
    return list(dict.fromkeys(found))


@dataclass(slots=True)
class _Active:
    """Active nodes of a scope by id; in each the bodies that are entered, by name."""

    inside: dict[str, dict[str, _Active]] = field(default_factory=dict)

    def add(self, address: str) -> None:
        first, _, rest = address.partition("/")
        node, bracket, name = first.removesuffix("]").partition("[")
        bodies = self.inside.setdefault(node, {})
        if bracket or rest:
            body = bodies.setdefault(name, _Active())
            if rest:
                body.add(rest)


def _header(frame: str, old: Record, new: Record) -> Iterator[str]:
    """Compare what concerns all of a graph, also of one inside another."""
    if old.get("input") != new.get("input"):
        yield f"{scope_place(frame)}: takes another input"
    yield from field_differences(scope_place(frame), "version", old, new)


def _scopes(frame: str, old: Record, new: Record, active: _Active | None) -> Iterator[str]:
    """Compare what can be reached from the active nodes of a scope; None: all of it."""
    if active is None or not active.inside:
        if old["start"] != new["start"]:
            yield f"{scope_place(frame)}: began at {old['start']!r}, begins at {new['start']!r}"
        reached, again = set(old["nodes"]), set(old["nodes"])
        inside: Mapping[str, dict[str, _Active]] = {}
    else:
        inside = active.inside
        again = _after(old, inside)
        reached = again | set(inside)
    for node in [*old["nodes"], *sorted(reached - old["nodes"].keys())]:
        if node not in reached:
            continue
        entered = {} if node in again else inside.get(node, {})
        yield from _node(frame, node, old, new, entered)


def _after(scope: Record, starts: Iterable[str]) -> set[str]:
    """Return the nodes that a run can get to after the given ones have been left."""
    reached: set[str] = set()
    ahead = [target for start in starts for target in _ways(scope, start)]
    while ahead:
        node = ahead.pop()
        if node not in reached:
            reached.add(node)
            ahead.extend(_ways(scope, node))
    return reached


def _ways(scope: Record, node: str) -> set[str]:
    gates = _gates(scope["nodes"].get(node, {}))
    routes = {gate[name] for gate in gates for name in ("rejection", "timeout_route")}
    return {edge["target"] for edge in scope["edges"].get(node, ())} | (routes - {None})


def _gates(record: Record) -> list[Record]:
    declared = record.get("gates") or {}
    return [gate for gate in declared.values() if isinstance(gate, Mapping)]


def _node(
    frame: str, node: str, old: Record, new: Record, entered: Mapping[str, _Active]
) -> Iterator[str]:
    place = node_place(node, frame)
    before, after = old["nodes"].get(node), new["nodes"].get(node)
    if before is None or after is None:
        if after is None:
            yield f"{place} is gone"
        else:
            yield f"{place} is new"
        return
    if before["kind"] != after["kind"]:
        yield f"{place} was a {_kind(before)}, is a {_kind(after)}"
        return
    for name in dict.fromkeys([*before, *after]):
        if name not in _BODIES and not (name == "order" and set(before[name]) != set(after[name])):
            yield from field_differences(place, name, before, after)
    if (node in old["ends"]) != (node in new["ends"]):
        yield f"{place} is {'no longer' if node in old['ends'] else 'now'} an end"
    yield from _edges(frame, node, old, new)
    yield from _bodies(inner_frame(frame, node, ""), place, before, after, entered)


def _kind(record: Record) -> str:
    return str(record["kind"]).removesuffix("Node").lower()


def _edges(frame: str, node: str, old: Record, new: Record) -> Iterator[str]:
    before, after = (scope["edges"].get(node, []) for scope in (old, new))
    targets = [[edge["target"] for edge in edges] for edges in (before, after)]
    if sorted(targets[0]) == sorted(targets[1]):
        if targets[0] != targets[1]:
            yield f"{node_place(node, frame)}: its edges come in another order"
            return
        for one, other in zip(before, after, strict=True):
            place = edge_place(node, one["target"], frame)
            yield from field_differences(place, "when", one, other)
        return
    for target in dict.fromkeys(targets[0]):
        if target not in targets[1]:
            yield f"{edge_place(node, target, frame)} is gone"
    for target in dict.fromkeys(targets[1]):
        if target not in targets[0]:
            yield f"{edge_place(node, target, frame)} is new"
    if set(targets[0]) == set(targets[1]):
        yield f"{node_place(node, frame)}: has another number of edges to the same nodes"


def _bodies(
    address: str, place: str, old: Record, new: Record, entered: Mapping[str, _Active]
) -> Iterator[str]:
    """Compare the bodies of a node that a run can still get to."""
    before, after = _inside(old), _inside(new)
    is_all = not entered or old["kind"] in _REPEATING or _can_begin_again(old)
    for name in dict.fromkeys([*before, *after]):
        what = f"{place}: the body {name!r}" if name else f"{place}: the body"
        is_reached = is_all or name in entered or _may_follow(old)
        if name in before and name in after:
            if is_reached:
                inner = None if is_all else entered.get(name)
                frame = f"{address}[{name}]" if name else address
                if old["kind"] == "SubgraphNode":
                    yield from _header(frame, before[name], after[name])
                yield from _scopes(frame, before[name], after[name], inner)
        elif is_reached or old["kind"] == "ParallelNode":
            yield f"{what} is {'gone' if name in before else 'new'}"


def _can_begin_again(record: Record) -> bool:
    """Can somebody send the whole node round again?"""
    gates = record["gates"]
    return gates["review"] is not None or record["on_error"] == "pause"


def _may_follow(record: Record) -> bool:
    """Can a body that is not entered yet come after one that is?"""
    return record["kind"] == "RouterNode" or record.get("limit") is not None


def _inside(record: Record) -> dict[str, Record]:
    match record["kind"]:
        case "RouterNode" | "ParallelNode":
            bodies = record["routes"] if record["kind"] == "RouterNode" else record["branches"]
            return {name: body["scope"] for name, body in bodies.items()}
        case "ConditionNode":
            both = {THEN: record["then"], OTHERWISE: record["otherwise"]}
            return {name: body["scope"] for name, body in both.items() if body is not None}
        case "StepsNode" | "LoopNode" | "MapNode":
            return {"": record["body"]["scope"]}
        case "SubgraphNode":
            return {"": record["graph"]["graph"]}
        case "AgentNode":
            nodes = {TURN: record["turn"], **record["tools"]}
            return {"": {"start": TURN, "ends": [], "nodes": nodes, "edges": {}}}
        case _:
            return {}
