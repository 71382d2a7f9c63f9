"""The units, logs and environments of st2: as systemd, the services and logrotate read them."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from st2lite.config.load import build
from st2lite.services.logs import set_up_logging
from tests.roles.hosts import each_host
from tests.roles.rendering import Host, files_on
from tests.roles.role import ROOT, Role

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

_ST2 = Role(ROOT / "roles" / "st2")
_RUNNERS = ROOT / "src/st2lite/services/ctl/runners.sh"
_WEB = ("st2api", "st2auth", "st2stream")
_DAEMONS = ("st2notifier", "st2rulesengine", "st2sensorcontainer", "st2garbagecollector", "st2timersengine")
_WORKER = "st2actionrunner@.service"
_WIDEST = 7.4
"""Highest exposure that systemd calls medium; what is 4.9 or less is OK."""


def _text(path: str, kind: str = "debian-12", **variables: object) -> str:
    files = Host(_ST2, kind, variables).files() if variables else files_on(_ST2, kind)
    return next(file.text for file in files if file.path == path)


def _unit(name: str, kind: str = "debian-12", **variables: object) -> str:
    return _text(f"/lib/systemd/system/{name}", kind, **variables)


def test_there_is_a_unit_for_each_program_that_serves_and_no_other() -> None:
    units = {Path(file.path).name for file in files_on(_ST2, "debian-12") if "/systemd/system/" in file.path}
    services = {f"{name}.service" for name in (*_WEB, *_DAEMONS, "st2actionrunner")}
    assert units == services | {_WORKER} | {f"{name}.socket" for name in _WEB}


@each_host
def test_environments_are_where_the_family_has_them(kind: str) -> None:
    folder = "/etc/sysconfig" if kind.endswith("-9") else "/etc/default"
    assert f"EnvironmentFile=-{folder}/st2api\n" in _unit("st2api.service", kind)
    assert "WORKERS=1\n" in _text(f"{folder}/st2actionrunner", kind)


def test_an_environment_may_hold_anything() -> None:
    text = _text("/etc/default/st2api", st2_proxy_env={"http_proxy": 'http://a:"b\\c@proxy'})
    assert 'http_proxy="http://a:\\"b\\\\c@proxy"\n' in text


@pytest.mark.parametrize("name", _WEB)
def test_a_socket_outlives_a_restart_and_no_stop(name: str) -> None:
    socket, service = _unit(f"{name}.socket"), _unit(f"{name}.service")
    assert "StopWhenUnneeded=yes\n" in socket
    assert "PartOf=" not in socket, "a restart would close it"
    assert "StopPropagatedFrom=" not in socket, "a restart would close it from systemd 254 on"
    assert f"Wants={name}.socket\nAfter={name}.socket\n" in service
    assert f"WantedBy={name}.service\n" in socket, "whatever else needs it keeps it open"
    assert "Requires=" not in service, "a crash would be for good"
    assert re.search(r"^ListenStream=127\.0\.0\.1:910[012]$", socket, re.MULTILINE)


def test_a_socket_is_where_st2_conf_has_it() -> None:
    text = _unit("st2api.socket", st2_config={"api": {"host": "::1", "port": 9999}})
    assert "ListenStream=[::1]:9999\n" in text


def test_stopping_gives_actions_their_time() -> None:
    variables = {"st2_actionrunner_drain_seconds": 100}
    assert "TimeoutStopSec=115\n" in _unit(_WORKER, **variables)
    assert "TimeoutStopSec=115\n" in _unit("st2actionrunner.service", **variables)
    assert "exit_still_active_check = 100\n" in _text("/etc/st2/st2.conf", **variables)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None and "CI" not in os.environ, reason="no systemd-analyze")
class TestAsSystemdReadsThem:
    @pytest.fixture(scope="class")
    def directory(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        directory = tmp_path_factory.mktemp("units")
        program = directory / "program"
        program.touch(mode=0o755)
        for file in files_on(_ST2, "debian-12"):
            if "/systemd/system/" in file.path:
                text = re.sub(r"^(Exec\w+=)\S+", rf"\1{program}", file.text, flags=re.MULTILINE)
                (directory / Path(file.path).name).write_text(text)
        return directory

    def test_there_is_nothing_to_complain_about(self, directory: Path) -> None:
        done = subprocess.run(
            ["systemd-analyze", "verify", *sorted(directory.glob("st2*"))],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert [line for line in done.stderr.splitlines() if "st2" in line] == []

    def test_they_are_as_tight_as_their_jobs_allow(self, directory: Path) -> None:
        exposure = {}
        for unit in sorted(directory.glob("st2*.service")):
            done = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
                capture_output=True, text=True, check=True, timeout=60,
            )  # fmt: skip
            (level,) = re.findall(r"exposure level for \S+ (\d+\.\d)", done.stdout)
            exposure[unit.name] = float(level)
        assert exposure.pop(_WORKER) <= _WIDEST
        assert max(exposure.values()) < 2.5, exposure


@pytest.mark.usefixtures("root_logger")
class TestLogs:
    @pytest.mark.parametrize("kind", ["logging", "syslog"])
    @pytest.mark.parametrize("name", [*_WEB, *_DAEMONS, "st2actionrunner"])
    def test_each_service_understands_its_files(
        self, name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WORKERID", "7")
        section = name.removeprefix("st2")
        path = tmp_path / "logging.conf"
        path.write_text(_text(f"/etc/st2/{kind}.{section}.conf").replace("/var/log/st2", str(tmp_path)))
        set_up_logging(build({section: {"logging": str(path)}}, environ={}).config, name)
        logging.getLogger("st2lite.test").info("Hello")
        number = ".7" if name == "st2actionrunner" else ""
        logs = {file.name for file in tmp_path.glob("st2*")}
        assert logs == ({f"{name}{number}.log", f"{name}{number}.audit.log"} if kind == "logging" else set())

    def test_st2_conf_names_those_files(self) -> None:
        conf = _text("/etc/st2/st2.conf")
        for file in files_on(_ST2, "debian-12"):
            if file.path.startswith("/etc/st2/logging."):
                assert f"logging = {file.path}\n" in conf

    def test_every_log_is_rotated_once(self) -> None:
        listed = re.findall(r"^/var/log/st2/(\S+)$", _text("/etc/logrotate.d/st2"), re.MULTILINE)
        assert len(listed) == len(set(listed))
        expected = {f"{name}{kind}.log" for name in (*_WEB, *_DAEMONS) for kind in ("", ".audit")}
        assert expected | {"st2actionrunner.*.log"} <= set(listed)

    def test_logs_of_workers_that_are_gone_go_after_a_month(self, tmp_path: Path) -> None:
        rules = _text("/etc/logrotate.d/st2")
        (script,) = re.findall(r"^    lastaction\n(.*?)^    endscript$", rules, re.MULTILINE | re.DOTALL)
        logs = tmp_path / "log"
        logs.mkdir()
        old = (
            "st2actionrunner.1.log.2.gz",
            "st2actionrunner.12.log",
            "st2actionrunner.12.audit.log.1",
            "st2api.log.5.gz",
        )
        for name in old:
            (logs / name).touch()
            os.utime(logs / name, (0, 0))
        (logs / "st2actionrunner.13.log").touch()
        systemctl = tmp_path / "systemctl"
        systemctl.write_text('#!/bin/sh\n[ "$*" = "is-active --quiet st2actionrunner@1.service" ]\n')
        systemctl.chmod(0o755)
        subprocess.run(
            ["sh", "-ec", script.replace("/var/log/st2", str(logs))], check=True, timeout=60,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        )  # fmt: skip
        assert {file.name for file in logs.iterdir()} == {
            "st2actionrunner.1.log.2.gz", "st2actionrunner.13.log", "st2api.log.5.gz",
        }  # fmt: skip

    @pytest.mark.parametrize("name", ["resultstracker", "scheduler", "workflowengine"])
    def test_services_that_are_none_have_their_files_all_the_same(self, name: str) -> None:
        file = _text(f"/etc/st2/logging.{name}.conf")
        assert f"/var/log/st2/st2{name}.log" in file
        assert f"/var/log/st2/st2{name}.audit.log" in file
        assert f"st2{name}[%(process)d]" in _text(f"/etc/st2/syslog.{name}.conf")
        assert "Nothing reads this file: its work is that of st2actionrunner here." in file


class TestRunners:
    """The script that starts workers, with a systemctl that writes down what it is asked."""

    def run(self, tmp_path: Path, *words: str, workers: str | None = None) -> tuple[int, str]:
        log = tmp_path / "asked"
        log.touch()
        systemctl = tmp_path / "systemctl"
        systemctl.write_text(
            "#!/bin/sh\n"
            'if [ "$1" = list-units ]; then\n'
            "    for number in 1 2 10; do\n"
            '        echo "  st2actionrunner@$number.service loaded active running a worker"\n'
            "    done\n"
            "else\n"
            f'    echo "$@" >>{log}\n'
            "fi\n"
        )
        systemctl.chmod(0o755)
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"} | ({} if workers is None else {"WORKERS": workers})
        done = subprocess.run(
            ["sh", str(_RUNNERS), *words], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        return done.returncode, log.read_text() + done.stderr

    def test_start_stops_what_is_too_much(self, tmp_path: Path) -> None:
        assert self.run(tmp_path, "start", workers="2") == (
            0,
            "stop st2actionrunner@10.service\nstart st2actionrunner@1.service st2actionrunner@2.service\n",
        )

    def test_stop_stops_all(self, tmp_path: Path) -> None:
        names = " ".join(f"st2actionrunner@{number}.service" for number in (1, 2, 10))
        assert self.run(tmp_path, "stop", workers="nonsense") == (0, f"stop {names}\n")

    @pytest.mark.parametrize("workers", ["none", "0", "-1", "1 2"])
    def test_a_number_that_is_none(self, tmp_path: Path, workers: str) -> None:
        code, said = self.run(tmp_path, "start", workers=workers)
        assert code == 99
        assert f'WORKERS is "{workers}"' in said

    @pytest.mark.parametrize("words", [(), ("restart",)])
    def test_called_in_another_way(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        assert self.run(tmp_path, *words)[0] == 99
