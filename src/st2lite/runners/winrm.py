"""The runners `winrm-cmd`, `winrm-ps-cmd` and `winrm-ps-script`: commands on Windows hosts over WinRM."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.models.statuses import CANCELED, FAILED, SUCCEEDED, TIMEOUT
from st2lite.runners import powershell
from st2lite.runners.environment import user_variables
from st2lite.runners.output_text import OutputText
from st2lite.runners.process import time_limit, timeout_text
from st2lite.runners.required import check_entry_point, command_of
from st2lite.runners.shell_arguments import positional_names
from st2lite.runners.shell_output import command_result
from st2lite.runners.winrm_script import script_command
from st2lite.runners.winrm_shell import WinRmHost, WinRmShell, WinRmTimeout

NOT_ENDED = -1
"""Return code of a command that was not followed to its end: time was up, or the host could not be talked to."""

_DEFAULT_TIMEOUT_S = 60
_DEFAULT_PORT = 5986
_PLAIN_PORT = 5985
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:]+")


def create(settings: RunnerSettings) -> Runner:
    """Make the runner that serves all three runner types; nothing of the host's settings concerns it."""
    del settings
    return WinRmRunner()


class WinRmRunner:
    """Serves any number of runs at a time; every run opens and closes its own shell."""

    def run(self, run: Run) -> Outcome:
        try:
            return _WinRmRun(run).outcome()
        except St2liteError as error:
            return Outcome(FAILED, command_result(NOT_ENDED, "", "", error.message))

    def close(self) -> None:
        """Nothing to release."""


class _WinRmRun:
    def __init__(self, run: Run) -> None:
        parameters = run.runner_parameters
        self._run = run
        self._host = _host(parameters)
        self._cwd = str(parameters.get("cwd") or "") or None
        self._env = user_variables(run)
        self._limit = time_limit(run, _DEFAULT_TIMEOUT_S)
        self._is_powershell = run.runner.name != "winrm-cmd"
        self._script = _script(run) if run.runner.name == "winrm-ps-script" else command_of(run)
        self._output = {name: OutputText(name, self._pass_on) for name in ("stdout", "stderr")}

    def outcome(self) -> Outcome:
        deadline = time.monotonic() + (self._limit or math.inf)
        try:
            code = self._execute(WinRmShell(self._host, deadline, self._cwd, self._env))
        except WinRmTimeout as error:
            late = self._limit is not None and time.monotonic() >= deadline
            text = timeout_text(self._limit) if late else error.message
            return self._end(TIMEOUT, NOT_ENDED, text)
        except St2liteError as error:
            status = CANCELED if self._run.cancellation.requested else FAILED
            return self._end(status, NOT_ENDED, error.message)
        return self._end(FAILED if code else SUCCEEDED, code)

    def _execute(self, shell: WinRmShell) -> int:
        with shell:
            self._run.cancellation.on_request(shell.terminate)
            if not self._is_powershell:
                return shell.run(self._script, self._output)
            with script_command(shell, self._script) as command:
                return shell.run(command, self._output)

    def _pass_on(self, name: str, text: str) -> None:
        # What PowerShell writes to stderr can only be read as a whole.
        if name == "stdout" or not self._is_powershell:
            self._run.output.write(name, text)

    def _end(self, status: str, code: int, error: str = "") -> Outcome:
        stdout, stderr = (stream.text for stream in self._output.values())
        if self._is_powershell and stderr:
            stderr = powershell.readable_errors(stderr)
            self._run.output.write("stderr", stderr)
        notes = [error, *(stream.note or "" for stream in self._output.values())]
        return Outcome(status, command_result(code, stdout, stderr, " ".join(filter(None, notes))))


def _host(parameters: Mapping[str, Any]) -> WinRmHost:
    for name in ("host", "username", "password"):
        if not parameters.get(name):
            raise InvalidInput(f'Parameter "{name}" is missing.')
    name = str(parameters["host"]).strip().removeprefix("[").removesuffix("]")
    if not _HOST.fullmatch(name):
        raise InvalidInput('Parameter "host" must be the name or the address of a host, without scheme and port.')
    port = parameters.get("port") or _DEFAULT_PORT
    if not isinstance(port, int) or not 0 < port < 65536:
        raise InvalidInput('Parameter "port" must be a number from 1 to 65535.')
    scheme = "http" if port == _PLAIN_PORT else parameters.get("scheme") or "https"
    if scheme not in ("http", "https"):
        raise InvalidInput('Parameter "scheme" must be http or https.')
    return WinRmHost(
        url=f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}/wsman",
        username=str(parameters["username"]),
        password=str(parameters["password"]),
        transport=parameters.get("transport") or "ntlm",
        verify=parameters.get("verify_ssl_cert") is not False,
    )


def _script(run: Run) -> str:
    check_entry_point(run)
    try:
        script = Path(run.entry_point).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InvalidInput(f"The entry point {run.entry_point} does not exist: register the pack again.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The entry point {run.entry_point} cannot be read as UTF-8 text.") from error
    return powershell.block(script, _arguments(run))


def _arguments(run: Run) -> str:
    positions = positional_names(run)
    prefix = run.runner_parameters.get("kwarg_op")
    dash = "-" if prefix is None else str(prefix)
    named = {dash + name: value for name, value in run.action_parameters.items() if name not in positions}
    return powershell.arguments(named, [run.action_parameters.get(name) for name in positions])
