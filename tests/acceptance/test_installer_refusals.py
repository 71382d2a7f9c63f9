"""install.sh up to its preflight: what it refuses, and that it changes nothing then."""

from __future__ import annotations

import os
import random
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import st2lite

REPOSITORY = Path(__file__).parents[2]
INSTALLER = REPOSITORY / "install.sh"
SHELLS = [shell.split() for shell in ("sh", "bash", "busybox sh", "zsh --emulate sh") if shutil.which(shell.split()[0])]


def run(*arguments: str, home: Path, stdin: bytes | None = None, shell: Sequence[str] = ("sh",), **environment: str):
    """Run the installer with `home` as HOME; from the file, or from `stdin` as `curl | sh` does."""
    script = [str(INSTALLER)] if stdin is None else ["-s", "--"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ST2")}
    return subprocess.run(
        [*shell, *script, *arguments],
        input=stdin if stdin is not None else b"",
        capture_output=True,
        check=False,
        env={**inherited, "HOME": str(home), **environment},
        cwd=home,
    )


def test_a_truncated_download_does_nothing(tmp_path: Path) -> None:
    script = INSTALLER.read_bytes().rstrip(b"\n")
    line_ends = [position for position, byte in enumerate(script) if byte == ord("\n")]
    last_line = range(script.rindex(b"\n"), len(script))
    sampled = random.Random(0).sample(range(len(script)), 150)
    for shell in SHELLS:
        for position in sorted({*line_ends, *sampled, *last_line}):
            result = run("--standalone", home=tmp_path, stdin=script[:position], shell=shell, ST2_UNINSTALL="0")
            assert result.stdout == b"", f"{shell} said something after {position} bytes"
            assert list(tmp_path.iterdir()) == [], f"{shell} changed something after {position} bytes"


def test_the_whole_script_from_standard_input_runs(tmp_path: Path) -> None:
    for shell in SHELLS:
        result = run("--version", home=tmp_path, stdin=INSTALLER.read_bytes(), shell=shell)
        assert result.stdout.decode() == f"st2lite installer {st2lite.__version__}\n"


def test_it_is_executable_and_ends_with_the_call() -> None:
    assert INSTALLER.stat().st_mode & stat.S_IXUSR
    assert INSTALLER.read_text().splitlines()[-1] == '{ main "$@"; }'


def test_help_names_every_option_with_its_environment_variable(tmp_path: Path) -> None:
    text = run("--help", home=tmp_path).stdout.decode()
    lines = [line for line in text.splitlines() if line.startswith("  --")]
    for line in lines:
        option = line.split()[0].split("=")[0]
        if option not in ("--help", "--version"):
            assert f"ST2_{option[2:].upper().replace('-', '_')}" in line
        result = run(option, home=tmp_path) if option in ("--help", "--version") else None
        assert result is None or result.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--standalone", "--frobnicate"], 'unknown option "--frobnicate"'),
        (["--standalone", "extra"], 'unknown option "extra"'),
        (["--standalone", "--bind"], "--bind needs a value"),
        (["--standalone", "--wait=soon"], "--wait must be a whole number"),
        (["--purge"], "--purge goes with --uninstall"),
        (["--standalone=1"], 'unknown option "--standalone=1"'),
        (["--standalone", "--check"], "--check does not go with --standalone"),
        (["--dry-run", "--stable"], 'unknown option "--stable"'),
        (["--dry-run", "--set", "Mongo"], '--set must be NAME=VALUE, not "Mongo"'),
        (["--dry-run", "--version=latest!"], "--version must be like"),
        (["--dry-run", "--upgrade", "--uninstall"], "--upgrade and --uninstall exclude each other"),
        (["--dry-run", "--password=a", "--password-file=b"], "give the password once"),
    ],
)
def test_wrong_usage_is_refused(tmp_path: Path, arguments: list[str], says: str) -> None:
    result = run(*arguments, home=tmp_path)
    assert result.returncode == 2
    assert says in result.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_an_environment_switch_must_be_yes_or_no(tmp_path: Path) -> None:
    result = run(home=tmp_path, ST2_STANDALONE="maybe")
    assert result.returncode == 2
    assert "ST2_STANDALONE must be 1 or 0" in result.stderr.decode()


