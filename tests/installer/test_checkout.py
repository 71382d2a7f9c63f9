"""From a bare checkout, as whoever works on st2lite would: wheels and collections are made on the host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.installer.host import MONGODB, REPOSITORY, create, destroy
from tests.installer.runs import Run, is_whole

pytestmark = pytest.mark.long


def test_a_checkout(release: Path) -> None:
    host = create("installer-checkout", "trixie", release)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", REPOSITORY, host.path("/root/st2lite")], check=True)
    suite = "--set=mongodb_repository_suite=trixie/mongodb-org/8.0"
    command = f"sh /root/st2lite/install.sh --yes {' '.join(MONGODB)} {suite}"
    output = Run(host, command, {"ST2_PYTHON": "/usr/bin/python3.13"}).succeeds()
    assert "from /root/st2lite" in output
    assert host.ask("git -C /root/st2lite status --porcelain --ignored 2>/dev/null || :") == ""
    assert "nothing was changed" in Run(host, command, {}).succeeds()
    is_whole(host)
    assert host.ask("cat /var/lib/st2lite/packages/installer").split().count("python3-venv") == 1
    destroy(host)
