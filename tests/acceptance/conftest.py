"""Deployments and the clients that are held against them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.probe_pack import write_probe_pack
from tests.acceptance.upstream import UpstreamCli, upstream_program
from tests.servers.deployment import Deployment, Separate, Standalone

KINDS: dict[str, type[Deployment]] = {"standalone": Standalone, "separate": Separate}


@pytest.fixture(scope="session", params=list(KINDS))
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A running st2lite, of each kind, with the pack `probe` and its virtualenv."""
    directory = tmp_path_factory.mktemp(request.param)
    write_probe_pack(directory / "probe-packs" / "probe")
    with KINDS[request.param](directory, packs=[directory / "probe-packs"]) as running:
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


def _client(home: Path, deployment: Deployment) -> UpstreamCli:
    return UpstreamCli(upstream_program(), home, deployment.api_url, deployment.auth_url, deployment.stream_url)


def make_virtualenv(directory: Path) -> None:
    """Make a pack's virtualenv, without the packages that no test needs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", directory], check=True)
