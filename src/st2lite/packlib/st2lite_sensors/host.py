"""The process of one sensor, started as `st2lite_sensor_host.py --pack P --class-name C --file-path F --line N`.

Only N matters, the number of an inherited socket (see `line`); the rest is for people who list processes. The first
line on the socket is a JSON object: `pack`, `class_name`, `path`, `config`, `poll_interval` (seconds or null),
`triggers` (those of its types that exist), `log_level`, `memory_limit` (bytes, 0 for none), `pythonpath`, and the lists
`first` and `last` of directories to put before and after the interpreter's own on the import path.

The order of events: `setup`, `add_trigger` for each trigger that exists, `run`, and `cleanup` however that ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType
from typing import Any

from st2common.log import AUDIT
from st2lite_actions.config import PackConfig

from st2lite_sensors.building import NotASensor, build, sensor_class
from st2lite_sensors.line import Line, end_group
from st2lite_sensors.service import SensorService

STOPPED = 128 + signal.SIGTERM
"""Exit code of a sensor that was asked to stop."""

_FIRST_TO_GO = b"500"
_SEVERITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))


class Stopped(SystemExit):
    """The sensor was asked to stop. An exit, because libraries with loops of their own let nothing else through."""


def main(arguments: list[str]) -> int:
    """Run the sensor on the socket that the arguments name; return the exit code."""
    fd = int(arguments[arguments.index("--line") + 1])
    os.set_inheritable(fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the container decides when a sensor ends, not who stops that
    signal.signal(signal.SIGTERM, _stop)
    line = Line(fd)
    try:
        start = line.read_first()
    except (EOFError, Stopped):
        return STOPPED
    _prepare(start)
    line.open()
    code = _run(start, line)
    if line.lost:
        end_group()
    if code == STOPPED:  # what is left of it must not keep it from ending
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _stop(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise Stopped(STOPPED)


def _run(start: dict[str, Any], line: Line) -> int:
    pack, class_name = start["pack"], start["class_name"]
    service = SensorService(pack, class_name, line)
    logger = logging.getLogger(f"SensorWrapper.{pack}.{class_name}")
    sensor = None
    try:
        found = sensor_class(start["path"], class_name, pack)
        sensor = build(found, service, PackConfig(pack, start["config"]), start["poll_interval"])
        logger.debug("Setting up.")
        sensor.setup()
        news = _News(sensor, logger)
        for trigger in start["triggers"]:
            news.tell("add", trigger)
        line.follow(news.tell)
        logger.info("Running.")
        sensor.run()
        code = 0
    except NotASensor as error:
        logger.error("%s", error, exc_info=error.__cause__)
        code = 1
    except SystemExit as error:
        code = _exit_code(error.code, logger)
    except BaseException:  # as at the end of any program
        logger.exception("Failed.")
        code = 1
    if sensor is not None:
        try:
            sensor.cleanup()
        except BaseException:  # it ends in any case
            logger.exception("cleanup failed.")
    return code


class _News:
    """Passes news about triggers on to the sensor."""

    def __init__(self, sensor: Any, logger: logging.Logger) -> None:
        self._calls = {"add": sensor.add_trigger, "update": sensor.update_trigger, "remove": sensor.remove_trigger}
        self._logger = logger

    def tell(self, change: str, trigger: dict[str, Any]) -> None:
        try:
            self._calls[change](trigger)
        except Exception:
            self._logger.exception("%s_trigger failed for %s.", change, trigger.get("ref"))


def _exit_code(code: Any, logger: logging.Logger) -> int:
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    logger.error("%s", code)
    return 1


def _prepare(start: dict[str, Any]) -> None:
    os.environ["PYTHONPATH"] = start["pythonpath"]
    sys.path[:] = dict.fromkeys(start["first"] + sys.path + start["last"])
    sys.argv[:] = [start["path"]]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    logging.root.addHandler(handler)
    logging.root.setLevel(AUDIT if start["log_level"] == "AUDIT" else start["log_level"])
    try:
        # When memory is short, the kernel shall take a sensor and not a service.
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
            file.write(_FIRST_TO_GO)
    except OSError:
        pass
    if start["memory_limit"]:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = start["memory_limit"] if hard == resource.RLIM_INFINITY else min(hard, start["memory_limit"])
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


class _Formatter(logging.Formatter):
    """Begins each line with its severity as syslog counts it, `<3>`, which the container reads."""

    def __init__(self) -> None:
        super().__init__("%(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        severity = next(number for level, number in _SEVERITIES if record.levelno >= level)
        return "\n".join(f"<{severity}>{line}" for line in super().format(record).split("\n"))
