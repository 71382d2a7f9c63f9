"""An inquiry is told of when it waits for its answer, and found if nobody told of it."""

import pytest

from st2lite.messaging.messages import ExecutionChanged
from st2lite.models.errors import StoreUnavailable
from st2lite.models.execution import Execution
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import INQUIRY_TRIGGER
from st2lite.reactor.inquiry_triggers import INTERVAL, LONGEST_SILENCE, InquiryTriggers
from st2lite.services.actionrunner import ActionRunner
from tests.integration.notifications.conftest import eventually


@pytest.fixture
def triggers(context, clock):
    return InquiryTriggers(context.store, context.bus, context.dispatcher, clock)


@pytest.fixture
def ask(request_execution, end):
    def ask(route="developers"):
        execution = request_execution("core.ask", {"route": route})
        return end(execution, "running") and end(execution, "pending", {"route": route, "schema": {}})

    return ask


def test_a_worker_tells_of_an_inquiry_and_of_its_status(context, request_execution, instances):
    changes = []
    watch = context.bus.subscribe((ExecutionChanged,), lambda message: changes.append(message.execution.status))
    worker = ActionRunner(context)
    worker.start()
    try:
        execution = request_execution("core.ask", {"route": "developers"})
        (instance,) = eventually(lambda: instances(INQUIRY_TRIGGER))
        eventually(lambda: "pending" in changes)
    finally:
        worker.stop()
        watch.stop()
    assert instance.payload == {"id": execution.id, "route": "developers"}
    assert instance.caused_by == {"type": "action_execution", "id": execution.id}
    assert context.store.get(Execution, execution.id).status == "pending"


def test_an_inquiry_that_nobody_told_of_is_found_once(triggers, clock, ask, instances):
    execution = ask()
    assert triggers.look() == 1
    assert triggers.look() == 0
    clock.seconds += INTERVAL
    assert triggers.look() == 0
    assert [each.payload["id"] for each in instances(INQUIRY_TRIGGER)] == [execution.id]


def test_what_was_told_is_not_told_again_by_another_process(context, triggers, clock, ask, instances):
    triggers.asked(ask())
    assert InquiryTriggers(context.store, context.bus, context.dispatcher, clock).look() == 1
    assert len(instances(INQUIRY_TRIGGER)) == 1


def test_the_store_being_away_loses_no_inquiry(context, triggers, ask, instances, monkeypatch):
    execution = ask()

    def refuse(_document):
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(context.store, "insert", refuse)
        triggers.asked(execution)
        with pytest.raises(StoreUnavailable):
            triggers.look()
    assert triggers.look() == 1
    assert len(instances(INQUIRY_TRIGGER)) == 1


def test_old_inquiries_are_left_alone(context, triggers, clock, ask, instances):
    execution = context.store.get(Execution, ask().id)
    execution.start_timestamp = from_epoch(clock.seconds - LONGEST_SILENCE - 1)
    context.store.replace(execution)
    assert triggers.look() == 0
    assert instances(INQUIRY_TRIGGER) == []
