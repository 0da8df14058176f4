"""A durable graph runner with people in the loop: declare a graph, run it, wait for approvals.

These names are what authors of graphs need; the engine itself is in `orchestrator.runtime`.
"""

from __future__ import annotations

from orchestrator.errors import (
    GraphError,
    GraphValidationError,
    InputError,
    NonRetryableError,
    OrchestratorError,
)
from orchestrator.graph import (
    Approver,
    Backoff,
    Context,
    Graph,
    GraphBuilder,
    InputSchema,
    OnTimeout,
    Retry,
    View,
    load_graphs,
    load_yaml,
)

__all__ = [
    "Approver",
    "Backoff",
    "Context",
    "Graph",
    "GraphBuilder",
    "GraphError",
    "GraphValidationError",
    "InputError",
    "InputSchema",
    "NonRetryableError",
    "OnTimeout",
    "OrchestratorError",
    "Retry",
    "View",
    "load_graphs",
    "load_yaml",
]
