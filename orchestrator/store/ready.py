"""The seam of a queue of ready nodes: what a batch hands over in its own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sqlalchemy import Connection

from orchestrator.store.live import Row

if TYPE_CHECKING:
    from orchestrator.store.nodejobs import QueuedNode


class Place(NamedTuple):
    """A node that has become ready and that nobody has taken on."""

    run_id: str
    path: str
    #: Number of the try that would begin: 1 for the first.
    attempt: int


class Queue(Protocol):
    """Where ready nodes are put for whoever has room; `Store.queue`, None where there is none.

    A queue that forgets a place, or tells of it twice, does no harm: the row in `jobs` stays, and
    the core refuses a second start.
    """

    def enqueue(self, connection: Connection, places: Sequence[Place]) -> None:
        """Add places; called in the writer's thread, in the transaction that made them ready.

        It is called once a batch, after the batch's rows were written, and only if there are any.
        What it writes is committed with the batch or not at all. On PostgreSQL the driver's own
        connection is `connection.connection.driver_connection`: it is in a transaction already,
        and what it does asynchronously goes through `sqlalchemy.util.await_only`. What it raises
        fails the batch, whose units are then tried again one by one.

        Args:
            connection: The batch's.
            places: What has become ready, in no order.
        """

    def finish(self, connection: Connection, nodes: Sequence[QueuedNode]) -> None:
        """Be done with jobs, in the transaction that did what they asked for.

        It is called once a batch, in the writer's thread.

        Args:
            connection: The batch's.
            nodes: The jobs.
        """


def ready_places(
    jobs: Mapping[tuple[str, str], Row | None], attempts: Mapping[tuple[str, str], int]
) -> list[Place]:
    """Return the places that a batch leaves ready, off its rows.

    Args:
        jobs: The batch's rows of jobs, by run and path; None: deleted.
        attempts: Number of the newest try of each of these places, by run and path.
    """
    return [
        Place(run_id, path, attempts.get((run_id, path), 0) + 1)
        for (run_id, path), row in jobs.items()
        if row is not None and row["owner"] is None
    ]
