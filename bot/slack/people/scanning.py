"""Looking through questions or runs for those that concern one person, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

#: What is looked through for one page, at most: entries, and seconds.
REACH = 2000
SECONDS = 0.3
_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """What was found."""

    found: tuple[T, ...] = ()
    #: Behind which entry to go on; None: there is nothing more.
    last: T | None = None
    #: How many entries were looked through where that ended it; None: the page is full, or all.
    looked: int | None = None


async def look_through(
    fetch: Callable[[T | None, int], Awaitable[list[T]]],
    is_wanted: Callable[[T], Awaitable[bool]],
    *,
    most: int,
) -> Page[T]:
    """Return the next entries that are wanted.

    Args:
        fetch: Returns so many entries behind one; behind None, where the page begins.
        is_wanted: Is this one to be shown?
        most: How many make a page.
    """
    until = time.monotonic() + SECONDS
    found: list[T] = []
    shown = last = None
    looked = 0
    while True:
        batch = await fetch(last, _BATCH)
        for each in batch:
            if looked >= REACH or (looked >= _BATCH and time.monotonic() > until):
                return Page(found=tuple(found), last=last, looked=looked)
            looked, last = looked + 1, each
            if not await is_wanted(each):
                continue
            if len(found) == most:
                return Page(found=tuple(found), last=shown)
            found.append(each)
            shown = each
        if len(batch) < _BATCH:
            return Page(found=tuple(found))
