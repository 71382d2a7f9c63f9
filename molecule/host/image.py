"""Base images: a bare Debian server of a suite, made by debootstrap once and kept as a tarball."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import package_settings
from places import CACHE, locked, run

SUITES = ("bookworm", "trixie")

# What the installer of Debian puts on a server that Ansible can reach; nothing that a role is to install.
PACKAGES = (
    "systemd", "systemd-sysv", "libpam-systemd", "dbus", "openssh-server", "python3", "python3-apt",
    "ca-certificates", "curl", "iproute2", "procps",
)  # fmt: skip

_RECIPE = 1  # to be raised when `_make` does something else
_LISTS_SECONDS = 24 * 3600


def base_image(suite: str) -> Path:
    """Tarball of the root file system of `suite`; made when there is none."""
    digest = hashlib.sha256(f"{_RECIPE} {' '.join(PACKAGES)}".encode()).hexdigest()[:12]
    tarball = CACHE / f"{suite}-{digest}.tar"
    with locked(CACHE / f"{suite}.lock"):
        if not tarball.exists():
            _make(suite, tarball)
            for other in CACHE.glob(f"{suite}-*.tar"):
                if other != tarball:
                    other.unlink()
    return tarball


def unpack(suite: str, root: Path) -> None:
    """Lay a fresh root file system at `root`, with this machine's package settings and cached Debian packages."""
    tarball = base_image(suite)
    root.mkdir(parents=True)
    run("tar", "-C", root, "--numeric-owner", "--xattrs", "-xf", tarball)
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    package_settings.apply(root, suite)
    if time.time() - tarball.stat().st_mtime > _LISTS_SECONDS:
        run("chroot", root, "apt-get", "update")
    _link_new(_packages(suite), root / "var/cache/apt/archives")


def keep_packages(suite: str, root: Path) -> None:
    """Take the Debian packages that a host has downloaded into the cache."""
    _link_new(root / "var/cache/apt/archives", _packages(suite))


def _packages(suite: str) -> Path:
    return CACHE / "packages" / suite


def _link_new(source: Path, target: Path) -> None:
    # Links, not one folder mounted in all hosts: apt locks its folder, and a second host would fail, not wait.
    target.mkdir(parents=True, exist_ok=True)
    for package in source.glob("*.deb"):
        copy = target / package.name
        if not copy.exists():
            part = copy.with_name(f".{copy.name}.{os.getpid()}")
            try:
                part.hardlink_to(package)
            except OSError:
                shutil.copyfile(package, part)
            part.replace(copy)


def _make(suite: str, tarball: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix=f".{suite}-", dir=CACHE))
    root, part = work / "root", work / "part.tar"
    try:
        mirror = package_settings.mirror(suite)
        command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, str(root)]
        run(*command, *([mirror] if mirror else []), log=CACHE / f"{suite}.log")
        package_settings.apply(root, suite)
        run("chroot", root, "apt-get", "update")
        run("chroot", root, "apt-get", "clean")
        for made in ("etc/machine-id", "etc/hostname", "etc/apt/apt.conf.d/50outer", "etc/pip.conf"):
            (root / made).unlink(missing_ok=True)
        for key in (root / "etc/ssh").glob("ssh_host_*"):
            key.unlink()
        # A power failure would only cost a test host: no package is waited for on the disk.
        (root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
        run("tar", "-C", root, "--numeric-owner", "--xattrs", "-cf", part, ".")
        part.replace(tarball)
    finally:
        run("rm", "-rf", "--one-file-system", work)
