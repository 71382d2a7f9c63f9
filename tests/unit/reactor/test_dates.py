import pytest

from st2lite.reactor.dates import epoch_of

NOON = 1_769_860_800.0


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z", "2026-01-31 12:00:00", "2026-01-31T12:00",
        "2026-01-31T13:00:00+01:00", "2026-01-31T13:00:00+0100", "2026-01-31 13:00:00 +01", "20260131T120000Z",
        "2026-01-31 12:00:00.000000+00:00", "2026-01-31 12:00:00 UTC", "Sat, 31 Jan 2026 12:00:00 GMT",
        "31 Jan 2026 13:00:00 +0100", int(NOON), NOON,
    ],
)  # fmt: skip
def test_forms_of_a_date(text):
    assert epoch_of(text) == NOON


def test_a_day_begins_at_midnight_and_fractions_count():
    assert epoch_of("2026-01-31") == NOON - 12 * 3600
    assert epoch_of("2026-01-31T12:00:00.25Z") == NOON + 0.25
    assert epoch_of("2026-01-31T12:00:00.123456789Z") == pytest.approx(NOON + 0.123456)


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2026-13-01", "2026-01-31T25:00:00Z", None, True, [2026], "x" * 999]
)
def test_what_is_no_date(value):
    with pytest.raises(ValueError, match="date"):
        epoch_of(value)
