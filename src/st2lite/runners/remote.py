"""The runners `remote-shell-cmd` and `remote-shell-script`: shell commands and scripts on other hosts over SSH."""

from __future__ import annotations

import logging
import math
import shlex
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.models.statuses import CANCELED, FAILED, SUCCEEDED, TIMEOUT
from st2lite.runners.environment import action_variables, user_variables
from st2lite.runners.output_text import ignore_output
from st2lite.runners.process import time_limit, timeout_text
from st2lite.runners.remote_command import RemoteCommand, shell_variables
from st2lite.runners.remote_files import NothingCopied, upload_script
from st2lite.runners.remote_hosts import RemoteHost, parse_hosts
from st2lite.runners.required import check_entry_point, command_of
from st2lite.runners.shell_arguments import script_arguments
from st2lite.runners.shell_output import command_result
from st2lite.runners.ssh import SshConnections, SshError
from st2lite.runners.ssh_command import Finished, execute
from st2lite.runners.ssh_login import Login
from st2lite.runners.stop_signal import StopSignal
from st2lite.runners.sudo import SUDO_REFUSED, SUDO_REFUSED_CODE

if TYPE_CHECKING:
    import paramiko

log = logging.getLogger(__name__)

NOT_RUN = 255
"""Return code where the command did not run, or was not followed to its end."""

_SUDO_ERROR = 'sudo refused: parameter "sudo_password" is wrong or missing, or the user may not use sudo on this host.'
_FAILURE = {"succeeded": False, "failed": True, "return_code": NOT_RUN}
_DIRECTORY = "/tmp"  # noqa: S108 - on the remote host, below it a directory that only this run uses
_DEFAULT_TIMEOUT_S = 60
_CLEANUP_TIMEOUT_S = 10.0


def create(settings: RunnerSettings) -> Runner:
    """Make the runner that serves both runner types."""
    return RemoteRunner(settings)


class RemoteRunner:
    """Serves any number of runs at a time; every run opens and closes its own connections."""

    def __init__(self, settings: RunnerSettings) -> None:
        self._settings = settings

    def run(self, run: Run) -> Outcome:
        try:
            with StopSignal() as stop:
                run.cancellation.on_request(stop.request)
                return _RemoteRun(run, self._settings, stop).outcome()
        except St2liteError as error:
            return Outcome(FAILED, _global_failure(error.message))

    def close(self) -> None:
        """Nothing to release."""


