"""Timers on a real SQLite store, with a clock that the test moves: firing, restarts, missed runs, changes."""

import threading
from datetime import datetime, timezone

import pytest

from st2lite.messaging.contract import RULES
from st2lite.messaging.messages import ContentChanged
from st2lite.models.errors import StoreUnavailable
from st2lite.models.ids import timed_id
from st2lite.models.trigger import Trigger, TriggerInstance
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.timers import RELOAD_INTERVAL, Timers
from st2lite.services.announcing import AnnouncingStore
from st2lite.storage.open import open_store
from tests.processes import PATIENCE

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc).timestamp()


class Clock:
    def __init__(self, seconds=START):
        self.seconds = seconds

    def __call__(self):
        return self.seconds


@pytest.fixture
def store(tmp_path, bus):
    store = AnnouncingStore(open_store(f"sqlite://{tmp_path}/st2.db"), lambda: bus)
    store.ensure_schema()
    yield store
    store.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(store, bus, clock):
    """Make the timers of one process, not started; `step()` is what its thread does each time it wakes up."""

    def make(grace=60, own_clock=None):
        return Timers(store, bus, Dispatcher(store, bus), "UTC", grace, own_clock or clock)

    return make


def keep(store, name, type_name="IntervalTimer", made=START, **parameters):
    trigger = Trigger(
        id=timed_id(made, name), name=name, pack="core", type=f"core.st2.{type_name}", parameters=parameters
    )
    store.insert(trigger)
    return trigger


def runs(store, trigger):
    """Seconds after START for which instances of a trigger are stored, in order."""
    return sorted(
        int(instance.id[:8], 16) - START for instance in store.find(TriggerInstance) if instance.trigger == trigger.ref
    )


def test_a_timer_fires_at_its_time_and_sleeps_until_then(store, bus, clock, make):
    trigger = keep(store, "every10", unit="seconds", delta=10)
    timers = make()
    assert timers.step() == 10
    clock.seconds += 10.004
    assert timers.step() == pytest.approx(9.996)
    assert runs(store, trigger) == [10]
    (instance,) = store.find(TriggerInstance)
    assert instance.trigger_type == "core.st2.IntervalTimer"
    assert instance.payload == {"executed_at": "2026-03-01 12:00:10.004000+00:00", "schedule": None}
    assert instance.trace_context == {"trace_tag": "st2.IntervalTimer-every10", "id_": instance.id}


def test_the_rules_engine_is_told(store, bus, clock, make):
    trigger = keep(store, "every10", unit="seconds", delta=10)
    told, heard = [], threading.Event()

    def hear(message, acknowledge):
        told.append(message.instance.trigger)
        acknowledge()
        heard.set()

    consumer = bus.consume(RULES, hear, 1)
    timers = make()
    timers.step()
    clock.seconds += 10
    timers.step()
    assert heard.wait(PATIENCE)
    consumer.stop()
    assert told == [trigger.ref]


def test_the_executed_at_of_a_whole_second_has_decimals_too(store, clock, make):
    keep(store, "once", "DateTimer", date="2026-03-01 12:00:05")
    timers = make()
    timers.step()
    clock.seconds += 5
    timers.step()
    assert store.find(TriggerInstance)[0].payload["executed_at"] == "2026-03-01 12:00:05.000000+00:00"


def test_several_processes_fire_once(store, clock, make):
    trigger = keep(store, "every10", unit="seconds", delta=10)
    clocks = [Clock(START), Clock(START + 0.3), Clock(START - 0.4)]
    processes = [make(own_clock=each) for each in clocks]
    for _ in range(40):
        for process, own in zip(processes, clocks, strict=True):
            process.step()
            own.seconds += 1
    assert runs(store, trigger) == [10, 20, 30, 40] or runs(store, trigger) == [10, 20, 30]
    assert store.count(TriggerInstance) == len(runs(store, trigger))


