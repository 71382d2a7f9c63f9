"""The outer machine's own way to its package registries, carried into a host: apt, pip, certificates, proxies.

Nothing of it is written down in the repository: each machine has its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from places import run

_APT_OPTIONS = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv")
_PIP_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
_CERTIFICATES = Path("/usr/local/share/ca-certificates")
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def apt_sources(suite: str) -> list[str]:
    """Lines of sources.list for `suite`, from the mirrors this machine uses; empty if it is no Debian."""
    codename = _codename()
    if not codename or shutil.which("apt-get") is None:
        return []
    targets = _output(
        "apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
        "Identifier: Packages",
    )  # fmt: skip
    lines = []
    for target in sorted(set(targets.splitlines())):
        address, release, component = target.split()
        if release.split("-")[0] == codename and component == "main":
            lines.append(f"deb {address} {release.replace(codename, suite, 1)} main")
    return lines


def mirror(suite: str) -> str:
    """Address of the main repository, or empty for debootstrap's own default."""
    return next((line.split()[1] for line in apt_sources(suite) if line.split()[2] == suite), "")


def apply(root: Path, suite: str) -> None:
    """Write the settings into the file system at `root`."""
    sources = apt_sources(suite)
    if sources:
        (root / "etc/apt/sources.list").write_text("\n".join(sources) + "\n")
    (root / "etc/apt/apt.conf.d/50outer").write_text(_apt_options())
    (root / "etc/pip.conf").write_text(_pip_configuration())
    proxies = [f"{name}={os.environ[name]}\n" for name in _PROXIES if os.environ.get(name)]
    if proxies:
        (root / "etc/environment").write_text("".join(proxies))
    certificates = sorted(_CERTIFICATES.glob("*.crt"))
    for certificate in certificates:
        shutil.copy(certificate, root / _CERTIFICATES.relative_to("/"))
    if certificates:
        run("chroot", root, "update-ca-certificates")


def _apt_options() -> str:
    dump = _output("apt-config", "dump") if shutil.which("apt-config") else ""
    kept = [line for line in dump.splitlines() if line.startswith(_APT_OPTIONS) and not line.endswith(' "";')]
    return "".join(f"{line}\n" for line in kept)


def _pip_configuration() -> str:
    lines = ["[global]", "cache-dir = /var/cache/pip", f"cert = {_BUNDLE}"]
    for line in _output(sys.executable, "-m", "pip", "config", "list").splitlines():
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        # Folders of the outer machine do not exist in the host.
        addresses = [word for word in value.strip("'\"").split() if not word.startswith(("/", "file:"))]
        if option in _PIP_OPTIONS and addresses:
            lines.append(f"{option.removeprefix('default-')} = {' '.join(addresses)}")
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _codename() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    return ""


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
