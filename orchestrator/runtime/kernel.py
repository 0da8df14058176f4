"""One way to change a run: commit a command, then do what the commit asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.advance import Advance, advance
from orchestrator.core.state import PlaceStatus, State
from orchestrator.core.turn import Terms
from orchestrator.errors import GraphChangedError, GraphNotFoundError
from orchestrator.graph.graph import Graph
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.nodes import TaskNode
from orchestrator.runtime.context import NodeContext
from orchestrator.runtime.executor import Attempt, Executor
from orchestrator.runtime.patience import persist
from orchestrator.runtime.process import process_name
from orchestrator.runtime.watch import Watchers
from orchestrator.store import Run, Step, Store

#: How long a question may take to reach people before its clock runs all the same.
DELIVERY_GRACE = timedelta(minutes=5)
#: What is due later than this is seen in time by the scheduler, which looks once a second.
SOON = timedelta(seconds=2)


_Way = Callable[[Step], Awaitable[Advance | r.Refusal]]


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
        self.graphs = graphs
        self.owner = process_name()
        self.watchers = Watchers()
        self.executor = Executor(slots=slots, report=self._report)
        self.is_serving = False
        self.hook = hook
        #: Called after a commit that set timers or left ready nodes; the scheduler looks again.
        self.on_work: Callable[[], None] = lambda: None
        #: Called after a commit that added deliveries.
        self.on_delivery: Callable[[], None] = lambda: None
        self._commits: set[asyncio.Task[Advance | r.Refusal]] = set()
        self._terms = Terms(delivery_grace=DELIVERY_GRACE if has_chat else None)
        store.has_chat = has_chat

    def graph_of(self, graph_id: str, version: str) -> Graph:
        """Return the graph that a run follows.

        Raises:
            GraphNotFoundError: It is not loaded.
            GraphChangedError: Another version of it is loaded.
        """
        graph = self.graphs.get(graph_id)
        if graph is None:
            raise GraphNotFoundError(graph_id, sorted(self.graphs))
        if graph.version != version:
            raise GraphChangedError(graph_id, version, graph.version)
        return graph

    def skeleton(self, graph_id: str, version: str) -> Graph:
        """Return the loaded graph, or one without nodes: enough to cancel and to expire."""
        try:
            return self.graph_of(graph_id, version)
        except (GraphNotFoundError, GraphChangedError):
            return Graph(
                id=graph_id,
                title=graph_id,
                description="",
                version=version,
                start="",
                ends=frozenset(),
                nodes={},
                edges={},
                input=InputSchema(),
                operators=(),
            )

    async def commit(
        self,
        run_id: str,
        command: c.Command,
        graph: Graph | None = None,
        *,
        through: _Way | None = None,
    ) -> Advance | r.Refusal:
        """Carry out a command; when this returns it is durable and its work has been started.

        A node that the command makes ready is taken on in the same transaction if there is room.
        Cancelling the caller cancels neither the commit nor the work behind it.

        Args:
            run_id: The run.
            command: What is asked of it.
            graph: What the run follows; None: the loaded graph, found from the run's own version.
            through: Another way into the store than `Store.commit`.

        Raises:
            GraphNotFoundError: The run's graph is not loaded.
            GraphChangedError: Another version of it is loaded.
            StoreUnavailableError: Nothing was recorded.
        """
        # What was committed has to be followed up, also when the caller has been cancelled.
        task = asyncio.create_task(self._commit(run_id, command, graph, through))
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        return await asyncio.shield(task)

    async def _commit(
        self, run_id: str, command: c.Command, graph: Graph | None, through: _Way | None
    ) -> Advance | r.Refusal:
        has_room = self.is_serving and self.executor.reserve()
        if isinstance(command, c.StartAttempt) and not has_room:
            return r.NotCurrent(reason="there is no free slot")
        step = self._step(command, graph, takes=has_room)
        launched = False
        try:
            answer = await (through(step) if through else self.store.commit(run_id, step))
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

    def _step(self, command: c.Command, graph: Graph | None, *, takes: bool) -> Step:
        def step(state: State | None, now: datetime) -> Advance | r.Refusal:
            follows = graph
            if follows is None:
                if state is None:
                    raise LookupError(f"{type(command).__name__} names a run that does not exist")
                follows = self.graph_of(state.graph, state.version)
            answer = advance(follows, state, command, now=now, terms=self._terms)
            if takes and isinstance(answer, Advance):
                return self._take(follows, answer, now)
            return answer

        return step

    def _take(self, graph: Graph, first: Advance, now: datetime) -> Advance:
        """Take one ready node of a run on, as part of the same commit."""
        if isinstance(first.records[-1].event, e.AttemptStarted):
            return first
        for place in first.state.places.values():
            if place.status is PlaceStatus.READY:
                command = c.StartAttempt(path=place.path, owner=self.owner)
                then = advance(graph, first.state, command, now=now, terms=self._terms)
                if isinstance(then, Advance):
                    records = first.records + then.records
                    return Advance(records, first.effects + then.effects, then.state)
        return first

    def _follow(self, done: Advance, *, has_room: bool) -> bool:
        """Do what a commit asks for; say whether the reserved slot was used."""
        state = done.state
        launched = False
        for record in done.records:
            event = record.event
            if isinstance(event, e.AttemptStarted) and event.owner == self.owner and has_room:
                self._launch(state, event.path)
                launched = True
        if state.cancel is not None or state.is_finished:
            self.executor.cancel(state.run_id)
        if done.effects:
            self.on_delivery()
        if _is_urgent(done):
            self.on_work()
        if state.run_id in self.watchers:
            self.watchers.tell(to_run(state, done.records[-1].at))
        return launched

    def _launch(self, state: State, path: str) -> None:
        graph = self.graph_of(state.graph, state.version)
        place = state.places[path]
        node = graph.nodes[place.node]
        if not isinstance(node, TaskNode):
            raise TypeError(f"{place.node} is no task")
        self.hook("after_attempt_started")
        self.executor.launch(
            Attempt(
                run_id=state.run_id,
                node=node,
                context=NodeContext(graph, state, place),
            )
        )

    async def _report(self, attempt: Attempt, outcome: c.FinishAttempt | c.FailAttempt) -> None:
        """Store how an attempt went; the database may be away for a while."""
        self.hook("after_effect")
        await persist(lambda: self.commit(attempt.run_id, outcome))


def to_run(state: State, at: datetime) -> Run:
    """Return a run as a commit at an instant left it."""
    cancel = state.cancel or (None, None)
    return Run(
        id=state.run_id,
        graph=state.graph,
        version=state.version,
        status=state.status,
        requester=state.requester,
        surface=state.surface,
        started_at=state.started_at,
        updated_at=at,
        finished_at=at if state.is_finished else None,
        error=state.error,
        cancelled_by=cancel[0],
        cancel_reason=cancel[1],
        labels=state.labels,
        input=state.input.value,
        places=tuple(state.places),
        seq=state.seq,
    )


def _is_urgent(done: Advance) -> bool:
    """Did a commit leave work that cannot wait for the scheduler's next look?"""
    now = done.records[-1].at
    state = done.state
    if any(
        place.status is PlaceStatus.READY or _is_soon(place.retry_at, now)
        for place in state.places.values()
    ):
        return True
    return any(
        _is_soon(approval.due_at, now) or _is_soon(approval.remind_at, now)
        for approval in state.approvals.values()
    )


def _is_soon(at: datetime | None, now: datetime) -> bool:
    return at is not None and at - now < SOON
