"""Building one graph twice: from YAML, and as declared in Python."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent
from typing import Any

from orchestrator import Graph, GraphBuilder, load_yaml
from orchestrator.graph import Block
from tests.unit.graph import yaml_flows as flows

ALLOW = [flows.MODULE]
Declare = Callable[[GraphBuilder], Any]


def yaml_text(nodes: str) -> str:
    """Return a document with these nodes; `~` before a name is the module of the functions."""
    return "id: g\noperators: '@ops'\nnodes:\n" + indent(
        dedent(nodes).replace("~", f"{flows.MODULE}:"), "  "
    )


def from_yaml(nodes: str) -> Graph:
    """Build a document with these nodes, which run in their order."""
    return loaded(yaml_text(nodes))


def loaded(text: str) -> Graph:
    """Build the one graph of a text."""
    (graph,) = load_yaml(text, allow=ALLOW)
    return graph


def in_python(declare: Declare) -> Graph:
    """Build what is declared, to run in the order of declaration."""
    builder = declare(GraphBuilder("g", operators="@ops"))
    nodes = [entry.id for entry in builder.entries]
    return builder.start(nodes[0]).sequence(*nodes).ends(nodes[-1]).build()


def one(name: str = "a") -> Block:
    """Declare a body of one task."""
    return Block().task(name, flows.check)


BODY = "{nodes: {a: {kind: task, run: '~check'}}}"


def gate_text(gate: str, kind: str = "confirm") -> str:
    """Return a document of a task with this gate, between two others."""
    body = dedent(gate).strip()
    is_inline = body.startswith("{") or "\n" in body
    written = indent(body if is_inline else f"{{{body}}}", " " * 4)
    return yaml_text(
        f"z: {{kind: task, run: ~draft}}\n"
        f"a:\n  kind: task\n  run: ~check\n  {kind}:\n{written}\n"
        f"b: {{kind: end}}"
    )
