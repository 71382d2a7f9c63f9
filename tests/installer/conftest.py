"""install.sh on real hosts, made for it. Only on demand, as it takes long:

scripts/test installer                    everything, about an hour on a quiet machine
scripts/test installer -m 'not long'      what installs no host: 5 minutes
"""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installer.host import MONGODB, RELEASE, REPOSITORY, InstallerHost, create, destroy, lay

KEY_OWNER = "release@example.org"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: installs a whole host, several minutes")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    named = any("installer" in word for word in config.invocation_params.args)
    return None if named else True


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of a release of this checkout, signed by the key in `release.asc` beside it; `wrong.asc` is another's."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    environment = {**os.environ, "GNUPGHOME": str(home)}
    gpg = functools.partial(subprocess.run, check=True, capture_output=True, env=environment)
    try:
        for owner, name in ((KEY_OWNER, "release.asc"), ("other@example.org", "wrong.asc")):
            gpg(["gpg", "--batch", "--passphrase", "", "--quick-generate-key", owner, "ed25519", "sign"])
            key = gpg(["gpg", "--batch", "--armor", "--export", owner]).stdout
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(key)
        made = subprocess.run(
            [REPOSITORY / "scripts/release", folder],
            env={**environment, "ST2_SIGN_KEY": KEY_OWNER}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        yield folder
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False, capture_output=True)


@pytest.fixture(scope="session")
def bare(release: Path) -> Iterator[InstallerHost]:
    """A bare host, for runs that change nothing."""
    host = create("installer-bare", "bookworm", release)
    host.ask("apt-get install -qq -y --no-install-recommends gpg >/dev/null")
    yield host
    destroy(host)


@pytest.fixture(scope="session")
def installed(release: Path) -> Iterator[InstallerHost]:
    """An installed host: the one that ST2LITE_INSTALLED_HOST names, or one that is made and installed for it."""
    name = os.environ.get("ST2LITE_INSTALLED_HOST")
    host = InstallerHost(name) if name else create("installer-installed", "bookworm", release)
    if name:
        lay(release, host.path(RELEASE))
    done = host.install(*MONGODB)
    assert done.returncode == 0, done.stdout + done.stderr
    yield host
    if not name:
        destroy(host)
