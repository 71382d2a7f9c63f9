import pytest

from st2lite.models.errors import InvalidInput
from st2lite.models.throttle import Throttle, parse_duration, parse_throttle, throttle_problems


@pytest.mark.parametrize(
    "text, seconds",
    [
        (30, 30), (0.5, 0.5), ("30", 30), ("30s", 30), ("30 seconds", 30), ("1 second", 1), ("5m", 300),
        ("5 min", 300), ("5 Minutes", 300), ("1.5 hours", 5400), ("2h", 7200), ("1 day", 86400), ("30d", 2592000),
    ],
)  # fmt: skip
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "5 weeks", "-5", "0", "31 days", "5 5", None, True, [5], "1e9", "inf", "s"]
)
def test_what_is_no_duration(text):
    with pytest.raises(InvalidInput):
        parse_duration(text)


def test_no_throttle():
    assert throttle_problems({}) == []
    assert parse_throttle({}) is None


def test_a_throttle_in_full():
    throttle = {"accumulate_within": "10 minutes", "threshold": 5, "group_by_attributes": ["trigger.body.host"]}
    assert parse_throttle(throttle) == Throttle("accumulate_within", 600, 5, ("trigger.body.host",))


@pytest.mark.parametrize(
    "throttle, told",
    [
        ([], "throttle: must be a map"),
        ({"once": "5m", "once_within": "5m"}, "throttle.once: is not known"),
        ({"group_by_attributes": ["trigger.a"]}, "throttle: needs exactly one of"),
        ({"once_within": "5m", "once_after": "5m"}, "throttle: needs exactly one of"),
        ({"once_within": "soon"}, 'throttle.once_within: "soon" is not a duration'),
        ({"accumulate_within": "5m"}, "throttle.threshold: accumulate_within needs"),
        ({"accumulate_within": "5m", "threshold": 1}, "throttle.threshold: accumulate_within needs"),
        ({"accumulate_within": "5m", "threshold": True}, "throttle.threshold: accumulate_within needs"),
        ({"accumulate_within": "5m", "threshold": 1001}, "throttle.threshold: accumulate_within needs"),
        ({"once_within": "5m", "threshold": 3}, "throttle.threshold: only has a meaning"),
        ({"once_within": "5m", "group_by_attributes": "trigger.a"}, "throttle.group_by_attributes: must be a list"),
        ({"once_within": "5m", "group_by_attributes": [1]}, "throttle.group_by_attributes: must be a list"),
    ],
)
def test_a_problem_names_field_and_remedy(throttle, told):
    [problem] = throttle_problems(throttle)
    assert told in problem
