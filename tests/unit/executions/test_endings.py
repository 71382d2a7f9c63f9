"""What follows from the end of an execution: order of handlers, failures, and a store that is away for a while."""

import threading

import pytest

from st2lite.executions import endings
from st2lite.executions.endings import Endings
from st2lite.messaging.messages import ExecutionFinished
from st2lite.models.errors import StoreUnavailable
from st2lite.models.execution import Execution
from tests.processes import PATIENCE


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(endings, "RETRY_INTERVAL", 0.01)


@pytest.fixture
def make():
    """Start `Endings` with handlers; it is stopped after the test."""
    made = []

    def make(*handlers):
        made.append(Endings(handlers))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop()


def ended(identifier="e1"):
    return ExecutionFinished(
        Execution(
            id=identifier,
            action_ref="core.noop",
            action_snapshot="a",
            runner_name="noop",
            runner_snapshot="r",
            liveaction_id="l",
            start_timestamp="2026-01-01T00:00:00.000000Z",
            status="succeeded",
        )
    )


def test_all_handlers_are_called_in_order_before_the_message_is_acknowledged(make):
    calls = []
    subject = make(lambda e: calls.append(("first", e.id)), lambda e: calls.append(("second", e.id)))
    subject.receive(ended(), lambda: calls.append("acknowledged"))
    assert calls == [("first", "e1"), ("second", "e1"), "acknowledged"]


def test_a_handler_that_fails_harms_no_other(make, caplog):
    calls = []

    def fail(_execution):
        raise ValueError("broken")

    make(fail, lambda e: calls.append(e.id)).receive(ended(), lambda: calls.append("acknowledged"))
    assert calls == ["e1", "acknowledged"]
    assert "broken" in caplog.text


def test_what_the_store_refused_is_repeated_and_nothing_else(make):
    calls, acknowledged, failures = [], threading.Event(), [StoreUnavailable("away")] * 3

    def wait_for_store(execution):
        if failures:
            raise failures.pop()
        calls.append(("written", execution.id))

    subject = make(lambda e: calls.append(("first", e.id)), wait_for_store, lambda e: calls.append(("last", e.id)))
    subject.receive(ended("e1"), lambda: calls.append("acknowledged e1"))
    subject.receive(ended("e2"), acknowledged.set)
    assert acknowledged.wait(PATIENCE)
    assert calls[:4] == [("first", "e1"), ("written", "e1"), ("last", "e1"), "acknowledged e1"]
    assert calls[4:] == [("first", "e2"), ("written", "e2"), ("last", "e2")]


def test_what_waits_when_the_process_stops_is_not_acknowledged(make):
    acknowledged = []

    def never(_execution):
        raise StoreUnavailable("away")

    subject = make(never)
    subject.receive(ended(), lambda: acknowledged.append(1))
    subject.stop()
    assert not acknowledged
