"""Runners `python-script` and `python-workflow`: the Action class of a file of a pack, in a process forked for it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models import statuses
from st2lite.models.errors import St2liteError
from st2lite.runners.environment import action_variables, user_variables
from st2lite.runners.process import time_limit
from st2lite.runners.python_host import HostPool
from st2lite.runners.python_paths import PathFinder, PythonPaths
from st2lite.runners.python_process import PythonEnded
from st2lite.runners.required import check_entry_point
from st2lite.runners.worktree import content_of

NO_RESULT = "None"
"""What a result shows, as text, when the action did not come to return anything."""

NOT_STARTED = -1
"""Exit code of an action that never ran."""

_DEFAULT_TIMEOUT = 600
_DEFAULT_LOG_LEVEL = "DEBUG"
_READ_AT_START = ("LD_", "PYTHON", "MALLOC_", "GLIBC_", "OPENSSL_")
"""Variables that an interpreter, or a library below it, reads only once: a warm one would not notice them."""


def create(settings: RunnerSettings) -> Runner:
    """The runner; it starts an interpreter when the first action needs it."""
    return PythonRunner(settings)


class PythonRunner:
    """Runs python actions; each interpreter is kept warm by one host process."""

    def __init__(self, settings: RunnerSettings) -> None:
        self._settings = settings
        self._finder = PathFinder(settings)
        self._hosts = HostPool(settings.packlib_dir)

    def run(self, run: Run) -> Outcome:
        try:
            check_entry_point(run)
            with content_of(run) as (pack_dir, entry_point):
                return _outcome(run, self._run(run, pack_dir, entry_point))
        except St2liteError as error:
            return _result(run, statuses.FAILED, NO_RESULT, "", "", NOT_STARTED, error.message)

    def close(self) -> None:
        self._hosts.close()

    def _run(self, run: Run, pack_dir: Path | None, entry_point: str) -> PythonEnded:
        timeout = time_limit(run, _DEFAULT_TIMEOUT)
        paths = self._finder.paths_of(run.action.pack, pack_dir, entry_point)
        given = {name: value for name, value in user_variables(run).items() if name.upper() != "PYTHONPATH"}
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment = {**inherited, **given}
        request = {
            "path": entry_point,
            "pack": run.action.pack,
            "parameters": run.action_parameters,
            "config": run.load_config(),
            "env": {**environment, **self._of_system(run), **_variables(run, paths, environment.get("PATH", ""))},
            "log_level": self._log_level(run),
            "first": paths.first,
            "last": paths.last,
        }
        at_start = {name: value for name, value in given.items() if name.startswith(_READ_AT_START)}
        # An action with such variables gets an interpreter of its own.
        with closing(HostPool(self._settings.packlib_dir)) if at_start else nullcontext(self._hosts) as hosts:
            process = hosts.start(paths.python, {**inherited, **at_start}, json.dumps(request).encode())
            with closing(process):
                return process.follow(timeout, run.output, run.cancellation)

    def _of_system(self, run: Run) -> Mapping[str, str]:
        return self._settings.system_pack_variables if run.action.pack in self._settings.system_packs else {}

    def _log_level(self, run: Run) -> str:
        level = run.runner_parameters.get("log_level") or _DEFAULT_LOG_LEVEL
        return self._settings.python_log_level if level == _DEFAULT_LOG_LEVEL else str(level)


def _variables(run: Run, paths: PythonPaths, search_path: str) -> dict[str, str]:
    variables = action_variables(run)
    return {
        **variables,
        "ST2_API_URL": variables["ST2_ACTION_API_URL"],
        "ST2_AUTH_TOKEN": variables["ST2_ACTION_AUTH_TOKEN"],
        "PATH": paths.search_path(search_path),
        "PYTHONPATH": paths.pythonpath,
    }


def _outcome(run: Run, ended: PythonEnded) -> Outcome:
    returned = ended.returned
    failed = ended.exit_code != 0 or ended.lost or (returned is not None and returned.status is False)
    status = statuses.FAILED if failed else statuses.SUCCEEDED
    return _result(
        run,
        statuses.TIMEOUT if ended.timed_out else status,
        NO_RESULT if returned is None else returned.result,
        ended.stdout,
        ended.stderr,
        ended.exit_code,
        ended.error,
    )


def _result(run: Run, status: str, value: Any, stdout: str, stderr: str, exit_code: int, error: str | None) -> Outcome:
    # What the action returned stands where the runner type says: a stand-in for a workflow has an output instead.
    result = {run.runner.output_key or "result": value, "stdout": stdout, "stderr": stderr, "exit_code": exit_code}
    if error:
        result["error"] = error
    return Outcome(status, result)
