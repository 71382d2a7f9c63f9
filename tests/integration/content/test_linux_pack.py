"""The scripts of the pack linux, run here as they run on other hosts, and its Python actions."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from st2lite.content.locations import system_packs_dir
from tests.processes import PATIENCE
from tests.servers.sshd import SshServer, make_key

ACTIONS = system_packs_dir() / "linux" / "actions"


def run(name: str, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [ACTIONS / f"{name}.sh", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_files_with_odd_names(tmp_path: Path) -> None:
    odd = tmp_path / "-n $(touch evil) 'ü'"
    run("file_touch", str(odd))
    run("cp", str(odd), str(tmp_path / "a b"), "", "", "-p")
    run("mv", str(tmp_path / "a b"), str(tmp_path / "c;d"), "")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([odd.name, "c;d"])
    run("rm", str(tmp_path / "c;d"), "", "", "")
    assert not (tmp_path / "c;d").exists()


def test_directories_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("x")
    run("cp", str(tmp_path / "d"), str(tmp_path / "e"), "", "", "", code=1)
    run("cp", str(tmp_path / "d"), str(tmp_path / "e"), "1", "", "")
    assert (tmp_path / "e" / "f").read_text() == "x"
    run("rm", str(tmp_path / "e"), "", "", "", code=1)
    run("rm", str(tmp_path / "e"), "1", "1", "")
    assert not (tmp_path / "e").exists()
    run("rm", str(tmp_path / "e"), "", "1", "")


def test_load() -> None:
    assert set(json.loads(run("check_loadavg", "all"))) == {"1", "5", "15"}
    assert float(run("check_loadavg", "5")) >= 0


def test_processes_are_found_and_ended() -> None:
    mark = f"{os.getpid()}.5"
    sleeper = subprocess.Popen(["sleep", mark])
    try:
        assert f"sleep {mark}" in run("check_processes", f"sleep {mark}", "show")
        assert str(sleeper.pid) in run("check_processes", str(sleeper.pid), "pid")
        run("pkill", f"sleep {mark}", "TERM")
        assert sleeper.wait(PATIENCE) == -15
        assert "No process matches" in run("pkill", f"sleep {mark}", "TERM", code=1)
    finally:
        if sleeper.poll() is None:
            sleeper.kill()


def test_a_service_is_no_option() -> None:
    assert "is not the name of a service" in run("service", "--force", "stop", code=2)


def module(name: str) -> ModuleType:
    packlib = str(Path(__file__).parents[3] / "src" / "st2lite" / "packlib")
    sys.path.insert(0, packlib)
    try:
        specification = importlib.util.spec_from_file_location(name, ACTIONS / f"{name}.py")
        assert specification is not None
        assert specification.loader is not None
        loaded = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(loaded)
        return loaded
    finally:
        sys.path.remove(packlib)


def test_dig_takes_names_only() -> None:
    action = module("dig").Dig(config={}, action_service=None)
    assert action.run("-f/etc/passwd") == (False, 'hostname: "-f/etc/passwd" is not a name.')


def test_waiting_for_ssh(tmp_path: Path) -> None:
    loaded = module("wait_for_ssh")
    key = tmp_path / "id"
    make_key(key)
    with SshServer(tmp_path / "sshd") as server:
        server.authorize(key.with_suffix(".pub").read_text())
        action = loaded.WaitForSsh(config={}, action_service=None)
        given = {"username": server.user, "keyfile": str(key), "ssh_timeout": 30, "sleep_delay": 0}
        assert action.run("127.0.0.1", server.port, **given) is True
        port = server.port
    ok, text = action.run("127.0.0.1", port, **{**given, "retries": 2})
    assert ok is False
    assert "in 2 attempts" in text
