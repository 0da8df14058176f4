"""The queue of ready nodes, as a process that runs nodes sees it: one connection that listens.

PgQueuer's own loop is not used: it takes jobs by a number that is fixed in advance, at least two,
where this takes as many as there is room for, and it wakes at the end of every job of every
process, where this wakes when there is one to take.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from pgqueuer.domain.models import TracebackRecord
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries
from sqlalchemy import Connection

from orchestrator.core.advance import Advance
from orchestrator.core.refusals import Refusal
from orchestrator.errors import StoreUnavailableError
from orchestrator.store import nodejobs
from orchestrator.store.batch import SideWrite, Step, Then, Unit
from orchestrator.store.dead import DeadLetter
from orchestrator.store.nodejobs import ENTRYPOINT, SETTINGS, QueuedNode
from orchestrator.store.ready import Place

#: How long a process may keep a job that it has taken and not started; then others take it. To
#: start one takes milliseconds, and who is late finds it started, so jobs have no heartbeat.
KEPT = timedelta(seconds=10)
_ANSWER, _CLOSE = 5.0, 1.0  # seconds that an answer, and disconnecting, may take
_ENTRYPOINTS = {QueueEntrypoint(ENTRYPOINT): EntrypointExecutionParameter(concurrency_limit=0)}
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
#: Given back untouched, which is no failure.
_RELEASE = f"""
    UPDATE {SETTINGS.queue_table} SET status = 'queued', queue_manager_id = NULL, updated = now()
    WHERE id = $1 AND status = 'picked' AND queue_manager_id = $2
"""  # noqa: S608 - the name is a constant
_REASON = f"""
    UPDATE {SETTINGS.queue_table} SET headers = jsonb_build_object('reason', $2::text) WHERE id = $1
"""  # noqa: S608 - the name is a constant

_READY = "SELECT FROM jobs WHERE run_id = $1 AND path = $2 AND owner IS NULL"


class NodeQueue:
    """Jobs of ready nodes; to take some, be `listening`."""

    def __init__(
        self, options: Mapping[str, Any], submit: Callable[[Unit], Awaitable[Any]]
    ) -> None:
        """Set up; nothing is connected.

        Args:
            options: What `asyncpg.connect` takes for the database.
            submit: Has the store's writer carry a unit out.
        """
        self._options = options
        self._submit = submit
        self._owner = QueueManagerId(uuid4())
        self._open: Queries | None = None

    @asynccontextmanager
    async def listening(self, wake: Callable[[], None]) -> AsyncIterator[None]:
        """Be connected; `wake` is called when jobs have come, and when the connection was lost.

        Raises:
            StoreUnavailableError: The database cannot be reached.
        """

        def on_notice(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
            if json.loads(payload).get("operation") != "delete":
                wake()

        with _told():
            connection = await asyncpg.connect(
                **self._options,
                command_timeout=_ANSWER,
                server_settings={"application_name": "signoff takes nodes on"},
            )
        try:
            with _told():
                await connection.add_listener(SETTINGS.channel, on_notice)
            connection.add_termination_listener(lambda _connection: wake())
            self._open = nodejobs.queries_on(connection)
            yield
        finally:
            self._open = None
            with suppress(*_AWAY):
                await connection.close(timeout=_CLOSE)

    @property
    def _queries(self) -> Queries:
        if self._open is None:
            raise StoreUnavailableError("the queue is closed")
        return self._open

    async def take(self, most: int) -> list[QueuedNode]:
        """Take jobs, the oldest first; also those that another process took and has not started.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        with _told():
            found = await self._queries.dequeue(
                batch_size=most,
                entrypoints=_ENTRYPOINTS,
                queue_manager_id=self._owner,
                global_concurrency_limit=None,
                heartbeat_timeout=KEPT,
            )
        return [nodejobs.node_of(job) for job in found]

    async def next_in(self) -> timedelta | None:
        """Return how long it is until the next job that was put off is due; None: there is none.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        with _told():
            return await self._queries.next_deferred_eta(list(_ENTRYPOINTS))

    async def release(self, node: QueuedNode) -> None:
        """Give a job back at once, for whoever has room; that is no failure.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        with _told():
            await self._queries.driver.execute(_RELEASE, node.job.id, self._owner)
            await self._queries.driver.notify(SETTINGS.channel, nodejobs.NEWS)

    async def put_off(self, node: QueuedNode, delay: timedelta, error: Exception) -> None:
        """Have a node tried again later that could not be started.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        record = TracebackRecord.from_exception(error, node.job.id)
        with _told():
            await self._queries.retry_job(node.job, delay, record)

    async def hold(self, node: QueuedNode, error: Exception) -> None:
        """Give a node up that could not be started; it stays for the operator to see.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        record = TracebackRecord.from_exception(error, node.job.id)
        with _told():
            await self._queries.driver.execute(_REASON, node.job.id, str(error))
            await self._queries.log_jobs([(node.job, "failed", record)])

    def enqueue(self, connection: Connection, places: Sequence[Place]) -> None:
        """See `ready.Queue`."""
        nodejobs.enqueue(connection, [(place.run_id, place.path) for place in places])

    def finish(self, connection: Connection, nodes: Sequence[QueuedNode]) -> None:
        """See `ready.Queue`."""
        nodejobs.finish(connection, nodes)

    async def is_ready(self, node: QueuedNode) -> bool:
        """Say whether the place may still be taken on, and nobody has.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        with _told():
            return bool(await self._queries.driver.fetch(_READY, node.run_id, node.path))

    async def start(
        self, node: QueuedNode, step: Step, *, then: Then | None = None
    ) -> Advance | Refusal:
        """Let a step start what a job asks for, and be done with the job in the same transaction.

        The job is gone when the step was refused, too; when it raises, the job stays. `then` is
        as in `Store.commit`.
        """
        unit = Unit(run_id=node.run_id, step=step, ends=node, then=then)
        answer: Advance | Refusal = await self._submit(unit)
        return answer

    async def drop(self, node: QueuedNode) -> None:
        """Be done with a job that asks for nothing any more."""
        await self._submit(Unit(run_id=None, ends=node))

    async def sweep(self, until: datetime, most: int) -> int:
        """See `nodejobs.sweep`."""
        return int(await self._write(lambda it, _now: nodejobs.sweep(it, until, most)))

    async def list_dead(self) -> list[DeadLetter]:
        """See `nodejobs.list_dead`."""
        found: list[DeadLetter] = await self._write(lambda it, _now: nodejobs.list_dead(it))
        return found

    async def retry_dead(self, ids: Sequence[int]) -> None:
        """See `nodejobs.retry_dead`."""
        await self._write(lambda it, _now: nodejobs.retry_dead(it, ids))

    async def _write(self, side: SideWrite) -> Any:
        return await self._submit(Unit(run_id=None, side=side))


@contextmanager
def _told() -> Iterator[None]:
    """Tell a failure of the database as the store does."""
    try:
        yield
    except _AWAY as error:
        raise StoreUnavailableError(f"the queue does not answer: {error}") from error
