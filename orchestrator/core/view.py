"""What predicates, templates and tasks see of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from orchestrator.core.folding import outwards, seen_from
from orchestrator.core.state import Frame, Seen, State, frame_of
from orchestrator.core.values import NOTHING, Ref, Stored, gather, inside, part_of
from orchestrator.graph.composites import Scope
from orchestrator.graph.graph import Graph
from orchestrator.graph.nodes import EndNode
from orchestrator.graph.views import DECISION_KEY, EVERYTHING, RESPONSE_KEY


def visible_keys(state: State, frame: str) -> Mapping[str, Ref]:
    """Return the keys of the state as a frame sees them."""
    frames = list(outwards(state, frame))
    if len(frames) == 1:
        return frames[0].keys
    return {key: ref for each in reversed(frames) for key, ref in each.keys.items()}


def visible_outputs(state: State, frame: str) -> Mapping[str, Ref]:
    """Return the outputs of nodes as a frame sees them: its own, and those around it."""
    frames = list(outwards(state, frame))
    seen = {node: ref for each in reversed(frames) for node, ref in each.outputs.items()}
    for place in state.places.values():  # what a node brought is seen by the review of it
        if place.result is not None and frame_of(place.path) == frame:
            seen[place.node] = place.result
    return seen


class RunView:
    """A read-only look at a run, narrowed to what a node declared that it reads."""

    def __init__(
        self,
        graph: Graph,
        state: State,
        reads: tuple[str, ...] = EVERYTHING,
        *,
        frame: str = "",
    ) -> None:
        """Look at a run from a frame; the state must not change while the view is used."""
        self._graph = graph
        self._state = state
        self._reads = reads
        self._frame = frame

    @cached_property
    def state(self) -> Mapping[str, Any]:
        """The state's keys that may be read."""
        return {key: self._state.value(ref) for key, ref in self.readable.items()}

    @cached_property
    def readable(self) -> Mapping[str, Ref]:
        """The same keys with the places where their values are stored."""
        keys = visible_keys(self._state, self._frame)
        if self._reads == EVERYTHING:
            return keys
        return {key: keys[key] for key in self._reads if key in keys}

    @cached_property
    def _apart(self) -> Frame:
        return list(outwards(self._state, self._frame))[-1]

    @cached_property
    def input(self) -> Any:
        """The input of the run, or of the graph inside the run, as its schema types it."""
        scope: Any = self._graph.get_scope(self._apart.path)
        return scope.input.load(self.raw_input.value)

    @cached_property
    def raw_input(self) -> Stored:
        """The input as it is stored."""
        given = self._apart.input
        return self._state.stored(given) if given is not None else Stored(NOTHING, {})

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """The newest output of each finished node."""
        return {node: self._state.value(ref) for node, ref in self.output_refs.items()}

    @cached_property
    def output_refs(self) -> Mapping[str, Ref]:
        """The same outputs as the places where they are stored."""
        return visible_outputs(self._state, self._frame)

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

    @cached_property
    def item_ref(self) -> Ref | None:
        """Where the map's item, or the output of the loop's round before, is stored."""
        return self._seen.item if self._seen else None

    @cached_property
    def item(self) -> Any:
        """The map's item, or the output of the loop's round before."""
        return None if self.item_ref is None else self._state.value(self.item_ref)

    @property
    def number(self) -> int | None:
        """Number of the item or round, from 1."""
        return self._seen.number if self._seen else None

    @cached_property
    def _seen(self) -> Seen | None:
        return seen_from(self._state, self._frame)


def _reach(stored: Stored, keys: list[str]) -> Stored | None:
    found: Stored | None = stored
    for key in keys:
        found = inside(found, key) if found is not None else None
    return found


def _find(view: RunView, state: State, key: str) -> Stored | None:
    if key in view.readable:
        return state.stored(view.readable[key])
    first, *rest = key.split(".")
    if first in view.readable:
        return _reach(state.stored(view.readable[first]), rest)
    if first == "input":
        return _reach(view.raw_input, rest)
    if first == "outputs" and rest and rest[0] in view.output_refs:
        return _reach(state.stored(view.output_refs[rest[0]]), rest[1:])
    if first == "item" and view.item_ref is not None:
        return _reach(state.stored(view.item_ref), rest)
    return None


def select(view: RunView, state: State, keys: tuple[str, ...]) -> Mapping[str, Stored]:
    """Return what a review shows, by label.

    A key names a key of the state, and a dotted one reaches inside (`article.body`); `input.topic`,
    `outputs.write.draft` and `item.name` reach the input, outputs and the item. `*` is all that
    the node may read but the answer before, or the input where that is nothing. A key that is not
    there is shown as null.
    """
    if keys == EVERYTHING:
        own = {DECISION_KEY, RESPONSE_KEY}  # of the answer before, not of what is to be judged
        readable = {key: ref for key, ref in view.readable.items() if key not in own}
        if readable:
            return {key: state.stored(ref) for key, ref in readable.items()}
        given = view.raw_input
        return {name: Stored(part_of(given.ref, name), given.value[name]) for name in given.value}
    nothing = Stored(NOTHING, None)
    return {key: _find(view, state, key) or nothing for key in keys}


def parts(label: str, stored: Stored) -> Mapping[str, Stored]:
    """Return a value as named parts: a dict's own, anything else whole, under the label."""
    if stored.value is None:
        return {}
    if not isinstance(stored.value, Mapping):
        return {label: stored}
    return {key: Stored(part_of(stored.ref, key), each) for key, each in stored.value.items()}


def output(graph: Graph, state: State, scope: Scope, frame: str, node: str) -> Stored:
    """Return what a frame that ends after a node brings.

    An end node names keys of the state, which are shown as a dict. After any other node it is what
    that node returned.
    """
    declared = scope.nodes[node]
    if isinstance(declared, EndNode):
        view = RunView(graph, state, frame=frame)
        if declared.output == EVERYTHING:
            return gather({key: state.stored(ref) for key, ref in view.readable.items()})
        return gather(dict(select(view, state, declared.output)))
    return state.stored(state.frames[frame].outputs.get(node, NOTHING))


_canonical = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False
).encode  # made once, because that takes longer than to write a small payload


def digest(payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a payload's canonical JSON, in hexadecimal."""
    text = _canonical(payload)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
