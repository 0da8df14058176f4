"""One document of YAML as a graph; the same object as declared in Python."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeVar, assert_never

from orchestrator.graph.builder import GraphBuilder
from orchestrator.graph.composites import OTHERWISE, THEN
from orchestrator.graph.declaring import Block, Declaring
from orchestrator.graph.decorators import tool
from orchestrator.graph.graph import Graph
from orchestrator.graph.problems import (
    Problem,
    edge_place,
    inner_frame,
    node_place,
    scope_place,
)
from orchestrator.graph.yaml_drafts import Draft, bodies_of, refusal
from orchestrator.graph.yaml_nodes import (
    AgentSpec,
    ApprovalSpec,
    BlockSpec,
    ConditionSpec,
    EndSpec,
    LoopSpec,
    MapSpec,
    Node,
    ParallelSpec,
    RouterSpec,
    StepsSpec,
    SubgraphSpec,
    TaskSpec,
    WaitSpec,
)
from orchestrator.graph.yaml_source import Path
from orchestrator.graph.yaml_types import RunSpec
from orchestrator.graph.yaml_values import Values, missing

Composite = RouterSpec | ParallelSpec | ConditionSpec | StepsSpec | LoopSpec | MapSpec
D = TypeVar("D", bound=Declaring)
_FIRST_WORD = re.compile(r"([a-z_]+)(?:: | )")
_OF_BLOCK = ("nodes", "edges", "start", "ends")


def build_graph(
    draft: Draft, allow: Sequence[str], graphs: Mapping[str, Graph], names: Collection[str]
) -> Graph:
    """Build the graph that a document declares.

    Args:
        draft: The document.
        allow: Modules whose functions it may name.
        graphs: What it may run inside, by id.
        names: Ids of all graphs that it might name, for messages.

    Raises:
        GraphValidationError: It has problems; all of them are listed with file and line.
    """
    assembly = _Assembly(draft=draft, graphs=graphs, names=names, allow=allow)
    builder = assembly.builder()
    problems = [each for each in builder.problems() if assembly.is_certain(each)]
    found = [*draft.found, *assembly.values.found, *(assembly.located(each) for each in problems)]
    if found:
        raise refusal(draft.document, found)
    return builder.build()


@dataclass(slots=True, kw_only=True)
class _Assembly:
    """Hands one document's parts to a builder; remembers where each part stands."""

    draft: Draft
    graphs: Mapping[str, Graph]
    names: Collection[str]
    allow: Sequence[str]
    values: Values = field(init=False)
    #: Path in the document by the place that the builder's problems name.
    places: dict[str, Path] = field(init=False)

    def __post_init__(self) -> None:
        self.values = Values(document=self.draft.document, allow=self.allow)
        self.places = {"input": ("input",), "operators": ("operators",), "starters": ("starters",)}

    def builder(self) -> GraphBuilder:
        """Declare the whole graph."""
        spec = self.draft.spec
        options = self.values.options((), spec, "id", *_OF_BLOCK)
        if self.draft.found:
            # Whoever could not be read may have been the only one to ask.
            options.setdefault("operators", "@unread")
        builder = self._fill(GraphBuilder(spec.id, **options), "", (), spec)
        nodes = list(spec.nodes)
        is_open = "start" not in spec.model_fields_set or len(nodes) == 1
        if nodes and not spec.edges and is_open:
            # As in a body: the nodes run in their order.
            builder.start(nodes[0]).sequence(*nodes)
            builder.ends(*(nodes[-1:] if not isinstance(spec.nodes[nodes[-1]], EndSpec) else ()))
        return builder

    def is_certain(self, problem: Problem) -> bool:
        """Has the problem nothing to do with what could not be read?"""
        return not self.draft.concerns(self.places.get(problem.place, ()))

    def located(self, problem: Problem) -> tuple[int, str]:
        """Return a problem with its line, that of the option it begins with if it names one."""
        document = self.draft.document
        path, rest = self.places.get(problem.place, ()), problem.text
        while word := _FIRST_WORD.match(rest):
            if (*path, word[1]) not in document.lines:
                break
            path, rest = (*path, word[1]), rest[word.end() :]
        return document.line(path), str(problem)

    def _fill(self, scope: D, frame: str, path: Path, spec: BlockSpec) -> D:
        self.places.setdefault(scope_place(frame), path)
        for name, each in spec.nodes.items():
            self.places[node_place(name, frame)] = (*path, "nodes", name)
            self._node(scope, frame, (*path, "nodes", name), each)
        for source, target in pairwise(spec.nodes) if not spec.edges else ():
            self.places[edge_place(source, target, frame)] = (*path, "nodes", target)
        for index, edge in enumerate(spec.edges or ()):
            place = (*path, "edges", index)
            self.places.setdefault(edge_place(edge.source, edge.target, frame), place)
            scope.edge(edge.source, edge.target, self.values.read((*place, "when"), edge.when))
        if spec.start is not None:
            scope.start(spec.start)
        ends = spec.ends or ()
        return scope.ends(*([ends] if isinstance(ends, str) else ends))

    def _node(self, scope: Declaring, frame: str, path: Path, spec: Node) -> None:
        node = str(path[-1])
        match spec:
            case TaskSpec():
                scope.task(node, self._function(path, spec.run), **self._rest(path, spec, "run"))
            case ApprovalSpec():
                scope.approval(node, **self._rest(path, spec))
            case WaitSpec():
                scope.wait(node, **self._rest(path, spec))
            case EndSpec():
                scope.end(node, **self._rest(path, spec))
            case AgentSpec():
                self._agent(scope, frame, path, spec)
            case SubgraphSpec():
                graph = self._graph((*path, "graph"), spec.graph)
                scope.subgraph(node, graph, **self._rest(path, spec, "graph"))
            case _:
                blocks = {
                    name: self._fill(
                        Block(), inner_frame(frame, node, name), (*path, *inside), body
                    )
                    for name, inside, body in bodies_of(spec)
                }
                self._composite(scope, path, spec, blocks)

    def _composite(
        self, scope: Declaring, path: Path, spec: Composite, blocks: Mapping[str, Block]
    ) -> None:
        node = str(path[-1])
        match spec:
            case RouterSpec():
                routes = blocks if "routes" in spec.model_fields_set else None
                scope.router(node, routes=routes, **self._rest(path, spec, "routes"))
            case ParallelSpec():
                scope.parallel(node, blocks, **self._rest(path, spec, "branches"))
            case ConditionSpec():
                options = self._rest(path, spec, "then", "else")
                scope.condition(node, then=blocks[THEN], otherwise=blocks.get(OTHERWISE), **options)
            case StepsSpec():
                scope.steps(node, blocks[""], **self._rest(path, spec, "body"))
            case LoopSpec():
                scope.loop(node, blocks[""], **self._rest(path, spec, "body"))
            case MapSpec():
                options = self._rest(path, spec, "body", "over")
                scope.map(node, self.values.read((*path, "over"), spec.over), blocks[""], **options)
            case _:
                assert_never(spec)

    def _rest(self, path: Path, spec: Node, *without: str) -> dict[str, Any]:
        return self.values.options(path, spec, "kind", *without)

    def _function(self, path: Path, run: RunSpec | None) -> Any:
        return None if run is None else self.values.named((*path, "run"), run.run)

    def _agent(self, scope: Declaring, frame: str, path: Path, spec: AgentSpec) -> None:
        node = str(path[-1])
        inside = inner_frame(frame, node, "")
        tools = {}
        for name, each in (spec.tools or {}).items():
            place = (*path, "tools", name)
            self.places[node_place(name, inside)] = place
            function = self._function(place, each.run)
            tools[name] = tool(function, **self.values.options(place, each, "run"))
        function = self._function(path, spec.run)
        scope.agent(node, function, tools=tools, **self._rest(path, spec, "run", "tools"))

    def _graph(self, path: Path, named: str | RunSpec) -> Graph:
        if isinstance(named, RunSpec):
            graph = self.values.named(path, named.run)
            if isinstance(graph, Graph):
                return graph
            if graph is not missing:
                text = f"{named.run!r} is {type(graph).__name__}, no built graph"
                self.values.note(path, f"{text}; name what build() returned")
        elif named in self.graphs:
            return self.graphs[named]
        else:
            known = ", ".join(sorted(self.names)) or "none"
            text = f"graph {named!r} is not loaded; known are {known}"
            self.values.note(path, f"{text}; load its file together with this one")
        return GraphBuilder("unread").task("unread", missing).start("unread").ends("unread").build()
