"""A signed apt repository like that of MongoDB's vendor, with a stand-in for the server that cannot be had in tests.

Its `mongodb-org-server` runs SecantusDB, the wire-compatible test server that the other tests use too, under the names
and paths of the vendor's package. It says what it is in its description and to `mongod --version`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

from places import CACHE, locked, run

SERIES = ("7.0", "8.0")
IN_HOST = "/srv/mongodb-repository"
_PACKAGES = (
    "secantusdb", "pymongo", "dnspython", "python-dateutil", "six", "s2sphere", "future", "shapely", "numpy", "pyyaml",
)  # fmt: skip
_PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
_HERE = Path(__file__).parent
_LOCK = _HERE.parent.parent / "requirements" / "test.lock"
_NOTE = "stand-in for tests: SecantusDB, which speaks MongoDB's wire protocol"


def make(suite: str) -> Path:
    """Folder of the repository for `suite`, kept in the cache. Its key is `server.asc`."""
    sources = [Path(__file__), *sorted((_HERE / "mongod").iterdir())]
    digest = hashlib.sha256(
        b"".join(path.read_bytes() for path in sources) + _locked_requirements().encode()
    ).hexdigest()[:12]
    folder = CACHE / f"mongodb-{suite}-{digest}"
    with locked(CACHE / f"mongodb-{suite}.lock"):
        if not folder.exists():
            work = Path(tempfile.mkdtemp(prefix=f".mongodb-{suite}-", dir=CACHE))
            try:
                _fill(work / "repository", work, suite)
                (work / "repository").rename(folder)
            finally:
                shutil.rmtree(work)
            for other in CACHE.glob(f"mongodb-{suite}-*"):
                if other != folder:
                    shutil.rmtree(other)
    return folder


def _fill(repository: Path, work: Path, suite: str) -> None:
    pool = repository / "pool"
    pool.mkdir(parents=True)
    payload = _server_payload(work / "payload", suite)
    home = work / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
    run(*gpg, "--quick-generate-key", "MongoDB stand-in for tests", "rsa3072", "sign", "never")
    (repository / "server.asc").write_text(run(*gpg, "--armor", "--export"))
    for series in SERIES:
        version = f"{series}.0+standin1"
        control = payload / "DEBIAN" / "control"
        control.write_text(
            f"Package: mongodb-org-server\nVersion: {version}\nArchitecture: amd64\nMaintainer: st2lite tests\n"
            f"Depends: adduser, python3 (>= {_PYTHON[suite]})\nDescription: {_NOTE}\n"
        )
        deb = pool / f"mongodb-org-server_{version}_amd64.deb"
        run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", payload, deb)
        meta = work / f"meta-{series}" / "DEBIAN"
        meta.mkdir(parents=True)
        (meta / "control").write_text(
            f"Package: mongodb-org\nVersion: {version}\nArchitecture: amd64\nMaintainer: st2lite tests\n"
            f"Depends: mongodb-org-server (= {version})\nDescription: {_NOTE}\n"
        )
        run("dpkg-deb", "--root-owner-group", "--build", meta.parent, pool / f"mongodb-org_{version}_amd64.deb")
        _index(repository, suite, series, gpg)
    run("gpgconf", "--homedir", home, "--kill", "all")
    run("chmod", "-R", "u=rwX,go=rX", repository)


def _server_payload(payload: Path, suite: str) -> Path:
    modules = payload / "usr/lib/mongodb-stand-in"
    payload.mkdir()
    requirements = payload.with_name("requirements.txt")
    requirements.write_text(_locked_requirements())
    # For the host's Python, which need not be the one that runs this.
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
        "--target", modules, "--only-binary", ":all:", "--python-version", _PYTHON[suite], "--implementation", "cp",
        "--no-deps", "--require-hashes", "--requirement", requirements,
    )  # fmt: skip
    for name, target, mode in (
        ("mongod", "usr/bin/mongod", 0o755),
        ("mongod.conf", "etc/mongod.conf", 0o644),
        ("mongod.service", "lib/systemd/system/mongod.service", 0o644),
        ("postinst", "DEBIAN/postinst", 0o755),
        ("prerm", "DEBIAN/prerm", 0o755),
        ("postrm", "DEBIAN/postrm", 0o755),
        ("conffiles", "DEBIAN/conffiles", 0o644),
    ):
        path = payload / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_HERE / "mongod" / name, path)
        path.chmod(mode)
    return payload


def _index(repository: Path, suite: str, series: str, gpg: tuple[str | Path, ...]) -> None:
    release = repository / "dists" / suite / "mongodb-org" / series
    packages = release / "main" / "binary-amd64" / "Packages"
    packages.parent.mkdir(parents=True)
    entries = []
    for deb in sorted((repository / "pool").glob(f"*_{series}.*.deb")):
        fields = run("dpkg-deb", "--field", deb).strip()
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        entries.append(f"{fields}\nFilename: pool/{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n")
    packages.write_text("\n".join(entries))
    text = (
        f"Origin: stand-in\nLabel: stand-in\nSuite: {suite}\nCodename: {suite}/mongodb-org\nArchitectures: amd64\n"
        f"Components: main\nDate: {run('date', '-Ru').strip().replace('+0000', 'UTC')}\nDescription: {_NOTE}\nSHA256:\n"
        f" {hashlib.sha256(packages.read_bytes()).hexdigest()} {packages.stat().st_size} main/binary-amd64/Packages\n"
    )
    (release / "Release").write_text(text)
    run(*gpg, "--clearsign", "--output", release / "InRelease", release / "Release")


def _locked_requirements() -> str:
    """What the lock file says of the packages that the stand-in consists of."""
    blocks = re.split(r"^(?=[a-z])", _LOCK.read_text(), flags=re.MULTILINE)
    return "".join(block for block in blocks if block.partition("==")[0] in _PACKAGES)
