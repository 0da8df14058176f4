"""YAML has every option that Python has, and refuses the same (rows G1, H10)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator import GraphBuilder, GraphValidationError, Retry, load_yaml
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.graph.options import (
    ApprovalOptions,
    EscalationOptions,
    GateOptions,
    JoinOptions,
    NodeOptions,
    RemindersOptions,
    TaskOptions,
    WaitOptions,
)
from orchestrator.graph.yaml_gates import EscalationSpec, GateSpec, RemindersSpec
from orchestrator.graph.yaml_nodes import (
    AgentSpec,
    ApprovalSpec,
    ConditionSpec,
    LoopSpec,
    MapSpec,
    ParallelSpec,
    RouterSpec,
    StepsSpec,
    SubgraphSpec,
    TaskSpec,
    WaitSpec,
)
from orchestrator.graph.yaml_tasks import RetrySpec, ToolSpec
from tests.unit.graph import yaml_flows as flows
from tests.unit.graph.yaml_twins import ALLOW, BODY, one, yaml_text

_COMMON = set(NodeOptions.__annotations__) | {"kind"}


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        (GateSpec, set(GateOptions.__annotations__)),
        (RemindersSpec, set(RemindersOptions.__annotations__)),
        (EscalationSpec, set(EscalationOptions.__annotations__)),
        (TaskSpec, {*TaskOptions.__annotations__, "kind", "run"}),
        (ToolSpec, {*TaskOptions.__annotations__, "run"}),
        (AgentSpec, {*TaskOptions.__annotations__, "kind", "run", "tools", "max_turns"}),
        (ApprovalSpec, {*ApprovalOptions.__annotations__, "kind", "approvers"}),
        (WaitSpec, {*WaitOptions.__annotations__, "kind"}),
        (RouterSpec, {*_COMMON, "select", "routes"}),
        (ConditionSpec, {*_COMMON, "when", "then", "else"}),
        (StepsSpec, {*_COMMON, "body"}),
        (LoopSpec, {*_COMMON, "body", "until", "max_rounds"}),
        (ParallelSpec, {*JoinOptions.__annotations__, "kind", "branches"}),
        (MapSpec, {*JoinOptions.__annotations__, "kind", "over", "body"}),
        (SubgraphSpec, {*_COMMON, "graph", "with_input", "writes"}),
        (RetrySpec, set(Retry.__annotations__)),
    ],
)
def test_g1_yaml_knows_every_option_of_python(shape: Any, options: set[str]) -> None:
    """No option can be added to one and forgotten in the other."""
    assert options == set(shape.keys())


NODES: dict[str, tuple[str, Callable[..., Any]]] = {
    "task": (
        "kind: task, run: ~check",
        lambda graph, **gates: graph.task("n", flows.check, **gates),
    ),
    "approval": (
        "kind: approval, approvers: U1",
        lambda graph, **gates: graph.approval("n", approvers="U1", **gates),
    ),
    "router": (
        f"kind: router, select: ~pick, routes: {{one: {BODY}, two: {BODY}}}",
        lambda graph, **gates: graph.router("n", flows.pick, {"one": one(), "two": one()}, **gates),
    ),
    "condition": (
        f"kind: condition, when: {{run: ~is_large}}, then: {BODY}",
        lambda graph, **gates: graph.condition("n", flows.is_large, one(), **gates),
    ),
    "steps": (
        f"kind: steps, body: {BODY}",
        lambda graph, **gates: graph.steps("n", one(), **gates),
    ),
    "loop": (
        f"kind: loop, body: {BODY}, max_rounds: 2",
        lambda graph, **gates: graph.loop("n", one(), max_rounds=2, **gates),
    ),
    "parallel": (
        f"kind: parallel, branches: {{x: {BODY}}}",
        lambda graph, **gates: graph.parallel("n", {"x": one()}, **gates),
    ),
    "map": (
        f"kind: map, over: state.items, body: {BODY}",
        lambda graph, **gates: graph.map("n", "state.items", one(), **gates),
    ),
    "subgraph": (
        "kind: subgraph, graph: {run: ~INNER}",
        lambda graph, **gates: graph.subgraph("n", flows.INNER, **gates),
    ),
    "agent": (
        "kind: agent, run: ~draft",
        lambda graph, **gates: graph.agent("n", flows.draft, **gates),
    ),
    "wait": (
        "kind: wait, duration: 1h",
        lambda graph, **gates: graph.wait("n", duration="1h", **gates),
    ),
}


@pytest.mark.parametrize(
    ("node", "gate"),
    [
        (node, gate)
        for node in NODES
        for gate in ApprovalKind
        if node != "approval" or gate is ApprovalKind.ERROR
    ],
)
def test_h10_yaml_takes_and_refuses_the_gates_that_python_does(node: str, gate: str) -> None:
    """Every combination works in both or is refused in both, in the same words."""
    schema = {"properties": {"a": {"type": "string"}}}
    extra = ", schema: {properties: {a: {type: string}}}" if gate in ("input", "result") else ""
    options: dict[str, Any] = {"approvers": "U1", **({"schema": schema} if extra else {})}
    text, declare = NODES[node]
    document = yaml_text(f"n: {{{text}, {gate}: {{approvers: U1{extra}}}}}")
    builder = (
        declare(GraphBuilder("g", operators="@ops"), **{str(gate): options}).start("n").ends("n")
    )
    expected = [str(problem) for problem in builder.problems()]
    if expected:
        with pytest.raises(GraphValidationError) as caught:
            load_yaml(document, allow=ALLOW)
        assert expected == [re.sub(r"^<text>:\d+: ", "", each) for each in caught.value.problems]
    else:
        (graph,) = load_yaml(document, allow=ALLOW)
        assert builder.build() == graph
