"""How units are judged. A program in the place of systemctl shows what the real one was seen to show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from st2lite.models.errors import St2liteError
from st2lite.services.ctl.managers import Running
from st2lite.services.ctl.systemd import Systemd

PROPERTIES = {
    "LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "SubState": "running",
    "Result": "success", "MainPID": "0", "StatusText": "", "Wants": "",
}  # fmt: skip
DOWN = {"ActiveState": "inactive", "SubState": "dead"}
ABSENT = {**DOWN, "LoadState": "not-found", "UnitFileState": ""}


class Host:
    """A directory with a systemctl that knows some units and writes down what it is asked to do."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        systemctl = directory / "systemctl"
        systemctl.write_text(
            "#!/bin/sh\n"
            f"cd {directory}\n"
            'if [ "$1" != show ]; then echo "$@" >>asked; exit; fi\n'
            "shift 2\n"
            'for unit in "$@"; do\n'
            '    if [ -e "$unit" ]; then cat "$unit"; else\n'
            '        case $unit in *"@*"*) cat $unit 2>/dev/null ;; *) sed "s/^Id=.*/Id=$unit/" absent ;; esac\n'
            "    fi\n"
            "done\n"
            "true\n"
        )
        systemctl.chmod(0o755)
        self.unit("absent", **ABSENT)

    def unit(self, name: str, **properties: str) -> None:
        lines = {"Id": name, **PROPERTIES, **properties}.items()
        (self.directory / name).write_text("".join(f"{key}={value}\n" for key, value in lines) + "\n")

    @property
    def asked(self) -> str:
        return (self.directory / "asked").read_text()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return Host(tmp_path)


def test_a_service_that_serves(host: Host) -> None:
    host.unit("st2api.service", MainPID="17", StatusText="Ready.")
    assert Systemd().running("st2api") == Running((17,), "")


def test_one_that_waits_is_not_up(host: Host) -> None:
    host.unit("st2api.service", MainPID="17", StatusText="Waiting: MongoDB = away")
    assert Systemd().running("st2api") == Running((17,), "Waiting: MongoDB = away")


def test_one_that_is_stopped(host: Host) -> None:
    host.unit("st2api.service", **DOWN)
    assert Systemd().running("st2api") == Running((), "does not run")


def test_one_that_has_failed(host: Host) -> None:
    host.unit("st2api.service", ActiveState="failed", SubState="failed", Result="exit-code")
    assert Systemd().running("st2api").problem == "st2api.service is failed (failed, exit-code)"


def test_one_that_is_not_installed(host: Host) -> None:
    assert Systemd().running("st2api") == Running((), "has no unit st2api.service")


class TestWorkers:
    def test_they_are_the_service(self, host: Host) -> None:
        host.unit("st2actionrunner.service", SubState="exited")
        host.unit("st2actionrunner@1.service", MainPID="21", StatusText="Ready.")
        host.unit("st2actionrunner@2.service", MainPID="22", StatusText="Ready.")
        assert Systemd().running("st2actionrunner") == Running((21, 22), "")

    def test_one_of_them_is_down(self, host: Host) -> None:
        host.unit("st2actionrunner.service", SubState="exited")
        host.unit("st2actionrunner@1.service", MainPID="21")
        host.unit("st2actionrunner@2.service", ActiveState="activating", SubState="auto-restart", Result="signal")
        assert Systemd().running("st2actionrunner") == Running(
            (21,), "st2actionrunner@2.service is activating (auto-restart, signal)"
        )

    def test_the_head_alone_runs_no_actions(self, host: Host) -> None:
        host.unit("st2actionrunner.service", SubState="exited")
        assert Systemd().running("st2actionrunner").problem == "has no process"

    def test_signals_go_to_main_processes(self, host: Host) -> None:
        host.unit("st2actionrunner.service", SubState="exited")
        host.unit("st2actionrunner@1.service", MainPID="21")
        Systemd().reopen_logs("st2actionrunner")
        assert host.asked == "kill --kill-who=main --signal=SIGUSR1 st2actionrunner@1.service\n"


def test_nothing_is_signalled_that_does_not_run(host: Host) -> None:
    host.unit("st2api.service", **DOWN)
    with pytest.raises(St2liteError, match="st2api does not run"):
        Systemd().reopen_logs("st2api")


class TestNeighbours:
    def test_a_cluster_of_its_own_is_asked_instead_of_the_common_unit(self, host: Host) -> None:
        host.unit("nginx.service", MainPID="5")
        host.unit("postgresql.service", SubState="exited", Wants="tmp.mount postgresql@15-main.service")
        host.unit("postgresql@15-main.service", **DOWN, UnitFileState="enabled-runtime")
        assert Systemd().neighbours() == {
            "nginx": Running((5,), ""),
            "PostgreSQL (postgresql@15-main)": Running((0,), "does not run"),
        }

    def test_where_there_is_one_unit_it_is_that(self, host: Host) -> None:
        host.unit("postgresql.service", MainPID="6")
        assert Systemd().neighbours() == {"PostgreSQL (postgresql)": Running((6,), "")}

    def test_what_is_switched_off_on_purpose_is_left_out(self, host: Host) -> None:
        host.unit("nginx.service", **DOWN, UnitFileState="disabled")
        assert Systemd().neighbours() == {}


def test_a_refusal_of_systemd_is_told(host: Host) -> None:
    (host.directory / "systemctl").write_text("#!/bin/sh\necho Failed to start it >&2\nexit 1\n")
    with pytest.raises(St2liteError, match=r"systemctl start st2api\.service: Failed to start it"):
        Systemd().start("st2api")
