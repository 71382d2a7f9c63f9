import itertools

import msgspec
import pytest

from st2lite.executions.transitions import change_status, set_result
from st2lite.models import statuses
from st2lite.models.errors import IllegalTransition, InvalidInput
from st2lite.models.execution import RESULT_LIMIT, Execution, LogEntry
from st2lite.models.statuses import check_transition


def make(status=statuses.REQUESTED):
    return Execution(
        id="1" * 24,
        action_ref="core.noop",
        action_snapshot="a",
        runner_name="noop",
        runner_snapshot="r",
        liveaction_id="2" * 24,
        status=status,
        start_timestamp="2026-01-01T00:00:00.000000Z",
        log=[LogEntry("2026-01-01T00:00:00.000000Z", status)],
    )


LEGAL = {
    "requested": "scheduled delayed running canceling succeeded failed timeout canceled abandoned",
    "delayed": "requested scheduled running canceling succeeded failed timeout canceled abandoned",
    "scheduled": "running canceling succeeded failed timeout canceled abandoned",
    "running": "pending pausing paused canceling succeeded failed timeout canceled abandoned",
    "pending": "running canceling succeeded failed timeout canceled abandoned",
    "pausing": "paused canceling succeeded failed timeout canceled abandoned",
    "paused": "resuming canceling succeeded failed timeout canceled abandoned",
    "resuming": "running pausing canceling succeeded failed timeout canceled abandoned",
    "canceling": "canceled abandoned",
}


@pytest.mark.parametrize(("current", "wanted"), list(itertools.product(statuses.ALL, repeat=2)))
def test_every_pair_of_statuses(current, wanted):
    if wanted in LEGAL.get(current, "").split():
        check_transition(current, wanted)
    else:
        with pytest.raises(IllegalTransition, match=f'"{current}" cannot become "{wanted}"'):
            check_transition(current, wanted)


def test_the_log_holds_every_step_and_an_end_lets_go_of_the_worker():
    execution = make()
    change_status(execution, statuses.SCHEDULED, statuses.RUNNING)
    execution.worker = "w"
    assert execution.end_timestamp is None
    change_status(execution, statuses.SUCCEEDED)
    assert [entry.status for entry in execution.log] == ["requested", "scheduled", "running", "succeeded"]
    assert execution.end_timestamp == execution.log[-1].timestamp
    assert execution.worker is None


def test_an_illegal_step_changes_nothing():
    execution = make()
    with pytest.raises(IllegalTransition):
        change_status(execution, statuses.SCHEDULED, statuses.PAUSED)
    assert execution.status == statuses.REQUESTED
    assert len(execution.log) == 1


def test_a_log_is_not_shared_with_the_document_it_was_copied_from():
    execution = make()
    before = execution.log
    change_status(execution, statuses.RUNNING)
    assert len(before) == 1


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"a": 1}, {"a": 1}),
        ({"a": {1}}, {"a": [1]}),
        ({1: "x"}, {"1": "x"}),
        ({"a": object}, {"a": str(object)}),
        ({"bad": "\udcff"}, {"bad": "?"}),
        ({("a", "b"): 1}, {"('a', 'b')": 1}),
        ([float("nan")], [None]),
        (2**80, 2**80),
    ],
)
def test_any_result_becomes_json(result, expected):
    execution = make()
    set_result(execution, result)
    import json

    assert json.loads(bytes(execution.result)) == expected
    assert execution.result_size == len(execution.result)


def test_no_result_is_no_json():
    execution = make()
    set_result(execution, None)
    assert execution.result == msgspec.Raw(b"")
    assert execution.result_size == 0


def test_a_result_that_is_too_large_is_refused_with_both_sizes():
    with pytest.raises(InvalidInput, match=str(RESULT_LIMIT)):
        set_result(make(), "x" * (RESULT_LIMIT + 1))


def test_a_result_that_contains_itself_is_cut_off():
    loop: list[object] = []
    loop.append(loop)
    execution = make()
    set_result(execution, loop)
    assert b"..." in bytes(execution.result)
