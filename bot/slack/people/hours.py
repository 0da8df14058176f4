"""Times of day in a person's own zone: when they want quiet, and when they read digests."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

_SPAN = re.compile(r"\s*(\S+?)\s*(?:-|\u2013|\u2014|to)\s*(\S+)\s*")
_TIME = re.compile(r"([01]?\d|2[0-3])(?::([0-5]\d))?")
_DAY = timedelta(days=1)
#: Longer than this, times without minutes are likely those of a twelve-hour clock.
_LONG = timedelta(hours=12)


class Quiet(BaseModel):
    """The hours in which somebody wants no direct messages that can wait; may pass midnight."""

    model_config = ConfigDict(frozen=True)

    start: time
    end: time

    @property
    def length(self) -> timedelta:
        """How long they last, on a day on which the clocks do not change."""
        start, end = (datetime.combine(date.min, at) for at in (self.start, self.end))
        return (end - start) % _DAY

    def __str__(self) -> str:
        """Write them as they are typed: `22:00-07:00`."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def parse_time(text: str) -> time:
    """Read `9` or `09:30`.

    Raises:
        ValueError: It is no time of day.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time of day; write such as 22:00")
    return time(int(found[1]), int(found[2] or 0))


def parse_quiet(text: str) -> Quiet:
    """Read `22:00-07:00`.

    Raises:
        ValueError: They are no two different times of day, or likely not those that were meant.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError("write from when until when, such as 22:00-07:00")
    quiet = Quiet(start=parse_time(found[1]), end=parse_time(found[2]))
    if quiet.start == quiet.end:
        raise ValueError("the two times are the same; write such as 22:00-07:00")
    if ":" not in text and quiet.length > _LONG:
        hours = quiet.length // timedelta(hours=1)
        raise ValueError(
            f"that would be {hours} hours, from {quiet.start:%H:%M} until {quiet.end:%H:%M}; write "
            f"{quiet} if you mean it, or count to 24 as in 22:00-07:00"
        )
    return quiet


def zone_of(name: str) -> tzinfo:
    """Return the time zone of a name such as `Europe/Berlin`; UTC where it is not known."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return UTC


def after_quiet(quiet: Quiet, now: datetime, zone: tzinfo) -> datetime:
    """Return when something may be told that comes up now: at once, or when the quiet ends."""
    today = now.astimezone(zone).date()
    for day in (today - _DAY, today):
        start = _at(day, quiet.start, zone)
        end = _at(day if quiet.end > quiet.start else day + _DAY, quiet.end, zone)
        if start <= now < end:
            return end
    return now


def next_of(times: tuple[time, ...], now: datetime, zone: tzinfo) -> datetime:
    """Return the first of some times of day that is still ahead; `now` where there are none."""
    today = now.astimezone(zone).date()
    ahead = (_at(day, each, zone) for day in (today, today + _DAY) for each in times)
    return min((instant for instant in ahead if instant > now), default=now)


def _at(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
