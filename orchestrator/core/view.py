"""What predicates, templates and tasks see of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from orchestrator.core.events import Pointer
from orchestrator.core.state import State, Stored
from orchestrator.graph.graph import Graph
from orchestrator.graph.nodes import EVERYTHING, EndNode


class RunView:
    """A read-only look at a run, narrowed to what a node declared that it reads."""

    def __init__(self, graph: Graph, state: State, reads: tuple[str, ...] = EVERYTHING) -> None:
        self._graph = graph
        self._state = state
        self._reads = reads

    @cached_property
    def state(self) -> Mapping[str, Any]:
        """The state's keys that may be read."""
        return {key: stored.value for key, stored in self.readable.items()}

    @cached_property
    def readable(self) -> Mapping[str, Stored]:
        """The same keys with the places where their values are stored."""
        keys = self._state.keys
        if self._reads == EVERYTHING:
            return keys
        return {key: keys[key] for key in self._reads if key in keys}

    @cached_property
    def input(self) -> Any:
        """The run's input as the graph's schema types it."""
        return self._graph.input.load(self._state.input.value)

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """The newest output of each finished node."""
        return {node: stored.value for node, stored in self._state.outputs.items()}

    @cached_property
    def run(self) -> Mapping[str, Any]:
        """Facts of the run."""
        return {
            "id": self._state.run_id,
            "graph": self._state.graph,
            "requester": self._state.requester,
            "started_at": self._state.started_at,
            "labels": dict(self._state.labels),
        }


def _reach(stored: Stored, keys: list[str]) -> Stored | None:
    value = stored.value
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return Stored(Pointer(stored.pointer.seq, (*stored.pointer.keys, *keys)), value)


def _find(view: RunView, state: State, key: str) -> Stored | None:
    if key in view.readable:
        return view.readable[key]
    first, *rest = key.split(".")
    if first in view.readable:
        return _reach(view.readable[first], rest)
    if first == "input":
        return _reach(state.input, rest)
    if first == "outputs" and rest and rest[0] in state.outputs:
        return _reach(state.outputs[rest[0]], rest[1:])
    return None


def select(view: RunView, state: State, keys: tuple[str, ...]) -> Mapping[str, Stored]:
    """Return what a review shows, by label.

    A key names a key of the state, and a dotted one reaches inside (`article.body`); `input.topic`
    and `outputs.write.draft` reach the input and outputs. `*` is all that the node may read, or
    the input while the state is empty. A key that is not there is shown as null.
    """
    if keys == EVERYTHING:
        return view.readable or {
            name: Stored(Pointer(state.input.pointer.seq, (name,)), value)
            for name, value in state.input.value.items()
        }
    nothing = Stored(Pointer(0), None)
    return {key: _find(view, state, key) or nothing for key in keys}


def output(graph: Graph, state: State, node: str) -> Mapping[str, Stored]:
    """Return what a run that ends after a node brings, by name.

    An end node names keys of the state. After any other node it is what that node returned: its
    keys, or the whole under the node's name if it is no dict.
    """
    declared = graph.nodes[node]
    if isinstance(declared, EndNode):
        view = RunView(graph, state)
        everything = declared.output == EVERYTHING
        return view.readable if everything else select(view, state, declared.output)
    stored = state.outputs.get(node)
    if stored is None or stored.value is None:
        return {}
    if not isinstance(stored.value, Mapping):
        return {node: stored}
    pointer = stored.pointer
    return {
        key: Stored(Pointer(pointer.seq, (*pointer.keys, key)), value)
        for key, value in stored.value.items()
    }


def digest(payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a payload's canonical JSON, in hexadecimal."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