def test_the_problems_of_a_host_are_reported_at_once(tmp_path: Path) -> None:
    """Always with --dry-run: where the tests run may be a machine that could be installed."""
    arguments = ["--upgrade", "--vars", "nowhere.yml", "--offline", "no-bundle", "--python", "/bin/false"]
    result = run("--dry-run", *arguments, home=tmp_path)
    errors = result.stderr.decode()
    assert result.returncode == 1
    assert "nothing was changed" in errors
    for problem in ("cannot read nowhere.yml", "no-bundle is not a bundle", "/bin/false is not a CPython"):
        assert problem in errors
    assert list(tmp_path.iterdir()) == []


def test_memory_disk_and_ports_of_a_host_are_looked_at(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        arguments = ["--set", f"mongodb_port={port}", "--set", "preflight_memory_mb=99000000"]
        result = run("--dry-run", *arguments, home=tmp_path, ST2_PYTHON=sys.executable)
    errors = result.stderr.decode()
    assert result.returncode == 1
    assert f"port {port}, wanted for mongod, is held by" in errors
    assert "99000000 are needed: add memory" in errors
    assert list(tmp_path.iterdir()) == []


def test_preflight_reports_all_problems_at_once_and_changes_nothing(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "diary.txt").write_text("mine")
    result = run("--standalone", "--home", str(occupied), "--bind", "nowhere", "--python", "/bin/false", home=tmp_path)
    errors = result.stderr.decode()
    assert result.returncode == 1
    assert "nothing was changed" in errors
    assert "is not an installation of st2lite" in errors
    assert "--bind must be HOST:PORT" in errors
    assert "/bin/false is not a CPython 3.10 to 3.13" in errors
    assert [path.name for path in tmp_path.iterdir()] == ["occupied"]
    assert [path.name for path in occupied.iterdir()] == ["diary.txt"]


def test_preflight_sees_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        bind = f"127.0.0.1:{server.getsockname()[1]}"
        result = run("--standalone", "--python", sys.executable, home=tmp_path, ST2_BIND=bind)
    assert result.returncode == 1
    assert f"cannot listen on {bind}: Address already in use" in result.stderr.decode()


@pytest.mark.parametrize("url", ["http://127.0.0.1/release", "file:///does/not/exist", "release"])
def test_a_release_comes_by_https_or_from_a_directory_only(tmp_path: Path, url: str) -> None:
    result = run("--standalone", "--release-url", url, home=tmp_path, stdin=INSTALLER.read_bytes())
    assert result.returncode == 1
    assert f"cannot take the release from {url}" in result.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_dry_run_changes_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        bind = f"127.0.0.1:{server.getsockname()[1]}"
    result = run("--standalone", "--dry-run", "--bind", bind, home=tmp_path)
    assert result.returncode == 0, result.stderr.decode()
    assert f"listen on {bind}" in result.stdout.decode()
    assert list(tmp_path.iterdir()) == []


def test_uninstall_without_an_installation_says_so(tmp_path: Path) -> None:
    result = run("--uninstall", home=tmp_path)
    assert result.returncode == 1
    assert "there is no installation" in result.stderr.decode()


def test_two_installations_into_one_directory_do_not_mix(tmp_path: Path) -> None:
    lock = tmp_path / ".st2lite/.installing"
    lock.mkdir(parents=True)
    (tmp_path / ".st2lite/.st2lite").write_text("standalone\n")
    (lock / "pid").write_text(f"{os.getpid()}\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        bind = f"127.0.0.1:{server.getsockname()[1]}"
    result = run("--standalone", "--bind", bind, home=tmp_path)
    assert result.returncode == 1
    assert f"is running (process {os.getpid()})" in result.stderr.decode()
    assert (lock / "pid").exists(), "the lock of the other one was taken away"
