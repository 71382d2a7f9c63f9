"""What sensors say: stored, refused, and answered."""

from __future__ import annotations

import pytest

from st2lite.models.errors import StoreUnavailable
from st2lite.models.trigger import TriggerInstance
from tests.processes import wait_for
from tests.sensor_node import EVENT, SensorNode


def test_what_is_dispatched_is_stored_before_the_sensor_goes_on(node: SensorNode) -> None:
    node.add(
        """
        def run(self):
            self.sensor_service.dispatch(trigger="examples.event", payload={"said": [1]}, trace_tag="tag-1")
            self.sensor_service.dispatch_with_context("examples.event", {"said": [2]}, {"id_": "7", "trace_tag": "t"})
            self.sensor_service.dispatch({"type": "examples.event"}, {"said": [3]})
            self.sensor_service.dispatch("examples.event")
        """
    )
    node.start()
    wait_for(lambda: len(node.instances()) == 4)
    one, two, three, four = node.instances()
    assert (one.trigger, one.trigger_type, one.payload, one.status) == (EVENT, EVENT, {"said": [1]}, "pending")
    assert one.trace_context == {"id_": one.id, "trace_tag": "tag-1"}
    assert two.trace_context == {"id_": "7", "trace_tag": "t"}
    assert (three.payload, four.payload, four.trace_context) == ({"said": [3]}, {}, {})


def test_a_trigger_with_parameters_is_dispatched_by_its_reference_or_by_itself(node: SensorNode) -> None:
    trigger = node.add_trigger("/a")
    node.add(
        """
        def add_trigger(self, trigger):
            if trigger["parameters"]:
                self.sensor_service.dispatch(trigger["ref"], {"said": ["ref"]})
                self.sensor_service.dispatch(trigger, {"said": ["itself"]})
                given = {"type": trigger["type"], "parameters": {"path": "/a"}}
                self.sensor_service.dispatch(given, {"said": ["type"]})
        """
    )
    node.start()
    wait_for(lambda: node.said() == ["ref", "itself", "type"])
    assert {instance.trigger for instance in node.instances()} == {trigger.ref}


def test_payloads_that_json_does_not_know_become_text_lists_and_null(node: SensorNode) -> None:
    node.add(
        """
        def run(self):
            import datetime, decimal
            self.say(datetime.datetime(2026, 1, 2, 3, 4), {1}, b"x", decimal.Decimal("1.5"), float("nan"), "ä\\udc80")
        """
    )
    node.start()
    wait_for(node.instances)
    assert node.said() == ["2026-01-02T03:04:00", [1], "x", "1.5", None, "ä?"]


def test_what_cannot_be_accepted_is_logged_and_dropped(node: SensorNode, caplog: pytest.LogCaptureFixture) -> None:
    node.add(
        """
        def run(self):
            loop = []
            loop.append(loop)
            self.sensor_service.dispatch("examples.event", {"said": "no list"})
            self.sensor_service.dispatch("examples.unknown", {})
            self.sensor_service.dispatch(None, {})
            self.sensor_service.dispatch("examples.event", {"said": loop})
            self.sensor_service.dispatch("examples.event", {"said": ["x" * 15_000_000]})
            self.sensor_service.dispatch("examples.event", {"said": ["x" * 20_000_000]})
            self.say("still here")
        """
    )
    node.start()
    wait_for(lambda: node.said() == ["still here"])
    for text in (
        "examples.event: payload.said",
        "examples.unknown: no such trigger",
        "None: give the reference of a trigger",
        "Circular reference",
        "the most that is kept is",
        "send a reference",
    ):
        assert text in caplog.text, text


def test_threads_of_a_sensor_dispatch_at_the_same_time_and_nothing_is_lost(node: SensorNode) -> None:
    node.add(
        """
        def run(self):
            def many(start):
                for number in range(start, start + 25):
                    self.say(number)
            threads = [threading.Thread(target=many, args=(start,)) for start in range(0, 100, 25)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
        """
    )
    node.start()
    wait_for(lambda: len(node.instances()) == 100)
    assert sorted(node.said()) == list(range(100))


def test_a_large_payload_arrives(node: SensorNode) -> None:
    node.add("def run(self): self.say('x' * 3_000_000)")
    node.start()
    wait_for(node.instances)
    assert len(node.said()[0]) == 3_000_000


def test_a_sensor_waits_for_a_store_that_is_away(node: SensorNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that had written: what is stored twice for the sensor is there once."""
    insert, failures = node.store.insert, []

    def unreliable(document: object) -> None:
        if isinstance(document, TriggerInstance) and len(failures) < 2:
            failures.append(document)
            if len(failures) == 2:
                insert(document)
            raise StoreUnavailable("The database is away.")
        insert(document)

    monkeypatch.setattr(node.store, "insert", unreliable)
    monkeypatch.setattr("st2lite.reactor.sensors.intake._RETRY", 0.01)
    node.add("def run(self): self.say(1); self.say(2)")
    node.start()
    wait_for(lambda: len(node.instances()) == 2)
    assert node.said() == [1, 2]


def test_what_a_dying_sensor_had_said_is_kept(node: SensorNode) -> None:
    node.add(
        """
        def run(self):
            threading.Thread(target=self.say, args=("last words",), daemon=True).start()
            while not self.sensor_service._line._waiting: pass
            time.sleep(0.05)
            os.kill(os.getpid(), 9)
        """
    )
    node.start()
    wait_for(lambda: "last words" in node.said())


def test_a_process_that_the_sensor_forks_cannot_dispatch(node: SensorNode, caplog: pytest.LogCaptureFixture) -> None:
    node.add(
        """
        def run(self):
            if os.fork() == 0:
                self.say("child")
                os._exit(0)
            os.wait()
            self.say("parent")
        """
    )
    node.start()
    wait_for(node.instances)
    assert node.said() == ["parent"]
    assert "dispatch in the sensor itself" in caplog.text
