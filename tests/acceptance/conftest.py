"""Deployments and the clients that are held against them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.harbor import Harbor, install_harbor
from tests.acceptance.probe_pack import write_probe_pack
from tests.acceptance.upstream import UpstreamCli, upstream_program
from tests.git_repository import pack_repository
from tests.servers.deployment import Deployment, Separate, Standalone

KINDS: dict[str, type[Deployment]] = {"standalone": Standalone, "separate": Separate}


@pytest.fixture(scope="session", params=list(KINDS))
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A running st2lite, of each kind, with the pack `probe` and its virtualenv; its index knows the pack `sunny`."""
    directory = tmp_path_factory.mktemp(request.param)
    write_probe_pack(directory / "probe-packs" / "probe")
    index = write_index(directory)
    settings = {"content": {"index_url": f"file://{index}"}}
    with KINDS[request.param](directory, packs=[directory / "probe-packs"], settings=settings) as running:
        make_virtualenv(running.base_path / "virtualenvs" / "probe")
        yield running


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment) -> UpstreamCli:
    """The upstream client, not logged in."""
    return _client(tmp_path_factory.mktemp("anonymous"), deployment)


@pytest.fixture(scope="session")
def st2(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment) -> UpstreamCli:
    """The upstream client, logged in as administrator."""
    client = _client(tmp_path_factory.mktemp("administrator"), deployment)
    client("login", deployment.user, "--password", deployment.password)
    return client


@pytest.fixture(scope="session")
def harbor(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment, st2: UpstreamCli) -> Harbor:
    """The pack `harbor`, installed from a git checkout and configured."""
    return install_harbor(tmp_path_factory.mktemp("harbor"), deployment, st2)


def _client(home: Path, deployment: Deployment) -> UpstreamCli:
    return UpstreamCli(upstream_program(), home, deployment.api_url, deployment.auth_url, deployment.stream_url)


def write_index(directory: Path) -> Path:
    """Write an index with the pack `sunny`, of which a repository holds the versions 1.0.0 and 2.0.0."""
    repository = pack_repository(directory / "sources" / "sunny", "1.0.0", "2.0.0")
    content = {"actions": {"count": 1, "resources": ["tell"]}}
    entry = {
        "name": "sunny", "ref": "sunny", "description": "Good weather.", "version": "2.0.0", "author": "A. Tester",
        "email": "a@example.com", "keywords": ["weather"], "repo_url": repository.url, "content": content,
    }  # fmt: skip
    path = directory / "index.json"
    path.write_text(json.dumps({"packs": {"sunny": entry}}))
    return path


def make_virtualenv(directory: Path) -> None:
    """Make a pack's virtualenv, without the packages that no test needs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", directory], check=True)
