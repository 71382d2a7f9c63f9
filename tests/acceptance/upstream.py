"""StackStorm's own command line client, unmodified, from the package index and in a virtualenv of its own.

It lives in the user's cache directory, outside the checkout, and is installed when the first test asks for it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.processes import PATIENCE
from tests.servers import require

VERSION = "3.9.0"
_INSTALL = (f"st2client=={VERSION}", "setuptools<81")  # the client looks up plugins through pkg_resources
_LEADING_PROGRESS = re.compile(r"\A[.\s]+")


def upstream_program() -> Path:
    """Path of `st2`, installed first if need be; without a package index the test is skipped, and fails in CI."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "st2lite-tests"
    cache.mkdir(parents=True, exist_ok=True)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    target = cache / f"st2client-{VERSION}-python{python}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", target], check=True)
            install = [target / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *_INSTALL]
            done = subprocess.run(install, capture_output=True, text=True, check=False)
            require(done.returncode == 0, f"st2client {VERSION} (pip install: {done.stderr.strip()[-300:]})")
            (target / "complete").touch()
    return target / "bin" / "st2"


@dataclass(frozen=True)
class Answer:
    """What one command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The JSON that the command printed, after the dots of its progress."""
        try:
            return json.loads(_LEADING_PROGRESS.sub("", self.stdout))
        except ValueError:
            pytest.fail(f"no JSON, exit code {self.code}:\n{self.stdout}\n{self.stderr}")

    @property
    def text(self) -> str:
        return self.stdout + self.stderr


class UpstreamCli:
    """Runs `st2` against one deployment, with a home directory of its own and nothing of the caller's environment."""

    def __init__(self, program: Path, home: Path, api_url: str, auth_url: str, stream_url: str) -> None:
        self.home = home
        self._program = program
        self._environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            "ST2_API_URL": api_url,
            "ST2_AUTH_URL": auth_url,
            "ST2_STREAM_URL": stream_url,
        }

    def __call__(self, *words: str, check: int | None = 0, stdin: str = "", timeout: float = 120, **env: str) -> Answer:
        """Run one command; fail the test unless it exits with `check` (None: with anything)."""
        done = subprocess.run(
            [self._program, *words],
            env={**self._environment, **env}, cwd=self.home, input=stdin,
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        answer = Answer(done.returncode, done.stdout, done.stderr)
        if check is not None and answer.code != check:
            pytest.fail(f"st2 {' '.join(words)}: exit code {answer.code}, not {check}\n{answer.text}")
        return answer

    def popen(self, *words: str) -> subprocess.Popen[str]:
        """Start one command and leave it running; what it prints can be read at once."""
        return subprocess.Popen(
            [self._program, *words], env={**self._environment, "PYTHONUNBUFFERED": "1"}, cwd=self.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def start(self, *words: str) -> str:
        """Run `st2 run ... -a` and give the id of the execution."""
        answer = self("run", *words, "-a")
        found = re.search(r"st2 execution get ([0-9a-f]{24})", answer.stdout)
        assert found, answer.text
        return found[1]

    def wait(self, execution_id: str, *statuses: str, seconds: float = 2 * PATIENCE) -> dict[str, Any]:
        """Ask for an execution until it has one of `statuses`."""
        deadline = time.monotonic() + seconds
        while True:
            text = self("execution", "get", execution_id, "-j").stdout
            execution: dict[str, Any] = json.JSONDecoder().raw_decode(text)[
                0
            ]  # that of a chain is followed by its tasks
            if execution["status"] in statuses:
                return execution
            assert time.monotonic() < deadline, f"still {execution['status']}"
