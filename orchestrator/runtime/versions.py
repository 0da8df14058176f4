"""Definitions that changed under a run: where they differ, and whether that matters to it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from orchestrator.core.state import State
from orchestrator.errors import GraphChangedError, GraphNotFoundError
from orchestrator.graph.compare import changes
from orchestrator.graph.graph import Graph, address_of
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.problems import node_place
from orchestrator.runtime.context import declared_path
from orchestrator.store import Store

#: How many comparisons are remembered; a held run is asked about again and again.
REMEMBERED = 256


class Versions:
    """The loaded graphs, and how they compare with what runs were started with."""

    def __init__(self, store: Store, graphs: Mapping[str, Graph]) -> None:
        self._store = store
        self.graphs = graphs
        self._definitions: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._compared: OrderedDict[tuple[str, int, str], tuple[str, ...]] = OrderedDict()

    def get_loaded(self, graph_id: str) -> Graph:
        """Return the graph of an id as it is loaded; raises GraphNotFoundError."""
        graph = self.graphs.get(graph_id)
        if graph is None:
            raise GraphNotFoundError(graph_id, sorted(self.graphs))
        return graph

    def get(self, graph_id: str, version: str) -> Graph:
        """Return the graph that a run follows.

        Raises:
            GraphNotFoundError: It is not loaded.
            GraphChangedError: Another version of it is loaded.
        """
        graph = self.get_loaded(graph_id)
        if graph.version != version:
            raise GraphChangedError(graph_id, version, graph.version)
        return graph

    def skeleton(self, graph_id: str, version: str) -> Graph:
        """Return the loaded graph, or one without nodes: enough to cancel and to expire."""
        graph = self.graphs.get(graph_id)
        if graph is not None and graph.version == version:
            return graph
        return Graph(
            id=graph_id,
            title=graph_id,
            description="",
            version=version,
            start="",
            ends=frozenset(),
            nodes={},
            edges={},
            input=InputSchema(),
            operators=graph.operators if graph is not None else (),
        )

    async def find_definition(self, graph_id: str, version: str) -> Mapping[str, Any] | None:
        """Return the definition of a version; None: a database of an older program has none."""
        known = self._definitions.get((graph_id, version))
        if known is None:
            known = await self._store.get_definition(graph_id, version)
            if known is not None:
                self._definitions[graph_id, version] = known
        return known

    def differences(self, state: State, old: Mapping[str, Any], loaded: Graph) -> tuple[str, ...]:
        """Return what differs where a run is going; nothing: it may go on with what is loaded.

        A run that is being ended goes nowhere but back.
        """
        key = (state.run_id, state.seq, loaded.version)
        known = self._compared.get(key)
        if known is None:
            if state.is_closing:
                known = differences_behind(state, old, loaded)
            else:
                known = compare(old, loaded, tuple(state.places))
            self._compared[key] = known
            while len(self._compared) > REMEMBERED:
                self._compared.popitem(last=False)
        return known


def compare(old: Mapping[str, Any], loaded: Graph, places: tuple[str, ...]) -> tuple[str, ...]:
    """Return what differs between a definition and a graph where a run is going."""
    return tuple(changes(old, loaded.definition, [declared_path(path) for path in places]))


def differences_at(old: Mapping[str, Any], loaded: Graph, path: str) -> tuple[str, ...]:
    """Return what differs between a definition and a graph in the node at a path itself."""
    place = node_place(address_of(path))
    own = (f"{place}:", f"{place} ")
    return tuple(line for line in compare(old, loaded, (path,)) if line.startswith(own))


def differences_behind(state: State, old: Mapping[str, Any], loaded: Graph) -> tuple[str, ...]:
    """Return what differs in the nodes whose work would have to be taken back."""
    undoing = (declared_path(each.path) for each in state.places.values() if each.is_undo)
    done = list(dict.fromkeys([*(each.path for each in state.done), *undoing]))
    places = [node_place(address_of(path)) for path in done]
    gone = [
        f"{place} is gone"
        for place, path in zip(places, done, strict=True)
        if loaded.find_node(path) is None
    ]
    own = tuple(f"{place}{end}" for place in places for end in (":", " "))
    found = [line for line in changes(old, loaded.definition, done) if line.startswith(own)]
    return tuple(dict.fromkeys([*gone, *found]))
