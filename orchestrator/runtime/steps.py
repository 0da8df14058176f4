"""Steps: what the writer's thread decides about a run once it has the newest state, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance, advance
from orchestrator.core.state import PlaceStatus, State
from orchestrator.core.turn import Terms
from orchestrator.errors import GraphChangedError
from orchestrator.graph.graph import Graph
from orchestrator.runtime.versions import Versions, differences_behind
from orchestrator.store import Step

_Answer = Advance | r.Refusal
_log = structlog.get_logger(__name__)


class Steps:
    """Makes the steps of one process."""

    def __init__(self, versions: Versions, *, owner: str, terms: Terms) -> None:
        self._versions = versions
        self._owner = owner
        self._terms = terms

    def of(self, command: c.Command, graph: Graph | None) -> Step:
        """Return the step that carries a command out.

        It raises GraphNotFoundError or GraphChangedError when the run's graph is not the loaded
        one, and `graph` is not to be used instead.
        """

        def step(state: State | None, now: datetime) -> _Answer:
            follows = graph
            if state is None:
                if follows is None:
                    raise LookupError(f"{type(command).__name__} names a run that does not exist")
            elif follows is None or (follows.nodes and follows.version != state.version):
                follows = self._followed(state, command)
            return self._advance(follows, state, command, now)

        return step

    def _followed(self, state: State, command: c.Command) -> Graph:
        """Return the graph that a command on a run is carried out with."""
        if isinstance(command, c.Decide) and command.approval_id == state.held:
            return self._versions.skeleton(state.graph, state.version)
        graph = self._versions.get(state.graph, state.version)
        if state.held is not None:  # the graph was changed, and is as it was again
            raise GraphChangedError(state.graph, state.version, graph.version)
        return graph

    def taking(self, step: Step) -> Step:
        """Make a step take one ready node of the run on, as part of the same commit."""

        def taking(state: State | None, now: datetime) -> _Answer:
            answer = step(state, now)
            return self._take(answer, now) if isinstance(answer, Advance) else answer

        return taking

    def _take(self, first: Advance, now: datetime) -> Advance:
        state = first.state
        is_taken = first.records and isinstance(first.records[-1].event, e.AttemptStarted)
        graph = self._versions.graphs.get(state.graph)
        if is_taken or graph is None or graph.version != state.version:
            return first
        for place in state.places.values():
            is_free = place.is_undo or not state.is_held_back
            if place.status is PlaceStatus.READY and is_free:
                command = c.StartAttempt(path=place.path, owner=self._owner)
                both = self._join(first, graph, command, now)
                if isinstance(both, Advance):
                    return both
        return first

    def adopting(
        self, version: str, old: Mapping[str, Any], loaded: Graph, *, may_hold: bool
    ) -> tuple[Step, list[str]]:
        """Return the step that lets a run follow the loaded version, or holds it.

        Args:
            version: The version that the run follows.
            old: That version's definition.
            loaded: What is loaded.
            may_hold: Hold the run if something differs where it is going.

        Returns:
            The step, and a list that has the differences once the step was done.
        """
        found: list[str] = []

        def step(state: State | None, now: datetime) -> _Answer:
            found.clear()
            if state is None or state.version != version:
                return r.NotCurrent(reason="another process was faster")
            if state.version == loaded.version and state.held is None:
                return r.NotCurrent(reason="it is not held")
            found.extend(self._versions.differences(state, old, loaded))
            command: c.Command = c.AdoptVersion(version=loaded.version)
            if found:
                if not may_hold or state.held is not None:
                    return r.NotCurrent(reason="it is held already")
                command = c.HoldRun(loaded=loaded.version, differences=tuple(found))
            return self._advance(loaded, state, command, now)

        return step, found

    def cancelling(
        self, command: c.CancelRun, version: str, old: Mapping[str, Any], loaded: Graph
    ) -> Step:
        """Return the step that cancels a run of another version than the loaded one.

        Args:
            command: What is asked.
            version: The version that the run follows.
            old: That version's definition.
            loaded: What is loaded; it takes back what it knows how to.
        """
        skeleton = self._versions.skeleton(loaded.id, version)

        def step(state: State | None, now: datetime) -> _Answer:
            if state is not None and state.version == version and not state.is_finished:
                if not differences_behind(state, old, loaded):
                    adopt = c.AdoptVersion(version=loaded.version)
                    first = self._advance(loaded, state, adopt, now)
                    return self._join(first, loaded, command, now)
                _log.warning("what was done cannot be taken back", run_id=state.run_id)
            return self._advance(skeleton, state, command, now)

        return step

    def _advance(
        self, graph: Graph, state: State | None, command: c.Command, now: datetime
    ) -> _Answer:
        return advance(graph, state, command, now=now, terms=self._terms)

    def _join(self, first: _Answer, graph: Graph, command: c.Command, now: datetime) -> _Answer:
        """Carry a command out on what another one led to, as part of the same commit."""
        if not isinstance(first, Advance):
            return first
        then = self._advance(graph, first.state, command, now)
        if not isinstance(then, Advance):
            return then
        return Advance(first.records + then.records, first.effects + then.effects, then.state)
