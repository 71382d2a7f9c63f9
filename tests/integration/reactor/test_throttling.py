"""Throttled rules, in the engine and over its death."""

import contextlib
import threading

import pytest

from st2lite.executions.purging import Purge
from st2lite.models.execution import Execution
from st2lite.models.ids import new_id
from st2lite.models.rule import Rule, RuleEnforcement
from st2lite.models.throttle import ThrottleState
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor.window_closer import WindowCloser
from st2lite.services.retention import Collector, Periods
from tests.integration.reactor.engine_rig import Rig, fill
from tests.integration.reactor.test_engine_failures import Crash, Faults, Faulty
from tests.processes import PATIENCE

START = 1_800_000_000.0
SEES = {"message": "{{ throttle.count }}: {{ throttle.events | map(attribute='a') | list }} {{ trigger.a }}"}


class Clock:
    seconds = START

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rig(store, bus, clock):
    fill(store)
    rig = Rig(store, bus, clock=clock)
    yield rig
    rig.engine.stop()


def at(rig, second, number=0, **payload):
    return rig.process({"a": number, **payload}, occurrence_time=from_epoch(START + second))


def seen(rig):
    return sorted(execution.parameters["message"] for execution in rig.executions())


def test_once_within(rig):
    rule = rig.rule(throttle={"once_within": "30 seconds"}, parameters=SEES)
    instances = [at(rig, second, number) for number, second in enumerate([0, 1, 29, 30])]
    assert {instance.status for instance in instances} == {"processed"}
    assert seen(rig) == ["1: [0] 0", "1: [3] 3"]
    assert {one.trigger_instance_id for one in rig.enforcements(rule)} == {instances[0].id, instances[3].id}


def test_groups_have_windows_of_their_own(rig):
    rig.rule(
        throttle={"once_within": "30s", "group_by_attributes": ["trigger.host", "trigger.list[0]"]}, parameters=SEES
    )
    for number, more in enumerate([{"host": "a"}, {"host": "b"}, {"host": "a"}, {"host": "a", "list": [1]}, {}, {}]):
        at(rig, number, number, **more)
    assert seen(rig) == ["1: [0] 0", "1: [1] 1", "1: [3] 3", "1: [4] 4"]


def test_accumulate_within(rig):
    rig.rule(throttle={"accumulate_within": "10s", "threshold": 3}, parameters=SEES)
    for number, second in enumerate([0, 1, 10, 11, 12, 13]):
        at(rig, second, number)
    assert seen(rig) == ["3: [2, 3, 4] 4"]


def test_once_after(rig, clock):
    rule = rig.rule(throttle={"once_after": "1 minute"}, parameters=SEES)
    instances = [at(rig, number, number) for number in range(3)]
    clock.seconds = START + 59
    assert rig.throttles.close_due() == START + 60
    assert not rig.executions()
    clock.seconds = START + 60
    assert rig.throttles.close_due() is None
    assert seen(rig) == ["3: [0, 1, 2] 2"]
    assert [one.trigger_instance_id for one in rig.enforcements(rule)] == [instances[2].id]
    at(rig, 70, 7)
    assert rig.throttles.close_due() == START + 130


@pytest.mark.parametrize("change", [{"enabled": False}, None])
def test_a_window_of_a_rule_that_is_gone_comes_to_nothing(rig, store, clock, change):
    rule = rig.rule(throttle={"once_after": "1 minute"})
    at(rig, 0)
    if change:
        rule.enabled = False
        store.replace(rule)
    else:
        store.delete(Rule, rule.id)
    clock.seconds += 60
    assert rig.throttles.close_due() is None
    assert not rig.executions() and store.find(ThrottleState)[0].due is None


def test_only_what_matches_counts_and_a_dropped_event_has_no_record(rig):
    rule = rig.rule(throttle={"once_within": "30s"}, criteria={"trigger.a": {"type": "gt", "pattern": 4}})
    backstop = rig.rule("backstop", type="backstop")
    for number in (1, 5, 6, 2):
        at(rig, number, number)
    assert len(rig.enforcements(rule)) == 1
    assert len(rig.enforcements(backstop)) == 2


def test_a_rule_with_another_throttle_begins_anew(rig, store):
    rule = rig.rule(throttle={"once_within": "30s"})
    at(rig, 0)
    rule.throttle = {"once_within": "40s"}
    store.replace(rule)
    at(rig, 1), at(rig, 2)
    assert len(rig.executions()) == 2


def test_a_group_that_cannot_be_told_is_a_failure(rig):
    rule = rig.rule(throttle={"once_within": "30s", "group_by_attributes": ["trigger.a["]})
    assert at(rig, 0).status == "processed"
    assert [one.status for one in rig.enforcements(rule)] == ["failed"]


def test_payloads_that_are_too_much_are_left_out_from_the_oldest_on(rig, monkeypatch):
    monkeypatch.setattr("st2lite.reactor.throttling.LARGEST_EVENTS", 5_000)
    rig.rule(throttle={"accumulate_within": "1h", "threshold": 150}, parameters=SEES)
    for number in range(150):
        at(rig, number, number, text="x" * 1000)
    [message] = seen(rig)
    assert message == "150: [146, 147, 148, 149] 149"


