"""Ready nodes as jobs of PgQueuer: what is written inside the writer's transactions.

A job's key is the key of its row in `jobs`: a place has one job at most that waits or is being
looked at. One that was given up on is held beside it, until somebody puts it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder
from pgqueuer.domain.models import Job
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import JobId
from pgqueuer.queries import Queries
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.util import await_only

from orchestrator.errors import StoreError
from orchestrator.store.dead import DeadLetter
from orchestrator.store.tables import Instant

ENTRYPOINT = "node"
_PREFIX = "signoff_"
#: Everything is named, so that the environment cannot: PgQueuer reads names such as CHANNEL there.
SETTINGS = DBSettings(
    prefix=_PREFIX,
    db_schema=None,
    channel=f"{_PREFIX}ch_pgqueuer",
    function=f"{_PREFIX}fn_pgqueuer_changed",
    statistics_table=f"{_PREFIX}pgqueuer_statistics",
    queue_status_type=f"{_PREFIX}pgqueuer_status",
    queue_table=f"{_PREFIX}pgqueuer",
    queue_table_log=f"{_PREFIX}pgqueuer_log",
    trigger=f"{_PREFIX}tg_pgqueuer_changed",
    schedules_table=f"{_PREFIX}pgqueuer_schedules",
    # Jobs survive a crash of the server; PgQueuer's log of them, which nothing reads, may not.
    durability=Durability.balanced,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedNode:
    """A place that is ready, as a job of the queue that this process has taken."""

    run_id: str
    path: str
    #: How often it could not be started, this time not counted.
    failures: int
    job: Job


def queries_on(connection: Any) -> Queries:
    """Return PgQueuer's statements on a connection of asyncpg."""
    return Queries(
        AsyncpgDriver(connection), QueryBuilderEnvironment(SETTINGS), QueryQueueBuilder(SETTINGS)
    )


async def install(connection: Any) -> None:
    """Make PgQueuer's tables in a database, or bring them to the installed version's schema.

    Args:
        connection: One of asyncpg, in no transaction: new labels of a type take one of their own.
    """
    queries = queries_on(connection)
    if not await queries.schema_is_installed():
        async with connection.transaction():
            await queries.install()
            await queries.optimize_autovacuum()
    await queries.upgrade()


def node_of(job: Job) -> QueuedNode:
    """Read a job."""
    place = json.loads(job.payload or b"{}")
    return QueuedNode(run_id=place["run_id"], path=place["path"], failures=job.attempts, job=job)


def enqueue(connection: Connection, places: Iterable[tuple[str, str]]) -> None:
    """Have ready places taken on, in one statement; a place that has a job keeps that one.

    Args:
        connection: In a transaction, of which this is not the first statement.
        places: Run and path of each.
    """
    wanted = list(dict.fromkeys(places))
    if not wanted:
        return
    payloads: list[bytes | None] = [
        json.dumps({"run_id": run_id, "path": path}).encode() for run_id, path in wanted
    ]
    await_only(
        _queries_within(connection).enqueue(
            [ENTRYPOINT] * len(wanted),
            payloads,
            [0] * len(wanted),
            dedupe_key=[f"{run_id}:{path}" for run_id, path in wanted],
            on_conflict="skip",
        )
    )


def finish(connection: Connection, nodes: Iterable[QueuedNode]) -> None:
    """Be done with jobs, as part of the transaction that did what they asked for."""
    await_only(
        _queries_within(connection).log_jobs([(node.job, "successful", None) for node in nodes])
    )


def _queries_within(connection: Connection) -> Queries:
    """Return PgQueuer's statements inside a transaction of SQLAlchemy's.

    SQLAlchemy begins it with its first statement; before that, a job would be there at once, and
    would stay when all the rest is rolled back.
    """
    driver = connection.connection.driver_connection
    if driver is None or not driver.is_in_transaction():
        raise StoreError("jobs are written inside a transaction, after its first statement")
    return queries_on(driver)


#: Ready places without a job. Those which lost theirs, or became ready before there was a queue.
_FORGOTTEN = text(
    f"""
    SELECT jobs.run_id, jobs.path FROM jobs
    WHERE jobs.owner IS NULL AND jobs.ready_at <= :until AND NOT EXISTS (
        SELECT FROM {SETTINGS.queue_table} AS job
        WHERE job.dedupe_key = jobs.run_id || ':' || jobs.path
    )
    ORDER BY jobs.ready_at LIMIT :most
    """  # noqa: S608 - the name is a constant
).bindparams(bindparam("until", type_=Instant))
#: Jobs that were given up on, and whose place is not ready any more, or has another job.
_SETTLED = text(
    f"""
    DELETE FROM {SETTINGS.queue_table} AS dead
    WHERE dead.status = 'failed' AND (
        NOT EXISTS (
            SELECT FROM jobs
            WHERE jobs.owner IS NULL AND dead.dedupe_key = jobs.run_id || ':' || jobs.path
              AND jobs.run_id = split_part(dead.dedupe_key, ':', 1)
        ) OR EXISTS (
            SELECT FROM {SETTINGS.queue_table} AS other
            WHERE other.dedupe_key = dead.dedupe_key AND other.id <> dead.id
              AND (other.status <> 'failed' OR other.id > dead.id)
        )
    )
    """  # noqa: S608 - as above
)
#: PgQueuer does not end its log of jobs by itself.
_OLD_LOG = text(
    f"DELETE FROM {SETTINGS.queue_table_log} "  # noqa: S608 - as above
    "WHERE created < now() - INTERVAL '1 day'"
)


def sweep(connection: Connection, until: datetime, most: int) -> int:
    """Give places that have been ready since an instant a job if they have none; say how many.

    Also drops what is over: old lines of PgQueuer's log, and jobs that nobody needs to put back.
    """
    connection.execute(_SETTLED)
    connection.execute(_OLD_LOG)
    rows = connection.execute(_FORGOTTEN, {"until": until, "most": most}).all()
    places = [(row.run_id, row.path) for row in rows]
    enqueue(connection, places)
    return len(places)


_DEAD = text(
    f"""
    SELECT job.id, job.payload, job.attempts, job.headers ->> 'reason' AS reason, job.updated
    FROM {SETTINGS.queue_table} AS job WHERE job.status = 'failed' ORDER BY job.updated, job.id
    """  # noqa: S608 - as above
)


def list_dead(connection: Connection) -> list[DeadLetter]:
    """Return the nodes that were given up on before they were started, the oldest first."""
    connection.execute(_SETTLED)
    found = []
    for row in connection.execute(_DEAD):
        place = json.loads(row.payload)
        letter = DeadLetter(
            id=row.id,
            run_id=place["run_id"],
            path=place["path"],
            tries=row.attempts + 1,
            reason=row.reason or "",
            since=row.updated,
        )
        found.append(letter)
    return found


#: Tells those who listen; PgQueuer's own trigger tells of new jobs and not of changed ones.
NEWS = json.dumps({"operation": "update"})
_TELL = text("SELECT pg_notify(:channel, :payload)")


def retry_dead(connection: Connection, ids: Sequence[int]) -> None:
    """Have nodes that were given up on tried again, from the beginning."""
    connection.execute(_SETTLED)
    queries = _queries_within(connection)
    await_only(queries.requeue_jobs([JobId(each) for each in ids]))
    connection.execute(_TELL, {"channel": SETTINGS.channel, "payload": NEWS})
