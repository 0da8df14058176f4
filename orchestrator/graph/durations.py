"""Durations as people write and read them; no clock and no calendar."""

from __future__ import annotations

import re
from datetime import timedelta

#: What to say of a text that is none.
NO_DURATION = "is no duration; write one such as 30s, 5m, 1h30m, 2d or PT30S"

_NUMBER = r"\d+(?:\.\d+)?"
_SECONDS = re.compile(_NUMBER)
_UNITS = re.compile(
    rf"(?:(?P<weeks>{_NUMBER})\s*w)?\s*"
    rf"(?:(?P<days>{_NUMBER})\s*d)?\s*"
    rf"(?:(?P<hours>{_NUMBER})\s*h)?\s*"
    rf"(?:(?P<minutes>{_NUMBER})\s*m)?\s*"
    rf"(?:(?P<seconds>{_NUMBER})\s*s)?"
)
# Months and years are left out on purpose: they have no fixed length.
_ISO = re.compile(
    rf"p(?:(?P<weeks>{_NUMBER})w)?(?:(?P<days>{_NUMBER})d)?"
    rf"(?:t(?=\d)(?:(?P<hours>{_NUMBER})h)?(?:(?P<minutes>{_NUMBER})m)?(?:(?P<seconds>{_NUMBER})s)?)?"
)
_CLOCK = re.compile(r"(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d(?:\.\d+)?)")


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `5m`, `1h30m`, `2d`, `1.5h`, `PT30S`, `00:05:00`, or a number of seconds.

    Raises:
        ValueError: The text is none of these, or too long for a timedelta.
    """
    cleaned = text.strip().lower()
    try:
        if _SECONDS.fullmatch(cleaned):
            return timedelta(seconds=float(cleaned))
        for form in (_UNITS, _ISO, _CLOCK):
            match = form.fullmatch(cleaned)
            parts = {} if match is None else match.groupdict()
            if any(parts.values()):
                return timedelta(**{unit: float(size) for unit, size in parts.items() if size})
    except OverflowError:
        raise ValueError(f"{text!r} is too long; write a duration of at most some years") from None
    raise ValueError(f"{text!r} {NO_DURATION}")


def iso_duration(duration: timedelta) -> str:
    """Write a duration in the form of ISO 8601 that `parse_duration` reads, such as `PT5M`."""
    sign = "-" if duration < timedelta(0) else ""
    length = abs(duration)
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{length.microseconds:06d}".rstrip("0") if length.microseconds else ""
    days = f"{length.days}D" if length.days else ""
    clock = f"{hours}H" if hours else ""
    clock += f"{minutes}M" if minutes else ""
    clock += f"{seconds}{fraction}S" if seconds or fraction else ""
    if not days and not clock:
        return "PT0S"
    return f"{sign}P{days}{'T' if clock else ''}{clock}"


def short_duration(duration: timedelta) -> str:
    """Write a duration as people type it, so that `parse_duration` reads it: `5m`, `1h30m`."""
    length = abs(duration)
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    precise = f"{seconds}.{length.microseconds:06d}".rstrip("0").rstrip(".")
    sizes = {"d": str(length.days), "h": str(hours), "m": str(minutes), "s": precise}
    text = "".join(f"{size}{unit}" for unit, size in sizes.items() if size != "0") or "0s"
    return text if duration >= timedelta(0) else f"-{text}"


def format_duration(duration: timedelta) -> str:
    """Write a duration for people, exactly: `5 minutes`, `1 hour 30 minutes`, `0.5 seconds`."""
    sign = "-" if duration < timedelta(0) else ""
    length = abs(duration)
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    precise = f"{seconds}.{length.microseconds:06d}".rstrip("0").rstrip(".")
    sizes = {"day": str(length.days), "hour": str(hours), "minute": str(minutes), "second": precise}
    parts = [
        f"{size} {unit}" + ("" if size == "1" else "s")
        for unit, size in sizes.items()
        if size != "0"
    ]
    return sign + (" ".join(parts) or "0 seconds")