def test_many_events_at_once_are_counted_one_by_one(store, bus, rig, clock):
    rig.rule(throttle={"accumulate_within": "1h", "threshold": 20}, parameters=SEES)
    other = Rig(store, bus, clock=clock)
    instances = [rig.instance({"a": n}, occurrence_time=from_epoch(START)) for n in range(60)]

    def process(engine, share):
        for instance in share:
            engine.process(instance)

    engines = [rig.engine, other.engine, rig.engine, other.engine]
    threads = [threading.Thread(target=process, args=(engine, instances[n::4])) for n, engine in enumerate(engines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(rig.executions()) == 3
    assert all(message.startswith("20: ") for message in seen(rig))


CALLS_OF_THREE_EVENTS = 60
OUTCOMES = [
    ({"once_within": "30s"}, ["1: [0] 0"]),
    ({"accumulate_within": "30s", "threshold": 2}, ["2: [0, 1] 1"]),
    ({"once_after": "30s"}, ["3: [0, 1, 2] 2"]),
]


@pytest.mark.parametrize("throttle, outcome", OUTCOMES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_engine_that_dies_at_any_moment_miscounts_nothing(tmp_path, bus, clock, throttle, outcome, when, store):
    fill(store)
    rig = Rig(store, bus, threads=1, clock=clock)
    rule = rig.rule(throttle=throttle, parameters=SEES)
    for fatal in range(1, CALLS_OF_THREE_EVENTS):
        wipe(store, rule)
        clock.seconds = START
        faults = Faults(Crash, [fatal], when)
        mortal = Rig(store, bus, engine_store=Faulty(store, faults), clock=clock)
        instances = [rig.instance({"a": n}, occurrence_time=from_epoch(START + n)) for n in range(3)]
        with contextlib.suppress(Crash):
            for instance in instances:
                mortal.engine.process(instance)
            clock.seconds = START + 60
            mortal.throttles.close_due()
        rig.recovery._clock = lambda: START + 100
        rig.recovery.round(older_than=0)
        clock.seconds = START + 60
        rig.throttles.close_due()
        assert {rig.status(instance) for instance in instances} == {"processed"}
        assert seen(rig) == outcome, f"call {fatal}"
        assert len(rig.enforcements(rule)) == 1
        if faults.count < fatal:
            break
    assert fatal < CALLS_OF_THREE_EVENTS - 1
    rig.engine.stop()


def wipe(store, rule):
    for kind in (ThrottleState, TriggerInstance, Execution, RuleEnforcement):
        store.delete_many(kind, ())


def test_the_closer_wakes_up_when_a_window_is_over(rig, clock, wait_until):
    closer = WindowCloser(rig.throttles, clock)
    closer.start()
    assert wait_until(lambda: closer._next > START)  # it has looked, and found nothing that it could wait for
    rig.rule(throttle={"once_after": "0.1 seconds"}, parameters=SEES)
    at(rig, 0, 1), at(rig, 0, 2)
    clock.seconds = START + 0.1
    assert wait_until(lambda: seen(rig) == ["2: [1, 2] 2"])
    closer.stop()


def test_the_closer_finds_what_an_earlier_engine_left_behind(rig, clock, wait_until):
    rig.rule(throttle={"once_after": "1 minute"}, parameters=SEES)
    at(rig, 0)
    clock.seconds = START + 61
    closer = WindowCloser(rig.throttles, clock)
    closer.start()
    assert wait_until(lambda: seen(rig) == ["1: [0] 0"])
    closer.stop()


def test_windows_that_are_long_over_are_forgotten_unless_there_is_something_to_do(rig, store, clock):
    rig.rule(throttle={"once_within": "1 minute"})
    rig.rule("late", throttle={"once_after": "1 minute"})
    at(rig, 0)
    clock.seconds = START + 1800
    collector = Collector(store, Purge(store), Periods(0, 0, 0, 0), clock)
    assert collector.expire()["throttles"] == 0
    clock.seconds = START + 7200
    assert collector.expire()["throttles"] == 1
    rig.throttles.close_due()
    assert collector.expire()["throttles"] == 1 and store.count(ThrottleState) == 0


def test_the_window_that_opens_while_the_one_before_is_closed_is_expected(rig, clock):
    rule = rig.rule(throttle={"once_after": "1 minute"}, parameters=SEES)
    at(rig, 0, 1)
    clock.seconds = START + 60
    expected = []
    rig.throttles.expect = expected.append
    run = rig.throttles._run

    def run_and_meet_an_event(*arguments):
        run(*arguments)
        at(rig, 60.5, 2)
        expected.clear()

    rig.throttles._run = run_and_meet_an_event
    rig.throttles.close_due()
    assert expected == [START + 120.5]
    rig.throttles._run = run
    clock.seconds = START + 121
    rig.throttles.close_due()
    assert seen(rig) == ["1: [1] 1", "1: [2] 2"]
    assert len(rig.enforcements(rule)) == 2


def test_one_window_that_cannot_be_closed_keeps_no_other_open(rig, store, clock):
    rig.rule(throttle={"once_after": "1 minute"}, parameters=SEES)
    store.insert(ThrottleState(id=new_id(), rule="x", seconds=1, due=1.0))
    at(rig, 0)
    clock.seconds += 60
    rig.throttles.close_due()
    assert seen(rig) == ["1: [0] 0"]
