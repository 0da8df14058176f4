"""The engine: what programs, the command line and chat surfaces call.

Entered as a context manager it serves: it takes ready nodes on, fires timers, and recovers what
other processes have left. Without that it only records, as commands beside a server do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import structlog
from uuid_utils.compat import uuid7

from orchestrator.core import commands as c
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.ids import run_id_of
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.errors import RunFinishedError, StoreUnavailableError
from orchestrator.graph.graph import Graph
from orchestrator.runtime.deciding import Deciding
from orchestrator.runtime.deliveries import Deliveries
from orchestrator.runtime.executor import GRACE
from orchestrator.runtime.kernel import Kernel
from orchestrator.runtime.letters import Letters
from orchestrator.runtime.people import check_graph
from orchestrator.runtime.ports import Clock, Directory, SystemClock
from orchestrator.runtime.reading import Reading
from orchestrator.runtime.refusals import to_error
from orchestrator.runtime.reminding import Reminding
from orchestrator.runtime.scheduler import Scheduler
from orchestrator.runtime.starters import check_starter
from orchestrator.runtime.streaming import Streaming
from orchestrator.runtime.summary import to_run
from orchestrator.runtime.upkeep import Upkeep
from orchestrator.runtime.values import check_labels, to_values
from orchestrator.runtime.versions import compare
from orchestrator.runtime.worker import Worker
from orchestrator.store import Run, Store, no_hook, within

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the engine is doing, for health checks and tests."""

    is_serving: bool
    running_attempts: int
    commits: int  #: transactions of this process so far
    units: int  #: commands and other writes that they carried
    ticks: int  #: looks of the scheduler so far


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDifference:
    """A run that follows another version of its graph than the one that is loaded."""

    run: Run
    #: What differs where the run is going; nothing: it goes on with what is loaded.
    differences: tuple[str, ...]


