"""What dies or goes away while the rules engine works: nothing is lost, nothing is done twice."""

import contextlib
import itertools
import threading

import pytest

from st2lite.messaging.messages import TriggerOccurred
from st2lite.models.errors import BusUnavailable, StoreUnavailable
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import TriggerInstance
from tests.integration.reactor.engine_rig import Rig
from tests.processes import PATIENCE

CALLS = ("get", "find", "insert", "insert_many", "replace", "update", "publish")


class Crash(BaseException):
    """The end of the process: nothing catches it."""


class Faulty:
    """Wraps a store or a bus: their calls are counted together, and the chosen ones go wrong, before or after."""

    def __init__(self, inner, faults):
        self._inner, self._faults = inner, faults

    def __getattr__(self, name):
        method = getattr(self._inner, name)
        if name not in CALLS:
            return method

        def call(*arguments, **options):
            number = self._faults.next()
            self._faults.strike(number, "before", name)
            result = method(*arguments, **options)
            self._faults.strike(number, "after", name)
            return result

        return call


class Faults:
    def __init__(self, make, chosen=(), when="before"):
        self.count, self._make, self._chosen, self._when = 0, make, chosen, when
        self._lock = threading.Lock()

    def next(self):
        with self._lock:
            self.count += 1
            return self.count

    def strike(self, number, when, name):
        if number in self._chosen and when == self._when:
            raise self._make(name)


def faulty(store, bus, faults, **options):
    return Rig(store, bus, engine_store=Faulty(store, faults), engine_bus=Faulty(bus, faults), **options)


def rules(rig):
    rig.rule("first", parameters={"message": "{{ trigger.a }}"})
    rig.rule("second")
    rig.rule("bad", parameters={"message": "{{ trigger.b }}"})
    rig.rule("unjudged", criteria={"trigger.a": {"type": "lt", "pattern": "x"}})
    rig.rule("backstop", type="backstop")


def check_outcome(rig, instance):
    assert rig.status(instance) == "processed"
    enforcements = {enforcement.rule["ref"]: enforcement for enforcement in rig.enforcements()}
    assert {ref: enforcement.status for ref, enforcement in enforcements.items()} == {
        "test.first": "succeeded", "test.second": "succeeded", "test.bad": "failed", "test.unjudged": "failed"
    }  # fmt: skip
    executions = {execution.rule["ref"]: execution for execution in rig.executions()}
    assert {ref: execution.status for ref, execution in executions.items()} == {
        "test.first": "requested", "test.second": "requested", "test.bad": "failed"
    }  # fmt: skip
    assert len(rig.executions()) == 3 and len(rig.enforcements()) == 4
    for ref in ("test.first", "test.second"):
        assert enforcements[ref].execution_id == executions[ref].id


CALLS_OF_AN_EVENT = 32
"""No fewer than there are with these rules; `test_the_number_of_calls` holds this against the code."""


def test_the_number_of_calls(rig, store, bus):
    rules(rig)
    faults = Faults(Crash)
    instance = faulty(store, bus, faults).process()
    assert CALLS_OF_AN_EVENT // 2 < faults.count <= CALLS_OF_AN_EVENT
    check_outcome(rig, instance)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fatal", range(1, CALLS_OF_AN_EVENT + 1))
def test_an_engine_that_dies_is_followed_by_one_that_does_the_rest(rig, store, bus, fatal, when):
    rules(rig)
    first = faulty(store, bus, Faults(Crash, [fatal], when))
    instance = first.instance()
    with contextlib.suppress(Crash):
        first.engine.process(instance)

    rig.recovery.round(older_than=0)
    check_outcome(rig, instance)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("first", range(1, CALLS_OF_AN_EVENT + 1, 2))
def test_a_store_that_is_away_for_a_moment_is_waited_for(rig, store, bus, first, when, wait_until, monkeypatch):
    monkeypatch.setattr("st2lite.reactor.engine.RETRY_INTERVAL", 0.001)
    monkeypatch.setattr("st2lite.reactor.records.RETRY_INTERVAL", 0.001)
    rules(rig)

    def error(name):
        return BusUnavailable("away") if name == "publish" else StoreUnavailable("away")

    shaky = faulty(store, bus, Faults(error, [first, first + 1, first + 4], when), threads=1)
    shaky.engine.start()
    instance = shaky.emit()
    assert wait_until(lambda: shaky.status(instance) == "processed")
    shaky.engine.stop()
    check_outcome(rig, instance)


def test_an_event_is_enforced_though_the_broker_is_away(rig, store, bus):
    rules(rig)
    faults = Faults(lambda name: BusUnavailable("away") if name == "publish" else AssertionError(name))
    shaky = Rig(store, bus, engine_bus=Faulty(bus, faults))
    faults._chosen = range(1, 99)
    check_outcome(rig, shaky.process())
    assert faults.count == 3


