"""The engine: what programs, the command line and chat surfaces call.

Entered as a context manager it serves: it takes ready nodes on, fires timers, and recovers what
other processes have left. Without that it only records, as commands beside a server do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import structlog
from uuid_utils.compat import uuid7

from orchestrator.core import commands as c
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance
from orchestrator.core.events import Record
from orchestrator.errors import (
    ApprovalClosedError,
    DirectoryError,
    GraphError,
    GraphNotFoundError,
    RunFinishedError,
    StoreUnavailableError,
)
from orchestrator.graph.graph import Graph
from orchestrator.runtime.deliveries import Deliveries
from orchestrator.runtime.executor import GRACE
from orchestrator.runtime.kernel import Kernel, to_run
from orchestrator.runtime.people import check_approvers, find_entry
from orchestrator.runtime.ports import Clock, Directory, SystemClock
from orchestrator.runtime.refusals import to_error
from orchestrator.runtime.scheduler import Scheduler
from orchestrator.runtime.values import check_labels, to_updates
from orchestrator.store import Approval, Run, Store, Verification, no_hook

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the engine is doing, for health checks and tests."""

    is_serving: bool
    running_attempts: int
    commits: int  #: transactions of this process so far
    units: int  #: commands and other writes that they carried
    ticks: int  #: looks of the scheduler so far


