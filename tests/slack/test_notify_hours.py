"""Quiet hours and the times of digests, in a person's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.slack.people.hours import Quiet, after_quiet, next_of, parse_quiet, zone_of

BERLIN = zone_of("Europe/Berlin")
NIGHT = Quiet(start=time(22), end=time(7))


def at(text: str) -> datetime:
    """Return an instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-21 20:59", "2026-11-21 20:59"),  # 21:59 in Berlin
        ("2026-11-21 21:00", "2026-11-22 06:00"),
        ("2026-11-22 02:00", "2026-11-22 06:00"),
        ("2026-11-22 05:59", "2026-11-22 06:00"),
        ("2026-11-22 06:00", "2026-11-22 06:00"),
        ("2026-07-01 20:30", "2026-07-02 05:00"),  # summer time
        ("2026-10-24 21:00", "2026-10-25 06:00"),  # the night in which summer time ends
    ],
)
def test_s7_quiet_hours_end_in_the_persons_own_zone(now: str, told: str):
    """Past midnight and across a change of the clocks, too."""
    assert after_quiet(NIGHT, at(now), BERLIN) == at(told)


def test_s7_quiet_hours_by_day_do_not_pass_midnight():
    """A nap is a nap."""
    nap = Quiet(start=time(13), end=time(14))

    assert after_quiet(nap, at("2026-11-21 12:30"), BERLIN) == at("2026-11-21 13:00")
    assert after_quiet(nap, at("2026-11-21 13:30"), BERLIN) == at("2026-11-21 13:30")


def test_s7_the_next_digest_is_the_first_time_ahead():
    """Today's if one is left, else tomorrow's first."""
    times = (time(9), time(15))

    assert next_of(times, at("2026-11-21 07:00"), BERLIN) == at("2026-11-21 08:00")
    assert next_of(times, at("2026-11-21 08:00"), BERLIN) == at("2026-11-21 14:00")
    assert next_of(times, at("2026-11-21 20:00"), BERLIN) == at("2026-11-22 08:00")


@pytest.mark.parametrize("text", ["22:00-07:00", " 22 - 7 ", "22:00\u201307:00", "22 to 7"])
def test_s7_quiet_hours_are_read_as_people_write_them(text: str):
    """With minutes or without, and with the dash that phones make."""
    assert parse_quiet(text) == NIGHT


@pytest.mark.parametrize("text", ["", "22:00", "25:00-07:00", "22:61-7", "8-8", "night"])
def test_s7_what_are_no_quiet_hours_is_refused(text: str):
    """The sentence says how to write them."""
    with pytest.raises(ValueError, match="22:00"):
        parse_quiet(text)


def test_s7_office_hours_are_not_taken_for_a_whole_day():
    """Times of a twelve-hour clock are asked about; with minutes, they are meant."""
    with pytest.raises(ValueError, match="20 hours, from 09:00 until 05:00; write 09:00-05:00 if"):
        parse_quiet("9-5")

    assert parse_quiet("09:00-05:00") == Quiet(start=time(9), end=time(5))
    assert parse_quiet("9-17").length == timedelta(hours=8)
    assert NIGHT.length == timedelta(hours=9)


def test_s7_an_unknown_time_zone_counts_as_utc():
    """Nobody is told nothing for that."""
    assert zone_of("Mars/Olympus") is UTC
    assert zone_of("../../etc/passwd") is UTC
    assert zone_of("") is UTC
