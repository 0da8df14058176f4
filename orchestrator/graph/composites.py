"""Nodes with nodes inside. Each runs its bodies as frames, whose paths name item, round or branch.

A body is a scope of its own: ids are unique in it, and edges and routes stay in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from orchestrator.graph.gates import NO_GATES, Gates
from orchestrator.graph.kinds import OnBranchError, OnError
from orchestrator.graph.nodes import ApprovalNode, Edge, EndNode, TaskNode, WaitNode
from orchestrator.graph.views import Predicate, View

if TYPE_CHECKING:
    from orchestrator.graph.graph import Graph


class Reducer(StrEnum):
    """How the values that several branches wrote under one key become one, in branch order."""

    LIST = "list"  #: all of them in a list
    CONCAT = "concat"  #: lists or texts one after the other
    SUM = "sum"
    MERGE = "merge"  #: dicts as one; of a key in several, the last
    FIRST = "first"
    LAST = "last"


#: A named reducer, or a function of the list of values.
Reduce = Reducer | Callable[[list[Any]], Any]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Nodes and edges that belong together: a graph, or a body of a composite."""

    start: str
    #: Ids of the nodes after which it is completed.
    ends: frozenset[str]
    nodes: Mapping[str, Node]
    #: Outgoing edges by source, in the order of declaration; the default edge is last.
    edges: Mapping[str, tuple[Edge, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterNode:
    """A fork: takes the first edge whose condition holds, or what `select` or people choose.

    With `routes` it is a composite: the chosen bodies run one after the other, in the chosen
    order. Then its output is the body's, or, where several may be chosen, a dict by route.
    """

    id: str
    #: Returns the id of the node to go on at, or the route or routes to run; None: the edges'
    #: conditions decide, or people do.
    select: Callable[[View], str | Sequence[str]] | None = None
    routes: Mapping[str, Scope] = field(default_factory=dict)
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionNode:
    """Runs one body or the other. Output: that of the body that ran, or null."""

    id: str
    when: Predicate
    then: Scope
    otherwise: Scope | None = None
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsNode:
    """A group: runs its body once, so that a gate can stand before or after all of it."""

    id: str
    body: Scope
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopNode:
    """Runs its body again and again. Output: that of the last round."""

    id: str
    body: Scope
    #: Looked at after every round; with an `iterate` gate, people decide beside it.
    until: Predicate | None = None
    #: The loop is left after so many rounds, whatever `until` says.
    max_rounds: int = 10
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelNode:
    """Runs all its branches at the same time. Output: a dict of theirs, by branch.

    A branch sees the state as it was and writes for itself; at the end, keys that its tasks name
    in `writes` become the run's. A key that several branches name needs a reducer.
    """

    id: str
    branches: Mapping[str, Scope]
    merge: Mapping[str, Reduce] = field(default_factory=dict)
    #: The most branches that are open at once, waiting ones included; None: all.
    limit: int | None = None
    on_branch_error: OnBranchError = OnBranchError.WAIT
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode:
    """Runs its body once for each item of a list, at the same time. Output: a list of theirs.

    An item sees the state as it was and writes for itself; at the end, keys with a reducer in
    `merge` become the run's.
    """

    id: str
    over: Callable[[View], Sequence[Any]]
    body: Scope
    merge: Mapping[str, Reduce] = field(default_factory=dict)
    #: The most items that are open at once, waiting ones included; None: all.
    limit: int | None = None
    on_branch_error: OnBranchError = OnBranchError.WAIT
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphNode:
    """Runs a graph inside this one, with an input and a state of its own. Output: that graph's."""

    id: str
    graph: Graph
    #: Computes the inner graph's input; None: the keys of the state that its schema names.
    input: Callable[[View], Mapping[str, Any]] | None = None
    #: Keys of the output that become keys of the state.
    writes: tuple[str, ...] = ()
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNode:
    """A function that may ask for tools to be called, and is called again with their results.

    It returns `ToolCalls`, or anything else as its output. A tool is a task whose function is
    called with the context, the arguments being `context.answer`; its gates `tool`, `input` and
    `result` are asked for every call.
    """

    id: str
    #: The function, as a task called `turn`.
    turn: TaskNode
    tools: Mapping[str, TaskNode] = field(default_factory=dict)
    #: The agent fails when it has been called so often and still asks for tools.
    max_turns: int = 20
    gates: Gates = NO_GATES
    on_error: OnError = OnError.FAIL


Composite = (
    RouterNode
    | ConditionNode
    | StepsNode
    | LoopNode
    | ParallelNode
    | MapNode
    | SubgraphNode
    | AgentNode
)
Node = TaskNode | ApprovalNode | WaitNode | EndNode | Composite

#: Names of a condition's bodies in paths: `check[then]/deploy`.
THEN = "then"
OTHERWISE = "else"
#: The id of an agent's own function inside it: `assistant/turn#2`.
TURN = "turn"


def bodies(node: Node) -> Mapping[str, Scope]:
    """Return the scopes inside a node, by the name that a path has in brackets.

    The name is empty where the path has none, or a number: `prepare/fetch`, `each[3]/fetch`.
    """
    match node:
        case RouterNode():
            return node.routes
        case ConditionNode():
            return {THEN: node.then} | ({OTHERWISE: node.otherwise} if node.otherwise else {})
        case StepsNode() | LoopNode() | MapNode():
            return {"": node.body}
        case ParallelNode():
            return node.branches
        case SubgraphNode():
            return {"": node.graph}
        case AgentNode():
            inside = {TURN: node.turn, **node.tools}
            return {"": Scope(start=TURN, ends=frozenset(inside), nodes=inside, edges={})}
        case _:
            return {}
