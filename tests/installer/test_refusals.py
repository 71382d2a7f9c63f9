"""A host that is not ready: install.sh says all of it, in words that say what to do, and changes nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installer.host import MONGODB, RELEASE, InstallerHost, Result, difference

_OS = "printf '{}' >/run/os-release && mount --bind /run/os-release /usr/lib/os-release"
_MEMORY = (
    "sed 's/^MemTotal:.*/MemTotal: 524288 kB/' /proc/meminfo >/run/meminfo && mount --bind /run/meminfo /proc/meminfo"
)
_NO_NAMES = "echo nameserver 127.0.0.1 >/run/resolv.conf && mount --bind /run/resolv.conf /etc/resolv.conf"
_NOBODY_THERE = "sed '$a 127.0.0.1 {}' /etc/hosts >/run/hosts && mount --bind /run/hosts /etc/hosts"
_READ_ONLY = "mount --rbind {0} {0} && mount -o remount,bind,ro {0}"
_TMPFS = "mount -t tmpfs -o size={}m tmpfs {}"
_NO_PYTHON = "mount --bind /bin/false $(readlink -f /usr/bin/python3)"

FAULTS = {
    "another distribution": (_OS.format("ID=fedora\\nVERSION_ID=41\\n"), ['"fedora 41" is not supported: take Debian']),
    "too old a release": (_OS.format("ID=debian\\nVERSION_ID=11\\n"), ['"debian 11" is not supported']),
    "no os-release": (_OS.format(""), ['"" is not supported']),
    "too little memory": (_MEMORY, ["there are 512 MiB of memory, 900 are needed: add memory"]),
    "no room in /opt": (_TMPFS.format(200, "/opt"), ["/opt: 200 MiB are free, 1000 are needed: make room"]),
    "no room in /var": (_TMPFS.format(64, "/var/tmp"), ["/var/tmp: 64 MiB are free, 100 are needed: make room"]),
    "nothing fits into /var/tmp": (
        f"{_TMPFS.format(1, '/var/tmp')} && head -c 2M /dev/zero >/var/tmp/big 2>/dev/null || :",
        ["/var/tmp: 0 MiB are free, 100 are needed: make room", "no file can be made in /var/tmp"],
    ),
    "/etc read-only": (_READ_ONLY.format("/etc"), ["/etc cannot be written: mount its file system for writing"]),
    "/opt read-only": (_READ_ONLY.format("/opt"), ["/opt cannot be written: mount its file system for writing"]),
    "/var/tmp read-only": (_READ_ONLY.format("/var/tmp"), ["/var/tmp cannot be written", "no file can be made"]),
    "no name server": (_NO_NAMES, ["the name pypi.org cannot be resolved", "check name server, network and proxy"]),
    "no way to the index": (_NOBODY_THERE.format("pypi.org"), ["pypi.org, port 443, cannot be reached"]),
    "no Python": (_NO_PYTHON, ["no CPython 3.10 to 3.13 found. Install one (Debian, Ubuntu: apt-get install python3"]),
}  # fmt: skip


@pytest.fixture(autouse=True)
def unchanged(bare: InstallerHost) -> Iterator[None]:
    """Whatever a test here does, the file system of the host is as it was, and no secrets or locks lie about."""
    before = bare.fingerprint()
    yield
    assert difference(before, bare.fingerprint()) == []
    assert bare.ask("ls -d /var/tmp/st2lite* 2>/dev/null || :") == ""


def refused(result: Result, *texts: str) -> None:
    assert result.returncode == 1, result.stdout + result.stderr
    assert "othing was changed" in result.stderr
    assert "Traceback" not in result.stderr
    for text in texts:
        assert text in result.stderr


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("look", ["", "--dry-run"])
def test_a_fault_is_reported(bare: InstallerHost, fault: str, look: str) -> None:
    command, texts = FAULTS[fault]
    refused(bare.install(*[look][: len(look)], fault=command), *texts)


def test_no_network_at_all(bare: InstallerHost) -> None:
    refused(bare.run(f"unshare --net sh {RELEASE}/install.sh --release-url file://{RELEASE}"), "cannot be resolved")


def test_another_architecture(bare: InstallerHost) -> None:
    result = bare.run(f"setarch i686 sh {RELEASE}/install.sh --release-url file://{RELEASE}")
    refused(result, "this machine is i686: there are packages for x86_64 and aarch64 only")


def test_somebody_who_is_not_root(bare: InstallerHost) -> None:
    result = bare.run(f"runuser -u nobody -- sh {RELEASE}/install.sh --release-url file://{RELEASE}")
    refused(result, "a host is installed as root: sudo ./install.sh")


@pytest.fixture
def stranger(bare: InstallerHost) -> Iterator[list[int]]:
    """A process that holds ports."""
    ports = [80, 443, 9101, 5672, 27017]
    program = f"""
