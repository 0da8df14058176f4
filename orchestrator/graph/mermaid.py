"""The picture of a graph, as text that Mermaid draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from orchestrator.graph.callables import qualified_name
from orchestrator.graph.composites import (
    AgentNode,
    ConditionNode,
    LoopNode,
    MapNode,
    Node,
    RouterNode,
    Scope,
    SubgraphNode,
    bodies,
)
from orchestrator.graph.nodes import ApprovalNode, EndNode, WaitNode
from orchestrator.graph.problems import gates_of, inner_frame

#: Longest text of a condition on an edge.
_LONGEST = 60
_STYLE = "classDef here fill:#fff3bf,stroke:#e67700,stroke-width:3px,color:#000"
#: What Mermaid would read as marks of its own.
_ENTITIES = str.maketrans(
    {"#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}
)


def draw(graph: Scope, here: Iterable[str] = ()) -> str:
    """Return the picture as a Mermaid flowchart; the places at the given addresses are marked."""
    picture = _Picture()
    lines = ["flowchart TD", '    begin(("start"))']
    lines.extend(f"    {line}" for line in picture.scope(graph, ""))
    lines.append(f"    begin --> {picture.names[graph.start]}")
    marked = [picture.names[each] for each in dict.fromkeys(here) if each in picture]
    if marked:
        lines += [f"    {_STYLE}", f"    class {','.join(marked)} here"]
    return "\n".join(lines) + "\n"


class _Picture:
    """Gives every node and body a name of its own that no text of an author is in."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def __contains__(self, address: str) -> bool:
        return address in self.names

    def name(self, address: str) -> str:
        """Return the name of what is at an address."""
        return self.names.setdefault(address, f"n{len(self.names) + 1}")

    def scope(self, scope: Scope, frame: str) -> Iterator[str]:
        """Yield the nodes of a scope, and then the ways between them."""
        for node in scope.nodes.values():
            yield from self._node(node, inner_frame(frame, node.id, ""))
        for node_id, node in scope.nodes.items():
            source = self.name(inner_frame(frame, node_id, ""))
            for edge in scope.edges.get(node_id, ()):
                target = self.name(inner_frame(frame, edge.target, ""))
                label = "" if edge.when is None else f'|"{_escape(_condition(edge.when))}"|'
                yield f"{source} -->{label} {target}"
            for kind, gate in gates_of(node):
                for word, route in (("rejected", gate.rejection), ("too late", gate.timeout_route)):
                    if route is not None:
                        what = word if isinstance(node, ApprovalNode) else f"{kind} {word}"
                        target = self.name(inner_frame(frame, route, ""))
                        yield f'{source} -. "{what}" .-> {target}'

    def _node(self, node: Node, address: str) -> Iterator[str]:
        inside = bodies(node)
        label = "<br/>".join([_escape(node.id), *map(_escape, _details(node)), *_badges(node)])
        name = self.name(address)
        if not inside:
            yield f"{name}{_shape(node)(label)}"
            return
        yield f'subgraph {name}["{label}"]'
        for body, scope in inside.items():
            frame = f"{address}[{body}]" if body else address
            if body:
                yield f'    subgraph {self.name(frame)}["{_escape(body)}"]'
            indent = "        " if body else "    "
            yield from (f"{indent}{line}" for line in self.scope(scope, frame))
            if isinstance(node, AgentNode):
                turn = self.name(f"{frame}/{scope.start}")
                for tool in node.tools:
                    yield f"{indent}{turn} -.-> {self.name(f'{frame}/{tool}')}"
            if body:
                yield "    end"
        yield "end"


def _shape(node: Node) -> Callable[[str], str]:
    match node:
        case ApprovalNode():
            return lambda label: f'{{{{"{label}"}}}}'
        case RouterNode():
            return lambda label: f'{{"{label}"}}'
        case WaitNode():
            return lambda label: f'(["{label}"])'
        case EndNode():
            return lambda label: f'((("{label}")))'
        case _:
            return lambda label: f'["{label}"]'


def _details(node: Node) -> Iterator[str]:
    match node:
        case RouterNode(select=select) if select is not None:
            yield f"select {_condition(select)}"
        case ConditionNode():
            yield f"if {_condition(node.when)}"
        case LoopNode():
            until = "" if node.until is None else f"until {_condition(node.until)}, "
            yield f"loop {until}at most {node.max_rounds}"
        case MapNode():
            yield f"for each of {_condition(node.over)}"
        case SubgraphNode():
            yield f"graph {node.graph.id}"
        case WaitNode():
            yield f"wait for {node.signal}" if node.signal else "wait"
        case _:
            if bodies(node):
                yield type(node).__name__.removesuffix("Node").lower()


def _badges(node: Node) -> Iterator[str]:
    """Yield a badge for each gate; an approval is its own."""
    for kind, _ in gates_of(node):
        if not isinstance(node, ApprovalNode) or kind != "confirm":
            yield f"✋ {kind}"


def _condition(value: Any) -> str:
    source = getattr(value, "source", None)
    text = source if isinstance(source, str) else qualified_name(value).rpartition(".")[2]
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _escape(text: str) -> str:
    return " ".join(text.split()).translate(_ENTITIES)
