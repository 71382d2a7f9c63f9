"""What the rules engine records, of many events at once."""

import threading

from st2lite.models.timestamps import now
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor import records as records_module
from st2lite.reactor.records import Record, Records
from tests.integration.reactor.engine_rig import TRIGGER, Rig, fill


class Writes:
    """A store that keeps what it is asked to write, and how much of it."""

    def __init__(self, store):
        self._store, self.made = store, []

    def __getattr__(self, name):
        method = getattr(self._store, name)
        if name not in ("insert", "insert_many", "update"):
            return method

        def write(documents, *arguments):
            some = documents if isinstance(documents, list) else [documents]
            self.made.append((name, type(some[0]).__name__, len(some)))
            return method(documents, *arguments)

        return write


def test_events_share_the_writes_of_their_records(store, bus, wait_until, monkeypatch):
    monkeypatch.setattr(records_module, "LINGER", 3600.0)
    fill(store)
    writes = Writes(store)
    rig = Rig(store, bus, engine_store=writes, threads=2)
    rule = rig.rule()
    rig.engine.start()
    instances = [rig.emit() for _ in range(8)]  # as many as may wait
    assert wait_until(lambda: {rig.status(instance) for instance in instances} == {"processed"})
    assert len(rig.executions(rule)) == len(rig.enforcements(rule)) == 8
    assert [write for write in writes.made if write[1] != "Execution"][-2:] == [
        ("insert_many", "RuleEnforcement", 8), ("update", "TriggerInstance", 8)
    ]  # fmt: skip
    rig.engine.stop()


def test_what_waits_is_written_when_the_engine_stops(store, bus, wait_until, monkeypatch):
    monkeypatch.setattr(records_module, "LINGER", 3600.0)
    fill(store)
    rig = Rig(store, bus)
    rule = rig.rule()
    rig.engine.start()
    instance = rig.emit()
    assert wait_until(lambda: rig.engine._records._waiting)
    assert (rig.status(instance), rig.enforcements(rule)) == ("pending", [])
    rig.engine.stop()
    assert rig.status(instance) == "processed"
    assert len(rig.enforcements(rule)) == len(rig.executions(rule)) == 1


def test_one_that_is_refused_keeps_no_other_from_being_written(store):
    class Refusing:
        def __getattr__(self, name):
            return getattr(store, name)

        def update(self, documents, attribute):
            if "bad" in [document.payload for document in documents]:
                raise RuntimeError("no")
            return store.update(documents, attribute)

    records = Records(Refusing())
    instances = [
        TriggerInstance(trigger=TRIGGER, trigger_type=TRIGGER, occurrence_time=now(), payload=payload)
        for payload in ("good", "bad", "fine")
    ]
    store.insert_many(instances)
    told, all_told = [], threading.Event()

    def tell(written):
        told.append(written)
        if len(told) == 3:
            all_told.set()

    records.start()
    for instance in instances:
        instance.status = "processed"
        records.add(Record(instance, [], tell))
    assert all_told.wait(60)
    records.stop()
    assert [store.get(TriggerInstance, instance.id).status for instance in instances] == [
        "processed", "pending", "processed"
    ]  # fmt: skip
