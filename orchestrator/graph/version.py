"""The version of a graph: a hash of what it declares, not of its functions' source code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

from orchestrator.graph.callables import qualified_name
from orchestrator.graph.conditions import CelCondition
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.nodes import Edge, Node, Retry
from orchestrator.graph.policy import Approver
from orchestrator.graph.templates import Template

#: Hexadecimal digits of a version: 48 bits, far more than one graph will ever have versions.
DIGITS = 12
#: Fields whose order means nothing.
_SETS = frozenset({"approvers", "operators", "reads", "writes", "output", "ends", "give_up_on"})


def graph_version(
    *,
    nodes: Iterable[Node],
    edges: Mapping[str, Iterable[Edge]],
    input: InputSchema,  # noqa: A002 - named as everywhere
    **rest: Any,
) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of the canonical definition.

    It changes with the nodes, the order of a node's edges, policies, deadlines, the input's types
    and rules, texts of conditions and templates, names of functions, and everything in `rest`
    (`id`, `start`, `ends`, `operators`, `max_visits`, and the author's `version`). It does not
    change with the order of nodes or approvers, with source code, or with wording about the graph.
    """
    definition = {
        "nodes": {node.id: _record(node) for node in nodes},
        "edges": {source: [_record(edge) for edge in out] for source, out in edges.items() if out},
        "input": input.canonical,
        "rest": {name: _plain(name, value) for name, value in rest.items()},
    }
    text = json.dumps(definition, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:DIGITS]


def _record(record: Node | Edge | Retry) -> dict[str, Any]:
    named = {each.name: _plain(each.name, getattr(record, each.name)) for each in fields(record)}
    return {"kind": type(record).__name__, **named}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, tuple | frozenset | list):
        members = [_plain(name, each) for each in value]
        return sorted(members, key=str) if name in _SETS else members
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return _tagged(value)


def _tagged(value: Any) -> Any:
    """Write down what JSON has no form for, so that nothing else can look like it."""
    match value:
        case timedelta():
            return {"seconds": value.total_seconds()}
        case Approver():
            return {"approver": [value.kind.value, value.name]}
        case Retry():
            return _record(value)
        case CelCondition():
            return {"cel": value.source}
        case Template():
            return {"template": value.source}
        case _:
            return {"callable": qualified_name(value)}
