"""A server that speaks MongoDB's wire protocol, in a process of its own.

    with MongoServer(tmp_path, auth=True) as server:
        store = open_store(server.uri())

It is SecantusDB (`secantusd-py`): a program that only tests start, never imported. Python runs one of its threads at a
time; they stay on one core, else a third of what it uses goes into passing Python's lock from one core to another.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from tests.processes import end
from tests.servers import require
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.ports import free_ports

START_SECONDS = 60
STOP_SECONDS = 30
_LISTENING = re.compile(r"listening on \S+:(\d+)")


def program() -> str | None:
    """Path of the server program, of this virtualenv before any other."""
    beside_python = Path(sys.executable).parent / "secantusd-py"
    return str(beside_python) if beside_python.exists() else shutil.which("secantusd-py")


class MongoServer:
    """One server with its data under `directory`. It keeps port, data and user over `kill()` or `stop()` and `start()`.

    With `auth` it accepts only the user `user` with `password` (SCRAM); with `tls` only TLS connections.
    """

    user = "st2"

    def __init__(self, directory: Path, *, auth: bool = False, tls: bool = False) -> None:
        self.directory = directory
        self.password = secrets.token_urlsafe(12) if auth else ""
        self.port = 0
        self._auth = auth
        self._certificates: Certificates | None = make_certificates(directory / "tls") if tls else None
        self._process: subprocess.Popen[bytes] | None = None
        self._log = directory / "mongod.log"

    def __enter__(self) -> MongoServer:
        require(program(), "secantusd-py (pip install --pre secantusdb)")
        (self.port,) = free_ports(1)
        try:
            if self._auth:
                self._create_user()
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    def uri(self, database: str = "st2", user: str | None = None, password: str | None = None) -> str:
        """Connection string, `journal=true` included; `user` and `password` replace the right ones."""
        name, secret = user or self.user, self.password if password is None else password
        credentials = f"{quote(name, safe='')}:{quote(secret, safe='')}@" if self._auth else ""
        options = ["journal=true"]
        if self._auth:
            options.append("authSource=admin")
        if self._certificates:
            options += ["tls=true", f"tlsCAFile={quote(str(self._certificates.authority), safe='')}"]
        return f"mongodb://{credentials}127.0.0.1:{self.port}/{database}?{'&'.join(options)}"

    def start(self) -> None:
        """Start the server and wait until it listens."""
        self._start(auth=self._auth)

    def stop(self) -> None:
        """End the server in an orderly way."""
        if self._process is not None:
            end(self._process, STOP_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self, auth: bool) -> None:
        assert self._process is None, "the server is running already"
        path = program()
        assert path is not None
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [path, "--standalone", "--host", "127.0.0.1", "--port", str(self.port), "--log-level", "INFO"]
        command += ["--storage-path", str(self.directory / "data"), "--cache-size", "256M"]
        if auth:
            command.append("--auth")
        if self._certificates:
            command += ["--tls-cert-file", str(self._certificates.certificate)]
            command += ["--tls-key-file", str(self._certificates.key)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(self._process.pid, {cores[self._process.pid % len(cores)]})
        self.port = self._wait_for_port(self._process)

    def _wait_for_port(self, process: subprocess.Popen[bytes]) -> int:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            text = self._log.read_text(errors="replace")
            match = _LISTENING.search(text)
            if match:
                return int(match[1])
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"the MongoDB test server did not start:\n{self._log.read_text(errors='replace')}")

    def _create_user(self) -> None:
        """Users are made while authentication is off; then the server starts again with it on."""
        from pymongo import MongoClient

        self._start(auth=False)
        options = {"tls": True, "tlsCAFile": str(self._certificates.authority)} if self._certificates else {}
        client: MongoClient[dict[str, object]] = MongoClient("127.0.0.1", self.port, **options)  # type: ignore[arg-type]
        with client:
            client["admin"].command("createUser", self.user, pwd=self.password, roles=[{"role": "root", "db": "admin"}])
        self.stop()
