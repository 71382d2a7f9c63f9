"""The client's command line and a server for it, in a home directory of their own."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from st2client import shell
from tests.servers.api import FakeApi


@dataclass(frozen=True)
class Outcome:
    """What a command line did."""

    code: int
    out: str
    err: str


Cli = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, and an environment without settings of the client."""
    for name in list(os.environ):
        if name.startswith("ST2_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    directory = tmp_path / "home"
    directory.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    monkeypatch.setenv("COLUMNS", "200")
    return directory


@pytest.fixture
def api(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """A server that the environment points to, with a token to use there."""
    with FakeApi() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ST2_AUTH_TOKEN", "the-token")
        yield server


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs command lines: ``cli("action", "list", stdin="")``."""

    def run(*words: str, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = shell.main(words)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run
