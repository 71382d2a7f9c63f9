"""st2ctl: start, stop and judge the services of this host."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from st2lite.commands import register_content
from st2lite.commands.confirm import confirm
from st2lite.commands.daemon import CONFIG_HELP
from st2lite.config.load import config_path, load
from st2lite.config.schema import Config
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.services.backup.documents import clear, kept_kinds
from st2lite.services.context import AppContext
from st2lite.services.ctl.components import ELSEWHERE, components, configuration
from st2lite.services.ctl.managers import Manager, find_manager
from st2lite.services.ctl.status import State, dependency_states, neighbour_states, service_states

NAME = "st2ctl"
_RELOADED = ("runners", "actions", "aliases", "sensors", "triggers", "configs", "rules")
_READY_SECONDS = 60.0
_EPILOG = """\
examples:
  st2ctl status                     exits with 0 only if every service and dependency is up
  st2ctl restart-component st2api
  st2ctl reload --register-all      register the content of all packs

In /etc/default/st2ctl (or /etc/sysconfig/st2ctl) COMPONENTS names the services of this host if it does not run all, and
ST2_CONF its st2.conf if that is elsewhere.
Only root can start and stop services; status and reload want a user who can read st2.conf: root, or one of group st2.

exit codes: 0 all is well, 1 a service is down, or there is no such command, 2 an error
"""


def main(argv: list[str] | None = None) -> int:
    options, more = _parser().parse_known_args(argv)
    if more and options.command != "reload":
        _parser().error(f"unrecognized arguments: {' '.join(more)}")
    try:
        host = _Host(options.config_file)
        if options.command == "reload":
            return host.reload(more)
        return int(_COMMANDS[options.command](host, options))
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 2


class _Parser(argparse.ArgumentParser):
    """One whose refusals have the exit code 1, as scripts around StackStorm's st2ctl expect it."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: {message}\n")


class _Host:
    """This host: its configuration, its services and who keeps them."""

    def __init__(self, config_file: str | None) -> None:
        self._config_file = config_path(config_file or configuration()).resolve()
        self._config: Config = load(self._config_file)
        base = Path(self._config.system.base_path)
        log = self._config.log.directory
        self._manager: Manager = find_manager(
            Path(os.environ.get("ST2_RUN_DIR") or "/run/st2"), Path(log) if log else base / "logs", self._config_file
        )
        self._names = components()

    def start(self, names: Sequence[str] | None = None) -> int:
        return self._begin("Starting", self._manager.start, names or self._names)

    def _begin(self, doing: str, step: Callable[[str], None], names: Sequence[str]) -> int:
        """Have services begin, wait until all are up, and say how it went. One that fails keeps none of the others."""
        self._manager.require_rights()
        failed = False
        for name in names:
            print(f"{doing} {name}", flush=True)
            try:
                step(name)
            except St2liteError as error:
                print(f"{NAME}: {error.message}", file=sys.stderr)
                failed = True
        deadline = time.monotonic() + _READY_SECONDS
        while not failed and any(not state.up for state in self._services()) and time.monotonic() < deadline:
            time.sleep(0.5)
        return max(self.status(), int(failed))

    def stop(self, names: Sequence[str] | None = None) -> int:
        self._manager.require_rights()
        for name in names or self._names:
            print(f"Stopping {name}", flush=True)
            self._manager.stop(name)
        return 0

    def restart(self, names: Sequence[str] | None = None) -> int:
        return self._begin("Restarting", self._manager.restart, names or self._names)

    def restart_component(self, name: str) -> int:
        return self.restart([self._known(name)])

    def reopen_log_files(self, name: str) -> int:
        name = self._known(name)
        self._manager.require_rights()
        self._manager.reopen_logs(name)
        return 0

    def reload(self, flags: Sequence[str]) -> int:
        chosen = list(flags) or [f"--register-{kind}" for kind in _RELOADED]
        try:
            code = register_content.main(["--config-file", str(self._config_file), *chosen])
        except SystemExit as refusal:  # an option that there is not
            return int(bool(refusal.code))
        self.status()
        return code

    def clean(self, sure: bool) -> int:
        if not sure:
            confirm(f"Remove everything in the database of {self._config_file}? Files of packs stay.")
        self.stop()
        context = AppContext(self._config)
        try:
            context.connect()
            for kind in kept_kinds().values():
                clear(context.store, kind)
        finally:
            context.close()
        code = register_content.main(["--config-file", str(self._config_file), "--register-all"])
        return self.start() or code

    def status(self) -> int:
        context = AppContext(self._config)
        try:
            states = [*self._services(), *dependency_states(context), *neighbour_states(self._manager)]
        finally:
            context.close()
        width = max(len(state.name) for state in states)
        print("Services of this host and what they need:")
        for state in states:
            print(f"  {'ok  ' if state.up else 'DOWN'}  {state.name.ljust(width)}  {state.text}")
        return 0 if all(state.up for state in states) else 1

    def _services(self) -> list[State]:
        return service_states(self._names, self._manager, self._config)

    def _known(self, name: str) -> str:
        """The service that is meant; StackStorm has some whose work others do here."""
        if name in ELSEWHERE:
            print(f"{name} is no service of its own here: {ELSEWHERE[name]} does its work.")
            name = ELSEWHERE[name]
        if name not in self._names:
            raise InvalidInput(f"{name} is no service of this host; there are {', '.join(self._names)}.")
        return name


_COMMANDS: dict[str, Callable[[_Host, argparse.Namespace], int]] = {
    "start": lambda host, _: host.start(),
    "stop": lambda host, _: host.stop(),
    "restart": lambda host, _: host.restart(),
    "restart-component": lambda host, options: host.restart_component(options.name),
    "reopen-log-files": lambda host, options: host.reopen_log_files(options.name),
    "status": lambda host, _: host.status(),
    "clean": lambda host, options: host.clean(options.yes),
}


def _parser() -> _Parser:
    parser = _Parser(
        prog=NAME, description="Start, stop and judge the services of this host.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--config-file", metavar="FILE", help=CONFIG_HELP)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("start", "start all services and wait until they are up"),
        ("stop", "stop all services; running actions come to their end"),
        ("restart", "stop and start all services"),
        ("status", "show every service and dependency; exit with 0 only if all are up"),
        ("reload", "register content; takes the options of st2-register-content"),
    ):
        commands.add_parser(name, help=text)
    for name, text in (
        ("restart-component", "restart one service"),
        ("reopen-log-files", "let one service write to new log files, after a rotation"),
    ):
        commands.add_parser(name, help=text).add_argument("name", metavar="SERVICE")
    clean = commands.add_parser("clean", help="remove everything in the database, and register content anew")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    return parser


if __name__ == "__main__":
    sys.exit(main())