class _RemoteRun:
    """One run on all of its hosts."""

    def __init__(self, run: Run, settings: RunnerSettings, stop: StopSignal) -> None:
        parameters = run.runner_parameters
        self._settings = settings
        self._stop = stop
        self._hosts = parse_hosts(parameters.get("hosts"))
        self._timeout = time_limit(run, _DEFAULT_TIMEOUT_S) or math.inf
        self._login = Login(run, settings)
        self._script = _script(run)
        prefix = parameters.get("kwarg_op")
        self._arguments = script_arguments(run, "--" if prefix is None else str(prefix)) if self._script else []
        self._directory = f"{str(parameters.get('dir') or _DIRECTORY).rstrip('/')}/{run.liveaction_id}"
        self._command = RemoteCommand(
            "" if self._script else command_of(run),
            cwd=str(parameters.get("cwd") or _DIRECTORY),
            env=shell_variables({**user_variables(run), **action_variables(run)}),
            sudo=bool(parameters.get("sudo")),
            sudo_password=parameters.get("sudo_password") or None,
        )
        self._on_output = run.output.write if len(self._hosts) == 1 else ignore_output

    def outcome(self) -> Outcome:
        workers = min(len(self._hosts), max(1, self._settings.max_parallel_hosts))
        with SshConnections(self._login, self._settings.ssh_connect_timeout, self._stop) as connections:
            self._connections = connections
            if workers == 1:
                answers = [self._serve(host) for host in self._hosts]
            else:
                with ThreadPoolExecutor(workers, thread_name_prefix="remote") as pool:
                    answers = list(pool.map(self._serve, self._hosts))
        if not any(connected for connected, _ in answers):
            return Outcome(FAILED, self._nobody(answers))
        results = {host.label: result for host, (_, result) in zip(self._hosts, answers, strict=True)}
        if self._stop.requested:
            return Outcome(CANCELED, results)
        return Outcome(_status(results.values(), self._settings.allow_partial_failure), results)

    def _serve(self, host: RemoteHost) -> tuple[bool, dict[str, Any]]:
        """Do the work on one host; give whether it could be connected to, and its result."""
        connected = False
        try:
            with self._connections.open(host.name, host.port) as client:
                connected = True
                return True, self._result(self._execute(client))
        except St2liteError as error:
            return connected, {**_FAILURE, "stdout": "", "stderr": "", "timeout": False, "error": error.message}

    def _execute(self, client: paramiko.SSHClient) -> Finished:
        if self._script is None:
            return execute(client, self._command, self._timeout, self._stop, self._on_output)
        copied = True
        try:
            path = upload_script(client, self._script, self._directory, self._timeout, self._stop)
            command = replace(self._command, command=shlex.join([path, *self._arguments]))
            return execute(client, command, self._timeout, self._stop, self._on_output)
        except NothingCopied:
            copied = False
            raise
        finally:
            if copied:
                self._clean_up(client)

    def _clean_up(self, client: paramiko.SSHClient) -> None:
        try:
            with StopSignal() as never:  # a canceled action, too, leaves nothing behind
                command = self._command.remove(self._directory)
                finished = execute(client, command, _CLEANUP_TIMEOUT_S, never, ignore_output)
            if finished.return_code:
                log.warning("%s stays on a host: %s", self._directory, finished.stderr.strip())
        except SshError as error:
            log.warning("%s stays on a host: %s", self._directory, error)

    def _result(self, finished: Finished) -> dict[str, Any]:
        code = finished.return_code
        notes = [finished.note] if finished.note else []
        if finished.timed_out:
            notes.insert(0, timeout_text(self._timeout))
        elif code == 1 and self._command.sudo and SUDO_REFUSED.search(finished.stderr):
            code = SUDO_REFUSED_CODE
            notes.insert(0, _SUDO_ERROR)
        result = command_result(code, finished.stdout, finished.stderr, " ".join(notes))
        return {**result, "timeout": True} if finished.timed_out else result

    def _nobody(self, answers: list[tuple[bool, dict[str, Any]]]) -> dict[str, Any]:
        errors = [result["error"] for _, result in answers]
        if len(errors) == 1:
            text = errors[0]
        else:
            text = "None of the hosts could be connected to. " + " ".join(f"{error.rstrip('.')}." for error in errors)
        return _global_failure(text)


def _global_failure(error: str) -> dict[str, Any]:
    """Give the result of a run that reached no host. Clients expect a traceback; an understood error has none."""
    return {**_FAILURE, "error": error, "traceback": ""}


def _status(results: Iterable[dict[str, Any]], allow_partial_failure: bool) -> str:
    """Give the status of a run from its hosts, in order.

    Success means all of them, or any where that is allowed. It is a timeout if every result looked at is one; without
    partial failure nothing is looked at after the first host that failed.
    """
    looked_at = []
    for result in results:
        looked_at.append(result)
        if allow_partial_failure and result["succeeded"]:
            return SUCCEEDED
        if not allow_partial_failure and not result["succeeded"]:
            break
    else:
        if not allow_partial_failure:
            return SUCCEEDED
    return TIMEOUT if all(result.get("timeout") for result in looked_at) else FAILED


def _script(run: Run) -> Path | None:
    if run.runner.name != "remote-shell-script":
        return None
    check_entry_point(run)
    path = Path(run.entry_point)
    if not path.is_file():
        raise InvalidInput(f"The entry point {path} does not exist: register the pack again or mend it.")
    return path
