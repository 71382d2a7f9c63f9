"""install.sh for real: from a signed release over HTTPS, again, from a checkout, and away with it."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import require
from tests.servers.certificates import make_certificates

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).parents[2]
INSTALLER = REPOSITORY / "install.sh"


@dataclass(frozen=True)
class Release:
    """A release directory, served at `url` below the authority that `bundle` trusts, signed by the key in `key`."""

    directory: Path
    url: str
    bundle: Path
    key: Path


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    require(shutil.which("gpg"), "gpg (apt-get install gpg)")
    # A short path: gpg's agent listens on a socket in its home, and the length of such a name is limited.
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    directory = tmp_path_factory.mktemp("release")
    environment = {**os.environ, "GNUPGHOME": str(home)}
    gpg = functools.partial(subprocess.run, check=True, capture_output=True, env=environment)
    try:
        gpg(["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "release@example.org", "ed25519", "sign"])
        key = directory.parent / "release-key.asc"
        key.write_bytes(gpg(["gpg", "--batch", "--armor", "--export", "release@example.org"]).stdout)
        built = subprocess.run(
            [REPOSITORY / "scripts/release", directory],
            env={**environment, "ST2_SIGN_KEY": "release@example.org"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert built.returncode == 0, built.stderr
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False, capture_output=True)
    certificates = make_certificates(directory.parent / "release-tls")
    bundle = directory.parent / "bundle.pem"
    system = [path for path in (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile) if path]
    bundle.write_bytes(b"\n".join(Path(path).read_bytes() for path in [*system[:1], certificates.authority]))
    handler = functools.partial(_QuietHandler, directory=str(directory))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Release(directory, f"https://localhost:{server.server_port}", bundle, key)
    server.shutdown()
    thread.join()
    server.server_close()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *values: object) -> None:
        """Say nothing."""


def run(*command: object, home: Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ST2")}
    result = subprocess.run(
        [str(word) for word in command],
        input=stdin,
        capture_output=True,
        check=False,
        env={**inherited, "HOME": str(home), **environment},
        cwd=home,
    )
    return subprocess.CompletedProcess(
        result.args, result.returncode, result.stdout.decode(), result.stderr.decode(errors="replace")
    )


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def piped(release: Release, home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `curl … | sh -s -- --standalone` does."""
    command = ["sh", "-s", "--", "--standalone", "--release-url", release.url, *arguments]
    environment = {"SSL_CERT_FILE": str(release.bundle), **environment}
    return run(*command, home=home, stdin=INSTALLER.read_bytes(), **environment)


