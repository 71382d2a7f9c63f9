"""The life of sensor processes: start, triggers, failure, stop; and what must not be left behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from st2lite.models.errors import StoreUnavailable
from st2lite.models.rule import Rule
from st2lite.models.trigger import SENSOR_EXIT_TRIGGER, SENSOR_SPAWN_TRIGGER, Trigger, TriggerType
from st2lite.reactor.sensors import container
from st2lite.reactor.sensors.intake import Intake
from st2lite.reactor.sensors.supervisor import Patience
from tests.processes import PATIENCE, alive, wait_for
from tests.sensor_node import FILE_EVENT, PACK, SensorNode

TELLS = """
def setup(self): self.say("setup")
def run(self):
    self.say("run")
    time.sleep(600)
def cleanup(self): self.say("cleanup")
def add_trigger(self, trigger): self.tell("add", trigger)
def update_trigger(self, trigger): self.tell("update", trigger)
def remove_trigger(self, trigger): self.tell("remove", trigger)
def tell(self, change, trigger):
    if trigger["parameters"]:
        self.say(f"{change} {trigger['parameters']['path']}")
"""


def away_for_once(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call of a store that does not answer the first time."""
    failures: list[bool] = []

    def unreliable(*given: Any, **options: Any) -> Any:
        if not failures:
            failures.append(True)
            raise StoreUnavailable("The database is away.")
        return call(*given, **options)

    return unreliable


class TestOrder:
    def test_setup_then_triggers_then_run_then_cleanup(self, node: SensorNode) -> None:
        node.add_trigger("/a")
        node.add(TELLS)
        node.start()
        wait_for(lambda: "run" in node.said())
        node.stop()
        assert node.said() == ["setup", "add /a", "run", "cleanup"]

    def test_triggers_come_change_and_go(self, node: SensorNode) -> None:
        node.add(TELLS)
        node.start()
        wait_for(lambda: "run" in node.said())
        trigger = node.add_trigger("/b")
        wait_for(lambda: "add /b" in node.said())
        trigger.description = "changed"
        node.store.replace(trigger)
        wait_for(lambda: "update /b" in node.said())
        node.store.delete(Trigger, trigger.id)
        wait_for(lambda: "remove /b" in node.said())
        assert node.said().count("add /b") == 1

    def test_a_trigger_is_described_as_packs_expect_it(self, node: SensorNode) -> None:
        trigger = node.add_trigger("/a")
        node.add("def add_trigger(self, trigger):\n    if trigger['parameters']: self.say(trigger)")
        node.start()
        wait_for(node.instances)
        assert node.said() == [
            {
                "id": trigger.id,
                "uid": trigger.uid,
                "ref": trigger.ref,
                "name": trigger.name,
                "pack": PACK,
                "type": FILE_EVENT,
                "parameters": {"path": "/a"},
            }
        ]

    def test_an_error_about_one_trigger_does_not_end_the_sensor(
        self, node: SensorNode, caplog: pytest.LogCaptureFixture
    ) -> None:
        node.add_trigger("/a")
        node.add("def add_trigger(self, trigger): 1 / 0\ndef run(self): self.say('on')")
        node.start()
        wait_for(node.instances)
        assert "add_trigger failed for examples." in caplog.text


