"""Small graphs around one node, which the tests of checks share."""

from __future__ import annotations

import pytest

from orchestrator import Block, GraphBuilder, GraphValidationError, tool
from tests.unit.graph.flows import pay, pick

FORM = {"properties": {"amount": {"type": "integer"}}}
INNER = GraphBuilder("inner").task("a", pay).start("a").ends("a").build()
#: What a gate of the kind cannot do without.
NEEDS = {"input": {"schema": FORM}}
#: A node that can have the gate, where a task cannot.
NODES = {"choose": "routes", "iterate": "loop", "tool": "tool", "result": "outside"}


def body(*names):
    """Return a body of tasks."""
    block = Block()
    for name in names or ("work",):
        block.task(name, pay)
    return block


def around(node="it", **options):
    """Begin a graph of one node, which the caller declares."""
    return GraphBuilder("g", **{"operators": "U9", **options}).start(node).ends(node)


def problems(builder):
    """Return what is wrong with a graph."""
    with pytest.raises(GraphValidationError) as caught:
        builder.build()
    return list(caught.value.problems)


def _fork(**options):
    graph = GraphBuilder("g", operators="U9").start("it").end("left").end("right")
    when = None if "choose" in options else "state.left"
    return graph.router("it", **options).edge("it", "left", when).edge("it", "right")


def _routes(**options):
    select = None if "choose" in options else pick
    return around().router("it", select, {"a": body(), "b": body()}, **options)


_KINDS = {
    "task": lambda **options: around().task("it", pay, **options),
    "outside": lambda **options: around().task("it", None, **{"result": "U1", **options}),
    "wait": lambda **options: around().wait("it", duration="1h", **options),
    "signal": lambda **options: around().wait("it", signal="paid", **options),
    "edges": _fork,
    "routes": _routes,
    "condition": lambda **options: around().condition("it", "state.x", body(), body(), **options),
    "steps": lambda **options: around().steps("it", body(), **options),
    "loop": lambda **options: around().loop(
        "it", body(), **({} if "iterate" in options else {"until": "state.x"}), **options
    ),
    "parallel": lambda **options: around().parallel("it", {"a": body(), "b": body()}, **options),
    "map": lambda **options: around().map("it", "state.items", body(), **options),
    "subgraph": lambda **options: around().subgraph("it", INNER, **options),
    "agent": lambda **options: around().agent("it", pay, **options),
    "tool": lambda **options: around().agent("it", pay, tools={"t": tool(pay, **options)}),
}


#: Every kind of node that `one` declares.
ALL = tuple(_KINDS)


def one(kind, **options):
    """Declare a graph with one node of a kind, called `it`; a tool is called `it/t`."""
    return _KINDS[kind](**options)
