"""When timers are due: units, cron fields, time zones, dates, and what is refused."""

import subprocess
import sys
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.errors import InvalidInput
from st2lite.models.ids import timed_id
from st2lite.models.trigger import Trigger
from st2lite.reactor.schedules import check_timer, make_schedule

MADE = datetime(2026, 3, 1, 12, 0, 7, tzinfo=timezone.utc).timestamp()


def schedule(type_name, zone="UTC", **parameters):
    trigger = Trigger(
        id=timed_id(MADE, "t"), name="t", pack="core", type=f"core.st2.{type_name}", parameters=parameters
    )
    return make_schedule(trigger, zone)


def times(made, start, count=3):
    """The next moments as text, UTC."""
    moment, found = start, []
    for _ in range(count):
        moment = made.next_after(moment)
        if moment is None:
            break
        found.append(f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%d %H:%M:%S}")
    return found


@pytest.mark.parametrize(
    ("unit", "delta", "seconds"),
    [("seconds", 1, 1), ("minutes", 5, 300), ("hours", 2, 7200), ("days", 1, 86400), ("weeks", 2, 2 * 7 * 86400)],
)
def test_an_interval_counts_from_the_moment_its_trigger_was_made(unit, delta, seconds):
    made = schedule("IntervalTimer", unit=unit, delta=delta)
    assert made.next_after(MADE) == MADE + seconds
    assert made.next_after(MADE + seconds) == MADE + 2 * seconds
    assert made.next_after(MADE + 10 * seconds - 0.5) == MADE + 10 * seconds


@given(delta=st.integers(1, 100_000), passed=st.floats(0, 10**8))
def test_all_who_know_an_interval_agree_on_its_moments(delta, passed):
    made = schedule("IntervalTimer", unit="seconds", delta=delta)
    due = made.next_after(MADE + passed)
    assert (due - MADE) % delta == 0
    assert MADE + passed < due <= MADE + passed + delta


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"second": "*/20"}, ["2026-03-01 12:00:20", "2026-03-01 12:00:40", "2026-03-01 12:01:00"]),
        ({"minute": 30}, ["2026-03-01 12:30:00", "2026-03-01 13:30:00", "2026-03-01 14:30:00"]),
        ({"hour": "8-9", "minute": 15}, ["2026-03-02 08:15:00", "2026-03-02 09:15:00", "2026-03-03 08:15:00"]),
        ({"day_of_week": 0}, ["2026-03-02 00:00:00", "2026-03-09 00:00:00", "2026-03-16 00:00:00"]),
        ({"day_of_week": "sat,sun", "hour": 6}, ["2026-03-07 06:00:00", "2026-03-08 06:00:00", "2026-03-14 06:00:00"]),
        ({"day": "last"}, ["2026-03-31 00:00:00", "2026-04-30 00:00:00", "2026-05-31 00:00:00"]),
        ({"month": "jan", "day": "1st mon"}, ["2027-01-04 00:00:00", "2028-01-03 00:00:00", "2029-01-01 00:00:00"]),
        ({"week": 20, "day_of_week": "fri"}, ["2026-05-15 00:00:00", "2027-05-21 00:00:00", "2028-05-19 00:00:00"]),
        ({"year": 2026, "month": 12, "day": 24}, ["2026-12-24 00:00:00"]),
        ({"year": 2020}, []),
        ({"month": 2, "day": 30}, []),
    ],
)
def test_cron_fields(fields, expected):
    assert times(schedule("CronTimer", **fields), MADE) == expected


def test_a_cron_timer_follows_the_clock_of_its_time_zone():
    made = schedule("CronTimer", timezone="Europe/Berlin", hour=6)
    assert times(made, MADE, 1) == ["2026-03-02 05:00:00"]
    summer = datetime(2026, 7, 1, tzinfo=timezone.utc).timestamp()
    assert times(made, summer, 1) == ["2026-07-01 04:00:00"]