class Engine(Deciding, Upkeep, Reminding, Streaming, Reading, Deliveries, Letters):
    """Runs graphs on a store. Every method takes full ids or short references."""

    def __init__(  # noqa: PLR0913 - what it is wired with, all by keyword
        self,
        store: Store,
        graphs: Mapping[str, Graph],
        *,
        directory: Directory,
        clock: Clock | None = None,
        has_chat: bool = False,
        concurrency: int = 32,
        hook: Callable[[str], None] = no_hook,
    ) -> None:
        """Set up; nothing is read or started.

        Args:
            store: An open store; its clock must be this one.
            graphs: The graphs that runs may follow, by id.
            directory: Who approvers' names stand for.
            clock: Where instants come from; default: the computer's clock.
            has_chat: Questions are delivered by a chat surface; their clock starts when it says so.
            concurrency: How many nodes run at once in this process; 0: others run them.
            hook: Called with the name of each point at which a process may be killed.
        """
        kernel = Kernel(store, graphs, has_chat=has_chat, slots=concurrency, hook=hook)
        super().__init__(store, kernel, clock or SystemClock(), directory)
        self._scheduler = Scheduler(self._kernel, self._clock, self._attendance.again)
        self._loop_task: asyncio.Task[None] | None = None
        self._worker: Worker | None = None
        if store.queue is not None and concurrency > 0:
            self._worker = Worker(self._kernel, store.queue)
        self._workspace = ""

    @property
    def graphs(self) -> Mapping[str, Graph]:
        """The graphs that runs may follow, by id."""
        return self._kernel.graphs

    def within(self, workspace: str) -> Self:
        """Return the engine as one chat workspace sees it.

        Runs of other workspaces, and what they ask, are unknown to it; what it starts belongs to
        the workspace.
        """
        view = copy(self)
        view._store = within(self._store, workspace)  # noqa: SLF001 - one of its own kind
        view._workspace = workspace  # noqa: SLF001 - one of its own kind
        return view

    def statistics(self) -> Statistics:
        """Return what the engine is doing."""
        return Statistics(
            is_serving=self._kernel.is_serving,
            running_attempts=self._kernel.executor.running,
            commits=self._store.commits,
            units=self._store.units,
            ticks=self._scheduler.ticks,
        )

    async def __aenter__(self) -> Self:
        """Start to serve: what became due while nobody served is done first."""
        self._kernel.is_serving = True
        self._kernel.on_work = self._scheduler.wake
        self._scheduler.start_heartbeat()
        self._loop_task = asyncio.create_task(self._scheduler.run(), name="signoff-scheduler")
        if self._worker is not None:
            self._worker.start()
        try:
            await self._attendance.begin()
        except StoreUnavailableError as error:
            _log.warning("open questions were not looked at", reason=str(error))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop: running nodes get five seconds, what is left goes to whoever serves next."""
        await self.stop()

    async def stop(self, grace: float = GRACE) -> None:
        """Stop serving; see `__aexit__`. Stopping twice changes nothing."""
        if self._loop_task is None:
            return
        if self._worker is not None:
            await self._worker.stop()
        self._kernel.is_serving = False
        self._loop_task.cancel()
        await asyncio.gather(self._loop_task, return_exceptions=True)
        self._loop_task = None
        await self._kernel.drain()
        await self._kernel.executor.stop(grace)
        await self._attendance.stop()
        await self._kernel.drain()
        self._scheduler.stop_heartbeat()
        try:
            await self._store.release_leases(self._kernel.owner)
        except StoreUnavailableError as error:
            _log.warning("leases were not released and will run out", reason=str(error))

    async def tick(self) -> None:
        """Do everything that is due now, without waiting for the scheduler."""
        await self._scheduler.tick()
        await self._attendance.settle()

    async def start(  # noqa: PLR0913 - what a run is started with, all by keyword
        self,
        graph_id: str,
        values: Mapping[str, Any],
        *,
        requester: str,
        surface: str,
        labels: Mapping[str, str] | None = None,
        are_words: bool = False,
        workspace: str = "",
        key: str = "",
    ) -> Run:
        """Start a run; it is stored when this returns.

        Args:
            graph_id: Which graph to follow.
            values: The input, checked against the graph's schema.
            requester: Who asks for it.
            surface: Where from: slack, cli, python …
            labels: Facts to find the run by.
            are_words: `values` are texts, as typed in `key=value`.
            workspace: The chat workspace whose people are asked; "" where there is only one.
            key: Names the request; the same one of the same person starts one run, however often
                it comes and in whichever process. "": every call starts a run.

        Raises:
            GraphNotFoundError: No such graph is loaded.
            NotAStarterError: The requester, a person on Slack or the command line, is none of the
                graph's starters.
            InputError: The input or a label does not fit; every problem is listed.
            ApproversError: Somebody is named as an approver who stands for nobody, or a question
                asks for more people than there are.
            DirectoryError: Approvers could not be looked up.
            StoreUnavailableError: Nothing was recorded.
        """
        workspace = workspace or self._workspace
        graph = self._kernel.versions.get_loaded(graph_id)
        check_labels(labels or {})
        parsed = graph.input.parse_words(values) if are_words else graph.input.parse(values)
        await check_starter(graph, self._directory, requester, surface=surface, workspace=workspace)
        await check_graph(graph, self._directory, requester, workspace=workspace)
        run_id = run_id_of(f"{workspace}/{requester}/{key}") if key else uuid7().hex
        command = c.StartRun(
            run_id=run_id,
            input=graph.input.dump(parsed),
            requester=requester,
            surface=surface,
            labels=dict(labels or {}),
            workspace=workspace,
        )
        answer = await self._kernel.commit(run_id, command, graph)
        if key and isinstance(answer, r.AlreadyStarted):
            return await self.get_run(run_id)
        if not isinstance(answer, Advance):
            raise to_error(run_id, answer)
        if not self._kernel.is_serving:
            await self._attendance.settle()
        return to_run(answer.state, answer.records[-1].at)

    async def cancel(self, run: str, *, by: str, surface: str, reason: str = "") -> Run:
        """Cancel a run: open approvals are withdrawn, running nodes are stopped.

        The status is `cancelling` until the last running node has stopped, and what can be taken
        back has been. Cancelling a run that is being cancelled changes nothing. Nothing is taken
        back where the run's graph is not loaded, or is changed in a node that would have to be.

        Raises:
            RunNotFoundError: There is no such run.
            RunFinishedError: It is over.
        """
        why = reason or f"cancelled from {surface}"
        found = await self.get_run(run)
        answer = await self._kernel.cancel(found.id, c.CancelRun(by=by, reason=why))
        if isinstance(answer, r.Finished):
            raise RunFinishedError(found.ref, answer.status)
        return await self.get_run(found.id)

    async def pause(self, run: str, *, by: str, reason: str = "") -> Run:
        """Hold new nodes back; what runs goes on, and so do decisions and deadlines.

        Pausing a run that is paused changes nothing.

        Raises:
            RunNotFoundError: There is no such run.
            RunFinishedError: It is over.
        """
        return await self._steer(run, c.PauseRun(by=by, reason=reason))

    async def resume(self, run: str, *, by: str) -> Run:
        """Let a run go on after a pause; one that is not paused stays as it is.

        Raises:
            RunNotFoundError: There is no such run.
            RunFinishedError: It is over.
        """
        return await self._steer(run, c.ResumeRun(by=by))

    async def _steer(self, run: str, command: c.Command) -> Run:
        found = await self.get_run(run)
        answer = await self._carry_out(found.id, command, needs_graph=False)
        if isinstance(answer, r.Finished):
            raise RunFinishedError(found.ref, answer.status)
        return await self.get_run(found.id)

    async def signal(
        self, run: str, name: str, payload: Any = None, *, by: str, surface: str
    ) -> Run:
        """Send a named signal to the nodes of a run that wait for it, or will.

        Args:
            run: The run.
            name: The signal's name, as a wait of the graph has it.
            payload: Any JSON that fits the wait's schema.
            by: Who sends it.
            surface: Where from.

        Raises:
            RunNotFoundError: There is no such run.
            RunFinishedError: It is over.
            UnknownSignalError: No node of the graph waits for that.
            InvalidValuesError: The payload does not fit the schema; every problem is listed.
            ResponseError: The payload is no JSON.
            RunError: Too many signals of that name wait already.
            GraphChangedError: The run follows another version of the graph, which differs from
                the loaded one where the run is going.
        """
        run_id = await self._store.find_run_id(run)
        command = c.Signal(name=name, payload=to_values(payload), by=by, surface=surface)
        answer = await self._carry_out(run_id, command)
        if not isinstance(answer, Advance):
            raise to_error(run_id, answer)
        return to_run(answer.state, answer.records[-1].at)

    async def graphs_diff(self) -> list[GraphDifference]:
        """Return the unfinished runs of another version than the loaded one, newest first.

        To be asked before new definitions are deployed, with the new graphs loaded.
        """
        found = [
            GraphDifference(run=run, differences=await self._differences(run))
            for status in RunStatus
            if status not in FINISHED
            async for run in self._all_runs(status)
            if not self._is_loaded(run)
        ]
        return sorted(found, key=lambda each: each.run.started_at, reverse=True)

    def _is_loaded(self, run: Run) -> bool:
        graph = self.graphs.get(run.graph)
        return graph is not None and graph.version == run.version

    async def _differences(self, run: Run) -> tuple[str, ...]:
        graph = self.graphs.get(run.graph)
        if graph is None:
            return (f"graph {run.graph!r} is not loaded",)
        old = await self._kernel.versions.find_definition(run.graph, run.version)
        if old is None:
            return (f"version {run.version} of graph {run.graph!r} is not known any more",)
        return compare(old, graph, run.places)
