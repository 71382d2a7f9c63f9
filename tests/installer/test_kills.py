"""Killed at every step and in the middle of the long ones, run again: the host becomes whole, with the same secrets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.installer.host import MONGODB, PROGRAM, RELEASE, InstallerHost, create, destroy, difference
from tests.installer.proxy import Proxy
from tests.installer.runs import Run, is_whole, readable_by_others, secrets, watched

pytestmark = pytest.mark.long

# What is said when a step begins, and with ! what runs in the middle of a long one.
EACH_STEP = (
    "[1/", "[2/", "[3/", "![p]ip install", "[4/", "[5/", "[6/", "![d]pkg.*--unpack", "[7/", "[8/", "[9/",
    "![p]ip.*install", "[10/", "[11/",
)  # fmt: skip
IN_EACH_PART = ("[1/", "![p]ip install", "[6/", "![d]pkg.*--unpack", "[8/", "![p]ip.*install", "[11/")
"""Of the shell, of the installer's virtualenv, of the playbook."""

# Everything that has ever been taken for something else: by a shell, by YAML, in a URL, by st2.conf, by htpasswd.
PASSWORD = "ä'\"`$(id) /\\#%{}[]&!*?~:;,@=+-x" + "q7" * 80
SUITE = "--set=mongodb_repository_suite=trixie/mongodb-org/8.0"
RABBITMQ_PASSWORD = "p/a@s:s #%25{w}?&'\"x"


def cut_off(
    host: InstallerHost,
    command: str,
    environment: dict[str, str],
    moments: tuple[str, ...],
    kinds: list[tuple[str, str]],
) -> dict[str, str]:
    """Kill a run at each moment; return the secrets that were there in the end. No run may change one."""
    known: dict[str, str] = {}
    for number, moment in enumerate(moments):
        run = Run(host, command, environment)
        run.wait_for(moment)
        signal, whom = kinds[number % len(kinds)]
        run.kill(signal, whom)
        now = secrets(host)
        assert {name: now.get(name) for name in known} == known, f"secrets changed before {moment}"
        known = now
    return known


def test_power_failures_behind_a_proxy(release: Path) -> None:
    """Everything is killed at once; the only way out of the host is a proxy that wants a password."""
    host = create("installer-proxy", "trixie", release)
    host.path("/srv/vars.yml").write_text(f"rabbitmq_password: {_quoted(RABBITMQ_PASSWORD)}\n")
    host.path("/srv/password").write_text(f"{PASSWORD}\n")
    host.ask("hostnamectl hostname appliance || echo appliance >/etc/hostname")
    subprocess.run(["ip", "-n", f"st2lite-{host.name}", "route", "delete", "default"], check=True)
    gateway = host.ask("ip -4 route show | sed -n 's/.* src \\([0-9.]*\\).*/\\1/p'").rpartition(".")
    address = f"{gateway[0]}.{int(gateway[2]) - 1}"
    before = host.fingerprint()
    options = ("--yes", "--vars=/srv/vars.yml", "--password-file=/srv/password", *MONGODB, SUITE)
    command = f"sh {RELEASE}/install.sh {' '.join(options)}"
    with Proxy(address, "ops", "pr0xyS3cret") as proxy, watched(["pr0xyS3cret", PASSWORD[-40:]]) as seen:
        environment = {"ST2_RELEASE_URL": f"file://{RELEASE}", "http_proxy": proxy.url, "https_proxy": proxy.url}
        known = cut_off(host, command, environment, EACH_STEP, [("KILL", "all")])
        Run(host, command, environment).succeeds()
        assert {name: secrets(host)[name] for name in known} == known
        # The proxy is remembered.
        output = Run(host, command, {"ST2_RELEASE_URL": f"file://{RELEASE}"}).succeeds()
        assert "as it should be; nothing was changed" in output
    assert "pypi.org" in proxy.asked
    assert seen == []
    is_whole(host)
    host.path("/srv/curl").write_text(f'user = "st2admin:{_escaped(PASSWORD)}"\n')
    host.ask("curl --silent --fail --insecure --noproxy '*' -K /srv/curl -X POST https://127.0.0.1/auth/v1/tokens")
    assert readable_by_others(host, ["pr0xyS3cret", PASSWORD[-40:], RABBITMQ_PASSWORD]) == []
    _is_removed(host, before)
    destroy(host)


def test_signals_without_a_network(release: Path, tmp_path: Path) -> None:
    """The shell alone is ended, politely and not; everything comes from a bundle, and the host has no route at all."""
    host = create("installer-offline", "bookworm", release)
    bundle = tmp_path / "bundle.tar"
    _make_bundle(host, release, bundle)
    subprocess.run(["cp", bundle, host.path("/srv/bundle.tar")], check=True)
    namespace = f"st2lite-{host.name}"
    subprocess.run(["ip", "-n", namespace, "route", "delete", "default"], check=True)
    before = host.fingerprint()
    command = f"sh {RELEASE}/install.sh --yes --offline /srv/bundle.tar --set mongodb_repository_url=file:///srv/mongodb-repository"
    known = cut_off(host, command, {}, IN_EACH_PART, [("TERM", "main"), ("KILL", "main")])
    Run(host, command, {}).succeeds()
    assert {name: secrets(host)[name] for name in known} == known
    assert "nothing was changed" in Run(host, command, {}).succeeds()
    is_whole(host)
    _is_removed(host, before)
    destroy(host)


def _make_bundle(host: InstallerHost, release: Path, bundle: Path) -> None:
    host.ask("cp -R /srv/mongodb-repository /srv/copy")  # which is a mount that is not seen from outside
    repository = host.path("/srv/copy")
    subprocess.run(
        [
            PROGRAM.parents[2] / "packaging/bundle", "--release", release, "--mongodb-url", f"file://{repository}",
            "--mongodb-key", repository / "server.asc", bundle,
        ],
        check=True,
    )  # fmt: skip


def _is_removed(host: InstallerHost, before: dict[str, object]) -> None:
    done = host.run("sh /opt/stackstorm/installer/release/install.sh --uninstall --purge --yes")
    assert done.returncode == 0, done.stdout + done.stderr
    after = host.fingerprint()
    assert _packages(after) == _packages(before)
    kept = ("var/lib/dpkg", "var/lib/apt", "var/log", "var/lib/ucf", "var/www", "etc/")
    owned = _of_packages(host)
    left = [line for line in difference(before, after) if not line.startswith(kept)]
    assert [line for line in left if line.partition(":")[0] not in owned and "/__pycache__" not in line] == []


def _packages(fingerprint: dict[str, object]) -> set[str]:
    return {path for path in fingerprint if path.startswith("var/lib/dpkg/info/") and path.endswith(".list")}


def _of_packages(host: InstallerHost) -> set[str]:
    """The files of packages that are there: what was needed may have taken some of them to a newer version."""
    lists = host.path("/var/lib/dpkg/info").glob("*.list")
    paths = {line.strip("/") for file in lists for line in file.read_text().splitlines()}
    return paths | {f"usr/{path}" for path in paths if path.startswith(("bin/", "sbin/", "lib"))}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
