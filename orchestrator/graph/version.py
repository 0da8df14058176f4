"""The version of a graph: a hash of what it declares, not of its functions' source code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

from orchestrator.graph.callables import qualified_name
from orchestrator.graph.composites import ParallelNode, Scope
from orchestrator.graph.conditions import CelCondition, CelList, KeyPath
from orchestrator.graph.formats import Format
from orchestrator.graph.gates import Gate
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import Risk
from orchestrator.graph.policy import Approver
from orchestrator.graph.templates import Template

#: Hexadecimal digits of a version: 48 bits, far more than one graph will ever have versions.
DIGITS = 12
#: Fields whose order means nothing.
_SETS = frozenset(
    {
        "approvers",
        "operators",
        "starters",
        "reads",
        "writes",
        "output",
        "ends",
        "give_up_on",
        "veto",
        "break_glass",
        "deputies",
        "to",
        "notify",
        "holidays",
    }
)
#: Options of a gate that are left out where they are the default, as in definitions that were
#: written before there were such options.
_LATER = frozenset({"formats", "risk", "channel", "notify", "direct"})
#: Fields of a scope that are written down in a form of their own.
_SCOPE = frozenset({"start", "ends", "nodes", "edges"})


def define(scope: Scope, rest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the canonical definition of a graph, JSON-ready.

    It changes with the nodes, the order of a node's edges and of a parallel's branches, policies,
    deadlines, the types and rules of inputs, texts of conditions and templates, names of functions,
    and everything in `rest` (`id`, `operators`, `max_visits` and the like, and the author's
    `version`). It does not change with the order of nodes or approvers, with source code, or with
    wording about the graph.
    """
    others = {name: _plain(name, value) for name, value in rest.items() if name not in _SCOPE}
    return {**others, **_scope(scope)}


def version_of(definition: Mapping[str, Any]) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a canonical definition."""
    return sha256(_text(definition).encode()).hexdigest()[:DIGITS]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _scope(scope: Scope) -> dict[str, Any]:
    return {
        "start": scope.start,
        "ends": sorted(scope.ends),
        "nodes": {node_id: _record(node) for node_id, node in scope.nodes.items()},
        "edges": {
            source: [{"target": edge.target, "when": _plain("when", edge.when)} for edge in out]
            for source, out in scope.edges.items()
            if out
        },
    }


def _record(record: Any) -> dict[str, Any]:
    named = {each.name: _plain(each.name, getattr(record, each.name)) for each in fields(record)}
    if isinstance(record, Gate):
        named = {
            name: value
            for name, value in named.items()
            if name not in _LATER or not _is_usual(value)
        }
    if isinstance(record, ParallelNode):
        # Outputs come in the order of the branches, so it counts.
        named["order"] = list(record.branches)
    return {"kind": type(record).__name__, **named}


def _is_usual(value: Any) -> bool:
    return not value or value == Risk.NORMAL.value


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, tuple | AbstractSet | list):
        members = [_plain(name, each) for each in value]
        return sorted(members, key=_text) if name in _SETS else members
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain("", each) for key, each in value.items()}
    return {"format": str(value)} if isinstance(value, Format) else _tagged(value)


def _tagged(value: Any) -> Any:
    """Write down what JSON has no form for, so that nothing else can look like it."""
    if isinstance(value, timedelta | date | time):
        return _time(value)
    match value:
        case Approver():
            return {"approver": [value.kind.value, value.name]}
        case CelCondition() | CelList():
            return {"cel": value.source}
        case KeyPath():
            return {"path": value.source}
        case Template():
            return {"template": value.source}
        case InputSchema():
            return {"schema": value.canonical}
        case Graph():
            return {"graph": value.definition}
        case Scope():
            return {"scope": _scope(value)}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {"class": qualified_name(value), **_record(value)}
        case _:
            return {"callable": qualified_name(value)}


def _time(value: timedelta | date | time) -> dict[str, Any]:
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, datetime):
        return {"instant": value.astimezone(UTC).isoformat()}
    return {"at": value.isoformat()}
