"""The shape of nodes, bodies and graphs in YAML; what they mean is `yaml_graph`'s matter."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, StrictInt, Tag

from orchestrator.graph.kinds import OnBranchError, OnError
from orchestrator.graph.yaml_gates import Gate, QuestionSpec
from orchestrator.graph.yaml_scalars import (
    Approvers,
    ComputedTime,
    Condition,
    Function,
    GraphName,
    Instant,
    Items,
    Names,
    Number,
    Reducer,
    Schema,
    Time,
    Version,
)
from orchestrator.graph.yaml_tasks import NodeSpec, Tool, WorkSpec
from orchestrator.graph.yaml_types import (
    UNSET,
    Spec,
    examples,
)

_BODY = {"nodes": {"draft": {"kind": "task", "run": "flows.tasks:draft"}}}


class TaskSpec(WorkSpec):
    """A task: run names its function; without one, result asks for what was done outside."""

    model_config = examples(
        {"kind": "task", "run": "flows.tasks:deploy", "confirm": "@sre", "retry": 3}
    )

    kind: Literal["task"]
    run: Function = Field(default=UNSET, description="The function.")


class ApprovalSpec(QuestionSpec):
    """A question to people that stands by itself."""

    model_config = examples(
        {"kind": "approval", "approvers": "@finance", "rejection": "write"},
        one_of=("approvers", "policy"),
    )

    kind: Literal["approval"]
    error: Gate = Field(
        default=UNSET, description="Asked when the question itself cannot be asked."
    )
    on_error: OnError = Field(default=UNSET, description="What that means; default: fail.")


class RouterSpec(NodeSpec):
    """A fork, between edges or between routes of its own."""

    model_config = examples(
        {"kind": "router", "choose": {"approvers": "@sre"}, "routes": {"fast": _BODY}}
    )

    kind: Literal["router"]
    select: Function = Field(default=UNSET, description="Returns where to go, or which routes.")
    routes: dict[str, BlockSpec] = Field(default=UNSET, description="Bodies by name.")


class ConditionSpec(NodeSpec):
    """Runs one body if the condition holds, and else the other."""

    model_config = examples({"kind": "condition", "when": "input.amount > 5.0", "then": _BODY})

    kind: Literal["condition"]
    when: Condition = Field(description="CEL text in quotes, or a function.")
    then: BlockSpec = Field(description="Runs if it holds.")
    otherwise: BlockSpec = Field(
        default=UNSET, alias="else", description="Runs if it does not; default: nothing."
    )


class StepsSpec(NodeSpec):
    """A group of nodes, so that a gate can stand before or after all of it."""

    model_config = examples({"kind": "steps", "body": _BODY, "review": "@editors"})

    kind: Literal["steps"]
    body: BlockSpec = Field(description="The nodes.")


class LoopSpec(NodeSpec):
    """Runs its body again and again."""

    model_config = examples(
        {"kind": "loop", "body": _BODY, "until": "outputs.draft.score > 0.8", "max_rounds": 5}
    )

    kind: Literal["loop"]
    body: BlockSpec = Field(description="What a round does.")
    until: Condition = Field(default=UNSET, description="Looked at after every round.")
    max_rounds: StrictInt = Field(
        default=UNSET, description="It is left after so many rounds; default: 10."
    )


class _Join(NodeSpec):
    """What runs several bodies at the same time."""

    merge: dict[str, Reducer] = Field(
        default=UNSET, description="How several values under one key become one, by key."
    )
    limit: StrictInt = Field(default=UNSET, description="The most that are open at once.")
    on_branch_error: OnBranchError = Field(
        default=UNSET, description="What the failure of one means; default: wait."
    )


class ParallelSpec(_Join):
    """Runs all its branches at the same time."""

    model_config = examples(
        {"kind": "parallel", "branches": {"lint": _BODY, "test": _BODY}, "limit": 2}
    )

    kind: Literal["parallel"]
    branches: dict[str, BlockSpec] = Field(description="Bodies by name.")


class MapSpec(_Join):
    """Runs its body once for each item of a list, at the same time."""

    model_config = examples({"kind": "map", "over": "state.items", "body": _BODY})

    kind: Literal["map"]
    over: Items = Field(description="The list.")
    body: BlockSpec = Field(description="What is done with an item.")


class SubgraphSpec(NodeSpec):
    """Runs a graph inside this one."""

    model_config = examples({"kind": "subgraph", "graph": "payment"})

    kind: Literal["subgraph"]
    graph: GraphName = Field(description="Which graph.")
    with_input: Function = Field(
        default=UNSET, description="Computes its input; default: keys of the state."
    )
    writes: Names = Field(
        default=UNSET, description="Keys of its output that become keys of the state."
    )


class AgentSpec(WorkSpec):
    """A function that may ask for its tools to be called, and is called again after it."""

    model_config = examples(
        {"kind": "agent", "run": "flows.agents:ask", "tools": {"search": "flows.tools:search"}}
    )

    kind: Literal["agent"]
    run: Function = Field(description="The function.")
    tools: dict[str, Tool] = Field(
        default=UNSET, description="Functions by name, or tools with gates."
    )
    max_turns: StrictInt = Field(default=UNSET, description="At most so many calls; default: 20.")


class WaitSpec(NodeSpec):
    """Waits for a time to pass, for an instant, or for a signal."""

    model_config = examples(
        {"kind": "wait", "duration": "2h"}, one_of=("duration", "until", "signal")
    )

    kind: Literal["wait"]
    duration: ComputedTime = Field(default=UNSET, description="How long.")
    until: Instant = Field(default=UNSET, description="Until when.")
    signal: str = Field(default=UNSET, description="For which signal.")
    payload_schema: Schema = Field(
        default=UNSET, alias="schema", description="What the signal's payload must be."
    )
    timeout: ComputedTime = Field(default=UNSET, description="How long to wait for the signal.")
    writes: Names = Field(default=UNSET, description="State keys that the payload may set.")


class EndSpec(Spec):
    """Where a run or a body completes."""

    model_config = examples({"kind": "end", "output": ["draft"]})

    kind: Literal["end"]
    output: Names = Field(default=UNSET, description="State keys of the output; default: all.")


class EdgeSpec(Spec):
    """A way from one node to another."""

    model_config = examples({"from": "write", "to": "pay", "when": "input.amount < 1000.0"})

    source: str = Field(alias="from", description="Where it begins.")
    target: str = Field(alias="to", description="Where it leads.")
    when: Condition = Field(default=UNSET, description="When it is taken; default: otherwise.")


#: What a value of `AnyNode` can be.
Node = (
    TaskSpec
    | ApprovalSpec
    | RouterSpec
    | ConditionSpec
    | StepsSpec
    | LoopSpec
    | ParallelSpec
    | MapSpec
    | SubgraphSpec
    | AgentSpec
    | WaitSpec
    | EndSpec
)
KINDS: tuple[str, ...] = tuple(
    get_args(shape.model_fields["kind"].annotation)[0] for shape in get_args(Node)
)


def _tag(value: Any) -> Hashable:
    # In brackets, so that no step of an error's place looks like a key of the document.
    kind = value.get("kind") if isinstance(value, dict) else None
    return f"({kind})" if kind in KINDS else None


AnyNode = Annotated[
    Annotated[TaskSpec, Tag("(task)")]
    | Annotated[ApprovalSpec, Tag("(approval)")]
    | Annotated[RouterSpec, Tag("(router)")]
    | Annotated[ConditionSpec, Tag("(condition)")]
    | Annotated[StepsSpec, Tag("(steps)")]
    | Annotated[LoopSpec, Tag("(loop)")]
    | Annotated[ParallelSpec, Tag("(parallel)")]
    | Annotated[MapSpec, Tag("(map)")]
    | Annotated[SubgraphSpec, Tag("(subgraph)")]
    | Annotated[AgentSpec, Tag("(agent)")]
    | Annotated[WaitSpec, Tag("(wait)")]
    | Annotated[EndSpec, Tag("(end)")],
    Discriminator(
        _tag,
        custom_error_type="kind",
        custom_error_message=f"says no known kind; write kind: {', '.join(KINDS)}",
    ),
]


class BlockSpec(Spec):
    """Nodes and the ways between them; without edges and a start they run in their order."""

    model_config = examples(_BODY)

    nodes: dict[str, AnyNode] = Field(
        description="Nodes by id.",
        json_schema_extra={"propertyNames": {"pattern": "^[a-z][a-z0-9_-]{0,59}$"}},
    )
    edges: list[EdgeSpec] = Field(default=UNSET, description="Ways on; the first that fits counts.")
    start: str = Field(default=UNSET, description="Where it begins.")
    ends: Names = Field(
        default=UNSET, description="After which nodes, besides those of kind end, it is completed."
    )


class GraphSpec(BlockSpec):
    """A graph: what a run follows."""

    id: str = Field(description="The graph's id.")
    title: str = Field(default=UNSET, description="What people call it; default: its id.")
    description: str = Field(default=UNSET, description="What it is for, in a sentence.")
    version: Version = Field(default=UNSET, description="Any text, part of the graph's version.")
    input: Schema = Field(default=UNSET, description="What a run is started with.")
    operators: Approvers = Field(
        default=UNSET, description="Who decides about nodes that failed; default: all approvers."
    )
    starters: Approvers = Field(
        default=UNSET,
        description="Who may start runs; default: everybody but bots, guests and outsiders.",
    )
    max_visits: StrictInt = Field(
        default=UNSET, description="A run that visits more nodes has failed; default: 1000."
    )
    max_active: Time = Field(
        default=UNSET, description="A run that was active for longer has failed."
    )
    budget: dict[str, Number] = Field(
        default=UNSET, description="The most that nodes may spend, by name, such as tokens."
    )


for _shape in (RouterSpec, ConditionSpec, StepsSpec, LoopSpec, ParallelSpec, MapSpec):
    _shape.model_rebuild()
