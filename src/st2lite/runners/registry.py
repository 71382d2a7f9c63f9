"""Which module runs which runner type, and the runners that were created so far."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from st2lite.executions.protocol import Runner, RunnerSettings
from st2lite.models.action import RunnerType
from st2lite.models.errors import NotFound

MODULES: Mapping[str, str] = {
    "announcement": "st2lite.runners.announcement",
    "http-request": "st2lite.runners.http",
    "inquirer": "st2lite.runners.inquirer",
    "local-shell-cmd": "st2lite.runners.local",
    "local-shell-script": "st2lite.runners.local",
    "noop": "st2lite.runners.noop",
    "python-script": "st2lite.runners.python",
    "python-workflow": "st2lite.runners.python",
    "remote-shell-cmd": "st2lite.runners.remote",
    "remote-shell-script": "st2lite.runners.remote",
    "winrm-cmd": "st2lite.runners.winrm",
    "winrm-ps-cmd": "st2lite.runners.winrm",
    "winrm-ps-script": "st2lite.runners.winrm",
}
"""Name of each runner type and the module that runs it: one with `create(settings) -> Runner`."""


class RunnerRegistry:
    """Creates runners when they are first asked for, one per module; may be used from many threads.

    `ready` are runners that the service made itself, by the name of their runner type.
    """

    def __init__(
        self,
        settings: RunnerSettings,
        modules: Mapping[str, str] = MODULES,
        ready: Mapping[str, Runner] = MappingProxyType({}),
    ) -> None:
        self._settings = settings
        self._modules = modules
        self._ready = ready
        self._runners: dict[str, Runner] = {}
        self._lock = threading.Lock()

    def get(self, runner: RunnerType) -> Runner:
        """Return what runs this runner type. Raises `NotFound` for a type that nothing here can run."""
        ready = self._ready.get(runner.name)
        if ready is not None:
            return ready
        module = self._modules.get(runner.name)
        if module is None:
            known = ", ".join(sorted({*self._modules, *self._ready}))
            raise NotFound(f'There is no runner for runner type "{runner.name}"; known are {known}.')
        with self._lock:
            if module not in self._runners:
                self._runners[module] = cast(Runner, importlib.import_module(module).create(self._settings))
            return self._runners[module]

    def close(self) -> None:
        """Close all runners; whoever asks again gets new ones."""
        with self._lock:
            runners, self._runners = [*self._runners.values(), *self._ready.values()], {}
        for runner in runners:
            runner.close()
