"""What a run follows: graphs, declared in Python or YAML, checked, and frozen.

Nothing here runs a graph, keeps one, or looks at a clock.
"""

from __future__ import annotations

from orchestrator.graph.builder import GraphBuilder
from orchestrator.graph.calendars import Calendar, WorkingHours
from orchestrator.graph.composites import (
    AgentNode,
    ConditionNode,
    LoopNode,
    MapNode,
    Node,
    ParallelNode,
    Reducer,
    RouterNode,
    Scope,
    StepsNode,
    SubgraphNode,
)
from orchestrator.graph.conditions import CelCondition
from orchestrator.graph.declaring import Block
from orchestrator.graph.decorators import Tool, gated, tool
from orchestrator.graph.durations import format_duration, parse_duration
from orchestrator.graph.fields import InputField
from orchestrator.graph.formats import Format, FormatKind, find_format, parse_format
from orchestrator.graph.gates import Escalation, Gate, Gates, Reminders
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import (
    ApprovalKind,
    Decision,
    OnBranchError,
    OnError,
    OnReject,
    OnTimeout,
    Risk,
)
from orchestrator.graph.loader import load_graphs
from orchestrator.graph.nodes import (
    ApprovalNode,
    Backoff,
    Edge,
    EndNode,
    Retry,
    TaskNode,
    ToolCall,
    ToolCalls,
    ToolResult,
    WaitNode,
)
from orchestrator.graph.options import gate
from orchestrator.graph.policy import (
    Approver,
    ApproverKind,
    Policy,
    Slot,
    Stage,
    any_of,
    everyone,
    four_eyes,
    in_order,
    parse_approver,
    parse_approvers,
    quorum,
)
from orchestrator.graph.templates import Template
from orchestrator.graph.views import EVERYTHING, Context, Turn, View
from orchestrator.graph.yaml_loader import load_yaml

__all__ = [
    "EVERYTHING",
    "AgentNode",
    "ApprovalKind",
    "ApprovalNode",
    "Approver",
    "ApproverKind",
    "Backoff",
    "Block",
    "Calendar",
    "CelCondition",
    "ConditionNode",
    "Context",
    "Decision",
    "Edge",
    "EndNode",
    "Escalation",
    "Format",
    "FormatKind",
    "Gate",
    "Gates",
    "Graph",
    "GraphBuilder",
    "InputField",
    "InputSchema",
    "LoopNode",
    "MapNode",
    "Node",
    "OnBranchError",
    "OnError",
    "OnReject",
    "OnTimeout",
    "ParallelNode",
    "Policy",
    "Reducer",
    "Reminders",
    "Retry",
    "Risk",
    "RouterNode",
    "Scope",
    "Slot",
    "Stage",
    "StepsNode",
    "SubgraphNode",
    "TaskNode",
    "Template",
    "Tool",
    "ToolCall",
    "ToolCalls",
    "ToolResult",
    "Turn",
    "View",
    "WaitNode",
    "WorkingHours",
    "any_of",
    "everyone",
    "find_format",
    "format_duration",
    "four_eyes",
    "gate",
    "gated",
    "in_order",
    "load_graphs",
    "load_yaml",
    "parse_approver",
    "parse_approvers",
    "parse_duration",
    "parse_format",
    "quorum",
    "tool",
]
