"""Reading from PostgreSQL: a few connections that cannot write, in the caller's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from orchestrator.errors import StoreError, StoreUnavailableError
from orchestrator.store.database import Fault
from orchestrator.store.pg_errors import fault, reason

MOST = 4  # connections
ANSWERING = 5.0  # seconds
_IDLE = 60.0  # seconds after which a connection that nobody needs is closed
_CLOSING = 3.0  # seconds for queries that are under way
_READING = {
    "application_name": "signoff reads",
    "default_transaction_read_only": "on",
    "jit": "off",
}
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Pool:
    """Connections for as many readers as there are at once."""

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self._name = name
        self._options = options
        self._pool: Any = None

    async def open(self) -> None:
        """See Source."""
        try:
            self._pool = await asyncpg.create_pool(
                **self._options,
                min_size=1,
                max_size=MOST,
                max_inactive_connection_lifetime=_IDLE,
                command_timeout=ANSWERING,
                server_settings=_READING,
                reset=_leave,
            )
        except _AWAY as error:
            raise StoreUnavailableError(f"cannot open {self._name}: {reason(error)}") from error

    async def close(self) -> None:
        """See Source."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(_CLOSING):
                await pool.close()
        except _AWAY:
            pool.terminate()

    async def fetch(self, text: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """See Source; a connection that was lost meanwhile is replaced once."""
        for is_last in (False, True):
            if self._pool is None:
                raise StoreUnavailableError("the store is closed")
            try:
                async with self._pool.acquire(timeout=ANSWERING) as connection:
                    found: Sequence[Sequence[Any]] = await connection.fetch(text, *parameters)
                    return found
            except _AWAY as error:
                if fault(error) is Fault.OWN:
                    raise StoreError(f"the database refused: {reason(error)}") from error
                if is_last or isinstance(error, TimeoutError):
                    raise StoreUnavailableError(
                        f"the database does not answer: {reason(error)}"
                    ) from error
        raise AssertionError


async def _leave(_connection: Any) -> None:
    """Leave a connection as it is: nothing that reads changes it."""
