"""Running nodes: one attempt at a time takes one slot, and tells how it went exactly once.

Asynchronous functions run on the loop, synchronous ones in threads. A thread cannot be stopped:
past its timeout, or a cancel's grace, the attempt is reported as over, while its slot stays taken
until the function returns.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from orchestrator.core.commands import FailAttempt, FinishAttempt
from orchestrator.core.events import ErrorFacts
from orchestrator.core.walk import facts
from orchestrator.errors import NodeTimeoutError, NonRetryableError
from orchestrator.graph.nodes import TaskNode
from orchestrator.runtime.context import NodeContext
from orchestrator.runtime.threads import run_in_thread
from orchestrator.runtime.values import to_stored

#: How long a node may take to stop after its run was cancelled or the process is to end.
GRACE = 5.0  # seconds
_Report = Callable[["Attempt", FinishAttempt | FailAttempt], Awaitable[None]]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attempt:
    """One try of a node, as the executor runs it."""

    run_id: str
    node: TaskNode
    context: NodeContext

    @property
    def path(self) -> str:
        """The place in the run."""
        return self.context.path

    @property
    def number(self) -> int:
        """Which try it is, from 1."""
        return self.context.attempt


class Executor:
    """Runs attempts in a bounded number of slots."""

    def __init__(self, *, slots: int, report: _Report) -> None:
        self._slots = slots
        self._taken = 0
        self._report = report
        self._tasks: dict[asyncio.Task[None], Attempt] = {}
        self._stops: dict[Attempt, asyncio.Event] = {}
        self._is_stopping = False

    @property
    def running(self) -> int:
        """Number of attempts that have not been reported yet."""
        return len(self._tasks)

    @property
    def is_full(self) -> bool:
        """Is every slot taken?"""
        return self._is_stopping or self._taken >= self._slots

    def places(self) -> list[tuple[str, str]]:
        """Return run and path of what is running; from any thread."""
        return [(attempt.run_id, attempt.path) for attempt in list(self._tasks.values())]

    def is_running(self, run_id: str, path: str, number: int) -> bool:
        """Is this very attempt being run here? One that was given up on is another one."""
        wanted = (run_id, path, number)
        return wanted in {(each.run_id, each.path, each.number) for each in self._tasks.values()}

    def reserve(self) -> bool:
        """Take a slot, if there is one; `launch` or `give_back` must follow."""
        if self.is_full:
            return False
        self._taken += 1
        return True

    def give_back(self) -> None:
        """Return a slot that was reserved."""
        self._taken -= 1

    def launch(self, attempt: Attempt) -> None:
        """Run an attempt in a slot that was reserved for it."""
        self._stops[attempt] = asyncio.Event()
        task = asyncio.create_task(self._run(attempt), name=f"{attempt.run_id}/{attempt.path}")
        self._tasks[task] = attempt
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        attempt = self._tasks.pop(task)
        self._stops.pop(attempt, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error(
                "an attempt's result could not be reported",
                run_id=attempt.run_id,
                path=attempt.path,
                exc_info=error,
            )

    def cancel(self, run_id: str, path: str | None = None) -> None:
        """Ask the attempts of a run to stop, all or the one at a path."""
        for attempt, stop in self._stops.items():
            if attempt.run_id == run_id and path in (None, attempt.path):
                stop.set()

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
        function = attempt.node.function
        is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - an instance with async __call__
        )
        call = _on_loop if is_async else _in_thread
        work = asyncio.ensure_future(call(function, attempt.context))
        work.add_done_callback(lambda _work: self.give_back())
        try:
            outcome = await self._outcome(attempt, work, is_async=is_async)
        except asyncio.CancelledError:
            work.cancel()
            raise
        await self._report(attempt, outcome)
        if not work.done():
            await self._report_late(attempt, work)

    async def _outcome(
        self, attempt: Attempt, work: asyncio.Future[Any], *, is_async: bool
    ) -> FinishAttempt | FailAttempt:
        stop = asyncio.ensure_future(self._stops[attempt].wait())
        limit = attempt.node.timeout
        try:
            await asyncio.wait(
                {work, stop},
                timeout=limit.total_seconds() if limit else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            is_stopped, is_over = stop.done(), work.done()
            if not work.done() and is_async:
                work.cancel()
            if not work.done() and (is_async or is_stopped):
                await asyncio.wait({work}, timeout=GRACE)
        finally:
            stop.cancel()
        if work.done() and not work.cancelled():
            return await self._result(attempt, work)
        if is_stopped:
            return self._failure(attempt, ErrorFacts(type="Cancelled", message="it was stopped"))
        if is_over:
            message = f"{attempt.node.id} cancelled itself"
            own = ErrorFacts(type="Cancelled", message=message)
            return self._failure(attempt, own, is_retryable=True)
        error = NodeTimeoutError(f"{attempt.node.id} took longer than {limit}")
        return self._failure(attempt, facts(error), is_retryable=True)

    async def _result(
        self, attempt: Attempt, work: asyncio.Future[Any]
    ) -> FinishAttempt | FailAttempt:
        error = work.exception()
        if error is None:
            try:
                output = to_stored(work.result())
            except ValueError as problem:
                text = f"{attempt.node.id} returned what JSON cannot hold: {problem}"
                return self._failure(attempt, ErrorFacts(type="OutputError", message=text))
            return FinishAttempt(path=attempt.path, attempt=attempt.number, output=output)
        given_up: tuple[type[BaseException], ...] = (
            NonRetryableError,
            *attempt.node.retry.give_up_on,
        )
        _log.warning(
            "an attempt failed",
            run_id=attempt.run_id,
            path=attempt.path,
            attempt=attempt.number,
            exc_info=error,
        )
        return self._failure(attempt, facts(error), is_retryable=not isinstance(error, given_up))

    def _failure(
        self, attempt: Attempt, error: ErrorFacts, *, is_retryable: bool = False
    ) -> FailAttempt:
        return FailAttempt(
            path=attempt.path,
            attempt=attempt.number,
            error=error,
            is_retryable=is_retryable,
        )

    async def _report_late(self, attempt: Attempt, work: asyncio.Future[Any]) -> None:
        await asyncio.wait({work})
        if not work.cancelled() and work.exception() is None:
            await self._report(attempt, await self._result(attempt, work))


async def _on_loop(function: Any, context: NodeContext) -> Any:
    return await function(context)


async def _in_thread(function: Any, context: NodeContext) -> Any:
    result = await run_in_thread(function, context, name=f"signoff-node-{context.node}")
    # Such as a lambda around an asynchronous function.
    return await result if inspect.isawaitable(result) else result