def test_processes_that_fire_at_the_same_instant_store_one_instance(store, clock, make):
    keep(store, "every10", unit="seconds", delta=10)
    processes = [make() for _ in range(4)]
    for process in processes:
        process.step()
    clock.seconds += 10
    threads = [threading.Thread(target=process.step) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count(TriggerInstance) == 1


def test_after_a_restart_the_last_run_is_known(store, clock, make):
    trigger = keep(store, "every10", unit="seconds", delta=10)
    before = make()
    before.step()
    clock.seconds += 10
    before.step()
    clock.seconds += 5
    after = make()
    assert after.step() == 5
    clock.seconds += 5
    after.step()
    assert runs(store, trigger) == [10, 20]


def test_runs_missed_within_the_grace_become_one(store, clock, make, caplog):
    trigger = keep(store, "every10", unit="seconds", delta=10)
    before = make()
    before.step()
    clock.seconds += 10
    before.step()
    clock.seconds += 45
    after = make(grace=60)
    after.step()
    assert runs(store, trigger) == [10, 50]
    assert "missed runs from 2026-03-01T12:00:20" in caplog.text
    clock.seconds += 5
    after.step()
    assert runs(store, trigger) == [10, 50, 60]


def test_a_run_missed_for_longer_is_skipped_and_told(store, clock, make, caplog):
    daily = keep(store, "daily", "CronTimer", hour=13)
    before = make()
    before.step()
    clock.seconds += 3600
    before.step()
    assert runs(store, daily) == [3600]
    clock.seconds += 86400 + 90
    after = make(grace=60)
    after.step()
    assert runs(store, daily) == [3600]
    assert "2026-03-02T13:00:00" in caplog.text
    assert "skipped" in caplog.text
    clock.seconds += 86400 - 90
    after.step()
    assert runs(store, daily) == [3600, 3600 + 2 * 86400]


def test_a_yearly_timer_whose_instances_were_purged_is_not_told_to_have_missed_anything(store, clock, make, caplog):
    keep(store, "yearly", "CronTimer", month=3, day=2)
    clock.seconds += 40 * 86400
    make().step()
    assert not caplog.records


def test_a_run_missed_within_the_grace_is_made_up_after_downtime(store, clock, make):
    daily = keep(store, "daily", "CronTimer", hour=13)
    clock.seconds += 3600 + 50
    make(grace=60).step()
    assert runs(store, daily) == [3600]


def test_instances_made_by_hand_are_no_runs(store, bus, clock, make):
    trigger = keep(store, "every10", unit="seconds", delta=10)
    Dispatcher(store, bus).dispatch([trigger], {"executed_at": "x", "schedule": None})
    clock.seconds += 12
    make().step()
    assert 10 in runs(store, trigger)


def test_a_past_date_never_fires_and_a_coming_one_once(store, clock, make):
    past = keep(store, "past", "DateTimer", date="2026-03-01 11:59:59")
    coming = keep(store, "coming", "DateTimer", date="2026-03-01 12:00:30.5")
    timers = make()
    assert timers.step() == pytest.approx(30.5)
    for _ in range(3):
        clock.seconds += 31
        timers.step()
    make(grace=1000).step()
    assert (runs(store, past), runs(store, coming)) == ([], [30])


def test_a_bad_timer_is_told_once_and_harms_no_other(store, clock, make, caplog):
    keep(store, "bad", "CronTimer", hour="25")
    good = keep(store, "good", unit="minutes", delta=1)
    timers = make()
    for _ in range(4):
        timers.step()
        clock.seconds += 60
    assert len([record for record in caplog.records if "core.bad" in record.getMessage()]) == 1
    assert runs(store, good) == [60, 120, 180]


def test_shadow_triggers_of_timer_types_are_left_alone(store, make, caplog):
    store.insert(Trigger(name="st2.CronTimer", pack="core", type="core.st2.CronTimer"))
    assert make().step() == RELOAD_INTERVAL
    assert not caplog.records


def test_a_mended_timer_runs_and_a_changed_one_changes(store, clock, make):
    trigger = keep(store, "mine", "CronTimer", hour="25")
    timers = make()
    timers.step()
    trigger.parameters = {"minute": "*/10"}
    store.replace(trigger)
    clock.seconds += RELOAD_INTERVAL
    timers.step()
    trigger.parameters = {"minute": 0}
    store.replace(trigger)
    for _ in range(3):
        clock.seconds += 1200
        timers.step()
    assert runs(store, trigger) == [3600]


def test_the_database_being_away_delays_a_run(store, clock, make, monkeypatch, caplog):
    trigger = keep(store, "every100", unit="seconds", delta=100)
    timers = make()
    timers.step()
    insert = store.insert

    def refuse(_document):
        raise StoreUnavailable("away")

    clock.seconds += 100
    monkeypatch.setattr(store, "insert", refuse)
    assert timers.step() == pytest.approx(1)
    monkeypatch.setattr(store, "insert", insert)
    clock.seconds += 1
    timers.step()
    assert runs(store, trigger) == [100]


def test_the_database_being_away_at_the_start_is_survived(store, clock, make, monkeypatch):
    keep(store, "every10", unit="seconds", delta=10)
    timers = make()

    def refuse(*_args, **_options):
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(store, "find", refuse)
        assert timers.step() == 1
    clock.seconds += 1
    assert timers.step() == 9


def test_timers_come_and_go_by_message_without_waiting_for_the_next_look(store, bus, clock, make, wait_until):
    timers = make()
    timers.start()
    try:
        heard = threading.Event()
        watch = bus.subscribe((ContentChanged,), lambda _message: heard.set())
        clock.seconds += 5
        trigger = keep(store, "soon", made=START, unit="seconds", delta=3)
        assert heard.wait(PATIENCE)
        assert wait_until(lambda: runs(store, trigger) == [3])
        store.delete(Trigger, trigger.id)
        watch.stop()
    finally:
        timers.stop()
    clock.seconds += 3
    timers.step()
    assert runs(store, trigger) == [3]
