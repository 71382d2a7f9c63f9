"""Ends that no message told of are found again; each is dealt with once."""

import time

import pytest

from st2lite.executions import lost_endings
from st2lite.executions.endings import Endings
from st2lite.executions.lost_endings import INTERVAL, LONGEST_LOOK, SETTLED, WINDOW, LostEndings
from st2lite.messaging.messages import ExecutionFinished
from st2lite.models.execution import Execution
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import NOTIFY_TRIGGER
from st2lite.services.notifier import Notifier
from tests.integration.notifications.conftest import eventually

NOTIFY = {"on-complete": {"routes": ["r"]}}


@pytest.fixture
def told():
    return []


@pytest.fixture
def endings(told):
    return Endings([lambda execution: told.append(execution.id)], remember=True)


@pytest.fixture
def lost(context, endings, clock):
    return LostEndings(context.store, endings, clock)


@pytest.fixture
def ended(context, request_execution, end):
    """An execution that ended at this time (epoch seconds)."""

    def ended(moment):
        execution = end(request_execution())
        current = context.store.get(Execution, execution.id)
        current.end_timestamp = from_epoch(moment)
        context.store.replace(current)
        return current

    return ended


def test_an_end_that_was_never_told_is_found_and_found_once(lost, clock, ended, told):
    assert lost.look() == 0
    execution = ended(clock.seconds + 1)
    clock.seconds += SETTLED
    assert lost.look() == 0
    clock.seconds += INTERVAL
    assert lost.look() == 1
    clock.seconds += INTERVAL
    assert lost.look() == 0
    assert told == [execution.id]


def test_what_was_told_is_not_even_read(context, lost, endings, clock, ended, told, monkeypatch):
    lost.look()
    executions = [ended(clock.seconds + second) for second in range(3)]
    for execution in executions:
        endings.receive(ExecutionFinished(execution), lambda: None)
    clock.seconds += INTERVAL + SETTLED
    monkeypatch.setattr(context.store, "find", None)
    assert lost.look() == 0
    assert len(told) == 3
    assert not any(endings.knows(execution.id) for execution in executions)


def test_neither_what_is_told_twice_nor_what_is_deleted_hides_a_lost_end(context, lost, endings, clock, ended, told):
    lost.look()
    twice, deleted, never = (ended(clock.seconds + second) for second in range(3))
    for execution in (twice, twice, deleted):
        endings.receive(ExecutionFinished(execution), lambda: None)
    context.store.delete(Execution, deleted.id)
    told.clear()
    clock.seconds += INTERVAL + SETTLED
    assert lost.look() == 1
    assert told == [never.id]


def test_only_what_is_not_known_is_dealt_with(lost, endings, clock, ended, told, monkeypatch):
    monkeypatch.setattr(lost_endings, "BATCH", 2)
    lost.look()
    executions = [ended(clock.seconds + second) for second in range(7)]
    for execution in executions[::2]:
        endings.receive(ExecutionFinished(execution), lambda: None)
    told.clear()
    clock.seconds += INTERVAL + SETTLED
    assert lost.look() == 3
    assert told == [execution.id for execution in executions[1::2]]


def test_a_long_list_is_gone_through_in_several_looks(lost, clock, ended, told, monkeypatch):
    monkeypatch.setattr(lost_endings, "BATCH", 2)
    monkeypatch.setattr(lost_endings, "PAGES", 2)
    lost.look()
    executions = [ended(clock.seconds + second) for second in range(8)]
    clock.seconds += INTERVAL + SETTLED
    while lost.look():
        pass
    assert told == [execution.id for execution in executions]


def test_a_look_that_takes_long_leaves_the_rest_to_the_next_one(context, lost, clock, ended, monkeypatch):
    monkeypatch.setattr(lost_endings, "BATCH", 2)
    lost.look()
    for second in range(5):
        ended(clock.seconds + second)
    clock.seconds += INTERVAL + SETTLED
    find = context.store.find

    def slow(*arguments, **options):
        clock.seconds += LONGEST_LOOK
        return find(*arguments, **options)

    monkeypatch.setattr(context.store, "find", slow)
    assert [lost.look() for _ in range(4)] == [2, 1, 1, 1]


def test_a_new_process_looks_back_from_the_last_end(lost, clock, ended, told):
    """However long nothing ran: what ended last before a crash may never have been told."""
    ended(clock.seconds - 3 * WINDOW)
    crashed = [ended(clock.seconds - 2 * WINDOW), ended(clock.seconds - 2 * WINDOW + 5)]
    assert lost.look() == 2
    assert told == [execution.id for execution in crashed]


def test_the_notifier_tells_what_a_process_before_it_did_not(open_context, context, request_execution, end, instances):
    before = context.store.get(Execution, end(request_execution(notify=NOTIFY)).id)
    before.end_timestamp = from_epoch(time.time() - 60)
    context.store.replace(before)
    notifier = Notifier(open_context())
    notifier.start()
    try:
        (instance,) = eventually(lambda: instances(NOTIFY_TRIGGER))
    finally:
        notifier.stop()
    assert instance.payload["execution_id"] == before.id


def test_the_notifier_tells_what_ends_while_it_runs(context, request_execution, end, instances):
    notifier = Notifier(context)
    notifier.start()
    try:
        execution = end(request_execution(notify=NOTIFY), told=True)
        (instance,) = eventually(lambda: instances(NOTIFY_TRIGGER))
    finally:
        notifier.stop()
    assert instance.payload["execution_id"] == execution.id
