"""linux.FileWatchSensor, as it ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from st2lite.content.locations import system_packs_dir
from st2lite.content.sensors import read_sensor
from st2lite.content.triggers import make_trigger
from st2lite.models.trigger import Trigger
from tests.processes import wait_for
from tests.sensor_node import SensorNode

METADATA = system_packs_dir() / "linux" / "sensors" / "file_watch_sensor.yaml"
REF = "linux.FileWatchSensor"


class Watched:
    """The sensor on a node, and rules that name files."""

    def __init__(self, node: SensorNode, caplog: pytest.LogCaptureFixture) -> None:
        self.node = node
        self._caplog = caplog
        sensor, (self.definition,) = read_sensor(METADATA, "linux")
        node.store.insert(sensor)
        node.store.insert(self.definition)

    def watch(self, path: Path | str) -> Trigger:
        """Have a rule name a file, and wait until it is watched."""
        trigger = self.node.context.triggers.keep(make_trigger(self.definition, {"file_path": str(path)}))
        wait_for(lambda: f"Watching {path}." in self._caplog.text)
        return trigger

    def lines(self) -> list[Any]:
        return [instance.payload["line"] for instance in self.node.instances()]


@pytest.fixture
def watched(node: SensorNode, caplog: pytest.LogCaptureFixture) -> Watched:
    created = Watched(node, caplog)
    node.start()
    return created


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_lines_that_are_added_are_dispatched(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"old\n")
    trigger = watched.watch(path)
    append(path, b"one\r\ntw")
    wait_for(lambda: watched.lines() == ["one"])
    append(path, b"o\n\n\xe4\n")
    wait_for(lambda: watched.lines() == ["one", "two", "", "\ufffd"])
    first = watched.node.instances()[0]
    assert first.trigger == trigger.ref
    assert first.payload == {"file_path": str(path), "file_name": "app.log", "line": "one"}


def test_files_may_come_be_truncated_and_be_replaced(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    watched.watch(path)
    path.write_bytes(b"one\n")
    wait_for(lambda: watched.lines() == ["one"])
    path.write_bytes(b"")
    append(path, b"x\n")
    wait_for(lambda: watched.lines() == ["one", "x"])
    append(path, b"last of the old\n")
    path.rename(tmp_path / "app.log.1")
    path.write_bytes(b"first of the new\n")
    wait_for(lambda: watched.lines() == ["one", "x", "last of the old", "first of the new"])


def test_several_files_and_one_that_is_dropped(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "deeper"
    other.mkdir()
    one, two = tmp_path / "one.log", other / "two.log"
    trigger = watched.watch(one)
    watched.watch(two)
    append(one, b"1\n")
    append(two, b"2\n")
    wait_for(lambda: sorted(watched.lines()) == ["1", "2"])
    watched.node.store.delete(Trigger, trigger.id)
    wait_for(lambda: f"No longer watching {one}" in caplog.text)
    append(one, b"3\n")
    append(two, b"4\n")
    wait_for(lambda: "4" in watched.lines())
    assert "3" not in watched.lines()


def test_what_cannot_be_read_is_told_once(watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = tmp_path / "directory"
    watched.watch(directory)
    watched.node.context.triggers.keep(make_trigger(watched.definition, {"file_path": "relative"}))
    wait_for(lambda: "is no absolute path; correct the rule" in caplog.text)
    directory.mkdir()
    wait_for(lambda: "directory cannot be read" in caplog.text)
    directory.rename(tmp_path / "elsewhere")
    directory.write_bytes(b"a file now\n")
    wait_for(lambda: watched.lines() == ["a file now"])
    assert caplog.text.count("cannot be read") == 1


def test_it_runs_only_while_a_rule_needs_it(node: SensorNode, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Every installation has this sensor; those that do not use it do not pay for it."""
    created = Watched(node, caplog)
    node.add("pass")
    node.start(on_demand=frozenset({"linux"}))
    wait_for(node.pid)
    assert node.supervisor(REF) is None
    trigger = created.watch(tmp_path / "app.log")
    assert node.pid(REF)
    node.store.delete(Trigger, trigger.id)
    wait_for(lambda: node.supervisor(REF) is None)
    assert node.pid()
