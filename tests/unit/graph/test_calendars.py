"""Working hours: which time counts, over nights, weekends, holidays and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import GraphBuilder, WorkingHours
from tests.unit.graph.flows import pay

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = WorkingHours(zone="Europe/Berlin")


def local(text):
    """Return a time in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2030-01-07 10:00", 2, "2030-01-07 12:00"),  # a Monday
        ("2030-01-07 10:00", 7, "2030-01-07 17:00"),
        ("2030-01-07 16:00", 2, "2030-01-08 10:00"),
        ("2030-01-07 03:00", 1, "2030-01-07 10:00"),
        ("2030-01-11 16:00", 2, "2030-01-14 10:00"),  # over a weekend
        ("2030-01-12 12:00", 0, "2030-01-14 09:00"),
        ("2030-01-07 11:00", 0, "2030-01-07 11:00"),
        ("2030-01-07 17:00", 0, "2030-01-07 17:00"),
        ("2030-03-29 16:00", 2, "2030-04-01 10:00"),  # clocks go forward on the Sunday between
        ("2030-10-25 16:00", 2, "2030-10-28 10:00"),  # and back
    ],
)
def test_working_hours_count_working_time_only(start, hours, expected):
    """Nights and weekends pass for nothing; the result is an instant in UTC."""
    found = OFFICE.add(local(start), timedelta(hours=hours))

    assert local(expected) == found
    assert found.tzinfo is UTC


def test_holidays_do_not_count():
    """A day that is a holiday is passed over."""
    office = WorkingHours(zone="Europe/Berlin", holidays=(date(2030, 1, 8),))

    assert office.add(local("2030-01-07 16:00"), timedelta(hours=2)) == local("2030-01-09 10:00")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("Mon, wed sun", {0, 2, 6}),
        ("sat-mon", {5, 6, 0}),
        ("tue", {1}),
    ],
)
def test_days_are_ranges_or_lists(days, expected):
    """Work is done on exactly the days that are named."""
    office = WorkingHours(zone="UTC", days=days)
    monday = datetime(2030, 1, 7, tzinfo=UTC)
    found = {
        day
        for day in range(7)
        if office.add(monday + timedelta(days=day), timedelta(0)).date()
        == (monday + timedelta(days=day)).date()
    }

    assert expected == found


@pytest.mark.parametrize(
    ("start", "end", "day", "hours"),
    [
        (time(1), time(5), "2030-03-31", 3),  # 2:00 to 3:00 is skipped
        (time(2, 30), time(5), "2030-03-31", 2),
        (time(1), time(2, 30), "2030-03-31", 1),
        (time(1), time(5), "2030-10-27", 5),  # 2:00 to 3:00 comes twice
        (time(2, 30), time(5), "2030-10-27", 3.5),
        (time(1), time(2, 30), "2030-10-27", 2.5),
    ],
)
def test_working_hours_are_as_long_as_the_clocks_make_them(start, end, day, hours):
    """Of a day on which the clocks change, the hours that really pass count."""
    office = WorkingHours(zone="Europe/Berlin", days="sun", start=start, end=end)
    midnight = local(f"{day} 00:00")
    opens = office.add(midnight, timedelta(0))

    assert office.add(midnight, timedelta(hours=hours)) - opens == timedelta(hours=hours)
    assert office.add(midnight, timedelta(hours=hours, seconds=1)) - opens > timedelta(days=6)


def test_hours_that_are_skipped_altogether_are_no_working_time():
    """On the day of the change the shift is missing, a week later it is there."""
    office = WorkingHours(zone="Europe/Berlin", days="sun", start=time(2), end=time(3))

    assert office.add(local("2030-03-31 00:00"), timedelta(0)) == local("2030-04-07 02:00")


offices = st.sampled_from(
    [
        OFFICE,
        WorkingHours(zone="America/New_York", days="mon-sun", start=time(1), end=time(3, 30)),
        WorkingHours(zone="Australia/Lord_Howe", days="sat,sun", start=time(0), end=time(23)),
        WorkingHours(zone="UTC", days="wed", holidays=(date(2030, 1, 9),)),
    ]
)
lengths = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=20))
instants = st.datetimes(
    min_value=datetime(2029, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2031, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)


@pytest.mark.slow
@given(office=offices, start=instants, first=lengths, second=lengths)
def test_lengths_add_up(office, start, first, second):
    """Two lengths one after the other are as long as both together, and end in working time."""
    once = office.add(start, first + second)

    assert once == office.add(office.add(start, first), second)
    assert once == office.add(once, timedelta(0))
    assert once >= start + first + second
    here = once.astimezone(ZoneInfo(office.zone))
    assert office.start <= here.time() <= office.end
    assert here.date() not in office.holidays


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"zone": "Europe/Atlantis"}, "there is no time zone 'Europe/Atlantis'; write one such as"),
        ({"zone": "../etc/passwd"}, "there is no time zone"),
        ({"zone": ""}, "there is no time zone ''"),
        ({"zone": "UTC", "days": "mon-never"}, "'mon-never' names no days; write mon-fri"),
        ({"zone": "UTC", "days": ""}, "'' names no days"),
        ({"zone": "UTC", "start": time(17), "end": time(9)}, "from 17:00 to 09:00 are none"),
        ({"zone": "UTC", "start": time(9, tzinfo=UTC)}, "are in the calendar's zone"),
        ({"zone": "UTC", "holidays": ["x"]}, "holiday 'x' is no date"),
        (
            {"zone": "UTC", "holidays": [datetime(2030, 1, 1, tzinfo=UTC)]},
            "is no date; write date",
        ),
    ],
)
def test_hours_that_never_come_are_refused(options, said):
    """A mistake in the hours is an error where they are written down."""
    with pytest.raises(ValueError, match=said):
        WorkingHours(**options)


@pytest.mark.parametrize(
    ("office", "start", "length", "said"),
    [
        (OFFICE, datetime(2030, 1, 1), timedelta(0), "has no zone"),  # noqa: DTZ001 - the point
        (OFFICE, datetime(2030, 1, 1, tzinfo=UTC), timedelta(-1), "is negative"),
        (
            WorkingHours(
                zone="UTC",
                holidays=tuple(date(2030, 1, 1) + timedelta(days=n) for n in range(400)),
            ),
            datetime(2030, 1, 1, tzinfo=UTC),
            timedelta(0),
            "cannot be found in .*; check its days and holidays",
        ),
        (OFFICE, datetime(9998, 1, 1, tzinfo=UTC), timedelta(days=400), "cannot be found"),
    ],
)
def test_absurd_searches_end(office, start, length, said):
    """What cannot be answered is an error and no endless search."""
    with pytest.raises(ValueError, match=said):
        office.add(start, length)


def test_a_calendar_counts_for_the_version():
    """Another zone, hour or holiday makes another version; the same hours make the same."""

    def version(**options):
        return (
            GraphBuilder("g")
            .approval(
                "ask",
                approvers="U1",
                timeout="8h",
                on_timeout="expire",
                calendar=WorkingHours(**options),
            )
            .edge("ask", "work")
            .task("work", pay)
            .start("ask")
            .ends("work")
            .build()
            .version
        )

    made = {
        version(zone="UTC"),
        version(zone="Europe/Berlin"),
        version(zone="UTC", end=time(18)),
        version(zone="UTC", holidays=(date(2030, 1, 1),)),
    }
    assert len(made) == 4
    assert version(zone="UTC") == version(zone="UTC", days="mon-fri")
