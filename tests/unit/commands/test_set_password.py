"""st2lite set-password: the password comes in on standard input, and an unchanged file is not written."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from st2lite.auth.passwords import FlatFile
from st2lite.commands.st2lite import main


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    path = tmp_path / "st2.conf"
    path.write_text(f'[auth]\nbackend_kwargs = {{"file_path": "{tmp_path}/htpasswd"}}\n')
    return ["--config-file", str(path)]


def run(monkeypatch: pytest.MonkeyPatch, password: str, *arguments: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(password))
    return main(["set-password", *arguments])


def test_a_password_is_set_once(
    config: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "first\nnot read\n", *config, "ada") == 0
    assert capsys.readouterr().out == f"Set the password of ada in {tmp_path}/htpasswd.\n"
    FlatFile(tmp_path / "htpasswd").verify("ada", "first")
    before = (tmp_path / "htpasswd").read_text()
    assert run(monkeypatch, "first", *config, "ada") == 0
    assert run(monkeypatch, "second", *config, "--keep", "ada") == 0
    assert (tmp_path / "htpasswd").read_text() == before
    assert run(monkeypatch, "second", *config, "ada") == 0
    FlatFile(tmp_path / "htpasswd").verify("ada", "second")


def test_checking_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "passwords"
    assert run(monkeypatch, "one", "--file", str(file), "--check", "ada") == 1
    assert not file.exists()
    assert run(monkeypatch, "one", "--file", str(file), "ada") == 0
    assert run(monkeypatch, "one", "--file", str(file), "--check", "ada") == 0
    assert run(monkeypatch, "two", "--file", str(file), "--check", "ada") == 1
    FlatFile(file).verify("ada", "one")


@pytest.mark.parametrize(
    ("arguments", "password", "problem"),
    [
        (["a:b"], "x", 'USER: "a:b" cannot be a name'),
        (["#a"], "x", 'USER: "#a" cannot be a name'),
        (["ada"], "\n", "The password is empty"),
        (["--file", "/nowhere/htpasswd", "ada"], "x", "/nowhere/.htpasswd.new: No such file or directory"),
    ],
)
def test_what_is_refused(
    arguments: list[str],
    password: str,
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = [] if "--file" in arguments else ["--file", str(tmp_path / "htpasswd")]
    assert run(monkeypatch, password, *where, *arguments) == 2
    assert problem in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_of_passwords_there_is_nothing_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "st2.conf"
    config.write_text("[auth]\nmode = proxy\n")
    assert run(monkeypatch, "x", "--config-file", str(config), "ada") == 2
    assert "--file" in capsys.readouterr().err
