"""The command st2sensorcontainer."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from st2lite.models.service import ServiceMember
from tests.processes import PATIENCE, alive, wait_for
from tests.sensor_node import PACK, SensorNode


class Command:
    """The command, on the database of a node."""

    def __init__(self, directory: Path) -> None:
        python = directory / "virtualenvs" / PACK / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        self._conf = directory / "st2.conf"
        self._text = (
            f"[database]\nhost = sqlite://{directory / 'st2.db'}\n[messaging]\nurl = memory://\n"
            f"[system]\nbase_path = {directory}\n[sensorcontainer]\n"
        )

    def start(self, *arguments: str, options: str = "") -> subprocess.Popen[str]:
        self._conf.write_text(self._text + options)
        command = [sys.executable, "-m", "st2lite.commands.st2sensorcontainer", "--config-file", str(self._conf)]
        return subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True)

    def run(self, *arguments: str, options: str = "") -> tuple[int, str]:
        process = self.start(*arguments, options=options)
        _, text = process.communicate(timeout=PATIENCE)
        return process.returncode, text


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def test_one_sensor_ends_the_service_with_its_exit_code(node: SensorNode, command: Command) -> None:
    node.add("def run(self):\n    self.say('single')\n    sys.exit(7)")
    node.add("def run(self): self.say('other')", name="Other")
    code, text = command.run("--sensor-ref", "examples.Probe", options="single_sensor_mode = True\n")
    assert code == 7, text
    assert node.said() == ["single"]


@pytest.mark.parametrize(
    ("arguments", "options", "told"),
    [
        (["--sensor-ref", "examples.None"], "", "there is no sensor examples.None"),
        (["--sensor-ref", "examples.Off"], "", "st2 sensor enable examples.Off"),
        ([], "single_sensor_mode = True\n", "name the sensor with --sensor-ref"),
        ([], "partition_provider = name:hash, hash_ranges:9..5\n", "hash_ranges"),
    ],
)
def test_what_cannot_work_is_told(
    node: SensorNode, command: Command, arguments: list[str], options: str, told: str
) -> None:
    node.add("pass", name="Off", enabled=False)
    code, text = command.run(*arguments, options=options)
    assert code == 2
    assert told in text
    assert "Traceback" not in text


def test_it_stops_its_sensors_when_it_is_stopped(node: SensorNode, command: Command) -> None:
    node.add("def run(self): self.say(os.getpid()); time.sleep(600)")
    process = command.start()
    wait_for(node.instances)
    wait_for(lambda: [member.group for member in node.store.find(ServiceMember)] == ["sensorcontainer"])
    process.send_signal(signal.SIGTERM)
    _, text = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, text
    assert not alive(node.said()[0])
    assert node.store.find(ServiceMember) == []
