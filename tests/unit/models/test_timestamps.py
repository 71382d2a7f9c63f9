"""Timestamps are text of one shape, whatever they were made from."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from st2lite.models import timestamps
from st2lite.models.errors import InvalidInput


def test_six_digits_and_utc_always() -> None:
    moment = datetime(2026, 1, 31, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert timestamps.format_timestamp(moment) == "2026-01-31T12:00:00.000000Z"
    assert timestamps.from_epoch(0) == "1970-01-01T00:00:00.000000Z"
    assert timestamps.from_epoch(1.25) == "1970-01-01T00:00:01.250000Z"


def test_text_and_seconds_are_the_same_moment() -> None:
    text = timestamps.now()
    assert timestamps.from_epoch(timestamps.to_epoch(text)) == text
    assert timestamps.to_datetime(text).tzinfo is timezone.utc


@pytest.mark.parametrize("text", ["", "2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000", "x" * 27])
def test_only_its_own_shape_is_read_back(text: str) -> None:
    with pytest.raises(ValueError, match=r"timestamp|isoformat"):
        timestamps.to_datetime(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31 12:00:00.000Z",
        " 2026-01-31T12:00:00.000000+00 ",
        "2026-01-31T12:00:00+0000",
        "2026-01-31T12:00:00+00:00",
    ],
)
def test_forms_that_users_may_write(text: str) -> None:
    assert timestamps.parse_timestamp(text, "timestamp_gt") == "2026-01-31T12:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+02:00",
        "2026-01-31T12:00:00.12Z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "٢٠٢٦-01-31T12:00:00Z",
    ],
)
def test_any_other_form_names_the_field(text: str) -> None:
    with pytest.raises(InvalidInput, match="timestamp_gt"):
        timestamps.parse_timestamp(text, "timestamp_gt")
