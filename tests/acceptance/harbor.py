"""The pack `harbor`, which makes use of what public packs of many years make use of, on a running deployment."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.upstream import UpstreamCli
from tests.git_repository import GitRepository
from tests.processes import PATIENCE
from tests.servers.deployment import Deployment

PACK = Path(__file__).parents[1] / "fixtures" / "packs" / "harbor"
PASSWORD = "open sesame"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Harbor:
    """The pack, installed and configured. Its sensor dispatches when the file `gauge` appears."""

    st2: UpstreamCli
    api_url: str
    gauge: Path

    def call(self, method: str, path: str, body: object) -> None:
        """Send a request as the user of the client."""
        token = json.loads((self.st2.home / ".st2" / "token-st2admin").read_text())["token"]
        headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        request = urllib.request.Request(self.api_url + path, json.dumps(body).encode(), headers, method=method)
        with _OPENER.open(request, timeout=PATIENCE):
            pass

    def rows(self, *words: str, seconds: float = PATIENCE) -> list[dict[str, Any]]:
        """Repeat a command that lists something until there is something."""
        deadline = time.monotonic() + seconds
        while True:
            rows: list[dict[str, Any]] = self.st2(*words, "-j").json
            if rows:
                return rows
            assert time.monotonic() < deadline, f"st2 {' '.join(words)} still lists nothing"


def install_harbor(directory: Path, deployment: Deployment, st2: UpstreamCli) -> Harbor:
    """Install the pack from a git checkout, and configure it."""
    repository = GitRepository(directory / "harbor")
    shutil.copytree(PACK, repository.directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    repository.commit("First ships", tag="v2.1.0")
    gauge = directory / "gauge"
    installed = st2("pack", "install", repository.url).stdout
    assert "Harbor" in installed
    assert "1 actions are left out, because this release lacks their workflow engine: wind_up." in installed
    st2("key", "set", "harbor_password", PASSWORD, "--encrypt")
    harbor = Harbor(st2, deployment.api_url, gauge)
    password = "{{ st2kv.system.harbor_password }}"
    harbor.call("PUT", "/configs/harbor", {"port": "Port Example", "password": password, "tide": {"gauge": str(gauge)}})
    return harbor


def wait_until(happened: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Look again and again, until something has happened."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
