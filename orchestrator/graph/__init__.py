"""What a run follows: graphs, declared in Python or YAML, checked, and frozen.

Nothing here runs a graph, keeps one, or looks at a clock.
"""

from __future__ import annotations

from orchestrator.graph.builder import GraphBuilder
from orchestrator.graph.conditions import CelCondition
from orchestrator.graph.durations import format_duration, parse_duration
from orchestrator.graph.fields import InputField
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.loader import load_graphs
from orchestrator.graph.nodes import (
    EVERYTHING,
    ApprovalNode,
    Backoff,
    Context,
    Edge,
    EndNode,
    Node,
    OnTimeout,
    Retry,
    RouterNode,
    TaskNode,
    View,
)
from orchestrator.graph.policy import Approver, ApproverKind, parse_approver, parse_approvers
from orchestrator.graph.templates import Template
from orchestrator.graph.yaml_loader import load_yaml

__all__ = [
    "EVERYTHING",
    "ApprovalNode",
    "Approver",
    "ApproverKind",
    "Backoff",
    "CelCondition",
    "Context",
    "Edge",
    "EndNode",
    "Graph",
    "GraphBuilder",
    "InputField",
    "InputSchema",
    "Node",
    "OnTimeout",
    "Retry",
    "RouterNode",
    "TaskNode",
    "Template",
    "View",
    "format_duration",
    "load_graphs",
    "load_yaml",
    "parse_approver",
    "parse_approvers",
    "parse_duration",
]
