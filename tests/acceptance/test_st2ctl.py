"""st2ctl on a host without systemd: every service is started, judged truthfully and stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from st2lite.services.ctl.components import SERVICES, components
from tests.processes import PATIENCE
from tests.servers.deployment import Separate
from tests.servers.mongod import MongoServer
from tests.servers.rabbitmq import RabbitServer

pytestmark = pytest.mark.slow


class Host:
    """One host: database, broker and an st2.conf; st2ctl does the rest."""

    def __init__(self, directory: Path, deployment: Separate) -> None:
        self.directory = directory
        self.deployment = deployment

    def ctl(self, *words: str, check: int | None = 0) -> str:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ST2_")}
        done = subprocess.run(
            [sys.executable, "-m", "st2lite.commands.st2ctl", "--config-file", self.deployment.configuration, *words],
            env={**environment, "ST2_RUN_DIR": str(self.directory / "run")},
            capture_output=True, text=True, timeout=180, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        text = done.stdout + done.stderr
        assert check is None or done.returncode == check, text
        return text

    def pid(self, name: str) -> int:
        return int((self.directory / "run" / f"{name}.pid").read_text().split()[0])


def runs(pid: int) -> bool:
    """Whether a process lives; one that has ended may wait for a container's init to notice."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def host(
    tmp_path_factory: pytest.TempPathFactory, mongo_server: MongoServer, rabbit_server: RabbitServer
) -> Iterator[Host]:
    if Path("/run/systemd/system").is_dir():
        pytest.skip("this host has systemd, whose units are not ours to start")
    directory = tmp_path_factory.mktemp("host")
    deployment = Separate(directory, mongo=mongo_server, rabbit=rabbit_server)
    deployment.prepare()
    host = Host(directory, deployment)
    yield host
    host.ctl("stop")
    assert list((directory / "run").glob("*.pid")) == []


def test_a_host_from_start_to_stop(host: Host) -> None:
    down = host.ctl("status", check=1)
    assert down.count("does not run") == len(SERVICES)
    assert "ok    MongoDB" in down
    assert "ok    RabbitMQ" in down

    started = host.ctl("start")
    assert "DOWN" not in started
    for name in SERVICES:
        assert f"ok    {name}" in started
        assert psutil.Process(host.pid(name)).is_running()
    assert host.ctl("start").count("runs (pid") == len(SERVICES), "what runs is left alone"

    checked = subprocess.run(
        [sys.executable, "-m", "st2lite.commands.self_check", "--config-file", host.deployment.configuration],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr

    before = host.pid("st2notifier"), host.pid("st2api")
    assert "DOWN" not in host.ctl("restart-component", "st2notifier")
    assert host.pid("st2notifier") != before[0]
    assert host.pid("st2api") == before[1]

    process = psutil.Process(host.pid("st2rulesengine"))
    process.kill()
    process.wait(PATIENCE)
    said = host.ctl("status", check=1)
    assert "DOWN  st2rulesengine" in said
    assert said.count("DOWN") == 1
    host.ctl("start")

    assert "Registered" in host.ctl("reload", "--register-actions")
    host.ctl("reopen-log-files", "st2notifier")
    assert "ok    st2notifier" in host.ctl("status")

    pids = [host.pid(name) for name in SERVICES]
    host.ctl("stop")
    assert [pid for pid in pids if runs(pid)] == []
    assert host.ctl("status", check=1).count("does not run") == len(SERVICES)


def test_clean_asks_first(host: Host) -> None:
    assert "Nothing was removed" in host.ctl("clean", check=2)


def test_a_service_that_is_none(host: Host) -> None:
    assert "there are st2actionrunner" in host.ctl("restart-component", "st2nosuch", check=2)


def test_a_database_that_is_away(host: Host) -> None:
    text = host.deployment.configuration.read_text()
    other = host.directory / "other.conf"
    other.write_text(text.replace(f":{host.deployment.mongo.port}", ":1"))
    moved, host.deployment.configuration = host.deployment.configuration, other
    try:
        said = host.ctl("status", check=1)
    finally:
        host.deployment.configuration = moved
    assert "DOWN  MongoDB (127.0.0.1:1)" in said
    assert host.deployment.mongo.uri().split("@")[0].rpartition(":")[2] not in said, "no password in a status"


def test_components_of_a_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "st2ctl"
    assert components((settings,)) == SERVICES
    settings.write_text('# of this host\nexport COMPONENTS="st2api st2timersengine"\n')
    assert components((settings,)) == ("st2api", "st2timersengine")
    monkeypatch.setenv("COMPONENTS", "st2auth")
    assert components((settings,)) == ("st2auth",)
