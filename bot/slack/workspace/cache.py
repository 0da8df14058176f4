"""A small cache that asks once however many want to know, and forgets after a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Values by key, each kept for `ttl` seconds; a failure is not kept."""

    def __init__(self, *, ttl: float, size: int = 10_000) -> None:
        self._ttl = ttl
        self._size = size
        self._values: dict[K, tuple[float, V]] = {}
        self._loading: dict[K, asyncio.Task[V]] = {}

    def peek(self, key: K) -> V | None:
        """Return the value if it is at hand and fresh."""
        found = self._values.get(key)
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def recall(self, key: K) -> V | None:
        """Return the value that was loaded last, however long ago, if it is at hand."""
        found = self._values.get(key)
        return found[1] if found is not None else None

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """Return the value, loaded if need be; callers at the same time share one loading.

        A caller that is cancelled does not take the loading away from the others.
        """
        found = self._values.get(key)
        if found is not None and found[0] > time.monotonic():
            return found[1]
        task = self._loading.get(key)
        if task is None:
            task = asyncio.ensure_future(self._load(key, load))
            self._loading[key] = task
            task.add_done_callback(self._loaded(key))
        return await asyncio.shield(task)

    async def _load(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        value = await load()
        if len(self._values) >= self._size:
            self._values.pop(next(iter(self._values)))
        self._values.pop(key, None)
        self._values[key] = (time.monotonic() + self._ttl, value)
        return value

    def _loaded(self, key: K) -> Callable[[asyncio.Task[V]], None]:
        def forget(task: asyncio.Task[V]) -> None:
            self._loading.pop(key, None)
            if not task.cancelled():
                task.exception()  # seen by whoever waited; nobody may be left by now

        return forget

    async def close(self) -> None:
        """Cancel what is being loaded."""
        tasks = list(self._loading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
