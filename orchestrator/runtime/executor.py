"""Running nodes: one attempt at a time takes one slot, and tells how it went exactly once.

Asynchronous functions run on the loop, synchronous ones in threads. A thread cannot be stopped:
past its timeout, or a cancel's grace, the attempt is reported as over, while its slot stays taken
until the function returns. A generator in a thread stops at its next value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from orchestrator.core.commands import FailAttempt, FinishAttempt
from orchestrator.core.events import ErrorFacts
from orchestrator.core.state import PlaceStatus, State
from orchestrator.errors import NodeTimeoutError, NonRetryableError, OutputError
from orchestrator.graph.graph import Graph
from orchestrator.graph.nodes import TaskNode
from orchestrator.runtime.calls import Halt, HaltedError, call, runs_on_loop
from orchestrator.runtime.context import UNDO, NodeContext, is_agent_turn
from orchestrator.runtime.progress import Progress
from orchestrator.runtime.results import asks_for_tools, calls_of, facts, storable, told

#: How long a node may take to stop after its run was cancelled or the process is to end.
GRACE = 5.0  # seconds
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attempt:
    """One try of a node, as the executor runs it."""

    run_id: str
    graph: Graph
    node: TaskNode
    context: NodeContext
    #: Number of the run's newest event when the attempt was taken on.
    seq: int

    @property
    def path(self) -> str:
        """The place in the run."""
        return self.context.path

    @property
    def number(self) -> int:
        """Which try it is, from 1."""
        return self.context.attempt

    @property
    def is_undo(self) -> bool:
        """Does it take back what was done?"""
        return self.path.endswith(UNDO)

    @property
    def function(self) -> Any:
        """What is called."""
        return self.node.undo if self.is_undo else self.node.function

    @property
    def is_agent(self) -> bool:
        """May it ask for tools?"""
        return not self.is_undo and is_agent_turn(self.graph, self.path)


@dataclass(frozen=True, slots=True)
class _Signals:
    """How an attempt is told to stop."""

    #: Done when it is to stop.
    stop: asyncio.Future[None]
    #: For what runs in a thread.
    halt: Halt = field(default_factory=Halt)

    def set(self) -> None:
        """Tell it."""
        if not self.stop.done():
            self.stop.set_result(None)
        self.halt.set()


_Report = Callable[[Attempt, FinishAttempt | FailAttempt], Awaitable[None]]
_Tell = Callable[[Attempt, Any], Awaitable[None]]


class Executor:
    """Runs attempts in a bounded number of slots."""

    def __init__(self, *, slots: int, report: _Report, tell: _Tell) -> None:
        """Set up.

        Args:
            slots: How many attempts run at once.
            report: Stores how an attempt went.
            tell: Stores how far an attempt is; must not raise.
        """
        self._slots = slots
        self._taken = 0
        self._report = report
        self._tell = tell
        self._tasks: dict[asyncio.Task[None], Attempt] = {}
        #: By run.
        self._signals: dict[str, dict[Attempt, _Signals]] = {}
        self._is_stopping = False
        #: Called when there may be room for another attempt.
        self.on_room: Callable[[], None] = lambda: None

    @property
    def running(self) -> int:
        """Number of attempts that have not been reported yet."""
        return len(self._tasks)

    @property
    def room(self) -> int:
        """Number of slots that are free."""
        return 0 if self._is_stopping else max(0, self._slots - self._taken)

    @property
    def is_full(self) -> bool:
        """Is every slot taken?"""
        return self.room == 0

    def places(self) -> list[tuple[str, str]]:
        """Return run and path of what is running; from any thread."""
        return [(attempt.run_id, attempt.path) for attempt in list(self._tasks.values())]

    def attempts(self) -> list[tuple[str, str, int]]:
        """Return run, path and number of each attempt that is running."""
        return [(each.run_id, each.path, each.number) for each in self._tasks.values()]

    def is_running(self, run_id: str, path: str, number: int) -> bool:
        """Is this very attempt being run here? One that was given up on is another one."""
        return (run_id, path, number) in set(self.attempts())

    def reserve(self) -> bool:
        """Take a slot, if there is one; `launch` or `give_back` must follow."""
        if self.is_full:
            return False
        self._taken += 1
        return True

    def give_back(self) -> None:
        """Return a slot that was reserved."""
        self._free()
        self.on_room()

    def _free(self) -> None:
        self._taken -= 1

    def launch(self, attempt: Attempt) -> None:
        """Run an attempt in a slot that was reserved for it."""
        stop = asyncio.get_running_loop().create_future()
        self._signals.setdefault(attempt.run_id, {})[attempt] = _Signals(stop)
        task = asyncio.create_task(self._run(attempt), name=f"{attempt.run_id}/{attempt.path}")
        self._tasks[task] = attempt
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        attempt = self._tasks.pop(task)
        signals = self._signals[attempt.run_id]
        del signals[attempt]
        if not signals:
            del self._signals[attempt.run_id]
        self.on_room()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error(
                "an attempt's result could not be reported",
                run_id=attempt.run_id,
                path=attempt.path,
                exc_info=error,
            )

    def cancel(self, run_id: str, path: str) -> None:
        """Ask the attempt at a path of a run to stop."""
        for attempt, signals in self._of(run_id):
            if attempt.path == path:
                signals.set()

    def _of(self, run_id: str) -> Iterable[tuple[Attempt, _Signals]]:
        return self._signals.get(run_id, {}).items()

    def follow(self, state: State) -> None:
        """Ask the attempts of a run to stop that its newest state has no place for any more.

        When the run is being cancelled or taken back, these are all but those that take back.
        """
        for attempt, signals in self._of(state.run_id):
            # A commit may be followed up after a later one, which took the attempt on.
            if attempt.seq > state.seq:
                continue
            place = state.places.get(attempt.path)
            is_current = (
                place is not None
                and place.status is PlaceStatus.RUNNING
                and place.attempt == attempt.number
                and not place.is_stopped
            )
            if not is_current or (state.is_closing and not attempt.is_undo):
                signals.set()

    async def stop(self, grace: float = GRACE) -> None:
        """Take nothing on any more; wait for what runs, then leave it to its lease."""
        self._is_stopping = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)

    async def _run(self, attempt: Attempt) -> None:
        async def send(value: Any) -> None:
            await self._tell(attempt, value)

        def tell(value: Any) -> None:
            progress.tell(storable(attempt.node.id, value, "yielded"))

        progress = Progress(send)
        signals = self._signals[attempt.run_id][attempt]
        halt = signals.halt
        work = asyncio.ensure_future(call(attempt.function, attempt.context, tell, halt))
        # Nobody is told yet: the commit of the result may take the run's next node on in this slot.
        work.add_done_callback(lambda _work: self._free())
        try:
            outcome = await self._outcome(attempt, work, signals)
            if isinstance(outcome, FailAttempt):
                progress.drop()
            await progress.finish()
        except asyncio.CancelledError:
            progress.drop()
            halt.set()
            work.cancel()
            raise
        await self._report(attempt, outcome)
        if not work.done():
            await self._report_late(attempt, work)

    async def _outcome(
        self, attempt: Attempt, work: asyncio.Future[Any], signals: _Signals
    ) -> FinishAttempt | FailAttempt:
        await _first_of(work, signals.stop, attempt.node.timeout)
        is_stopped, is_over = signals.stop.done(), work.done()
        signals.halt.set()
        if not is_over:
            is_async = runs_on_loop(attempt.function)
            if is_async:
                work.cancel()
            if is_async or is_stopped:
                await asyncio.wait({work}, timeout=GRACE)
        if _has_ended(work):
            return self._result(attempt, work)
        if is_stopped:
            return self._failure(attempt, ErrorFacts(type="Cancelled", message="it was stopped"))
        if is_over:
            message = f"{attempt.node.id} cancelled itself"
            own = ErrorFacts(type="Cancelled", message=message)
            return self._failure(attempt, own, is_retryable=True)
        error = NodeTimeoutError(f"{attempt.node.id} took longer than {attempt.node.timeout}")
        return self._failure(attempt, facts(error), is_retryable=True)

    def _result(self, attempt: Attempt, work: asyncio.Future[Any]) -> FinishAttempt | FailAttempt:
        error = work.exception()
        if error is None:
            try:
                return self._finish(attempt, work.result())
            except OutputError as problem:
                error = problem
        given_up: tuple[type[BaseException], ...] = (
            NonRetryableError,
            *attempt.node.retry.give_up_on,
        )
        shown = told(error, attempt.graph.definition, attempt.context)
        # A traceback ends with the message, so it is left out where that repeats a secret.
        is_open = shown == facts(error)
        _log.warning(
            "an attempt failed",
            run_id=attempt.run_id,
            path=attempt.path,
            attempt=attempt.number,
            **({"exc_info": error} if is_open else {"error": shown.message}),
        )
        return self._failure(attempt, shown, is_retryable=not isinstance(error, given_up))

    def _finish(self, attempt: Attempt, result: Any) -> FinishAttempt:
        is_calls = asks_for_tools(result)
        node = attempt.node.id
        if is_calls:
            output = calls_of(node, result, is_agent=attempt.is_agent)
        else:
            output = storable(node, result)
        return FinishAttempt(
            path=attempt.path,
            attempt=attempt.number,
            output=output,
            is_calls=is_calls,
            spent=attempt.context.spent,
        )

    def _failure(
        self, attempt: Attempt, error: ErrorFacts, *, is_retryable: bool = False
    ) -> FailAttempt:
        return FailAttempt(
            path=attempt.path,
            attempt=attempt.number,
            error=error,
            is_retryable=is_retryable,
            spent=attempt.context.spent,
        )

    async def _report_late(self, attempt: Attempt, work: asyncio.Future[Any]) -> None:
        await asyncio.wait({work})
        if not work.cancelled() and work.exception() is None:
            await self._report(attempt, self._result(attempt, work))


async def _first_of(
    work: asyncio.Future[Any], stop: asyncio.Future[None], limit: timedelta | None
) -> None:
    """Wait for either, or for as long as the limit says; cheaper than by `asyncio.wait`."""
    loop = asyncio.get_running_loop()
    first = loop.create_future()

    def wake(_one: object = None) -> None:
        if not first.done():
            first.set_result(None)

    work.add_done_callback(wake)
    stop.add_done_callback(wake)
    timer = loop.call_later(limit.total_seconds(), wake) if limit else None
    try:
        await first
    finally:
        if timer is not None:
            timer.cancel()


def _has_ended(work: asyncio.Future[Any]) -> bool:
    """Did the function itself return or raise?"""
    if not work.done() or work.cancelled():
        return False
    return not isinstance(work.exception(), HaltedError)