class Engine(Deliveries):
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
            concurrency: How many nodes run at once in this process.
            hook: Called with the name of each point at which a process may be killed.
        """
        kernel = Kernel(store, graphs, has_chat=has_chat, slots=concurrency, hook=hook)
        super().__init__(store, kernel, clock or SystemClock())
        self._directory = directory
        self._hook = hook
        self._scheduler = Scheduler(self._kernel, self._clock)
        self._loop_task: asyncio.Task[None] | None = None

    @property
    def graphs(self) -> Mapping[str, Graph]:
        """The graphs that runs may follow, by id."""
        return self._kernel.graphs

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
        self._kernel.is_serving = False
        self._loop_task.cancel()
        await asyncio.gather(self._loop_task, return_exceptions=True)
        self._loop_task = None
        await self._kernel.drain()
        await self._kernel.executor.stop(grace)
        self._scheduler.stop_heartbeat()
        try:
            await self._store.release_leases(self._kernel.owner)
        except StoreUnavailableError as error:
            _log.warning("leases were not released and will run out", reason=str(error))

    async def tick(self) -> None:
        """Do everything that is due now, without waiting for the scheduler."""
        await self._scheduler.tick()

    async def start(
        self,
        graph_id: str,
        values: Mapping[str, Any],
        *,
        requester: str,
        surface: str,
        labels: Mapping[str, str] | None = None,
        are_words: bool = False,
    ) -> Run:
        """Start a run; it is stored when this returns.

        Args:
            graph_id: Which graph to follow.
            values: The input, checked against the graph's schema.
            requester: Who asks for it.
            surface: Where from: slack, cli, python …
            labels: Facts to find the run by.
            are_words: `values` are texts, as typed in `key=value`.

        Raises:
            GraphNotFoundError: No such graph is loaded.
            InputError: The input or a label does not fit; every problem is listed.
            ApproversError: Somebody is named as an approver who stands for nobody.
            DirectoryError: Approvers could not be looked up.
            StoreUnavailableError: Nothing was recorded.
        """
        graph = self.graphs.get(graph_id)
        if graph is None:
            raise GraphNotFoundError(graph_id, sorted(self.graphs))
        check_labels(labels or {})
        parsed = graph.input.parse_words(values) if are_words else graph.input.parse(values)
        await check_approvers(graph, self._directory)
        run_id = uuid7().hex
        command = c.StartRun(
            run_id=run_id,
            input=graph.input.dump(parsed),
            requester=requester,
            surface=surface,
            labels=dict(labels or {}),
        )
        answer = await self._kernel.commit(run_id, command, graph)
        if not isinstance(answer, Advance):
            raise to_error(run_id, answer)
        return to_run(answer.state, answer.records[-1].at)

    async def cancel(self, run: str, *, by: str, surface: str, reason: str = "") -> Run:
        """Cancel a run: open approvals are withdrawn, running nodes are stopped.

        The status is `cancelling` until the last running node has stopped. Cancelling a run that
        is being cancelled changes nothing.

        Raises:
            RunNotFoundError: There is no such run.
            RunFinishedError: It is over.
        """
        found = await self.get_run(run)
        graph = self._kernel.skeleton(found.graph, found.version)
        why = reason or f"cancelled from {surface}"
        answer = await self._kernel.commit(found.id, c.CancelRun(by=by, reason=why), graph)
        if isinstance(answer, r.Finished):
            raise RunFinishedError(found.ref, answer.status)
        return await self.get_run(found.id)

    async def get_run(self, run: str) -> Run:
        """Return a run; raises RunNotFoundError."""
        return await self._store.get_run(run)

    async def get_output(self, run: str) -> Mapping[str, Any] | None:
        """Return what a run brought, by name; None while it is not completed.

        At an end node these are the keys of the state that it names; after any other node what
        that node returned. Raises RunNotFoundError.
        """
        return await self._store.get_output(await self._store.find_run_id(run))

    async def list_runs(
        self,
        *,
        status: str | None = None,
        graph: str | None = None,
        requester: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[Run]:
        """Return a page of runs, newest first; `before` is the last run of the page before."""
        return await self._store.list_runs(
            status=status, graph=graph, requester=requester, limit=limit, before=before
        )

    async def get_events(self, run: str, *, after: int = 0) -> list[Record]:
        """Return a run's log after an event's number; raises RunNotFoundError."""
        return await self._store.get_events(await self._store.find_run_id(run), after=after)

    async def verify(self, run: str) -> Verification:
        """Check that a run's log is whole and leads to what is stored."""
        return await self._store.verify(await self._store.find_run_id(run))

    async def wait_until(
        self, run: str, predicate: Callable[[Run], bool], *, timeout: float | None = None
    ) -> Run:
        """Return the run as soon as the predicate holds for it.

        Raises:
            RunNotFoundError: There is no such run.
            TimeoutError: It did not hold within `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            with self._kernel.watchers.watch(run) as watch:
                found = await self.get_run(run)
                if found.id != run:  # a short reference; changes are told by id
                    return await self.wait_until(found.id, predicate)
                while not predicate(found):
                    # Another process may move it, which nobody here is told.
                    changed = await watch.next(patience=0.25)
                    found = changed or await self.get_run(found.id)
                return found

    async def decide(  # noqa: PLR0913 - what a decision is made of, all by keyword
        self,
        approval: str,
        decision: str,
        *,
        by: str,
        surface: str,
        comment: str = "",
        updates: Mapping[str, Any] | None = None,
        digest: str | None = None,
        recorded_by: str | None = None,
        key: str | None = None,
    ) -> Run:
        """Record one approver's decision and move the run on.

        Durable when this returns: the decision is in the run's log, and what it makes ready is
        taken on. Repeating a call with the same `key` changes nothing and returns normally.
        What it returns is the run as the decision left it.

        Args:
            approval: The approval.
            decision: One of the approval's decisions.
            by: Whose decision it is; must pass the approval's policy.
            surface: Where it was made.
            comment: What the person wrote.
            updates: Further state keys to set, inside the gate's `writes`.
            digest: Digest of the payload that the person saw.
            recorded_by: Who typed it, where that is not the approver.
            key: The same text for every delivery of this decision.

        Raises:
            ApprovalNotFoundError: There is no such approval.
            ApprovalClosedError: It was resolved or its deadline passed first.
            UnknownDecisionError: It does not take this decision.
            NotAnApproverError: The person may not decide it.
            PayloadChangedError: The person saw something else than what is asked.
            ResponseError: `updates` names keys that this gate does not write, or is no JSON.
            DirectoryError: Who may decide could not be looked up.
            GraphChangedError: The run follows another version of the graph than the loaded one.
            StoreUnavailableError: Nothing was recorded.
        """
        question = await self._store.get_question(approval)
        try:
            graph = self._kernel.graph_of(question.graph, question.version)
            via = await find_entry(question.approvers, by, self._directory)
        except (DirectoryError, GraphError):
            if await self._is_recorded(question.approval_id, key):
                return await self._store.get_run(question.run_id)
            await self._refuse_closed(question.approval_id)
            raise
        command = c.Decide(
            approval_id=question.approval_id,
            decision=decision,
            by=by,
            surface=surface,
            via=via,
            comment=comment,
            updates=to_updates(updates or {}),
            digest=digest,
            recorded_by=recorded_by,
            key=key,
        )
        answer = await self._kernel.commit(question.run_id, command, graph)
        self._hook("after_decision")
        if isinstance(answer, Advance):
            return to_run(answer.state, answer.records[-1].at)
        await self._refuse(question.run_id, command, answer)
        return await self._store.get_run(question.run_id)

    async def _refuse(self, run_id: str, command: c.Decide, refusal: r.Refusal) -> None:
        """Raise what a refused decision means, unless it was recorded before."""
        if not isinstance(refusal, (r.NotOpen, r.TooLate, r.Finished)):
            raise to_error(run_id, refusal)
        if await self._is_recorded(command.approval_id, command.key):
            return
        await self._refuse_closed(command.approval_id)
        found = await self._store.get_approval(command.approval_id)
        raise ApprovalClosedError(found.ref, outcome="expired", by=None, at=found.due_at)

    async def _is_recorded(self, approval_id: str, key: str | None) -> bool:
        return key is not None and await self._store.has_decision(approval_id, key)

    async def _refuse_closed(self, approval_id: str) -> None:
        """Raise what became of an approval that is not open any more."""
        found = await self._store.get_approval(approval_id)
        if not found.is_open:
            by = found.answers[-1].by if found.answers else None
            raise ApprovalClosedError(found.ref, outcome=found.status, by=by, at=found.resolved_at)

    async def get_approval(self, approval: str) -> Approval:
        """Return an approval; raises ApprovalNotFoundError."""
        return await self._store.get_approval(await self._store.find_approval_id(approval))

    async def list_pending(self, *, run: str | None = None, limit: int = 50) -> list[Approval]:
        """Return open approvals, of one run or of all, the oldest deadline first."""
        run_id = await self._store.find_run_id(run) if run else None
        return await self._store.list_pending(run_id=run_id, limit=limit)

    async def list_approvals(self, run: str) -> list[Approval]:
        """Return all approvals of a run, in the order in which they were opened."""
        return await self._store.list_approvals(await self._store.find_run_id(run))
