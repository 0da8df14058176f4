"""What a run follows: graphs, declared in Python or YAML, checked, and frozen."""

from __future__ import annotations

from orchestrator.graph.builder import GraphBuilder
from orchestrator.graph.graph import Graph

__all__ = ["Graph", "GraphBuilder"]