def test_what_waits_in_an_engine_that_stops_goes_to_the_next(rig, store, bus, wait_until):
    entered, go_on = threading.Semaphore(0), threading.Event()
    rig.rule()

    class Slow:
        def __getattr__(self, name):
            if name == "find" and threading.current_thread().name.startswith("rules"):
                entered.release()
                assert go_on.wait(PATIENCE)
            return getattr(store, name)

    slow = Rig(store, bus, threads=1, engine_store=Slow())
    slow.engine.start()
    instances = [slow.emit() for _ in range(6)]
    assert entered.acquire(timeout=PATIENCE)
    stop = threading.Thread(target=slow.engine.stop)
    stop.start()
    assert wait_until(slow.engine._stopping.is_set)
    go_on.set()
    stop.join(PATIENCE)
    assert [slow.status(instance) for instance in instances].count("pending") >= 4

    rig.engine.start()
    assert wait_until(lambda: all(rig.status(instance) == "processed" for instance in instances))
    assert len(rig.executions()) == len(rig.enforcements()) == 6


def test_a_store_that_stays_away_does_not_keep_an_engine_from_stopping(rig, store, bus):
    rig.rule()
    tried = threading.Event()

    def away(name):
        tried.set()
        return StoreUnavailable("away")

    shaky = faulty(store, bus, Faults(away, range(1, 10_000)), threads=1)
    shaky.engine.start()
    instance = shaky.emit()
    assert tried.wait(PATIENCE)
    shaky.engine.stop()
    assert rig.status(instance) == "pending"


def test_an_engine_that_fails_says_so_in_the_instance(rig, store, bus):
    rig.rule()
    broken = faulty(store, bus, Faults(lambda name: RuntimeError(name), [1]))
    assert broken.process().status == "processing_failed"
    assert rig.recovery.round(older_than=0) == 0


@pytest.mark.parametrize("name", ["a", "z"])
def test_a_rule_that_fails_unforeseen_keeps_no_other_from_its_turn(rig, name, monkeypatch):
    good, bad = rig.rule("m"), rig.rule(name)
    request, ready = rig.engine._enforcer.request, rig.engine._matcher.ready
    broken = RuntimeError("unforeseen")

    def request_or_fail(rule, instance):
        if rule.id == bad.id:
            raise broken
        return request(rule, instance)

    monkeypatch.setattr(rig.engine._enforcer, "request", request_or_fail)
    assert rig.process().status == "processing_failed"
    assert [one.status for one in rig.enforcements(good)] == ["succeeded"]
    monkeypatch.setattr(rig.engine._enforcer, "request", request)

    def ready_or_fail(rule):
        if rule.id == bad.id:
            raise broken
        return ready(rule)

    monkeypatch.setattr(rig.engine._matcher, "ready", ready_or_fail)
    assert rig.process().status == "processed"
    assert len(rig.executions(good)) == 2
    assert [(one.status, one.failure_reason) for one in rig.enforcements(bad)] == [("failed", "unforeseen")]


def test_two_engines_at_once(rig, store, bus):
    rules(rig)
    instance = rig.instance()
    twin = store.get(TriggerInstance, instance.id)
    other = Rig(store, bus)
    barrier = threading.Barrier(2)

    def process(engine, one):
        barrier.wait(PATIENCE)
        engine.process(one)

    threads = [threading.Thread(target=process, args=pair) for pair in ((rig.engine, instance), (other.engine, twin))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    check_outcome(rig, instance)


def test_recovery_takes_what_waits_for_too_long(rig):
    rig.rule()
    old = [rig.instance(occurrence_time=from_epoch(1000 + n)) for n in range(450)]
    fresh = rig.instance()
    assert rig.recovery.round() == 450
    assert {rig.status(instance) for instance in old} == {"processed"}
    assert rig.status(fresh) == "pending"
    assert rig.recovery.round(older_than=0) == 1
    assert len(rig.executions()) == 451


def test_what_cannot_be_written_is_tried_ever_more_rarely_and_keeps_nothing_else_back(rig, store, bus):
    rig.rule()
    poison = rig.instance(occurrence_time=from_epoch(1000))
    good = rig.instance(occurrence_time=from_epoch(2000))
    tried = []

    class Refusing:
        def __getattr__(self, name):
            return getattr(store, name)

        def update(self, documents, attribute):
            if poison.id in [document.id for document in documents]:
                tried.append(clock[0])
                raise RuntimeError("no")
            return store.update(documents, attribute)

    clock = [1e9]
    bad = Rig(store, bus, engine_store=Refusing())
    bad.recovery._clock = lambda: clock[0]
    for _ in range(200):
        bad.recovery.round()
        clock[0] += 1
    bad.engine.stop()
    assert rig.status(good) == "processed" and rig.status(poison) == "pending"
    assert [later - sooner for sooner, later in itertools.pairwise(tried)] == [10, 20, 40, 80]
    assert len(rig.executions()) == 2


def test_recovery_begins_with_all_when_the_bus_is_empty(rig, store, bus, wait_until):
    from st2lite.reactor.recovery import Recovery

    rig.rule()
    instance = rig.instance()
    recovery = Recovery(store, rig.engine, 3600, empty_bus=True)
    recovery.start()
    assert wait_until(lambda: rig.status(instance) == "processed")
    recovery.stop()


def test_a_message_about_what_was_recovered_meanwhile_changes_nothing(rig, bus, wait_until):
    rig.rule()
    instance = rig.instance(occurrence_time=from_epoch(1000))
    rig.recovery.round()
    rig.engine.start()
    bus.publish(TriggerOccurred(instance))
    other = rig.emit()
    assert wait_until(lambda: rig.status(other) == "processed")
    assert len(rig.executions()) == 2
