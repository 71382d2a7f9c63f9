"""An installed host: runs that change nothing, that change one thing, that meet each other, and that take it away."""

from __future__ import annotations

import shlex

import pytest

from tests.installer.host import MONGODB, RELEASE, InstallerHost, difference
from tests.installer.runs import Run, is_whole, readable_by_others, secrets

pytestmark = pytest.mark.long

COMMAND = f"sh {RELEASE}/install.sh --yes {' '.join(MONGODB)}"
SOURCE = {"ST2_RELEASE_URL": f"file://{RELEASE}"}

# What programs that run write by themselves.
_AT_WORK = (
    "var/lib/mongodb",
    "var/lib/rabbitmq",
    "var/lib/postgresql",
    "var/log",
    "var/lib/st2",
    "opt/stackstorm/.cache",
)


def changed(before: dict[str, object], host: InstallerHost) -> list[str]:
    return [line for line in difference(before, host.fingerprint()) if not line.startswith(_AT_WORK)]


def starts(host: InstallerHost) -> str:
    """Since when each service runs."""
    units = "mongod rabbitmq-server postgresql nginx st2api st2auth st2stream st2actionrunner st2workflowengine"
    return host.ask(f"systemctl show --property=Id,ActiveEnterTimestampMonotonic {units}")


def test_a_second_run_changes_nothing(installed: InstallerHost) -> None:
    before, running = installed.fingerprint(), starts(installed)
    assert "is as it should be; nothing was changed" in Run(installed, COMMAND, SOURCE).succeeds()
    assert changed(before, installed) == []
    assert starts(installed) == running
    is_whole(installed)


@pytest.mark.parametrize("option", ["--check", "--dry-run"])
def test_a_look_changes_nothing(installed: InstallerHost, option: str) -> None:
    before = installed.fingerprint()
    result = installed.install(option, *MONGODB, "--set=st2_log_level=DEBUG")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Nothing was changed." in result.stdout
    assert changed(before, installed) == []


def test_two_runs_at_once(installed: InstallerHost) -> None:
    first = Run(installed, COMMAND, SOURCE)
    first.wait_for("[3/")
    second = installed.install(*MONGODB)
    assert second.returncode == 1
    assert "another run of install.sh is at work on this host: wait until it has ended" in second.stderr
    assert "nothing was changed" in first.succeeds()


@pytest.mark.parametrize("way", ["--password-file=-", "ST2_PASSWORD", "--password"])
def test_a_password(installed: InstallerHost, way: str) -> None:
    password = {"--password-file=-": "ö '\"` $x #%/\\" + "z" * 180, "ST2_PASSWORD": "0123", "--password": "yes"}[way]
    kept = secrets(installed)
    if way == "ST2_PASSWORD":
        output = Run(installed, COMMAND, SOURCE | {way: password}).succeeds()
    elif way == "--password":
        output = Run(installed, f"{COMMAND} --password {password}", SOURCE).succeeds()
        assert "a password in the arguments is seen by everybody on this host" in output
    else:
        output = Run(installed, f"{COMMAND} {way}", SOURCE, stdin=f"{password}\n").succeeds()
    assert password not in output or way == "--password"
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    installed.path("/srv/curl").write_text(f'user = "st2admin:{escaped}"\n')
    installed.ask("curl --silent --fail --insecure -K /srv/curl -X POST https://127.0.0.1/auth/v1/tokens")
    assert {**secrets(installed), "admin": ""} == {**kept, "admin": ""}
    if len(password) > 10:
        assert readable_by_others(installed, [password]) == []


@pytest.mark.parametrize(
    ("option", "says"), [("/nowhere", "cannot read /nowhere"), ("/dev/null", "there is no password")]
)
def test_a_password_file_without_one(installed: InstallerHost, option: str, says: str) -> None:
    result = installed.install(*MONGODB, f"--password-file={option}")
    assert result.returncode == 1
    assert says in result.stderr


@pytest.mark.parametrize(
    ("lock", "step"), [("ansible", 'step 3, "Preparing Ansible", failed'), ("st2lite", 'step 9, "Set up st2", failed')]
)
def test_packages_that_are_not_genuine(installed: InstallerHost, lock: str, step: str) -> None:
    """A release that wants other packages than the index has: what ran runs, and what repairs it is of that, too."""
    before = in_place(installed)
    harm = (
        "mount -t tmpfs -o size=200m tmpfs /mnt && cd /mnt &&"
        f" tar -xzf {RELEASE}/st2lite-*.tar.gz && cp {RELEASE}/install.sh . &&"
        f" sed -i 's/--hash=sha256:./--hash=sha256:0/' st2lite-*/requirements/{lock}.lock &&"
        f" tar -czf $(basename {RELEASE}/st2lite-*.tar.gz) st2lite-*/ && sha256sum *.tar.gz install.sh >SHA256SUMS"
    )
    result = installed.install(*MONGODB, fault=harm, ST2_RELEASE_URL="file:///mnt")
    assert result.returncode == 1
    assert step in result.stderr, result.stdout + result.stderr
    assert "remedy: the package index has another file than the release was made with" in result.stderr
    assert in_place(installed) == before
    is_whole(installed)


def in_place(installed: InstallerHost) -> str:
    """What is in use, and what would repair it."""
    place = "/opt/stackstorm/installer"
    return installed.ask(f"readlink /opt/stackstorm/st2; cat {place}/release*/.digest {place}/venv/.complete")


def test_removed_and_installed_again(installed: InstallerHost) -> None:
    kept = secrets(installed)
    done = installed.run("sh /opt/stackstorm/installer/release/install.sh --uninstall --yes")
    assert done.returncode == 0, done.stdout + done.stderr
    Run(installed, f"{COMMAND} {shlex.quote('--set=st2_log_level=INFO')}", SOURCE).succeeds()
    assert secrets(installed) == kept
    is_whole(installed)
