"""Declaring a graph in Python: `GraphBuilder` collects, `build` checks and freezes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.errors import GraphValidationError
from orchestrator.graph.assembling import assemble
from orchestrator.graph.checks import find_problems
from orchestrator.graph.declaring import Declaring
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.options import Approvers, Time
from orchestrator.graph.policy import Approver
from orchestrator.graph.problems import GraphDeclaration, Place, Problem, Role
from orchestrator.graph.reading import Note, Reader
from orchestrator.graph.version import define, version_of


class GraphBuilder(Declaring):
    """Collects nodes and edges; every method but `build` and `problems` returns the builder.

    Nothing is refused before `build`, which then lists all problems at once.
    """

    role = Role.GRAPH

    def __init__(  # noqa: PLR0913 - keyword-only, and each is a part of every graph
        self,
        graph: str,
        /,
        *,
        title: str | None = None,
        description: str = "",
        input: Any = None,  # noqa: A002 - what it is
        version: str | None = None,
        operators: Approvers = (),
        starters: Approvers = (),
        max_visits: int = 1_000,
        max_active: Time | None = None,
        budget: Mapping[str, float] | None = None,
    ) -> None:
        """Begin a graph.

        Args:
            graph: The graph's id.
            title: What people call it; default: its id.
            description: What it is for, in a sentence.
            input: A pydantic model class, or a JSON schema of an object; None: it takes no input.
            version: Any text; a change of it changes the graph's version.
            operators: Who decides about nodes whose fate is unknown; default: all approvers.
            starters: Who may start runs from Slack and the command line; default: everybody but
                bots, guests and people from outside.
            max_visits: A run that visits more nodes than this has failed.
            max_active: A run that has been active for longer has failed; waiting does not count.
            budget: The most that the run's nodes may spend, by name, such as `{"tokens": 10_000}`.
        """
        super().__init__()
        self.id = graph
        self._title = title
        self._description = description
        self._version = version
        self._found: list[Problem] = []
        self._input: InputSchema = (
            self._read("input", lambda reader: reader.read(InputSchema, input)) or InputSchema()
        )
        self._operators: tuple[Approver, ...] = self._read(
            "operators", lambda reader: reader.approvers("operators", operators)
        )
        self._starters: tuple[Approver, ...] = self._read(
            "starters", lambda reader: reader.approvers("starters", starters)
        )
        self._max_visits: int = self._read(
            "graph", lambda reader: reader.number("max_visits", max_visits, 1_000)
        )
        self._max_active = self._read("graph", lambda reader: reader.plain_time(max_active))
        self._budget: dict[str, float] = self._read("graph", lambda reader: _budget(reader, budget))

    def problems(self) -> list[Problem]:
        """List everything that `build` would refuse."""
        return self._checked()[1]

    def build(self) -> Graph:
        """Check the declaration and freeze it.

        Raises:
            GraphValidationError: It has problems; all of them are listed, with remedies.
        """
        declared, problems = self._checked()
        if problems:
            raise GraphValidationError(self.id, [str(problem) for problem in problems])
        scope = declared.scope.scope()
        counted: dict[str, Any] = {
            "start": scope.start,
            "ends": scope.ends,
            "nodes": scope.nodes,
            "edges": scope.edges,
            "id": self.id,
            "input": self._input,
            "operators": self._operators,
            # A graph that names nobody keeps the version that it had before it could.
            **({"starters": self._starters} if self._starters else {}),
            "max_visits": self._max_visits,
            "max_active": self._max_active,
            "budget": self._budget,
        }
        if not self._operators:
            unowned = Graph(title="", description="", version="", **counted)
            counted["operators"] = unowned.approvers
        definition = define(scope, {**counted, "version": self._version})
        return Graph(
            **counted,
            title=self._title or self.id,
            description=self._description,
            definition=definition,
            version=version_of(definition),
        )

    def _checked(self) -> tuple[GraphDeclaration, list[Problem]]:
        scope, found = assemble(self)
        declared = GraphDeclaration(
            id=self.id,
            scope=scope,
            operators=self._operators,
            max_visits=self._max_visits,
            max_active=self._max_active,
            budget=self._budget,
        )
        return declared, [*self._found, *found, *find_problems(declared)]

    def _read(self, place: str, read: Any) -> Any:
        notes: list[Note] = []
        value = read(Reader(notes=notes, place=Place()))
        self._found.extend(Problem(place, text) for _, text in notes)
        return value


def _budget(reader: Reader, declared: Any) -> dict[str, float]:
    if declared is None:
        return {}
    if not isinstance(declared, Mapping):
        reader.note(f"budget is {declared!r}; give a mapping of names to amounts")
        return {}
    read: dict[str, float] = {}
    for name, amount in declared.items():
        if not isinstance(name, str) or not name:
            reader.note(f"budget names {name!r}; name each amount, such as tokens")
        elif isinstance(amount, bool) or not isinstance(amount, int | float):
            reader.note(f"budget of {name!r} is {amount!r}; give a number")
        else:
            read[name] = float(amount)
    return read
