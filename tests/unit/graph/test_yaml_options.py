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
from tests.unit.graph.yaml_twins import ALLOW, BODY, from_yaml, one, yaml_text

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


CONDITIONS = [
    "a: {kind: condition, when: WHEN, then: {nodes: {b: {kind: task, run: ~check}}}}",
    "a: {kind: loop, until: WHEN, body: {nodes: {b: {kind: task, run: ~check}}}}",
    "a: {kind: map, over: WHEN, body: {nodes: {b: {kind: task, run: ~check}}}}",
    "a: {kind: task, run: ~check, confirm: {approvers: U1, when: WHEN}}",
    (
        "a: {kind: steps, body: {start: b, ends: c, edges: [{from: b, to: c, when: WHEN}, "
        "{from: b, to: d}], nodes: {b: {kind: task, run: ~check}, c: {kind: task, run: ~check}, "
        "d: {kind: end}}}}"
    ),
]


@pytest.mark.parametrize("nodes", CONDITIONS)
@pytest.mark.parametrize("when", ["state.amount > 5", "{run: ~is_large}"])
def test_g3_conditions_are_cel_or_functions(nodes: str, when: str) -> None:
    """Wherever something is computed it may be either."""
    text = "state.rows" if "over" in nodes and "run" not in when else when

    assert from_yaml(nodes.replace("WHEN", text)).nodes


@pytest.mark.parametrize("nodes", CONDITIONS)
@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("amount > 5", "uses unknown name(s) amount"),
        ("state.amount >", "is no valid CEL"),
        ("{run: ~is_small}", f"module '{flows.MODULE}' has no 'is_small'"),
    ],
)
def test_g3_conditions_are_checked_when_the_graph_is_built(
    nodes: str, when: str, said: str
) -> None:
    """Names that do not exist and broken texts are told with the line."""
    with pytest.raises(GraphValidationError) as caught:
        from_yaml(nodes.replace("WHEN", when))

    (found,) = caught.value.problems
    assert found.startswith("<text>:4: ")
    assert said in found
