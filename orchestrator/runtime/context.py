"""What a task is called with."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from orchestrator.core.ids import idempotency_key
from orchestrator.core.state import Place, State
from orchestrator.core.view import RunView
from orchestrator.graph.graph import Graph


class NodeContext(RunView):
    """The run as one attempt of a node may see it; see `orchestrator.graph.nodes.Context`."""

    def __init__(self, graph: Graph, state: State, place: Place) -> None:
        node = graph.nodes[place.node]
        super().__init__(graph, state, getattr(node, "reads", ("*",)))
        self.node = place.node
        self.path = place.path
        self.attempt = place.attempt
        self.feedback = place.feedback
        self.idempotency_key = idempotency_key(state.run_id, place.path)

    @cached_property
    def state(self) -> Mapping[str, Any]:
        """The state's keys that may be read; a copy, which the node may change as it likes."""
        return copy.deepcopy(dict(super().state))

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """The newest output of each finished node; a copy."""
        return copy.deepcopy(dict(super().outputs))

    @property
    def previous_output(self) -> Any:
        """What this node returned at its visit before."""
        return self.outputs.get(self.node)
