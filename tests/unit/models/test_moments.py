"""Dates as people and programs write them."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from st2lite.models.errors import InvalidInput
from st2lite.models.moments import epoch_of, parse_moment

EAST = timezone(timedelta(hours=2))
NOON = 1_769_860_800.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=EAST)),
        ("2026-12-01 10:20", datetime(2026, 12, 1, 10, 20, tzinfo=EAST)),
        ("2026-12-01T10:20:30", datetime(2026, 12, 1, 10, 20, 30, tzinfo=EAST)),
        ("2026-12-01T10:20:30.5", datetime(2026, 12, 1, 10, 20, 30, 500000, tzinfo=EAST)),
        ("2026-12-01 10:20:30.123456789", datetime(2026, 12, 1, 10, 20, 30, 123456, tzinfo=EAST)),
        ("2026-12-01T10:20:30Z", datetime(2026, 12, 1, 10, 20, 30, tzinfo=timezone.utc)),
        ("2026-12-01 10:20:30 UTC", datetime(2026, 12, 1, 10, 20, 30, tzinfo=timezone.utc)),
        ("2026-12-01T10:20:30-0500", datetime(2026, 12, 1, 15, 20, 30, tzinfo=timezone.utc)),
        ("2026-12-01T10:20+05:30", datetime(2026, 12, 1, 4, 50, tzinfo=timezone.utc)),
        ("2026-12-01T10:20+01", datetime(2026, 12, 1, 9, 20, tzinfo=timezone.utc)),
        ("20261201 10:20:30", datetime(2026, 12, 1, 10, 20, 30, tzinfo=EAST)),
        ("2026/12/01 10:20", datetime(2026, 12, 1, 10, 20, tzinfo=EAST)),
        ("12/01/2026", datetime(2026, 12, 1, tzinfo=EAST)),
        ("1.12.2026 10:20", datetime(2026, 12, 1, 10, 20, tzinfo=EAST)),
        ("Tue, 1 Dec 2026 10:20:30 +0100", datetime(2026, 12, 1, 9, 20, 30, tzinfo=timezone.utc)),
        ("December 1, 2026 10:20 PM", datetime(2026, 12, 1, 22, 20, tzinfo=EAST)),
        ("Tuesday 1 December 2026", datetime(2026, 12, 1, tzinfo=EAST)),
        ("Dec 1 2026 9 am", datetime(2026, 12, 1, 9, tzinfo=EAST)),
    ],
)
def test_usual_forms_are_understood(text, expected):
    assert parse_moment(text, "date", EAST) == expected


def test_a_time_without_an_offset_is_meant_in_the_zone_with_its_summer_time():
    zone = ZoneInfo("Europe/Berlin")
    assert parse_moment("2026-07-01 12:00", "date", zone).utcoffset() == timedelta(hours=2)
    assert parse_moment("2026-12-01 12:00", "date", zone).utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30", "10:20", "2026-12-01T25:00", "1700000000"])
def test_what_is_no_date_is_refused_with_the_field_and_an_example(text):
    with pytest.raises(InvalidInput, match=r"trigger\.parameters\.date.*2026-01-31"):
        parse_moment(text, "trigger.parameters.date", EAST)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z", "2026-01-31 12:00:00", "2026-01-31T12:00",
        "2026-01-31T13:00:00+01:00", "2026-01-31T13:00:00+0100", "2026-01-31 13:00:00 +01", "20260131T120000Z",
        "2026-01-31 12:00:00.000000+00:00", "2026-01-31 12:00:00 UTC", "Sat, 31 Jan 2026 12:00:00 GMT",
        "31 Jan 2026 13:00:00 +0100", int(NOON), NOON,
    ],
)  # fmt: skip
def test_forms_that_programs_write(text):
    assert epoch_of(text) == NOON


def test_a_day_begins_at_midnight_and_fractions_count():
    assert epoch_of("2026-01-31") == NOON - 12 * 3600
    assert epoch_of("2026-01-31T12:00:00.25Z") == NOON + 0.25
    assert epoch_of("2026-01-31T12:00:00.123456789Z") == pytest.approx(NOON + 0.123456)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "12/01/2026",
        "2026-13-01",
        "2026-01-31T12:00+99:00",
        "2026-01-31T25:00:00Z",
        None,
        True,
        [2026],
        "x" * 999,
    ],
)
def test_what_no_program_would_write_is_no_date(value):
    with pytest.raises(ValueError, match="date"):
        epoch_of(value)
