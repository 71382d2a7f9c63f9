"""The product itself, started as an operator starts it: in one process, or one process per service.

    with Standalone(tmp_path) as st2:
        client = Client(api_url=st2.api_url, auth_url=st2.auth_url, stream_url=st2.stream_url)
        client.token = client.tokens.create(Token(), auth=(st2.user, st2.password)).token

`Separate` has the same face and runs every service as a process of its own, on a MongoDB wire server and RabbitMQ.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import psutil

from st2lite.auth.passwords import generate_password, write_password
from st2lite.config.schema import current_user
from st2lite.content.locations import DEFAULT_PACK, system_packs_dir
from st2lite.rendering.crypto import generate_key_file
from tests.servers.mongod import MongoServer
from tests.servers.ports import free_ports
from tests.servers.rabbitmq import RabbitServer

START_SECONDS = 90
STOP_SECONDS = 60
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Sections = Mapping[str, Mapping[str, object]]
"""Settings for st2.conf: section, option, value."""


D = TypeVar("D", bound="Deployment")


class Deployment:
    """What both kinds share: the processes, their logs, and the addresses clients use.

    `api_url` and `stream_url` end with `/v1`, `auth_url` is the base of `/tokens`: what st2 clients take as they are.
    """

    user = "st2admin"
    url: str
    api_url: str
    auth_url: str
    stream_url: str

    def __init__(self, directory: Path, *, packs: Sequence[Path] = (), settings: Sections | None = None) -> None:
        self.directory = directory
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._packs = packs
        self._settings = settings or {}

    def __enter__(self: D) -> D:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def prepare(self) -> None:
        """Make what the product needs before its first start; harmless to repeat. `start()` does it too."""

    def start(self) -> None:
        """Start what is not running, and wait until it answers."""
        raise NotImplementedError

    @property
    def password(self) -> str:
        """Password of `user`."""
        raise NotImplementedError

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of the product's own processes, by name; their children are not among them."""
        return {name: process.pid for name, process in self.processes.items()}

    @property
    def base_path(self) -> Path:
        """The directory that holds `packs`, `configs` and `virtualenvs`."""
        raise NotImplementedError

    @property
    def database_url(self) -> str:
        """What `open_store` takes, to look behind the API."""
        raise NotImplementedError

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that point an `st2` command here; it still has to log in."""
        return {"ST2_API_URL": self.api_url, "ST2_AUTH_URL": self.auth_url, "ST2_STREAM_URL": self.stream_url}

    def log(self, name: str) -> str:
        """What a process has written so far."""
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str) -> None:
        """End one service as a crash would (SIGKILL); `start()` brings it back.

        The workers of a web server die with it, as they do under an init system that ends the whole control group. What
        an action runner has started lives on: that is what a crash of it is like.
        """
        process = self.processes.pop(name)
        workers = psutil.Process(process.pid).children() if name in ("st2api", "st2auth") else []
        process.kill()
        process.wait()
        for worker in workers:
            worker.kill()
        psutil.wait_procs(workers)

    def stop(self) -> None:
        """End all processes in an orderly way."""
        for process in self.processes.values():
            process.terminate()
        for name in list(self.processes):
            try:
                self.processes[name].wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill(name)
            self.processes.pop(name, None)

    def _spawn(self, name: str, module: str, *arguments: object) -> None:
        if name in self.processes:
            return
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ST2_")}
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"st2lite.commands.{module}", *(str(word) for word in arguments)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=environment,
            )

    def _wait_for_url(self, name: str, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._check_alive(name)
            with contextlib.suppress(OSError), _OPENER.open(url, timeout=10):
                return
            time.sleep(0.02)
        raise RuntimeError(f"{name} does not answer at {url}:\n{self.log(name)}")

    def _wait_for_log(self, name: str, text: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._check_alive(name)
            if text in self.log(name):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{name} did not say {text!r}:\n{self.log(name)}")

    def _check_alive(self, name: str) -> None:
        if self.processes[name].poll() is not None:
            raise RuntimeError(f"{name} ended with {self.processes[name].returncode}:\n{self.log(name)}")

    def _write_configuration(self, defaults: Sections) -> Path:
        parser = configparser.RawConfigParser()
        for sections in (defaults, self._settings):
            for section, options in sections.items():
                if not parser.has_section(section):
                    parser.add_section(section)
                for option, value in options.items():
                    parser.set(section, option, str(value))
        path = self.directory / "st2.conf"
        path.touch(mode=0o600)
        with path.open("w", encoding="utf-8") as stream:
            parser.write(stream)
        return path


class Standalone(Deployment):
    """`st2lite standalone` with its data in `directory`/data."""

    def __init__(self, directory: Path, *, packs: Sequence[Path] = (), settings: Sections | None = None) -> None:
        super().__init__(directory, packs=packs, settings=settings)
        self.data_dir = directory / "data"
        (port,) = free_ports(1)
        self._bind = f"127.0.0.1:{port}"
        self.url = f"http://{self._bind}"
        self.api_url, self.auth_url, self.stream_url = f"{self.url}/api/v1", f"{self.url}/auth", f"{self.url}/stream/v1"

    @property
    def base_path(self) -> Path:
        return self.data_dir

    @property
    def database_url(self) -> str:
        return f"sqlite://{self.data_dir / 'st2lite.db'}"

    @property
    def password(self) -> str:
        return (self.data_dir / "admin-password").read_text().strip()

    def start(self) -> None:
        arguments: list[object] = ["standalone", "--data-dir", self.data_dir, "--bind", self._bind]
        for directory in self._packs:
            arguments += ["--packs", directory]
        if self._settings:
            arguments += ["--config-file", self._write_configuration({})]
        self._spawn("st2lite", "st2lite", *arguments)
        self._wait_for_url("st2lite", f"{self.url}/readyz")


class Separate(Deployment):
    """One process per service, configured by one st2.conf.

    Servers given as `mongo` and `rabbit` are used and left running; otherwise own ones are started and stopped.
    """

    DAEMONS = ("st2actionrunner", "st2notifier", "st2rulesengine", "st2sensorcontainer", "st2garbagecollector")
    SERVICES = ("st2api", "st2auth", "st2stream", *DAEMONS)

    def __init__(
        self,
        directory: Path,
        *,
        packs: Sequence[Path] = (),
        settings: Sections | None = None,
        mongo: MongoServer | None = None,
        rabbit: RabbitServer | None = None,
    ) -> None:
        super().__init__(directory, packs=packs, settings=settings)
        self._password = generate_password()
        self._servers = contextlib.ExitStack()
        self._shares_mongo, self._shares_rabbit = mongo is not None, rabbit is not None
        self.mongo = mongo or MongoServer(directory / "mongod", auth=True)
        self.rabbit = rabbit or RabbitServer(directory / "rabbitmq")
        self._ports = dict(zip(("api", "auth", "stream"), free_ports(3), strict=True))
        self.url, self.auth_url = self._base("api"), self._base("auth")
        self.api_url, self.stream_url = f"{self._base('api')}/v1", f"{self._base('stream')}/v1"
        self.configuration = directory / "st2.conf"

    @property
    def base_path(self) -> Path:
        return self.directory / "stackstorm"

    @property
    def database_url(self) -> str:
        return self.mongo.uri()

    @property
    def password(self) -> str:
        return self._password

    def start(self) -> None:
        self.prepare()
        for name in self.SERVICES:
            self._spawn(name, name, "--config-file", self.configuration)
        for section, name in (("api", "st2api"), ("auth", "st2auth"), ("stream", "st2stream")):
            self._wait_for_url(name, f"{self._base(section)}/readyz")
        for name in self.DAEMONS:
            self._wait_for_log(name, f"{name} is ready")

    def kill(self, name: str) -> None:
        super().kill(name)
        # The next start appends to the same log; its own "is ready" must be told from the old one.
        path = self.directory / f"{name}.log"
        path.rename(path.with_suffix(f".{time.time_ns()}.log"))

    def stop(self) -> None:
        super().stop()
        self._servers.close()

    def add_action_runner(self) -> None:
        """Run one more action runner."""
        name = f"st2actionrunner-{len(self.processes)}"
        self._spawn(name, "st2actionrunner", "--config-file", self.configuration)
        self._wait_for_log(name, "st2actionrunner is ready")

    def register(self) -> None:
        """Register the content of all packs, as an operator does after a change on disk."""
        command = [sys.executable, "-m", "st2lite.commands.register_content", "--config-file", str(self.configuration)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.directory)
        if done.returncode != 0:
            raise RuntimeError(f"st2-register-content failed:\n{done.stdout}{done.stderr}")

    def _base(self, section: str) -> str:
        return f"http://127.0.0.1:{self._ports[section]}"

    def prepare(self) -> None:
        if self.configuration.exists():
            return
        if not self._shares_mongo:
            self._servers.enter_context(self.mongo)
        if not self._shares_rabbit:
            self._servers.enter_context(self.rabbit)
        for name in ("packs", "configs", "virtualenvs"):
            (self.base_path / name).mkdir(parents=True, exist_ok=True)
        shutil.copytree(system_packs_dir() / DEFAULT_PACK, self.base_path / "packs" / DEFAULT_PACK)
        write_password(self.directory / "htpasswd", self.user, self._password)
        generate_key_file(self.directory / "datastore_key.json")
        defaults: dict[str, dict[str, object]] = {
            section: {"host": "127.0.0.1", "port": port} for section, port in self._ports.items()
        }
        defaults["auth"].update(
            api_url=self._base("api"), backend_kwargs=f'{{"file_path": "{self.directory / "htpasswd"}"}}'
        )
        defaults |= {
            "database": {"host": self.mongo.uri()},
            "messaging": {"url": self.rabbit.url},
            "system": {"base_path": self.base_path},
            "system_user": {"user": current_user()},
            "keyvalue": {"encryption_key_path": self.directory / "datastore_key.json"},
            "content": {"packs_base_paths": ":".join(str(path) for path in (self.base_path / "packs", *self._packs))},
        }
        self._write_configuration(defaults)
        self.register()
