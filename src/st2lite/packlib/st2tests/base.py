"""Base classes for tests of actions, sensors and aliases of a pack."""

from __future__ import annotations

import inspect
import os
import unittest
from typing import Any

from st2tests.aliases import ActionAlias, ask
from st2tests.mocks.action import MockActionService, MockActionWrapper
from st2tests.mocks.sensor import MockSensorService, MockSensorWrapper

__all__ = ["BaseActionAliasTestCase", "BaseActionTestCase", "BasePackResourceTestCase", "BaseSensorTestCase"]

PACK = "ST2_PACK_TESTS_PACK"
"""Variable with the directory of the pack whose tests run."""

_TEST_PACK = "tests"


class BasePackResourceTestCase(unittest.TestCase):
    """What all of them have in common."""

    def get_fixture_content(self, fixture_path: str) -> str:
        """Return the text of a file below tests/fixtures of the pack."""
        path = os.path.join(self._pack_directory(), "tests", "fixtures", fixture_path)
        with open(path, encoding="utf-8") as file:
            return file.read()

    def _pack_directory(self) -> str:
        return os.environ.get(PACK) or os.getcwd()


class BaseActionTestCase(BasePackResourceTestCase):
    """Test of a python action: set `action_cls`."""

    action_cls: Any = None

    def setUp(self) -> None:
        super().setUp()
        wrapper = MockActionWrapper(_TEST_PACK, self._class_name())
        self.action_service = MockActionService(wrapper)

    def get_action_instance(self, config: dict[str, Any] | None = None, logger: Any = None) -> Any:
        """Make the action, with `action_service` and perhaps another `logger`."""
        given: dict[str, Any] = {"config": config}
        if _takes(self.action_cls, "action_service"):
            given["action_service"] = self.action_service
        action = self.action_cls(**given)
        action.action_service = self.action_service
        if logger is not None:
            action.logger = logger
        return action

    def _class_name(self) -> str:
        if self.action_cls is None:
            raise ValueError("Set the attribute action_cls of the test case to the class of the action.")
        return str(self.action_cls.__name__)


def _takes(made: Any, name: str) -> bool:
    known = inspect.signature(made).parameters.values()
    return any(parameter.name == name or parameter.kind is parameter.VAR_KEYWORD for parameter in known)


class BaseSensorTestCase(BasePackResourceTestCase):
    """Test of a sensor: set `sensor_cls`; what it dispatches is noted by `sensor_service`."""

    sensor_cls: Any = None

    def setUp(self) -> None:
        super().setUp()
        if self.sensor_cls is None:
            raise ValueError("Set the attribute sensor_cls of the test case to the class of the sensor.")
        self.sensor_service = MockSensorService(MockSensorWrapper(_TEST_PACK, self.sensor_cls.__name__))

    def get_sensor_instance(self, config: dict[str, Any] | None = None, poll_interval: float | None = None) -> Any:
        """Make the sensor."""
        given: dict[str, Any] = {"config": config or {}, "sensor_service": self.sensor_service}
        if poll_interval is not None:
            given["poll_interval"] = poll_interval
        return self.sensor_cls(**given)

    def get_dispatched_triggers(self) -> list[dict[str, Any]]:
        """Return what was dispatched so far: `trigger`, `payload` and perhaps `trace_context` of each."""
        return self.sensor_service.dispatched_triggers

    def get_last_dispatched_trigger(self) -> dict[str, Any]:
        """Return what was dispatched last."""
        return self.sensor_service.dispatched_triggers[-1]

    def assertTriggerDispatched(self, trigger: Any, payload: Any = None, trace_context: Any = None) -> bool:
        """Fail unless the trigger was dispatched; payload and trace context are compared if they are given."""
        for occurred in self.get_dispatched_triggers():
            if (
                occurred["trigger"] == trigger
                and payload in (None, {}, occurred["payload"])
                and trace_context in (None, {}, occurred.get("trace_context"))
            ):
                return True
        return self.fail(
            f"Trigger {trigger!r} with payload {payload!r} was not dispatched: {self.get_dispatched_triggers()}"
        )


class BaseActionAliasTestCase(BasePackResourceTestCase):
    """Test of an alias: set `action_alias_name`; its metadata is `action_alias_db`."""

    action_alias_name: Any = None
    action_alias_db: Any = None

    def setUp(self) -> None:
        super().setUp()
        if not self.action_alias_name:
            raise ValueError("Set the attribute action_alias_name of the test case to the name of the alias.")
        found = [fields for fields in ask(aliases=self._pack_directory()) if fields["name"] == self.action_alias_name]
        if not found:
            raise ValueError(f'This pack has no alias "{self.action_alias_name}".')
        self.action_alias_db = ActionAlias(**found[0])

    def assertCommandMatchesExactlyOneFormatString(self, format_strings: list[str], command: str) -> None:
        """Fail unless a command fits exactly one of the formats."""
        self.assertEqual(len(self._fitting(format_strings, command)), 1, f'"{command}" of {format_strings}')

    def assertCommandMatchesFormatStrings(self, format_strings: list[str], command: str) -> None:
        """Fail unless a command fits all of the formats."""
        self.assertEqual(self._fitting(format_strings, command), list(format_strings))

    def assertExtractedParametersMatch(self, format_string: str, command: str, parameters: dict[str, Any]) -> None:
        """Fail unless a command has exactly these parameters."""
        self.assertEqual(ask(format=format_string, command=command), parameters)

    def _fitting(self, formats: list[str], command: str) -> list[str]:
        fitting = []
        for text in formats:
            try:
                ask(format=text, command=command)
            except ValueError:
                continue
            fitting.append(text)
        return fitting
