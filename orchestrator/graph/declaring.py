"""The methods by which graphs and bodies are declared; nothing is refused before `build`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from orchestrator.graph.composites import (
    OTHERWISE,
    THEN,
    TURN,
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
from orchestrator.graph.conditions import read_list
from orchestrator.graph.decorators import Tool, merge_options
from orchestrator.graph.gate_reading import (
    Given,
    read_gate,
    read_gates,
    read_on_error,
    written_out,
)
from orchestrator.graph.gates import ComputedApprovers
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import ApprovalKind, OnBranchError
from orchestrator.graph.nodes import (
    ApprovalNode,
    Edge,
    EndNode,
    Retry,
    TaskFunction,
    TaskNode,
    WaitNode,
)
from orchestrator.graph.options import (
    ApprovalOptions,
    Approvers,
    Condition,
    JoinOptions,
    Names,
    NodeOptions,
    TaskOptions,
    WaitOptions,
)
from orchestrator.graph.problems import Place, Role
from orchestrator.graph.reading import Note, Reader, expect, retry, unread
from orchestrator.graph.views import EVERYTHING, View

if TYPE_CHECKING:
    from orchestrator.graph.block import Block

F = TypeVar("F", bound=TaskFunction)
Blocks = Mapping[str, "Declaring"]
Bodies = Mapping[str, Scope]
_ASK = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A declared node that still waits for its bodies, which may be declared later."""

    id: str
    make: Callable[[Bodies], Node]
    given: frozenset[str] = frozenset()
    gates: Given = field(default_factory=dict)
    blocks: Blocks = field(default_factory=dict)


