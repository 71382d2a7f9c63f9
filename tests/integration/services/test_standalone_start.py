"""What keeps standalone from starting is told in words."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import PATIENCE


def a_file_for_packs(directory: Path) -> None:
    (directory / "packs").write_text("")


def no_key_file(directory: Path) -> None:
    (directory / "datastore_key.json").write_text("garbage")


def no_database(directory: Path) -> None:
    (directory / "st2lite.db").write_text("this is no database, whatever its name may say")


def a_directory_for_the_lock(directory: Path) -> None:
    (directory / "lock").mkdir()


def start(directory: Path, *options: object) -> str:
    """Standard error of a start in `directory` that must fail with exit code 2."""
    command = [sys.executable, "-m", "st2lite.commands.st2lite", "standalone", *map(str, options)]
    ended = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (a_file_for_packs, "packs cannot be used: File exists"),
        (a_directory_for_the_lock, "lock cannot be used: Is a directory"),
        (no_key_file, "datastore_key.json: not a key file"),
        (no_database, "st2lite.db is not a SQLite database"),
    ],
)
def test_a_spoilt_data_directory(tmp_path: Path, spoil: Callable[[Path], None], named: str) -> None:
    spoil(tmp_path)
    assert named in start(tmp_path, "--data-dir", tmp_path, "--bind", "127.0.0.1:0")


def test_a_log_directory_that_is_not_there(tmp_path: Path) -> None:
    conf = tmp_path / "st2.conf"
    conf.write_text(f"[log]\ndirectory = {tmp_path}/none\n")
    error = start(tmp_path, "--data-dir", tmp_path / "data", "--bind", "127.0.0.1:0", "--config-file", conf)
    assert f"[log] directory: {tmp_path}/none/st2lite.log cannot be written: No such file or directory" in error


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = start(tmp_path, "--data-dir", tmp_path, "--bind", f"127.0.0.1:{port}")
    assert f"--bind: 127.0.0.1:{port} cannot be used" in error
    assert os.strerror(errno.EADDRINUSE) in error


@pytest.mark.parametrize("option", ["--data-dir", "--packs"])
def test_an_empty_name_is_not_the_working_directory(tmp_path: Path, option: str) -> None:
    error = start(tmp_path, "--data-dir", tmp_path / "data", "--bind", "127.0.0.1:0", option, "")
    assert "is empty: name a directory" in error
    assert list(tmp_path.iterdir()) == []