class TestChanges:
    def test_a_sensor_starts_when_it_is_registered_or_enabled_and_stops_when_disabled_or_deleted(
        self, node: SensorNode
    ) -> None:
        node.start()
        sensor = node.add(TELLS, enabled=False)
        node.change(sensor.ref, enabled=True)
        wait_for(node.pid)
        first = node.pid()
        node.change(sensor.ref, enabled=False)
        wait_for(lambda: node.supervisor() is None)
        assert first is not None
        assert not alive(first)
        node.change(sensor.ref, enabled=True)
        wait_for(node.pid)
        second = node.pid()
        node.store.delete(type(sensor), sensor.id)
        wait_for(lambda: node.supervisor() is None)
        assert second is not None
        assert not alive(second)

    def test_new_metadata_restart_it(self, node: SensorNode) -> None:
        sensor = node.add("def run(self): self.say(self.__class__.__name__); time.sleep(600)")
        node.start()
        wait_for(node.instances)
        path = node.sensors_dir / "probe.py"
        path.write_text(path.read_text() + "\nclass Other(Probe): pass\n")
        node.change(sensor.ref, class_name="Other")
        wait_for(lambda: node.said() == ["Probe", "Other"])

    def test_an_edited_file_is_noticed(self, node: SensorNode, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(container, "ROUND", 0.05)
        node.add("def run(self): self.say('old'); time.sleep(600)")
        node.start()
        wait_for(node.instances)
        path = node.sensors_dir / "probe.py"
        path.write_text(path.read_text().replace("old", "brand new"))
        wait_for(lambda: node.said() == ["old", "brand new"])

    def test_only_those_of_the_partition_run(self, node: SensorNode) -> None:
        node.add("def run(self): self.say('one'); time.sleep(600)", name="One")
        node.add("def run(self): self.say('two'); time.sleep(600)", name="Two")
        node.start(lambda refs: frozenset({"examples.Two"}))
        wait_for(node.instances)
        assert node.said() == ["two"]
        assert node.supervisor("examples.One") is None

    def test_it_stops_also_when_that_is_asked_for_right_before_a_round(
        self, node: SensorNode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(container, "ROUND", 3600)
        running = node.start()
        wake = running._wake
        clear, stopping = wake.clear, threading.Thread(target=running.stop)

        def stop_first() -> None:
            wake.clear = clear  # type: ignore[method-assign]
            stopping.start()
            wait_for(wake.is_set)
            clear()

        wait_for(lambda: not wake.is_set())
        wake.clear = stop_first  # type: ignore[method-assign]
        wake.set()
        wait_for(lambda: stopping.ident is not None)
        stopping.join(PATIENCE)
        assert not stopping.is_alive()


class TestFailure:
    def test_a_sensor_that_fails_is_started_twice_again_and_then_given_up(
        self, node: SensorNode, caplog: pytest.LogCaptureFixture
    ) -> None:
        node.add("def run(self):\n    self.say(1)\n    raise ValueError('broken ')")
        node.add("def run(self): self.say(2); time.sleep(600)", name="Good")
        node.start()
        wait_for(lambda: "was given up: it failed 3 times in a row, the last time with exit code 1" in caplog.text)
        assert sorted(node.said()) == [1, 1, 1, 2]
        assert "ValueError: broken" in caplog.text
        assert "st2 sensor enable examples.Probe" in caplog.text
        assert node.pid("examples.Good")
        node.change("examples.Probe", description="written again")
        wait_for(lambda: node.said().count(1) == 6)

    def test_the_count_begins_anew_after_a_while(self, node: SensorNode) -> None:
        node.patience = Patience(respawns=1, delay=0.01, stable=0.0)
        node.add("def run(self): self.say(1); sys.exit(3)")
        node.start()
        wait_for(lambda: len(node.said()) > 4)

    def test_one_that_ends_well_is_not_started_again(self, node: SensorNode, caplog: pytest.LogCaptureFixture) -> None:
        node.add("def run(self): self.say(1)\ndef cleanup(self): self.say('clean')")
        node.start()
        wait_for(lambda: "is not started again" in caplog.text)
        assert node.said() == [1, "clean"]

    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("import no_such_module_at_all\nclass Probe(Quiet): pass", "pip install"),
            ("class Probe(Quiet) pass", "cannot be imported: SyntaxError"),
            ("class Other(Quiet): pass", 'has no class "Probe": correct class_name'),
            ("class Probe(Sensor):\n    def setup(self): pass", 'Class "Probe" of'),
            ("class Probe(PollingSensor):\n    def setup(self): pass", "lacks add_trigger"),
            ("class Probe(Quiet):\n    def __init__(self, a, b, c, d): pass", "TypeError"),
        ],
    )
    def test_what_cannot_be_loaded_is_told(
        self, node: SensorNode, caplog: pytest.LogCaptureFixture, source: str, text: str
    ) -> None:
        node.add_file(source)
        node.start()
        wait_for(lambda: "was given up" in caplog.text)
        assert text in caplog.text

    def test_what_cannot_be_started_is_told_once_and_tried_again(
        self, node: SensorNode, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(container, "ROUND", 0.05)
        node.settings = dataclasses.replace(node.settings, system_packs=frozenset())
        node.add("def run(self): self.say(1); time.sleep(600)")
        node.start()
        wait_for(lambda: 'The virtualenv of pack "examples"' in caplog.text)
        python = tmp_path / "virtualenvs" / PACK / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        wait_for(node.instances)
        assert caplog.text.count("does not run") == 1

    def test_one_whose_supervision_failed_is_started_again(
        self, node: SensorNode, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(container, "ROUND", 0.05)
        node.add("def run(self): self.say(1); time.sleep(600)")
        take, failures = Intake.take, iter(range(1))

        def fail_once(*arguments: Any) -> bool:
            if next(failures, None) is not None:
                raise RuntimeError("unforeseen")
            return take(*arguments)

        monkeypatch.setattr(Intake, "take", fail_once)
        node.start()
        wait_for(node.said)
        assert "Looking after sensor examples.Probe failed" in caplog.text

    def test_sensors_start_when_the_store_is_back(
        self, node: SensorNode, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(container, "_RETRY", 0.01)
        for owner, name in ((node.store, "find"), (node.access, "token")):
            monkeypatch.setattr(owner, name, away_for_once(getattr(owner, name)))
        node.add("def run(self): self.say(1); time.sleep(600)")
        node.start()
        wait_for(lambda: node.said() == [1])
        assert "Sensors are not looked after for the moment: The database is away." in caplog.text
        assert "Sensor examples.Probe waits for the store: The database is away." in caplog.text

    def test_a_missing_file_is_told(self, node: SensorNode, caplog: pytest.LogCaptureFixture) -> None:
        node.add("pass")
        (node.sensors_dir / "probe.py").unlink()
        node.start()
        wait_for(lambda: "probe.py does not exist on this host" in caplog.text)

    def test_one_that_talks_nonsense_is_ended(self, node: SensorNode, caplog: pytest.LogCaptureFixture) -> None:
        node.add("def run(self):\n    os.write(self.sensor_service._line._fd, b'nonsense\\n')\n    time.sleep(600)")
        node.start()
        wait_for(lambda: "is ended: it sent something that is no dispatch" in caplog.text)


class TestHarm:
    def test_one_that_does_not_stop_is_killed_with_all_it_started(self, node: SensorNode) -> None:
        node.patience = Patience(stop=0.1)
        node.add(
            """
            def run(self):
                import subprocess
                child = subprocess.Popen(["sleep", "600"])
                self.say(os.getpid(), child.pid)
                while True:
                    try:
                        time.sleep(600)
                    except BaseException:
                        pass
            """
        )
        node.start()
        wait_for(node.instances)
        pids = node.said()
        node.stop()
        assert not any(alive(pid) for pid in pids)

    def test_children_of_one_that_dies_are_ended(self, node: SensorNode) -> None:
        node.add(
            """
            def run(self):
                import subprocess
                self.say(subprocess.Popen(["sleep", "600"]).pid)
                os._exit(0)
            """
        )
        node.start()
        wait_for(node.instances)
        (pid,) = node.said()
        wait_for(lambda: not alive(pid))

    def test_a_flood_of_output_is_cut_and_others_go_on(
        self, node: SensorNode, caplog: pytest.LogCaptureFixture
    ) -> None:
        node.add("def run(self):\n    while True: print('x' * 10_000)", name="Flood")
        node.start()
        wait_for(lambda: node.container is not None and "sensor.examples.Flood" in caplog.text)
        node.add("def run(self): self.say(1); time.sleep(600)", name="Calm")
        wait_for(lambda: node.said() == [1])
        wait_for(lambda: "lines of output were dropped" in caplog.text)
        assert max(len(record.getMessage()) for record in caplog.records) < 2100
        node.stop()
        assert len(caplog.text) < 2_000_000

    def test_a_flood_of_dispatches_leaves_others_alone(self, node: SensorNode) -> None:
        node.add("def run(self):\n    while True: self.say('flood')", name="Flood")
        node.add("def run(self): self.say('calm'); time.sleep(600)", name="Calm")
        node.start()
        wait_for(lambda: "calm" in node.said() and node.said().count("flood") > 10)
        assert node.pid("examples.Calm")

    def test_one_that_leaks_meets_its_limit(self, node: SensorNode, caplog: pytest.LogCaptureFixture) -> None:
        node.host_options["memory_limit"] = 200
        node.add("def run(self):\n    kept = []\n    while True: kept.append(bytearray(1_000_000))")
        node.start()
        wait_for(lambda: "MemoryError" in caplog.text)

    def test_nothing_is_left_of_a_container_that_was_killed(self, tmp_path: Path) -> None:
        """Not even of a sensor that ignores being asked, or of what it started."""
        script = tmp_path / "container.py"
        script.write_text(
            "import pathlib, sys, time\n"
            "from tests.sensor_node import SensorNode\n"
            "node = SensorNode(pathlib.Path(sys.argv[1]))\n"
            "node.add('''\n"
            "def run(self):\n"
            "    import subprocess\n"
            "    self.say(os.getpid(), subprocess.Popen(['sleep', '600']).pid)\n"
            "    while True:\n"
            "        try: time.sleep(600)\n"
            "        except BaseException: pass\n"
            "''')\n"
            "node.start()\n"
            "while not node.said(): time.sleep(0.01)\n"
            "print(*node.said(), flush=True)\n"
            "time.sleep(600)\n"
        )
        root = Path(__file__).parents[3]
        running = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
            text=True,
        )
        try:
            assert running.stdout is not None
            pids = [int(word) for word in running.stdout.readline().split()]
        finally:
            running.send_signal(signal.SIGKILL)
            running.communicate()
        assert len(pids) == 2
        wait_for(lambda: not any(alive(pid) for pid in pids))


class TestEvents:
    def test_rules_hear_of_processes_if_they_listen(self, node: SensorNode) -> None:
        for name in ("st2.sensor.process_spawn", "st2.sensor.process_exit"):
            node.store.insert(TriggerType(name=name, pack="core"))
            node.store.insert(Trigger(name=name, pack="core", type=f"core.{name}"))
        ref = {"ref": SENSOR_EXIT_TRIGGER, "type": SENSOR_EXIT_TRIGGER}
        node.store.insert(Rule(name="listens", enabled=True, trigger=ref, action={"ref": "core.noop"}))
        node.add("def run(self): pass")
        node.start()
        wait_for(node.instances)
        (instance,) = node.instances()
        assert instance.trigger == SENSOR_EXIT_TRIGGER
        assert instance.payload == {"id": "Probe", "timestamp": instance.payload["timestamp"], "exit_code": 0}
        node.stop()
        ref = {"ref": SENSOR_SPAWN_TRIGGER, "type": SENSOR_SPAWN_TRIGGER}
        node.store.insert(Rule(name="too", enabled=True, trigger=ref, action={"ref": "core.noop"}))
        node.start()
        wait_for(lambda: len(node.instances()) == 3)
        spawned = node.instances()[1]
        assert spawned.payload.keys() == {"id", "timestamp", "pid", "cmd"}
        assert "--class-name Probe" in spawned.payload["cmd"]
