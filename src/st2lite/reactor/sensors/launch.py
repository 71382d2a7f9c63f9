"""What it takes to start the process of a sensor: interpreter, paths, environment, configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from st2lite.models.errors import ContentError
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import Trigger
from st2lite.reactor.sensors.access import USER
from st2lite.reactor.sensors.protocol import shown_to_sensor

_SCRIPT = "st2lite_sensor_host.py"
_MIB = 1024 * 1024


class Paths(Protocol):
    """Interpreter and import path of a pack; see `runners.python_paths`."""

    @property
    def python(self) -> Path: ...
    @property
    def first(self) -> list[str]: ...
    @property
    def last(self) -> list[str]: ...
    @property
    def pythonpath(self) -> str: ...
    def search_path(self, inherited: str) -> str: ...


@dataclass(frozen=True)
class Launch:
    """A process to start, and the first line that it reads."""

    argv: list[str]
    env: dict[str, str]
    first_line: dict[str, Any]


@dataclass(frozen=True)
class Host:
    """What sensors get from the host they run on.

    `find_paths(pack, pack_dir, file)` raises `ContentError` for a missing virtualenv, `load_config(pack, user)`
    `InvalidInput` for a value that cannot be rendered. `memory_limit` is in MiB, 0 for none.
    """

    packlib_dir: Path
    api_url: str
    issue_token: Callable[[], str]
    pack_dir: Callable[[str], Path | None]
    find_paths: Callable[[str, Path | None, str], Paths]
    load_config: Callable[[str, str], dict[str, Any]]
    log_level: str = "INFO"
    memory_limit: int = 0

    def launch(self, sensor: SensorType, line: int, triggers: Sequence[Trigger]) -> Launch:
        """Prepare the process of a sensor with the inherited socket `line`. Raises `St2liteError` with the remedy."""
        path = file_of(sensor)
        if not path.is_file():
            raise ContentError(
                f"{path} does not exist on this host: install the pack here, or correct entry_point and register it: "
                f"st2 pack register {sensor.pack}"
            )
        paths = self.find_paths(sensor.pack, self.pack_dir(sensor.pack), str(path))
        argv = [str(paths.python), "-u", str(self.packlib_dir / _SCRIPT)]
        argv += ["--pack", sensor.pack, "--class-name", sensor.class_name, "--file-path", str(path)]
        argv += ["--line", str(line)]
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        env = {
            **inherited,
            "PATH": paths.search_path(inherited.get("PATH", "")),
            "ST2_API_URL": self.api_url,
            "ST2_AUTH_TOKEN": self.issue_token(),
        }
        first_line = {
            "pack": sensor.pack,
            "class_name": sensor.class_name,
            "path": str(path),
            "config": self.load_config(sensor.pack, USER),
            "poll_interval": sensor.poll_interval,
            "triggers": [shown_to_sensor(trigger) for trigger in triggers],
            "log_level": self.log_level,
            "memory_limit": self.memory_limit * _MIB,
            "pythonpath": paths.pythonpath,
            "first": paths.first,
            "last": paths.last,
        }
        return Launch(argv, env, first_line)


def file_of(sensor: SensorType) -> Path:
    """The python file of a sensor."""
    return Path(sensor.artifact_uri.removeprefix("file://"))


@dataclass(frozen=True)
class Version:
    """What makes a running sensor outdated: its metadata were written again, or its file has changed."""

    id: str
    rev: int
    file: tuple[int, int, int] | None


def version_of(sensor: SensorType) -> Version:
    """The version of a sensor that a process started now would run."""
    try:
        found = file_of(sensor).stat()
    except OSError:
        return Version(sensor.id, sensor.rev, None)
    return Version(sensor.id, sensor.rev, (found.st_ino, found.st_mtime_ns, found.st_size))