import signal, socket
servers = [socket.create_server(("", port)) for port in {ports}]
signal.pause()
"""
    bare.ask(f"systemd-run --quiet --unit=stranger python3 -c {shlex.quote(program)}")
    bare.ask("until ss -ltn | grep -q :27017; do :; done")
    yield ports
    bare.ask("systemctl stop stranger")


def test_ports_of_a_stranger(bare: InstallerHost, stranger: list[int]) -> None:
    result = bare.install()
    refused(result, *(f"port {port}, wanted for " for port in stranger))
    assert "wanted for mongod, is held by python3: stop it, or see --set." in result.stderr
    moved = bare.install("--no-nginx", "--no-mongodb", "--set=rabbitmq_port=5673", "--dry-run")
    refused(moved, "port 9101, wanted for st2api, is held by python3")
    for port in (80, 443, 5672, 27017):
        assert f"port {port}" not in moved.stderr


def test_everything_at_once(bare: InstallerHost, stranger: list[int]) -> None:
    faults = [_MEMORY, _NO_NAMES, _TMPFS.format(200, "/opt"), _OS.format("ID=fedora\\nVERSION_ID=41\\n")]
    faults.append(_READ_ONLY.format("/etc"))
    result = bare.install("--vars=/nowhere.yml", "--python=/bin/false", fault=" && ".join(faults))
    refused(
        result, "512 MiB of memory", "/opt: 200 MiB are free", '"fedora 41" is not supported', "/etc cannot be written",
        "cannot read /nowhere.yml", "/bin/false is not a CPython", "port 27017", "the name pypi.org cannot be resolved",
    )  # fmt: skip
    assert result.stderr.count("this host is not ready") == 1


def test_everything_at_once_without_a_release(bare: InstallerHost) -> None:
    result = bare.install(fault=f"{_MEMORY} && {_NO_NAMES} && {_READ_ONLY.format('/opt')}", ST2_RELEASE_URL="")
    refused(result, "512 MiB of memory", "/opt cannot be written", "cannot take the release from https://github.com")


def test_stackstorm_is_left_alone(bare: InstallerHost) -> None:
    result = bare.install(fault=f"{_TMPFS.format(2000, '/opt')} && mkdir -p /opt/stackstorm/st2/bin")
    refused(result, "/opt/stackstorm/st2 is there already and not ours: take another host")


def test_a_proxy_that_does_not_answer(bare: InstallerHost) -> None:
    result = bare.install(https_proxy="http://ops:s3cret@127.0.0.1:9")
    refused(result, "127.0.0.1, port 9, cannot be reached (Connection refused)")
    assert "s3cret" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--frobnicate"], 'unknown option "--frobnicate"'),
        (["--no-chatops"], 'unknown option "--no-chatops"'),
        (["--user"], "--user needs a value"),
        (["--standalone", "--user=ops"], "--user does not go with --standalone"),
        (["--home=/opt/st2"], "--home goes with --standalone"),
        (["--check", "--upgrade"], "--check stands alone"),
        (["--check", "--dry-run"], "--check stands alone"),
        (["--upgrade", "--uninstall"], "exclude each other"),
        (["--purge"], "--purge goes with --uninstall"),
        (["--offline=/srv/bundle.tar", "--release-url=file:///srv/dist"], "exclude each other"),
        (["--password=a", "--password-file=/b"], "give the password once"),
        (["--set=Mongo"], "--set must be NAME=VALUE"),
    ],
)
def test_wrong_usage(bare: InstallerHost, options: list[str], says: str) -> None:
    result = bare.install(*options)
    assert result.returncode == 2
    assert says in result.stderr
    assert "Try: install.sh --help" in result.stderr


def test_a_release_that_is_not_there(bare: InstallerHost) -> None:
    result = bare.install("--version=9.9.9")
    refused(result, "cannot take the release from file:///srv/dist", "st2lite-9.9.9.tar.gz", "remedy:")


@pytest.mark.parametrize(
    ("harm", "option", "says"),
    [
        ("printf x >>$(ls st2lite-*.tar.gz)", "", "it is damaged, or not the genuine one"),
        ("head -c 100000 st2lite-*.tar.gz >half && mv half $(ls st2lite-*.tar.gz)", "", "it is damaged"),
        ("echo >>SHA256SUMS", "--release-key=release.asc", "BAD signature"),
        ("rm SHA256SUMS.asc", "--release-key=release.asc", "SHA256SUMS.asc"),
        (":", "--release-key=wrong.asc", "No public key"),
        (": >SHA256SUMS", "", "SHA256SUMS says None"),
    ],
    ids=["altered", "cut short", "altered sums", "unsigned", "another's key", "empty sums"],
)
def test_a_release_that_is_not_genuine(bare: InstallerHost, harm: str, option: str, says: str) -> None:
    fault = f"{_TMPFS.format(100, '/mnt')} && cp -R {RELEASE} /mnt/dist && cd /mnt/dist && {harm}"
    result = bare.install(*[option][: len(option)], fault=fault, ST2_RELEASE_URL="file:///mnt/dist")
    refused(result, says)


def test_a_signature_without_gpg_to_check_it(bare: InstallerHost) -> None:
    fault = f"{_TMPFS.format(1, '/mnt')} && mkdir /mnt/bin && ln -s /bin/* /mnt/bin && rm /mnt/bin/gpg && PATH=/mnt/bin"
    result = bare.install(f"--release-key={RELEASE}/release.asc", fault=fault)
    refused(result, "gpg is missing: install it with the package manager")


def test_a_dry_run(bare: InstallerHost) -> None:
    result = bare.install("--dry-run", "--no-postgresql")
    assert result.returncode == 0, result.stderr
    assert "This host is ready" in result.stdout
    assert "postgresql       left out" in result.stdout


def test_what_only_ansible_sees(bare: InstallerHost) -> None:
    """By then the installer has a place of its own, which goes again."""
    result = bare.install("--set=mongodb_repository_url=https://127.0.0.1:9/")
    refused(result, "https://127.0.0.1:9/ cannot be reached", "The details are in /var/tmp/install-")
    bare.ask("rm /var/tmp/install-*.log")


def test_a_value_that_no_role_takes(bare: InstallerHost) -> None:
    result = bare.install(*MONGODB, "--set=st2_log_level=LOUD")
    refused(result, "value of st2_log_level must be one of: DEBUG, INFO, WARNING, ERROR, got: LOUD")
    bare.ask("rm /var/tmp/install-*.log")


def test_a_check_of_a_bare_host(bare: InstallerHost) -> None:
    result = bare.install("--check", *MONGODB)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"A run would change [1-9]\d* things", result.stdout)
    bare.ask("rm /var/tmp/st2lite-check-*.log")


def test_killed_while_the_release_is_fetched(bare: InstallerHost) -> None:
    """From a pipe that never ends: the archive is still on its way when the signal comes."""
    for signal, status in (("TERM", 130), ("KILL", 137)):
        fault = f"{_TMPFS.format(10, '/mnt')} && cp {RELEASE}/SHA256SUMS /mnt && mkfifo /mnt/st2lite-0.1.0.tar.gz"
        script = (
            f"{fault}; sh {RELEASE}/install.sh --release-url file:///mnt & installer=$!;"
            f" until pgrep -f [f]etch.py >/dev/null; do :; done; kill -{signal} $installer;"
            f" pkill -P $installer; wait $installer"
        )
        result = bare.run(f"unshare --mount sh -c {shlex.quote(script)}")
        assert result.returncode == status, result.stdout + result.stderr
    # What the killed one has left goes with the next run that begins.
    bare.ask("rm -rf /var/tmp/st2lite.??????")


def test_a_release_key_that_is_right(bare: InstallerHost) -> None:
    result = bare.install("--dry-run", f"--release-key={RELEASE}/release.asc")
    assert "checksum and signature are right" in result.stdout, result.stderr


def test_bundles(bare: InstallerHost) -> None:
    """Only what is read before the host is changed; a whole installation from one is in test_kills."""
    make = (
        f"{_TMPFS.format(100, '/mnt')} && mkdir -p /mnt/st2lite-bundle/wheels && cd /mnt/st2lite-bundle"
        f" && cp {RELEASE}/*.tar.gz {RELEASE}/install.sh . && echo >wheels/x"
        " && find . -type f ! -name SHA256SUMS | sed s,./,, | xargs sha256sum >SHA256SUMS"
    )
    pack = " && cd .. && tar -cf bundle.tar st2lite-bundle"
    lost = " && unshare --net true"
    for way in ("/mnt/bundle.tar", "/mnt/st2lite-bundle"):
        result = bare.install("--dry-run", f"--offline={way}", fault=make + pack + lost, ST2_RELEASE_URL="")
        assert f"from {way}" in result.stdout, result.stderr
    harmed = bare.install("--offline=/mnt/bundle.tar", fault=f"{make} && echo >>wheels/x{pack}", ST2_RELEASE_URL="")
    refused(harmed, "wheels/x: FAILED", "remedy: make the bundle again")
    short = f"{make}{pack} && head -c 1000000 bundle.tar >short.tar"
    refused(bare.install("--offline=/mnt/short.tar", fault=short, ST2_RELEASE_URL=""), "Unexpected EOF in archive")
    other = bare.install("--offline=/mnt/bundle.tar", "--version=9.9.9", fault=make + pack, ST2_RELEASE_URL="")
    refused(other, "the bundle holds 0.1.0, not 9.9.9")


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_a_download_that_was_cut_short_does_nothing(bare: InstallerHost, release: Path, shell: str) -> None:
    """On a host that could be installed: a script of which some lines are missing must not begin."""
    program = f"""
import subprocess
script = open("{RELEASE}/install.sh", "rb").read()
ends = [position for position, byte in enumerate(script[:-1]) if byte == 10]
last = range(len(script) - len(script.splitlines()[-1]) - 1, len(script) - 1)
for position in [*ends, *last]:
    for end in (position, position + 1) if position < len(script) - 2 else (position,):
        done = subprocess.run({shell.split()!r}, input=script[:end], capture_output=True)
        assert done.stdout == b"", (end, done.stdout)
"""
    if shell.startswith("busybox") and bare.run("command -v busybox").returncode:
        pytest.skip("no busybox on the host")
    bare.ask(f"python3 -c {shlex.quote(program)}")
