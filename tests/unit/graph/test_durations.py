"""Durations as people write and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from orchestrator.graph.durations import (
    format_duration,
    iso_duration,
    parse_duration,
    short_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        (" 1h 30m ", 5400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1.5h", 5400),
        ("2D", 172_800),
        ("PT30S", 30),
        ("P1DT2H", 93_600),
        ("pt0.5s", 0.5),
        ("00:05:00", 300),
        ("26:00:00", 93_600),
        ("90", 90),
        ("0", 0),
    ],
)
def test_reads_what_people_write(text, seconds):
    """Units, ISO 8601, a clock's form, and bare seconds are all understood."""
    assert timedelta(seconds=seconds) == parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", " ", "soon", "-5m", "5 minutes", "P", "PT", "P1M", "P1Y", "1m5", "5m1h", "1:30"]
)
def test_says_how_to_write_what_it_cannot_read(text):
    """Anything else is refused with an example; calendar months have no length."""
    with pytest.raises(ValueError, match="is no duration; write one such as 30s, 5m") as caught:
        parse_duration(text)

    assert repr(text) in str(caught.value)


def test_refuses_what_no_timedelta_holds():
    """A number beyond all bounds is a ValueError like any other mistake."""
    with pytest.raises(ValueError, match="is too long"):
        parse_duration("99999999999999d")


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(hours=1, minutes=30), "1 hour 30 minutes"),
        (timedelta(days=1, seconds=1), "1 day 1 second"),
        (timedelta(days=14), "14 days"),
        (timedelta(milliseconds=500), "0.5 seconds"),
        (timedelta(0), "0 seconds"),
        (timedelta(minutes=-5), "-5 minutes"),
    ],
)
def test_formats_for_people(duration, text):
    """Every part that is not zero is shown, in the singular where it is one."""
    assert text == format_duration(duration)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9_999)))
def test_iso_form_is_read_back(duration):
    """What is written as ISO 8601 is the same duration again, here and for pydantic."""
    text = iso_duration(duration)

    assert duration == parse_duration(text)
    assert duration == TypeAdapter(timedelta).validate_python(text)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9999)))
def test_short_form_is_read_back(duration):
    """To the microsecond; nothing is left for people to decode."""
    assert parse_duration(short_duration(duration)) == duration


def test_short_form_is_what_people_type():
    """Without parts that are nothing."""
    assert short_duration(timedelta(minutes=5)) == "5m"
    assert short_duration(timedelta(days=2, hours=1, seconds=0.5)) == "2d1h0.5s"
    assert short_duration(timedelta(0)) == "0s"