def test_timers_that_name_no_zone_have_that_of_the_configuration():
    assert times(schedule("CronTimer", "America/Los_Angeles", hour=6), MADE, 1) == ["2026-03-01 14:00:00"]
    dated = schedule("DateTimer", "America/Los_Angeles", date="2026-03-05 10:00")
    assert times(dated, MADE) == ["2026-03-05 18:00:00"]


def test_a_date_comes_once_and_a_past_one_never():
    dated = schedule("DateTimer", date="2026-03-05T10:00:00+01:00")
    assert times(dated, MADE) == ["2026-03-05 09:00:00"]
    assert schedule("DateTimer", date="2026-02-28").next_after(MADE) is None


@pytest.mark.parametrize(
    ("type_name", "parameters", "problem"),
    [
        ("IntervalTimer", {"unit": "years", "delta": 1}, "parameters.unit.*weeks, days, hours, minutes, seconds"),
        ("IntervalTimer", {"unit": "days", "delta": 0}, "parameters.delta.*whole number from 1"),
        ("IntervalTimer", {"unit": "days", "delta": True}, "parameters.delta"),
        ("IntervalTimer", {"unit": "weeks", "delta": 10**12}, "parameters.delta.*give less"),
        ("DateTimer", {"date": "tomorrow"}, "parameters.date.*2026-01-31"),
        ("DateTimer", {}, "parameters.date"),
        ("CronTimer", {"hour": 25}, "parameters.hour: .*23"),
        ("CronTimer", {"day_of_week": "noday"}, "noday"),
        ("CronTimer", {"minute": "*/0"}, "parameters.minute: Increment"),
        ("CronTimer", {}, "parameters: say when; .*minute"),
        ("CronTimer", {"timezone": "UTC", "minute": None}, "parameters: say when"),
        ("CronTimer", {"minute": "99 * *"}, "parameters.minute: .*99"),
        ("CronTimer", {"hour": 1, "day": "32nd mon"}, "parameters.day: .*32nd"),
        ("CronTimer", {"hour": "5-1"}, "parameters.hour"),
        ("CronTimer", {"minute": ",".join(["1"] * 1000)}, "parameters.minute: has 1999 characters; at most 500"),
        ("DateTimer", {"date": "2026-02-30"}, "parameters.date"),
        ("DateTimer", {"date": "9" * 100_000}, "parameters.date: has 100000 characters"),
        ("CronTimer", {"minutes": 1}, "parameters.minutes: is not known.*minute"),
        ("CronTimer", {"timezone": "Mars/Olympus"}, "parameters.timezone.*Europe/Berlin"),
        ("CronTimer", {"timezone": "../../etc/passwd"}, "parameters.timezone"),
        ("CronTimer", {"timezone": 5}, "parameters.timezone"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_by_name(type_name, parameters, problem):
    with pytest.raises(InvalidInput, match=problem):
        check_timer(f"core.st2.{type_name}", parameters, "UTC")


@pytest.mark.parametrize("parameters", [{"month": "feb", "day": 30}, {"week": 53, "month": 3}, {"year": 2020}])
def test_a_cron_timer_that_never_comes_is_not_sought_for_ever(parameters):
    assert schedule("CronTimer", **parameters).next_after(MADE) is None


def test_a_wrong_zone_in_the_configuration_is_told_as_such():
    with pytest.raises(InvalidInput, match=r"\[timer\] local_timezone"):
        schedule("CronTimer", "Nowhere", hour=1)


@given(passed=st.integers(0, 10**6), back=st.integers(0, 5000), delta=st.integers(1, 600))
def test_the_latest_moment_is_the_one_that_counting_finds(passed, back, delta):
    made = schedule("IntervalTimer", unit="seconds", delta=delta)
    until, after = MADE + passed, MADE + max(0, passed - back)
    expected = MADE + passed // delta * delta
    assert made.latest(after, until) == (expected if expected > after else None)


def test_apscheduler_is_loaded_with_the_first_timer_only():
    program = "import sys, st2lite.reactor.timers; sys.exit('apscheduler' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
