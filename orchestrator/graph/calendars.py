"""When a clock runs: always, or in working hours only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: How long working time is looked for; a calendar that has none for so long has a mistake in it.
_LONGEST_BREAK = timedelta(days=366)
_LONGEST_SEARCH = timedelta(days=36_525)


class Calendar(Protocol):
    """Adds time that counts to an instant. Pure: the same arguments give the same instant.

    A graph names its calendar; its `qualified_name`, or its fields if it is a dataclass, count for
    the graph's version.
    """

    def add(self, start: datetime, length: timedelta) -> datetime:
        """Return the first UTC instant at which `length` of counting time has passed since `start`.

        Args:
            start: Aware.
            length: Counting time; not negative.
        """


@dataclass(frozen=True, kw_only=True)
class WorkingHours:
    """Counts the hours of working days in one time zone.

    The hours are from `start` to `end`, both included. An hour that the zone's clocks skip does not
    count, and one that they repeat counts twice.
    """

    #: Name of a time zone, such as `Europe/Berlin`.
    zone: str
    #: Days of the week, such as `mon-fri` or `mon-thu, sat`.
    days: str = "mon-fri"
    start: time = time(9)
    end: time = time(17)
    #: Days on which nobody works.
    holidays: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        """Refuse hours that never come.

        Raises:
            ValueError: The zone, a day or a holiday is none, or the end is not after the start.
        """
        _zone(self.zone)
        _weekdays(self.days)
        for day in self.holidays:
            # A datetime is never equal to a date, so it would be a holiday that never comes.
            if type(day) is not date:
                raise ValueError(f"holiday {day!r} is no date; write date(2030, 12, 25)")
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("start and end are in the calendar's zone; write them without one")
        if self.start >= self.end:
            raise ValueError(
                f"working hours from {self.start:%H:%M} to {self.end:%H:%M} are none; "
                "make the end later than the start"
            )

    def add(self, start: datetime, length: timedelta) -> datetime:
        """Return the UTC instant at which so much working time has passed; see `Calendar`.

        Without any length it is the start itself, or when work begins next.

        Raises:
            ValueError: The start has no zone, the length is negative, there is no working time for
                a year, or so much would take a century.
        """
        if start.utcoffset() is None:
            raise ValueError(f"{start} has no zone; give an aware instant")
        if length < timedelta(0):
            raise ValueError(f"a length of {length} is negative; give zero or more")
        left = length
        instant = start.astimezone(UTC)
        for opens, closes in self._shifts(instant):
            begins = max(opens, instant)
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        raise ValueError(
            f"{length} of working time after {start} cannot be found in {self}; "
            "check its days and holidays, and the unit of the length"
        )

    def _shifts(self, after: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the working times that end after an instant, until none comes for a year."""
        zone = _zone(self.zone)
        weekdays = _weekdays(self.days)
        holidays = frozenset(self.holidays)
        day = after.astimezone(zone).date()
        last = day
        latest = min(day, date.max - _LONGEST_SEARCH) + _LONGEST_SEARCH
        while day - last < _LONGEST_BREAK and day < latest:
            if day.weekday() in weekdays and day not in holidays:
                opens, closes = self._on(day, zone)
                if closes > opens and closes >= after:
                    last = day
                    yield opens, closes
            day += timedelta(days=1)

    def _on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        # Of a time that comes twice, work begins at the first and ends at the second.
        opens = datetime.combine(day, self.start, zone).replace(fold=0)
        closes = datetime.combine(day, self.end, zone).replace(fold=1)
        return _existing(opens), _existing(closes)


def _existing(local: datetime) -> datetime:
    """Return a local time in UTC; one that the clocks skip is the instant of the skip.

    `fold` must be 0 for the beginning of something and 1 for its end.
    """
    before, after = local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    is_skipped = before > after
    if not is_skipped:
        return local.astimezone(UTC)
    zone = local.tzinfo
    low, high = after, before
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    return high


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise ValueError(
            f"there is no time zone {name!r}; write one such as Europe/Berlin or UTC"
        ) from None


def _weekdays(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().replace(",", " ").split():
        first, dash, last = part.partition("-")
        ends = [first, last if dash else first]
        if any(each not in _DAYS for each in ends):
            raise ValueError(f"{part!r} names no days; write mon-fri, or mon, wed, fri")
        begin, stop = (_DAYS.index(each) for each in ends)
        # A range may go over the weekend, such as sat-mon.
        length = (stop - begin) % len(_DAYS) + 1
        found.update((begin + step) % len(_DAYS) for step in range(length))
    if not found:
        raise ValueError(f"{text!r} names no days; write mon-fri, or mon, wed, fri")
    return frozenset(found)
