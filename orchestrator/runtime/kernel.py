"""One way to change a run: commit a command, then do what the commit asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.state import State
from orchestrator.core.turn import Terms
from orchestrator.errors import GraphChangedError, GraphError, OrchestratorError, StoreError
from orchestrator.graph.graph import Graph
from orchestrator.runtime.context import NodeContext, find_task
from orchestrator.runtime.executor import Attempt, Executor
from orchestrator.runtime.patience import persist
from orchestrator.runtime.process import process_name
from orchestrator.runtime.results import facts
from orchestrator.runtime.steps import Steps
from orchestrator.runtime.summary import is_urgent
from orchestrator.runtime.versions import Versions
from orchestrator.runtime.watch import Watchers
from orchestrator.store import News, Step, Store, Then

#: How long a question may take to reach people before its clock runs all the same.
DELIVERY_GRACE = timedelta(minutes=5)
_Way = Callable[[Step, Then], Awaitable[Advance | r.Refusal]]
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
        #: Commits that have not been followed up yet.
        self._under_way = 0
        self._is_idle = asyncio.Event()
        self.terms = Terms(delivery_grace=DELIVERY_GRACE if has_chat else None)
        self._steps = Steps(self.versions, owner=self.owner, terms=self.terms)
        store.has_chat = has_chat
        store.on_news(self._hear)

    def _hear(self, news: News) -> None:
        """Look for what another process has left."""
        if news.has_deliveries:
            self.on_delivery()
        if news.has_work:
            self.on_work()
        for run_id in news.runs:
            self.watchers.nudge(run_id)

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
        try:
            return await self._carry_out(run_id, command, graph, through)
        except GraphChangedError as error:
            await self._adopt(run_id, error)
        return await self._carry_out(run_id, command, graph, through)

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

    async def _carry_out(
        self, run_id: str, command: c.Command, graph: Graph | None, through: _Way | None
    ) -> _Answer:
        has_room = self.is_serving and not self.executor.is_full
        if isinstance(command, c.StartAttempt) and not has_room:
            return r.NotCurrent(reason="there is no free slot")
        step = self._steps.of(command, graph)
        if through is not None:
            return await self._do(step, through)
        return await self.act(
            run_id, step, graph=graph if isinstance(command, c.StartRun) else None
        )

    async def _do(self, step: Step, through: _Way) -> _Answer:
        has_room = self.is_serving and self.executor.reserve()

        def then(answer: Any) -> None:
            launched = False
            try:
                if isinstance(answer, Advance):
                    launched = self._follow(answer, has_room=has_room)
            finally:
                if has_room and not launched:
                    self.executor.give_back()
                self._under_way -= 1
                if not self._under_way:
                    self._is_idle.set()

        self._under_way += 1
        self._is_idle.clear()
        return await through(self._steps.taking(step) if has_room else step, then)

    async def drain(self) -> None:
        """Wait for the commits that are under way."""
        while self._under_way:
            await self._is_idle.wait()

    async def act(self, run_id: str, step: Step, *, graph: Graph | None = None) -> _Answer:
        """Carry out a step that is no command, with everything that `commit` does around it.

        Args:
            run_id: The run.
            step: What decides.
            graph: What the run is to follow from now on.
        """

        async def through(taking: Step, then: Then) -> _Answer:
            return await self.store.commit(run_id, taking, graph=graph, then=then)

        return await self._do(step, through)

    async def cancel(self, run_id: str, command: c.CancelRun) -> _Answer:
        """Cancel a run, whatever has become of its graph.

        What the run did is taken back if the loaded graph says how, and says it as before.

        Raises:
            RunNotFoundError: There is no such run.
            StoreUnavailableError: Nothing was recorded.
        """
        run = await self.store.get_run(run_id)
        skeleton = self.versions.skeleton(run.graph, run.version)
        loaded = self.graphs.get(run.graph, skeleton)
        old = await self.versions.find_definition(run.graph, run.version)
        if loaded is skeleton or old is None:
            return await self.commit(run_id, command, skeleton)

        step = self._steps.cancelling(command, run.version, old, loaded)
        return await self.act(run_id, step, graph=loaded)

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
        step, found = self._steps.adopting(error.started_with, old, loaded, may_hold=may_hold)

        await self.act(run_id, step, graph=loaded)
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
        self.watchers.touch(state.run_id, is_news=bool(done.effects))
        self.watchers.tell(state, done.records[-1].at)
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
        try:
            await persist(lambda: self.commit(attempt.run_id, outcome, attempt.graph))
        except StoreError as error:
            await self._report_unstorable(attempt, error)

    async def _report_unstorable(self, attempt: Attempt, error: StoreError) -> None:
        """Fail an attempt whose result, or what follows from it, cannot be stored."""
        failed = c.FailAttempt(
            path=attempt.path,
            attempt=attempt.number,
            error=facts(error),
            is_retryable=False,
            spent=attempt.context.spent,
        )
        await persist(lambda: self.commit(attempt.run_id, failed, attempt.graph))

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
