"""The methods by which nodes with bodies are declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self, Unpack

from orchestrator.graph.collecting import Blocks, Bodies, Collecting, Entry, stand_in
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
    StepsNode,
    SubgraphNode,
)
from orchestrator.graph.conditions import read_list
from orchestrator.graph.decorators import Tool, merge_options
from orchestrator.graph.gate_reading import Given, read_gates, read_on_error, written_out
from orchestrator.graph.graph import Graph
from orchestrator.graph.kinds import OnBranchError
from orchestrator.graph.nodes import TaskFunction, TaskNode
from orchestrator.graph.options import Condition, JoinOptions, Names, NodeOptions, TaskOptions
from orchestrator.graph.problems import Role
from orchestrator.graph.reading import Reader, unread
from orchestrator.graph.views import View


class Declaring(Collecting):
    """Collects nodes of every kind; the methods return the object itself."""

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
            _blocks(reader, "routes", {} if routes is None else routes),
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
            _blocks(reader, "bodies", blocks),
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
            _blocks(reader, "body", {"": body}),
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
            _blocks(reader, "body", {"": body}),
            {**options, "max_rounds": max_rounds},
            given,
        )
        return self

    def parallel(
        self, node: str, branches: Mapping[str, Block], /, **options: Unpack[JoinOptions]
    ) -> Self:
        """Add a node that runs all its branches at the same time. Options: see `JoinOptions`."""
        reader = self._reader(node)
        joined = _join(reader, options)
        common, given = self._common(reader, options, JoinOptions)
        self._add_composite(
            node,
            lambda inside: ParallelNode(id=node, branches=inside, **joined, **common),
            _blocks(reader, "branches", branches),
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
        joined = _join(reader, options)
        common, given = self._common(reader, options, JoinOptions)
        self._add_composite(
            node,
            lambda inside: MapNode(id=node, over=items, body=inside[""], **joined, **common),
            _blocks(reader, "body", {"": body}),
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
        listed = Collecting()
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


class Block(Declaring):
    """A body: the nodes of a branch, a route, a loop or another composite.

    Without any edge and without a start its nodes run in the order of declaration, and the last
    one ends it. Otherwise it says its edges, start and ends like a graph.
    """

    role = Role.BODY


def _join(reader: Reader, options: Mapping[str, Any]) -> dict[str, Any]:
    merge = options.get("merge")
    if merge is not None and not isinstance(merge, Mapping):
        reader.note(f"merge is {merge!r}; give a mapping of state keys to reducers")
        merge = None
    for key in [key for key in (merge or {}) if not isinstance(key, str)]:
        reader.note(f"merge has {key!r}, which is no text; give names of keys")
    limit = options.get("limit")
    return {
        "merge": {
            key: _reducer(reader, key, how)
            for key, how in (merge or {}).items()
            if isinstance(key, str)
        },
        "limit": None if limit is None else reader.number("limit", limit, 1),
        "on_branch_error": reader.choice(
            "on_branch_error",
            OnBranchError,
            options.get("on_branch_error", OnBranchError.WAIT),
            OnBranchError.WAIT,
        )
        or OnBranchError.WAIT,
    }


def _blocks(reader: Reader, option: str, given: Any) -> Blocks:
    """Look at bodies; one that is none becomes an empty one with a note."""
    if not isinstance(given, Mapping):
        reader.note(f"{option} is {given!r}; give a mapping of names to Blocks")
        return {}
    read: dict[str, Collecting] = {}
    for name, block in given.items():
        if not isinstance(name, str):
            reader.note(f"{option} has the name {name!r}, which is no text; give it a text")
        elif isinstance(block, Collecting) and block.role is Role.BODY:
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
