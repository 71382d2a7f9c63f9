"""Facts of one host of each kind that roles support, as far as roles look at them."""

from __future__ import annotations

from typing import Any

import pytest

_RELEASES = {
    "debian-12": ("Debian", "12.11", "12", "bookworm", "Debian"),
    "debian-13": ("Debian", "13.1", "13", "trixie", "Debian"),
    "ubuntu-22.04": ("Ubuntu", "22.04", "22", "jammy", "Debian"),
    "ubuntu-24.04": ("Ubuntu", "24.04", "24", "noble", "Debian"),
    "rocky-9": ("Rocky", "9.6", "9", "Blue Onyx", "RedHat"),
    "redhat-9": ("RedHat", "9.6", "9", "Plow", "RedHat"),
}

KINDS = list(_RELEASES)
"""Names of the kinds of host, for tests that run once for each."""

each_host = pytest.mark.parametrize("kind", KINDS)


def facts(kind: str) -> dict[str, Any]:
    """What the module setup would say of such a host."""
    distribution, version, major, release, family = _RELEASES[kind]
    return {
        "distribution": distribution,
        "distribution_version": version,
        "distribution_major_version": major,
        "distribution_release": release,
        "os_family": family,
        "architecture": "x86_64",
        "service_mgr": "systemd",
        "pkg_mgr": "apt" if family == "Debian" else "dnf",
        "hostname": "automation",
        "nodename": "automation",
        "fqdn": "automation.example.com",
        "domain": "example.com",
        "default_ipv4": {"address": "192.0.2.10"},
        "default_ipv6": {},
        "all_ipv4_addresses": ["192.0.2.10"],
        "all_ipv6_addresses": ["2001:db8::10"],
        "memtotal_mb": 1982,
        "processor_vcpus": 2,
        "user_id": "root",
        "user_uid": 0,
        "effective_user_id": 0,
        "selinux": {"status": "enabled" if family == "RedHat" else "disabled", "mode": "enforcing"},
        "env": {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin"},
        "date_time": {"epoch": "1790000000", "year": "2026"},
        "python": {"executable": "/usr/bin/python3"},
        "getent_passwd": {"root": ["x", "0", "0", "root", "/root", "/bin/bash"]},
    }