class Declaring:
    """Collects nodes and edges of one scope; the methods return the object itself."""

    role = Role.TOOLS

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.notes: list[Note] = []
        self.edges: list[Edge] = []
        self.begin: str | None = None
        self.ended: list[str] = []

    @overload
    def task(
        self, node: str, function: TaskFunction | None, /, **options: Unpack[TaskOptions]
    ) -> Self: ...
    @overload
    def task(self, node: str, /, **options: Unpack[TaskOptions]) -> Callable[[F], F]: ...
    def task(
        self, node: str, function: Any = _ASK, /, **options: Unpack[TaskOptions]
    ) -> Self | Callable[[F], F]:
        """Add a task; without a function this is a decorator, `@graph.task("write")`.

        The function takes the context and may be async or a generator. None in its place, together
        with a `result` gate: the work is done outside. Options: see `TaskOptions`.
        """
        if function is _ASK:

            def add(decorated: F) -> F:
                self.task(node, decorated, **options)
                return decorated

            return add
        reader = self._reader(node)
        merged = merge_options(function, options)
        made = self._task(reader, node, function, merged)
        gates, given = read_gates(reader, merged)
        made = replace(made, gates=gates, on_error=read_on_error(reader, merged))
        self._add(made, merged, given)
        return self

    def approval(
        self,
        node: str,
        /,
        *,
        approvers: Approvers | ComputedApprovers | None = None,
        **options: Unpack[ApprovalOptions],
    ) -> Self:
        """Add a question to people. Options: see `ApprovalOptions`."""
        reader = self._reader(node)
        reader.known(options, ApprovalOptions)
        question = {**options, "approvers": approvers}
        gates, given = read_gates(reader, {"error": options.get("error")})
        own = read_gate(reader, ApprovalKind.CONFIRM, question)
        made = ApprovalNode(
            id=node, gates=replace(gates, confirm=own), on_error=read_on_error(reader, options)
        )
        self._add(made, options, {**given, ApprovalKind.CONFIRM: written_out(question)})
        return self

    def router(
        self,
        node: str,
        /,
        select: Callable[[View], str | Sequence[str]] | None = None,
        routes: Mapping[str, Block] | None = None,
        **options: Unpack[NodeOptions],
    ) -> Self:
        """Add a fork between edges, or between `routes`, which are bodies of its own.

        Without routes the first edge is taken whose condition holds, or the one to the node that
        `select` names. With routes, `select` returns the name of one, or the names of several;
        without `select` people choose, by the gate `choose`.
        """
        reader = self._reader(node)
        if select is not None:
            reader.predicate("select", select)
        common, given = self._common(reader, options, NodeOptions)
        self._add_composite(
            node,
            lambda inside: RouterNode(id=node, select=select, routes=inside, **common),
            self._blocks(reader, "routes", routes or {}),
            options,
            given,
        )
        return self

    def condition(
        self,
        node: str,
        /,
        when: Condition,
        then: Block,
        otherwise: Block | None = None,
        **options: Unpack[NodeOptions],
    ) -> Self:
        """Add a node that runs `then` if the condition holds, and else `otherwise`."""
        reader = self._reader(node)
        predicate = reader.condition("when", when)
        if predicate is None:
            reader.note("when is None; give CEL text or a function of the view")
            predicate = unread
        blocks = {THEN: then} if otherwise is None else {THEN: then, OTHERWISE: otherwise}
        common, given = self._common(reader, options, NodeOptions, is_condition=True)
        self._add_composite(
            node,
            lambda inside: ConditionNode(
                id=node,
                when=predicate,
                then=inside[THEN],
                otherwise=inside.get(OTHERWISE),
                **common,
            ),
            self._blocks(reader, "bodies", blocks),
            options,
            given,
        )
        return self

    def steps(self, node: str, body: Block, /, **options: Unpack[NodeOptions]) -> Self:
        """Add a group of nodes, so that a gate can stand before or after all of it."""
        reader = self._reader(node)
        common, given = self._common(reader, options, NodeOptions)
        self._add_composite(
            node,
            lambda inside: StepsNode(id=node, body=inside[""], **common),
            self._blocks(reader, "body", {"": body}),
            options,
            given,
        )
        return self

    def loop(
        self,
        node: str,
        body: Block,
        /,
        *,
        until: Condition | None = None,
        max_rounds: int | None = None,
        **options: Unpack[NodeOptions],
    ) -> Self:
        """Add a node that runs its body until the condition holds, at most so often (10)."""
        reader = self._reader(node)
        predicate = reader.condition("until", until)
        rounds = reader.number("max_rounds", max_rounds, 10)
        common, given = self._common(reader, options, NodeOptions)
        self._add_composite(
            node,
            lambda inside: LoopNode(
                id=node, body=inside[""], until=predicate, max_rounds=rounds, **common
            ),
            self._blocks(reader, "body", {"": body}),
            {**options, "max_rounds": max_rounds},
            given,
        )
        return self

    def parallel(
        self, node: str, branches: Mapping[str, Block], /, **options: Unpack[JoinOptions]
    ) -> Self:
        """Add a node that runs all its branches at the same time. Options: see `JoinOptions`."""
        reader = self._reader(node)
        joined = self._join(reader, options)
        common, given = self._common(reader, options, JoinOptions)
        self._add_composite(
            node,
            lambda inside: ParallelNode(id=node, branches=inside, **joined, **common),
            self._blocks(reader, "branches", branches),
            options,
            given,
        )
        return self

    def map(
        self,
        node: str,
        over: str | Callable[[View], Sequence[Any]],
        body: Block,
        /,
        **options: Unpack[JoinOptions],
    ) -> Self:
        """Add a node that runs its body once for each item of a list, at the same time.

        `over` is a path such as `state.items`, CEL text, or a function of the view. Options: see
        `JoinOptions`.
        """
        reader = self._reader(node)
        items: Any = over
        if isinstance(over, str):
            items = reader.read(read_list, over, unread)
        else:
            reader.predicate("over", over)
        joined = self._join(reader, options)
        common, given = self._common(reader, options, JoinOptions)
        self._add_composite(
            node,
            lambda inside: MapNode(id=node, over=items, body=inside[""], **joined, **common),
            self._blocks(reader, "body", {"": body}),
            options,
            given,
        )
        return self

    def subgraph(
        self,
        node: str,
        graph: Graph,
        /,
        *,
        with_input: Callable[[View], Mapping[str, Any]] | None = None,
        writes: Names = (),
        **options: Unpack[NodeOptions],
    ) -> Self:
        """Add a graph that runs inside this one, with an input and a state of its own.

        Args:
            node: The node's id.
            graph: The graph.
            with_input: Computes its input; default: the keys of the state that its schema names.
            writes: Keys of its output that become keys of the state.
            options: See `NodeOptions`.
        """
        reader = self._reader(node)
        if with_input is not None:
            reader.predicate("with_input", with_input)
        named = reader.names("writes", writes)
        common, given = self._common(reader, options, NodeOptions)
        if not isinstance(graph, Graph):
            reader.note(f"runs {graph!r}, which is no built graph; call build() on its builder")
            return self
        made = SubgraphNode(id=node, graph=graph, input=with_input, writes=named, **common)
        self._add(made, options, given)
        return self

    def agent(
        self,
        node: str,
        function: TaskFunction,
        /,
        *,
        tools: Mapping[str, TaskFunction | Tool] | None = None,
        max_turns: int = 20,
        **options: Unpack[TaskOptions],
    ) -> Self:
        """Add a function that may ask for its tools to be called, and is called again after it.

        A tool is a function, or made by `tool` where it has gates or other options. Options: see
        `TaskOptions`.
        """
        reader = self._reader(node)
        merged = merge_options(function, options)
        turn = replace(self._task(reader, node, function, merged), id=TURN)
        turns = reader.number("max_turns", max_turns, 20)
        gates, given = read_gates(reader, merged)
        on_error = read_on_error(reader, merged)
        listed = Declaring()
        if tools is not None and not isinstance(tools, Mapping):
            reader.note(f"tools is {tools!r}; give a mapping of names to functions")
            tools = None
        for name, each in (tools or {}).items():
            own = each if isinstance(each, Tool) else Tool(function=each)
            listed.task(name, own.function, **own.options)
        self._add_composite(
            node,
            lambda inside: AgentNode(
                id=node,
                turn=turn,
                tools={
                    name: each
                    for name, each in inside[""].nodes.items()
                    if isinstance(each, TaskNode)
                },
                max_turns=turns,
                gates=gates,
                on_error=on_error,
            ),
            {"": listed},
            merged,
            given,
        )
        return self

    def wait(self, node: str, /, **options: Unpack[WaitOptions]) -> Self:
        """Add a wait for a time to pass, for an instant, or for a signal; see `WaitOptions`."""
        reader = self._reader(node)
        common, given = self._common(reader, options, WaitOptions)
        made = WaitNode(
            id=node,
            duration=reader.time("duration", options.get("duration")),
            until=reader.instant("until", options.get("until")),
            signal=reader.word("signal", options.get("signal")),
            schema=reader.read(InputSchema, options.get("schema")),
            timeout=reader.time("timeout", options.get("timeout")),
            writes=reader.names("writes", options.get("writes"), ()),
            **common,
        )
        self._add(made, options, given)
        return self

    def end(self, node: str, /, output: Names = EVERYTHING) -> Self:
        """Add a place where the run, or the body, completes, with the state keys of its output."""
        self._add(EndNode(id=node, output=self._reader(node).names("output", output)), {}, {})
        return self

    def edge(self, source: str, target: str, /, when: Condition | None = None) -> Self:
        """Add a way on; `when` is CEL text or a function of the view. None: the default way."""
        reader = Reader(notes=self.notes, place=Place(source, target))
        self.edges.append(Edge(source=source, target=target, when=reader.condition("when", when)))
        return self

    def sequence(self, *nodes: str) -> Self:
        """Add the edges that lead from each node to the next."""
        for source, target in pairwise(nodes):
            self.edge(source, target)
        return self

    def start(self, node: str, /) -> Self:
        """Say where the run, or the body, begins."""
        if self.begin not in (None, node):
            self._reader("").note(f"starts at {self.begin!r} and at {node!r}; keep one of them")
        self.begin = node
        return self

    def ends(self, *nodes: str) -> Self:
        """Say after which nodes, besides those made by `end`, the run or the body is completed."""
        self.ended.extend(nodes)
        return self

    def _reader(self, node: str) -> Reader:
        return Reader(notes=self.notes, place=Place(node))

    def _add(self, made: Node, options: Mapping[str, Any], given: Given) -> None:
        self.entries.append(
            Entry(id=made.id, make=lambda _: made, given=written_out(options), gates=given)
        )

    def _add_composite(
        self,
        node: str,
        make: Callable[[Bodies], Node],
        blocks: Blocks,
        options: Mapping[str, Any],
        given: Given,
    ) -> None:
        self.entries.append(
            Entry(id=node, make=make, given=written_out(options), gates=given, blocks=blocks)
        )

    def _common(
        self,
        reader: Reader,
        options: Mapping[str, Any],
        known: type,
        *,
        is_condition: bool = False,
    ) -> tuple[dict[str, Any], Given]:
        """Read what nearly every node has."""
        reader.known(options, known)
        gates, given = read_gates(reader, options, is_condition=is_condition)
        return {"gates": gates, "on_error": read_on_error(reader, options)}, given

    def _task(
        self, reader: Reader, node: str, function: Any, options: Mapping[str, Any]
    ) -> TaskNode:
        """Read the options of a task but its gates."""
        reader.known(options, TaskOptions)
        if function is not None:
            reader.function("function", function)
        undo = options.get("undo")
        if undo is not None:
            reader.function("undo", undo)
            reader.ungated("undo", undo)
        return TaskNode(
            id=node,
            function=function,
            reads=reader.names("reads", options.get("reads")),
            writes=reader.names("writes", options.get("writes")),
            retry=reader.read(retry, options.get("retry", 1)) or Retry(),
            timeout=reader.plain_time(options.get("timeout")),
            idempotent=reader.read(
                lambda value: expect(bool, "idempotent", value), options.get("idempotent")
            ),
            undo=undo,
        )

    def _join(self, reader: Reader, options: Mapping[str, Any]) -> dict[str, Any]:
        merge = options.get("merge")
        if merge is not None and not isinstance(merge, Mapping):
            reader.note(f"merge is {merge!r}; give a mapping of state keys to reducers")
            merge = None
        limit = options.get("limit")
        return {
            "merge": {key: _reducer(reader, key, how) for key, how in (merge or {}).items()},
            "limit": None if limit is None else reader.number("limit", limit, 1),
            "on_branch_error": reader.choice(
                "on_branch_error",
                OnBranchError,
                options.get("on_branch_error", OnBranchError.WAIT),
                OnBranchError.WAIT,
            )
            or OnBranchError.WAIT,
        }

    def _blocks(self, reader: Reader, option: str, given: Any) -> Blocks:
        """Look at bodies; one that is none becomes an empty one with a note."""
        if not isinstance(given, Mapping):
            reader.note(f"{option} is {given!r}; give a mapping of names to Blocks")
            return {}
        read: dict[str, Declaring] = {}
        for name, block in given.items():
            if isinstance(block, Declaring) and block.role is Role.BODY:
                read[name] = block
            else:
                what = f"{option} {name!r}" if name else option
                reader.note(f"{what} is {block!r}; give a Block")
                read[name] = stand_in()
        return read


def _reducer(reader: Reader, key: str, how: Any) -> Any:
    if callable(how):
        reader.function(f"merge of {key!r}", how)
        reader.ungated(f"merge of {key!r}", how)
        return how
    return reader.choice(f"merge of {key!r}", Reducer, how, Reducer.LIST) or Reducer.LIST


def stand_in() -> Declaring:
    """Return a body in which the checks find nothing; no graph is ever built with it."""
    return Declaring().task("unread", unread).start("unread").ends("unread")
