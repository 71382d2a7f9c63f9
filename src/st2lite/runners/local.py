"""Runners `local-shell-cmd` and `local-shell-script`: a command line or a script of a pack on this host."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Sequence
from pathlib import Path

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models import statuses
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.runners.environment import action_variables, user_variables
from st2lite.runners.process import Command, Ended, NotStarted, run_process, time_limit
from st2lite.runners.required import check_entry_point, command_of
from st2lite.runners.shell_arguments import script_arguments
from st2lite.runners.shell_output import command_result
from st2lite.runners.sudo import SUDO_REFUSED, SUDO_REFUSED_CODE
from st2lite.runners.worktree import content_of

NOT_STARTED = -1
"""Return code of a command that never ran: bad parameters, no such file."""

_STATUS = {0: statuses.SUCCEEDED, -9: statuses.TIMEOUT, -15: statuses.ABANDONED}
_DEFAULT_TIMEOUT = 60


def create(settings: RunnerSettings) -> Runner:
    """The runner of both types; which one is meant is said by the run."""
    return LocalRunner(settings)


class LocalRunner:
    """Runs shell actions as the system user, or as root for `sudo: true`."""

    def __init__(self, settings: RunnerSettings) -> None:
        self._settings = settings

    def run(self, run: Run) -> Outcome:
        try:
            with content_of(run) as (_, entry_point):
                if run.runner.name == "local-shell-script":
                    return self._finish(run, self._script(run, entry_point))
                return self._finish(run, self._command_line(run))
        except St2liteError as error:
            return _outcome(NOT_STARTED, "", "", error.message)

    def close(self) -> None:
        """Nothing is kept between runs."""

    def _command_line(self, run: Run) -> Ended:
        if run.entry_point:
            raise InvalidInput(
                f'Action "{run.action.ref}" has an entry_point, which local-shell-cmd does not run: remove it from the '
                "metadata, or use runner_type local-shell-script."
            )
        text = command_of(run)
        sudo = self._sudo(run)
        return self._start(run, [*sudo, "bash", "-c", text] if sudo else ["/bin/sh", "-c", text], sudo)

    def _script(self, run: Run, entry_point: str) -> Ended:
        check_entry_point(run)
        _make_executable(Path(entry_point))
        argv = [entry_point, *script_arguments(run, run.runner_parameters.get("kwarg_op", "--"))]
        sudo = self._sudo(run)
        if sudo:
            return self._start(run, [*sudo, "bash", "-c", shlex.join(argv)], sudo)
        return self._start(run, argv)

    def _start(self, run: Run, argv: Sequence[str], sudo: Sequence[str] = ()) -> Ended:
        given = run.runner_parameters
        cwd = given.get("cwd") or None
        if cwd and not Path(cwd).is_dir():
            raise InvalidInput(f'Parameter "cwd": there is no directory "{cwd}" on this host.')
        command = Command(
            argv,
            env={**os.environ, **user_variables(run), **action_variables(run)},
            cwd=cwd,
            timeout=time_limit(run, _DEFAULT_TIMEOUT),
            stdin=given.get("sudo_password") if sudo else None,
            kill_with=sudo,
        )
        try:
            return run_process(command, run.output, run.cancellation)
        except NotStarted as error:
            if error.errno != errno.ENOEXEC:
                raise
            return self._start(run, ["/bin/sh", *argv])  # a script without a first line #!: what a shell would do

    def _sudo(self, run: Run) -> list[str]:
        """The words before a command that is to run as somebody else; -E keeps the environment out of them."""
        given = run.runner_parameters
        ask = ["-S", "-p", ""] if given.get("sudo_password") else []
        if given.get("sudo"):
            return ["sudo", *ask, "-E", "--"]
        if self._settings.system_user == self._settings.service_user:
            return []
        return ["sudo", *ask, "-E", "-H", "-u", self._settings.system_user, "--"]

    def _finish(self, run: Run, ended: Ended) -> Outcome:
        code, error = ended.exit_code, ended.error
        if code == 1 and self._sudo(run) and SUDO_REFUSED.search(ended.stderr):
            code = SUDO_REFUSED_CODE
            error = (
                'sudo refused: parameter "sudo_password" is wrong or missing, or '
                f'user "{self._settings.service_user}" may not use sudo on this host.'
            )
        return _outcome(code, ended.stdout, ended.stderr, error)


def _outcome(code: int, stdout: str, stderr: str, error: str | None) -> Outcome:
    return Outcome(_STATUS.get(code, statuses.FAILED), command_result(code, stdout, stderr, error))


def _make_executable(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = mode | (mode & 0o444) >> 2  # who may read it may run it
        if mode != wanted:
            path.chmod(wanted)
    except FileNotFoundError as error:
        raise InvalidInput(f"The entry point {path} does not exist: register the pack again or mend it.") from error
    except PermissionError:
        pass  # somebody else's file; if it cannot be run the error of the start says so