@dataclass(frozen=True)
class Installation:
    user_home: Path
    bind: str
    output: str

    @property
    def home(self) -> Path:
        return self.user_home / ".st2lite"

    @property
    def password(self) -> str:
        return (self.home / "data/admin-password").read_text().strip()

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(self.home / "bin/st2lite-ctl", *arguments, home=self.user_home)

    def st2(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(self.home / "bin/st2", *arguments, home=self.user_home)

    def pid(self) -> str:
        return (self.home / "st2lite.pid").read_text().strip()


@pytest.fixture(scope="module")
def installation(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    user_home = tmp_path_factory.mktemp("user")
    bind = free_address()
    result = piped(release, user_home, "--bind", bind, "--release-key", str(release.key))
    installed = Installation(user_home, bind, result.stdout)
    try:
        assert result.returncode == 0, result.stdout + result.stderr
        yield installed
    finally:
        if (installed.home / "bin/st2lite-ctl").exists():
            installed.ctl("uninstall", "--purge", "--yes")


def test_it_says_what_it_did_and_where_things_are(installation: Installation) -> None:
    output = installation.output
    assert re.search(r"^\[6/6\] Testing with a first action", output, re.MULTILINE)
    assert "checksum and signature are right" in output
    assert "core.local: succeeded" in output
    for expected in (f"http://{installation.bind}", "st2admin", f"{installation.home}/data/admin-password"):
        assert expected in output
    for command in ("stop", "start", "log", "uninstall"):
        assert f"{installation.home}/bin/st2lite-ctl {command}" in output
    assert installation.password not in output


def test_secrets_and_logs_are_for_the_owner_alone(installation: Installation) -> None:
    logs = list((installation.home / "log").iterdir())
    assert any(re.fullmatch(r"install-\d{8}-\d{6}\.log", path.name) for path in logs)
    secret = [installation.home / "data/admin-password", installation.home / "client.conf", *logs]
    for path in secret:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(installation.home.stat().st_mode) == 0o700
    for path in logs:
        assert installation.password not in path.read_text()


def test_the_password_is_in_no_command_line(installation: Installation) -> None:
    command = Path(f"/proc/{installation.pid()}/cmdline").read_bytes()
    assert b"standalone" in command
    assert installation.password.encode() not in command


def test_the_client_needs_no_settings(installation: Installation) -> None:
    config = installation.user_home / ".st2/config"
    assert config.resolve() == installation.home / "client.conf"
    result = installation.st2("run", "core.local", "cmd=echo hello from the client")
    assert result.returncode == 0, result.stderr
    assert "hello from the client" in result.stdout


def test_tokens_of_other_servers_are_not_used(installation: Installation) -> None:
    tokens = installation.user_home / ".st2/token-st2admin"
    tokens.write_text('{"token": "of another server", "expire_timestamp": 4000000000}')
    result = installation.st2("run", "core.noop")
    tokens.unlink()
    assert result.returncode == 0, result.stderr


def test_installing_again_changes_nothing(installation: Installation, release: Release) -> None:
    before = (installation.pid(), installation.password, (installation.home / "venv").readlink())
    environment = {"ST2_AUTH_TOKEN": "stale", "PYTHONPATH": "/nowhere", "http_proxy": "http://127.0.0.1:9"}
    result = piped(release, installation.user_home, **environment)
    assert result.returncode == 0, result.stderr
    assert "already running, nothing changed" in result.stdout
    assert (installation.pid(), installation.password, (installation.home / "venv").readlink()) == before
    assert "the signature was not checked" in result.stdout


def test_another_address_restarts_and_keeps_everything(installation: Installation, release: Release) -> None:
    password, pid, bind = installation.password, installation.pid(), free_address()
    result = piped(release, installation.user_home, ST2_BIND=bind)
    assert result.returncode == 0, result.stderr
    assert f"http://{bind}" in result.stdout
    assert installation.password == password
    assert installation.pid() != pid
    assert f"http://{bind}" in (installation.home / "client.conf").read_text()


def test_stop_start_and_status(installation: Installation) -> None:
    assert installation.ctl("status").returncode == 0
    assert installation.ctl("stop").stdout == "st2lite is stopped\n"
    assert installation.ctl("stop").returncode == 0
    status = installation.ctl("status")
    assert status.returncode == 3
    assert "not running" in status.stdout
    started = installation.ctl("start")
    assert started.returncode == 0, started.stderr
    assert installation.ctl("status").returncode == 0
    assert installation.ctl("start", "--soon").returncode == 2
    assert "standalone" in installation.ctl("log").stdout or installation.ctl("log").returncode == 0


def test_a_start_that_fails_is_explained(installation: Installation) -> None:
    installation.ctl("stop")
    with socket.create_server(("127.0.0.1", 0)) as server:
        bind = installation.home / "bind"
        kept = bind.read_text()
        bind.write_text(f"127.0.0.1:{server.getsockname()[1]}\n")
        result = installation.ctl("start", "--wait", "20")
        bind.write_text(kept)
    assert result.returncode == 1
    assert "log/st2lite.log" in result.stderr
    assert "Traceback" not in result.stderr
    assert installation.ctl("start").returncode == 0


def test_uninstall_keeps_the_data_and_purge_does_not(installation: Installation) -> None:
    password, pid = installation.password, installation.pid()
    result = run("sh", INSTALLER, "--uninstall", home=installation.user_home)
    assert result.returncode == 0, result.stderr
    assert not Path(f"/proc/{pid}/cmdline").exists() or Path(f"/proc/{pid}/cmdline").read_bytes() == b""
    assert sorted(path.name for path in installation.home.iterdir()) == [".st2lite", "data", "log"]
    assert not (installation.user_home / ".st2").exists()

    other = installation.user_home / ".st2/config"
    other.parent.mkdir()
    other.write_text("[general]\nbase_url = http://elsewhere.example.org\n")
    again = run("sh", INSTALLER, "--standalone", "--bind", free_address(), home=installation.user_home)
    assert again.returncode == 0, again.stdout + again.stderr
    assert installation.password == password
    assert "elsewhere" in other.read_text(), "the configuration of another server was overwritten"
    assert "hello from the client" in installation.st2("execution", "list", "-j", "-a", "all").stdout

    unsure = run("setsid", "sh", INSTALLER, "--uninstall", "--purge", home=installation.user_home)
    assert unsure.returncode == 2
    assert "say --yes" in unsure.stderr
    purged = run("sh", INSTALLER, "--uninstall", "--purge", "--yes", home=installation.user_home)
    assert purged.returncode == 0, purged.stderr
    assert not installation.home.exists()
    assert other.exists()


@pytest.mark.parametrize("harm", ["archive", "signature", "unsigned"])
def test_a_release_that_is_not_genuine_is_refused(release: Release, tmp_path: Path, harm: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(release.directory, copy)
    archive = next(copy.glob("*.tar.gz"))
    if harm == "archive":
        archive.write_bytes(archive.read_bytes() + b"\0")
    elif harm == "signature":
        sums = copy / "SHA256SUMS"
        sums.write_text(sums.read_text() + "\n")
    else:
        (copy / "SHA256SUMS.asc").unlink()
    user_home = tmp_path / "user"
    user_home.mkdir()
    result = run(
        "sh", "-s", "--", "--standalone", "--release-url", copy.as_uri(), "--release-key", release.key,
        "--bind", free_address(),
        home=user_home, stdin=INSTALLER.read_bytes(),
    )  # fmt: skip
    assert result.returncode == 1
    assert 'step 1, "Getting st2lite' in result.stderr
    said = {"archive": "SHA256SUMS says", "signature": "BAD signature", "unsigned": "SHA256SUMS.asc"}[harm]
    assert said in result.stderr
    assert "remedy:" in result.stderr
    assert not (user_home / ".st2lite/bin").exists()


def test_a_server_that_nobody_vouches_for_is_refused(release: Release, tmp_path: Path) -> None:
    result = piped(release, tmp_path, "--bind", free_address(), SSL_CERT_FILE=os.devnull)
    assert result.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in result.stderr
