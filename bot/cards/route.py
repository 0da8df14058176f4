"""The way through a scope: its nodes from the start on, and where each of them leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.graph.composites import Scope
from orchestrator.graph.nodes import ApprovalNode, EndNode
from orchestrator.graph.problems import gates_of
from orchestrator.graph.views import Predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a node leads."""

    #: Empty: the scope is completed after it.
    target: str
    when: Predicate | None = None
    #: What has to happen, where no condition says so.
    label: str = ""
    #: Does it lead to what stands above?
    is_back: bool = False


def order_of(scope: Scope) -> list[str]:
    """Return the nodes so that each stands below all that lead to it, loops left aside."""
    order: list[str] = []
    seen: set[str] = set()
    stack: list[tuple[str, Iterator[str]]] = []

    def enter(node: str) -> None:
        if node not in seen and node in scope.nodes:
            seen.add(node)
            # The last is entered first, so that the first ends up right below its source.
            targets = [way.target for way in _all_ways(scope, node)]
            stack.append((node, iter(reversed(targets))))

    # Tools of an agent are led to by no edge; they stand below what calls them.
    for first in reversed([scope.start, *(node for node in scope.nodes if node != scope.start)]):
        if first != scope.start and _is_led_to(scope, first):
            continue
        enter(first)
        while stack:
            node, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                order.append(node)
                stack.pop()
            else:
                enter(target)
    return order[::-1]


def ways_of(scope: Scope, order: Sequence[str], number: int) -> Iterator[Way]:
    """Yield where a node leads, as far as that is not simply to the next one."""
    node = order[number]
    following = order[number + 1] if number + 1 < len(order) else None
    ways = [way for way in _all_ways(scope, node) if way.target in scope.nodes]
    places = {each: place for place, each in enumerate(order)}
    plain = [way for way in ways if way.when is None and not way.label]
    if len(plain) == len(ways) == 1 and plain[0].target == following:
        return
    has_choice = any(way.when is not None for way in ways)
    for way in ways:
        label = "else" if has_choice and way in plain else way.label
        if way in plain and way.target == following and not has_choice and len(plain) == 1:
            continue
        yield Way(
            target=way.target,
            when=way.when,
            label=label,
            is_back=places[way.target] <= number,
        )
    is_end = not plain and not has_choice and node in scope.ends
    if is_end and following is not None and not isinstance(scope.nodes[node], EndNode):
        yield Way(target="")


def _all_ways(scope: Scope, node_id: str) -> list[Way]:
    node = scope.nodes[node_id]
    ways = [Way(target=edge.target, when=edge.when) for edge in scope.edges.get(node_id, ())]
    for kind, gate in gates_of(node):
        about = "" if isinstance(node, ApprovalNode) else f"{kind.value} "
        for word, route in (("rejected", gate.rejection), ("too late", gate.timeout_route)):
            if route is not None:
                ways.append(Way(target=route, label=f"{about}{word}"))
    return ways


def _is_led_to(scope: Scope, node: str) -> bool:
    return any(way.target == node for source in scope.nodes for way in _all_ways(scope, source))
