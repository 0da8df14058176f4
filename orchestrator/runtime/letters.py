"""What operators do about nodes that no process could start."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.errors import DeadLetterNotFoundError
from orchestrator.runtime.desk import Desk
from orchestrator.store.dead import DeadLetter


class Letters(Desk):
    """The part of the engine that looks after dead letters; without a queue there are none."""

    @property
    def has_queue(self) -> bool:
        """Are ready nodes jobs of a queue? Otherwise they are found by looking."""
        return self._store.queue is not None

    async def list_dead(self) -> list[DeadLetter]:
        """Return the nodes that were given up on before they were started, the oldest first.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        queue = self._store.queue
        return await queue.list_dead() if queue is not None else []

    async def retry_dead(self, ids: Collection[int] | None = None) -> list[DeadLetter]:
        """Have nodes that were given up on tried again; return them.

        Args:
            ids: Which; None: all.

        Raises:
            DeadLetterNotFoundError: One is not there; nothing was changed.
            StoreUnavailableError: Nothing was recorded.
        """
        found = await self.list_dead()
        if ids is not None:
            if missing := set(ids) - {each.id for each in found}:
                raise DeadLetterNotFoundError(min(missing))
            found = [each for each in found if each.id in ids]
        queue = self._store.queue
        if queue is not None and found:
            await queue.retry_dead([each.id for each in found])
        return found
