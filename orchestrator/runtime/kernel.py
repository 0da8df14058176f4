"""One way to change a run: commit a command, then do what the commit asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance, advance
from orchestrator.core.state import PlaceStatus, State
from orchestrator.core.turn import Terms
from orchestrator.errors import GraphChangedError, GraphError, OrchestratorError
from orchestrator.graph.graph import Graph
from orchestrator.runtime.context import NodeContext, find_task
from orchestrator.runtime.executor import Attempt, Executor
from orchestrator.runtime.patience import persist
from orchestrator.runtime.process import process_name
from orchestrator.runtime.summary import is_urgent, to_run
from orchestrator.runtime.versions import Versions
from orchestrator.runtime.watch import Watchers
from orchestrator.store import Step, Store

#: How long a question may take to reach people before its clock runs all the same.
DELIVERY_GRACE = timedelta(minutes=5)
_Way = Callable[[Step], Awaitable[Advance | r.Refusal]]
_Answer = Advance | r.Refusal
_log = structlog.get_logger(__name__)


class Kernel:
    """Commits commands and starts what they make ready. Used by the engine and the scheduler."""

    def __init__(
        self,
        store: Store,
        graphs: Mapping[str, Graph],
        *,
        has_chat: bool,
        slots: int,
        hook: Callable[[str], None],
    ) -> None:
        self.store = store
        self.versions = Versions(store, graphs)
        self.owner = process_name()
        self.watchers = Watchers()
        self.executor = Executor(slots=slots, report=self._report, tell=self._tell)
        self.is_serving = False
        self.hook = hook
        #: Called after a commit that set timers or left ready nodes; the scheduler looks again.
        self.on_work: Callable[[], None] = lambda: None
        #: Called after a commit that added deliveries.
        self.on_delivery: Callable[[], None] = lambda: None
        #: Called after a commit that asked people, with the run and the approvals' ids.
        self.on_question: Callable[[State, tuple[str, ...]], None] = lambda _state, _opened: None
        self._commits: set[asyncio.Task[_Answer]] = set()
        self.terms = Terms(delivery_grace=DELIVERY_GRACE if has_chat else None)
        store.has_chat = has_chat

    @property
    def graphs(self) -> Mapping[str, Graph]:
        """The graphs that are loaded, by id."""
        return self.versions.graphs

    async def commit(
        self,
        run_id: str,
        command: c.Command,
        graph: Graph | None = None,
        *,
        through: _Way | None = None,
    ) -> _Answer:
        """Carry out a command; when this returns it is durable and its work has been started.

        A node that the command makes ready is taken on in the same transaction if there is room.
        Cancelling the caller cancels neither the commit nor the work behind it. A run of another
        version goes on with the loaded one if both are the same where it is going; otherwise it is
        held, and its operators are asked.

        Args:
            run_id: The run.
            command: What is asked of it.
            graph: What the run follows; None: the loaded graph, found from the run's own version.
            through: Another way into the store than `Store.commit`.

        Raises:
            GraphNotFoundError: The run's graph is not loaded.
            GraphChangedError: Another version of it is loaded, and it differs.
            StoreUnavailableError: Nothing was recorded.
        """
        # What was committed has to be followed up, also when the caller has been cancelled.
        task = asyncio.create_task(self._commit(run_id, command, graph, through))
        self._commits.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[_Answer]) -> None:
        self._commits.discard(task)
        if not task.cancelled():
            task.exception()  # its caller, who gets it, may be gone

    async def commit_anyhow(
        self, run_id: str, command: c.Command, *, through: _Way | None = None
    ) -> _Answer:
        """Carry out a command that must not depend on the run's graph being there.

        Where it is not, a graph without nodes stands in: enough to cancel, pause and expire.

        Raises:
            RunNotFoundError: There is no such run.
            StoreUnavailableError: Nothing was recorded.
        """
        run = await self.store.get_run(run_id)
        try:
            graph = await self._adapt(run_id, run.graph, run.version)
        except GraphError:
            graph = self.versions.skeleton(run.graph, run.version)
        return await self.commit(run_id, command, graph, through=through)

    async def _commit(
        self, run_id: str, command: c.Command, graph: Graph | None, through: _Way | None
    ) -> _Answer:
        try:
            return await self._carry_out(run_id, command, graph, through)
        except GraphChangedError as error:
            await self._adopt(run_id, error)
        return await self._carry_out(run_id, command, graph, through)

    async def _carry_out(
        self, run_id: str, command: c.Command, graph: Graph | None, through: _Way | None
    ) -> _Answer:
        has_room = self.is_serving and not self.executor.is_full
        if isinstance(command, c.StartAttempt) and not has_room:
            return r.NotCurrent(reason="there is no free slot")
        if through is None:
            saves = graph if isinstance(command, c.StartRun) else None

            async def through(step: Step) -> _Answer:
                return await self.store.commit(run_id, step, graph=saves)

        return await self._do(self._step(command, graph), through)

    async def _do(self, step: Step, through: _Way) -> _Answer:
        has_room = self.is_serving and self.executor.reserve()
        launched = False
        try:
            answer = await through(self._taking(step) if has_room else step)
            if isinstance(answer, Advance):
                launched = self._follow(answer, has_room=has_room)
        finally:
            if has_room and not launched:
                self.executor.give_back()
        return answer

    async def drain(self) -> None:
        """Wait for the commits that are under way."""
        if self._commits:
            await asyncio.wait(self._commits)

    async def act(self, run_id: str, step: Step) -> _Answer:
        """Carry out a step that is no command, with everything that `commit` does around it."""

        async def through(taking: Step) -> _Answer:
            return await self.store.commit(run_id, taking)

        return await self._do(step, through)

    def follows(self, state: State, command: c.Command) -> Graph:
        """Return the graph that a command on a run is carried out with.

        Raises:
            GraphNotFoundError: It is not loaded.
            GraphChangedError: Another version of it is loaded, or was when the run was held.
        """
        if isinstance(command, c.Decide) and command.approval_id == state.held:
            return self.versions.skeleton(state.graph, state.version)
        graph = self.versions.get(state.graph, state.version)
        if state.held is not None:
            raise GraphChangedError(state.graph, state.version, graph.version)
        return graph

    def _step(self, command: c.Command, graph: Graph | None) -> Step:
        def step(state: State | None, now: datetime) -> _Answer:
            follows = graph
            if state is None:
                if follows is None:
                    raise LookupError(f"{type(command).__name__} names a run that does not exist")
            elif follows is None or (follows.nodes and follows.version != state.version):
                follows = self.follows(state, command)
            return advance(follows, state, command, now=now, terms=self.terms)

        return step

    def _taking(self, step: Step) -> Step:
        """Make a step take one ready node of the run on, as part of the same commit."""

        def taking(state: State | None, now: datetime) -> _Answer:
            answer = step(state, now)
            return self._take(answer, now) if isinstance(answer, Advance) else answer

        return taking

    def _take(self, first: Advance, now: datetime) -> Advance:
        state = first.state
        is_taken = first.records and isinstance(first.records[-1].event, e.AttemptStarted)
        graph = self.graphs.get(state.graph)
        if is_taken or graph is None or graph.version != state.version:
            return first
        for place in state.places.values():
            is_free = place.is_undo or not state.is_held_back
            if place.status is PlaceStatus.READY and is_free:
                command = c.StartAttempt(path=place.path, owner=self.owner)
                then = advance(graph, state, command, now=now, terms=self.terms)
                if isinstance(then, Advance):
                    records = first.records + then.records
                    return Advance(records, first.effects + then.effects, then.state)
        return first

    async def reconsider(self, run_id: str) -> None:
        """Let a held run go on if what is loaded now is the same where the run is going.

        Raises:
            GraphError: It is not, or it is not loaded; the run stays held.
        """
        run = await self.store.get_run(run_id)
        loaded = self.versions.get_loaded(run.graph)
        error = GraphChangedError(run.graph, run.version, loaded.version)
        await self._adopt(run_id, error, may_hold=False)

    async def _adapt(self, run_id: str, graph_id: str, version: str) -> Graph:
        """Return the loaded graph if a run may go on with it, having taken it over."""
        loaded = self.versions.get_loaded(graph_id)
        if loaded.version != version:
            error = GraphChangedError(graph_id, version, loaded.version)
            await self._adopt(run_id, error, may_hold=False)
        return loaded

    async def _adopt(self, run_id: str, error: GraphChangedError, *, may_hold: bool = True) -> None:
        """Have a run follow the loaded version if that is the same where the run is going.

        Raises:
            GraphChangedError: It is not; the run has been held, if it may.
        """
        old = await self.versions.find_definition(error.graph_id, error.started_with)
        loaded = self.versions.get_loaded(error.graph_id)
        if old is None or not loaded.definition:
            raise error
        found: list[str] = []

        def step(state: State | None, now: datetime) -> _Answer:
            found.clear()
            if state is None or state.version != error.started_with:
                return r.NotCurrent(reason="another process was faster")
            if state.version == loaded.version and state.held is None:
                return r.NotCurrent(reason="it is not held")
            found.extend(self.versions.differences(state, old, loaded))
            command: c.Command = c.AdoptVersion(version=loaded.version)
            if found:
                if not may_hold or state.held is not None:
                    return r.NotCurrent(reason="it is held already")
                command = c.HoldRun(loaded=loaded.version, differences=tuple(found))
            return advance(loaded, state, command, now=now, terms=self.terms)

        async def through(taking: Step) -> _Answer:
            return await self.store.commit(run_id, taking, graph=loaded)

        await self._do(step, through)
        if found:
            raise GraphChangedError(
                error.graph_id, error.started_with, loaded.version, differences=found
            )

    def _follow(self, done: Advance, *, has_room: bool) -> bool:
        """Do what a commit asks for; say whether the reserved slot was used."""
        state = done.state
        launched = False
        opened: list[str] = []
        for record in done.records:
            event = record.event
            if isinstance(event, e.AttemptStarted) and event.owner == self.owner and has_room:
                self._launch(state, event.path)
                launched = True
            elif isinstance(event, e.ApprovalOpened):
                opened.append(event.approval_id)
        self.executor.follow(state)
        if done.effects:
            self.on_delivery()
        if is_urgent(done):
            self.on_work()
        if opened:
            self.on_question(state, tuple(opened))
        if state.run_id in self.watchers:
            self.watchers.tell(to_run(state, done.records[-1].at))
        return launched

    def _launch(self, state: State, path: str) -> None:
        graph = self.versions.get(state.graph, state.version)
        place = state.places[path]
        node = find_task(graph, place)
        if node is None:
            raise TypeError(f"{path} is no task")
        self.hook("after_attempt_started")
        context = NodeContext(graph, state, place)
        self.executor.launch(
            Attempt(run_id=state.run_id, graph=graph, node=node, context=context, seq=state.seq)
        )

    async def _report(self, attempt: Attempt, outcome: c.FinishAttempt | c.FailAttempt) -> None:
        """Store how an attempt went; the database may be away for a while."""
        self.hook("after_effect")
        await persist(lambda: self.commit(attempt.run_id, outcome, attempt.graph))

    async def _tell(self, attempt: Attempt, value: object) -> None:
        """Store how far an attempt is, if that is possible now."""
        command = c.ReportProgress(path=attempt.path, attempt=attempt.number, value=value)
        try:
            await self.commit(attempt.run_id, command, attempt.graph)
        except OrchestratorError as error:
            _log.warning(
                "progress was not recorded",
                run_id=attempt.run_id,
                path=attempt.path,
                reason=str(error),
            )
