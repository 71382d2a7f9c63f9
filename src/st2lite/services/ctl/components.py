"""Which services this host runs, and in which order."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from st2lite.models.errors import InvalidInput

SERVICES = (
    "st2actionrunner",
    "st2api",
    "st2stream",
    "st2auth",
    "st2garbagecollector",
    "st2notifier",
    "st2rulesengine",
    "st2sensorcontainer",
)
"""The services of a host of its own, in the order in which they are started."""

OPTIONAL = ("st2timersengine",)
"""What a host may run besides: if it starts with the host, or `COMPONENTS` says so."""

ELSEWHERE = {
    "st2resultstracker": "st2actionrunner",
    "st2scheduler": "st2actionrunner",
    "st2workflowengine": "st2actionrunner",
}
"""Services of StackStorm that are none here, and which one does their work."""

_NOT_OURS = ("st2chatops", "mistral", "mistral-api", "mistral-server")
"""What StackStorm's st2ctl looks after, too, and this release does not have."""

STARTED_WITH_THE_HOST = Path("/etc/systemd/system/multi-user.target.wants")
SETTINGS = (Path("/etc/default/st2ctl"), Path("/etc/sysconfig/st2ctl"))
_VARIABLE = "COMPONENTS"
_CONFIGURATION = "ST2_CONF"


def components(
    settings: tuple[Path, ...] = SETTINGS, started_with_the_host: Path = STARTED_WITH_THE_HOST
) -> tuple[str, ...]:
    """The services of this host: those of `COMPONENTS` in the environment or a settings file, else all.

    A file that was written for StackStorm may name services that it has and st2lite has not; they are left out.
    """
    text = _setting(_VARIABLE, settings)
    started = tuple(name for name in OPTIONAL if (started_with_the_host / f"{name}.service").is_symlink())
    named = text.split() if text else SERVICES + started
    chosen = tuple(name for name in named if name not in ELSEWHERE and name not in _NOT_OURS)
    unknown = [name for name in chosen if name not in (*SERVICES, *OPTIONAL)]
    if unknown:
        known = ", ".join((*SERVICES, *OPTIONAL))
        raise InvalidInput(f"{_VARIABLE}: {', '.join(unknown)} is no service of st2lite; there are {known}.")
    return chosen


def configuration(settings: tuple[Path, ...] = SETTINGS) -> str | None:
    """The st2.conf of this host if `ST2_CONF` in the environment or a settings file names one."""
    return _setting(_CONFIGURATION, settings) or None


def _setting(variable: str, settings: tuple[Path, ...]) -> str:
    """The value of a variable in the environment, else in the first of the files that has it, else nothing."""
    if os.environ.get(variable):
        return os.environ[variable]
    for path in settings:
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                name, equals, value = line.strip().removeprefix("export ").partition("=")
                if equals and name == variable:
                    return " ".join(shlex.split(value))
    return ""
