"""st2-run-pack-tests: the unit tests of a pack, written as packs write them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from st2lite.commands.run_pack_tests import NO_TESTS, main
from tests.git_repository import write_pack
from tests.wheels import write_wheel

PACKS = Path(__file__).parents[2] / "fixtures" / "packs"
ACTION = """\
from lib.words import greeting
from st2common.runners.base_action import Action


class Greet(Action):
    def __init__(self, config, action_service):
        super().__init__(config, action_service)
        self.last = action_service.get_value("last")

    def run(self, name):
        self.action_service.set_value("last", name)
        return greeting(self.config["polite"], name)
"""
SENSOR = """\
from st2reactor.sensor.base import PollingSensor


class Barometer(PollingSensor):
    def setup(self):
        self._logger = self.sensor_service.get_logger("barometer")

    def poll(self):
        self._logger.info("looking")
        seen = int(self.sensor_service.get_value("seen") or 0) + 1
        self.sensor_service.set_value("seen", seen)
        self.sensor_service.dispatch("greetings.pressure", {"level": seen}, trace_tag="t")

    def cleanup(self):
        pass

    add_trigger = update_trigger = remove_trigger = lambda self, trigger: None
"""
ALIAS = """\
name: greet
action_ref: greetings.greet
formats:
  - display: greet someone
    representation: ["greet {{ name }}", "hello {{ name }} times={{ times=1 }}"]
"""
TEST_ACTION = """\
import mock
import unittest2
from greet import Greet
from st2tests.base import BaseActionTestCase


class GreetTestCase(BaseActionTestCase):
    action_cls = Greet
    assert unittest2.TestCase

    def test_run(self):
        logger = mock.Mock()
        action = self.get_action_instance(config={"polite": True}, logger=logger)
        self.assertIs(action.logger, logger)
        self.assertEqual(action.run(name=self.get_fixture_content("name.txt")), "Good morning, Zoë")
        self.assertEqual(action.action_service.get_value("last"), "Zoë")
        self.assertIsNone(action.action_service.get_value("last", local=False))
        self.assertEqual([item.value for item in self.action_service.list_values()], ["Zoë"])
        self.assertTrue(self.action_service.delete_value("last"))
        self.assertFalse(self.action_service.delete_value("last"))
"""
TEST_SENSOR = """\
from barometer import Barometer
from st2tests.base import BaseSensorTestCase


class BarometerTestCase(BaseSensorTestCase):
    sensor_cls = Barometer

    def test_poll(self):
        sensor = self.get_sensor_instance(config={"a": 1}, poll_interval=3)
        self.assertEqual((sensor.config, sensor.get_poll_interval()), ({"a": 1}, 3))
        sensor.setup()
        self.assertEqual(self.get_dispatched_triggers(), [])
        sensor.poll()
        sensor.poll()
        self.assertEqual(len(self.get_dispatched_triggers()), 2)
        self.assertEqual(self.get_last_dispatched_trigger()["payload"], {"level": 2})
        self.assertTriggerDispatched("greetings.pressure")
        self.assertTriggerDispatched(trigger="greetings.pressure", payload={"level": 1})
        self.assertTriggerDispatched("greetings.pressure", trace_context={"trace_tag": "t"})
        for wrong in ({"trigger": "greetings.other"}, {"trigger": "greetings.pressure", "payload": {"level": 9}}):
            with self.assertRaises(AssertionError):
                self.assertTriggerDispatched(**wrong)
"""
TEST_ALIASES = """\
from st2tests.base import BaseActionAliasTestCase


class GreetAliasTestCase(BaseActionAliasTestCase):
    action_alias_name = "greet"

    def test_formats(self):
        formats = self.action_alias_db.formats[0]["representation"]
        self.assertEqual(self.action_alias_db.get_format_strings(), formats)
        self.assertExtractedParametersMatch(formats[0], "greet Zoë", {"name": "Zoë"})
        self.assertCommandMatchesExactlyOneFormatString(formats, "greet Zoë")
        self.assertCommandMatchesFormatStrings([formats[0]], "greet Zoë")
        with self.assertRaises(AssertionError):
            self.assertExtractedParametersMatch(formats[0], "greet Zoë", {"name": "Zoe"})
        with self.assertRaises(AssertionError):
            self.assertCommandMatchesExactlyOneFormatString(formats, "say nothing")
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    directory = write_pack(tmp_path / "greetings")
    files = {
        "actions/greet.py": ACTION,
        "actions/lib/__init__.py": "",
        "actions/lib/words.py": "def greeting(polite, name):\n    return 'Good morning, ' + name if polite else name\n",
        "sensors/barometer.py": SENSOR,
        "aliases/greet.yaml": ALIAS,
        "tests/fixtures/name.txt": "Zoë",
        "tests/test_action_greet.py": TEST_ACTION,
        "tests/test_sensor_barometer.py": TEST_SENSOR,
        "tests/test_action_aliases.py": TEST_ALIASES,
    }
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def test_without_a_virtualenv(pack: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = main(["-x", "-p", str(pack)])
    told = capfd.readouterr().err
    assert code == 0, told
    assert "Ran 3 tests" in told


def test_a_pack_as_the_public_ones_are(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pack = shutil.copytree(PACKS / "harbor", tmp_path / "harbor")
    code = main(["-x", "-p", str(pack)])
    told = capfd.readouterr().err
    assert code == 0, told
    assert "Ran 6 tests" in told


def test_one_file_that_fails(pack: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = pack / "tests" / "test_action_greet.py"
    path.write_text(path.read_text().replace("Good morning", "Good night"))
    assert main(["-x", "-v", "-p", str(pack), "-f", "test_action_greet.py"]) == 1
    told = capfd.readouterr().err
    assert "Ran 1 test" in told
    assert "Good night, Zoë" in told


def test_in_a_virtualenv_of_its_own(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    write_wheel(pack / "wheels", "sunshine")
    (pack / "requirements-tests.txt").write_text("sunshine\n")
    (pack / "tests" / "test_sunshine.py").write_text(
        "import sunshine, sys, unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        self.assertIn('pack-tests', sys.prefix)\n"
    )
    assert main(["-p", str(pack)]) == 0, capfd.readouterr()
    assert main(["-j", "-p", str(pack)]) == 0
    capfd.readouterr()
    (pack / "requirements-tests.txt").write_text("rain\n")
    assert main(["-j", "-p", str(pack)]) == 2
    assert "rain" in capfd.readouterr().err


def test_packs_without_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = write_pack(tmp_path / "quiet")
    assert main(["-x", "-p", str(pack)]) == 2
    assert "no tests" in capsys.readouterr().err
    (pack / "tests").mkdir()
    assert main(["-x", "-p", str(pack)]) == NO_TESTS
    assert "holds no test" in capsys.readouterr().err
    assert main(["-x", "-p", str(tmp_path)]) == 2
    assert "pack.yaml" in capsys.readouterr().err
