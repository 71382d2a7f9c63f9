"""st2lite standalone: the whole suite in one process, on SQLite and the in-process bus."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from st2lite.auth.passwords import generate_password, write_password
from st2lite.config.load import load
from st2lite.config.schema import Config, current_user
from st2lite.config.urls import local_url
from st2lite.content.locations import DEFAULT_PACK, system_packs_dir
from st2lite.http.mounts import Mounts
from st2lite.http.standalone import StandaloneServer
from st2lite.models.errors import ConfigError
from st2lite.models.execution import Worker
from st2lite.models.service import ServiceMember
from st2lite.rendering.crypto import generate_key_file
from st2lite.services.actionrunner import ActionRunner
from st2lite.services.context import AppContext
from st2lite.services.garbagecollector import GarbageCollector
from st2lite.services.membership import Membership
from st2lite.services.notifier import Notifier
from st2lite.services.rulesengine import RulesEngine
from st2lite.services.sensorcontainer import SensorContainer

logger = logging.getLogger(__name__)

ADMIN = "st2admin"
PASSWORD_FILE = "admin-password"
SSH_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
LISTENING = ("st2api", "st2auth", "st2stream")
WORKING = ("st2actionrunner", "st2notifier", "st2rulesengine", "st2sensorcontainer", "st2garbagecollector")


def standalone_config(data_dir: Path, host: str, port: int, packs: Sequence[Path], file: Path | None = None) -> Config:
    """The configuration of standalone: everything lies in `data_dir`; an optional st2.conf sets the rest.

    Port 0 becomes a free one here, because actions are told the address before anything listens on it.
    """
    port = port or _free_port(host)
    base_url = local_url(host, port)
    overrides: dict[str, dict[str, Any]] = {
        "api": {"host": host, "port": port, "auth_cookie_secure": False},
        "auth": {"api_url": f"{base_url}/api", "backend_kwargs": {"file_path": str(data_dir / "htpasswd")}},
        "database": {"host": f"sqlite://{data_dir / 'st2lite.db'}"},
        "messaging": {"url": "memory://"},
        "system": {"base_path": str(data_dir)},
        "system_user": {"user": current_user(), "ssh_key_file": _own_ssh_key()},
        "keyvalue": {"encryption_key_path": str(data_dir / "datastore_key.json")},
        "content": {"packs_base_paths": ":".join(str(path.resolve()) for path in packs)},
        "webui": {"webui_base_url": base_url},
    }
    return load(file, overrides)


class Standalone:
    """One process that is everything. `start` returns when requests are answered."""

    def __init__(self, config: Config, data_dir: Path) -> None:
        self._config = config
        self._data_dir = data_dir
        self._lock = _prepare(data_dir)
        self.context = AppContext(config)
        self._worker = ActionRunner(self.context)
        self._notifier = Notifier(self.context, empty_bus=True)
        self._rules = RulesEngine(self.context, empty_bus=True)
        self._sensors = SensorContainer(self.context)
        self._garbage = GarbageCollector(self.context)
        self._server = StandaloneServer(config.api.host, config.api.port, Mounts(self.context))
        address = config.api.host, config.api.port
        services = {**dict.fromkeys(LISTENING, address), **dict.fromkeys(WORKING)}
        self._membership = Membership(self.context, services)

    def start(self) -> None:
        self.context.connect()
        self._disown()
        self.context.registrar.register(fail_on_failure=False, changed_only=True)
        # First what can fail for a reason of the host. Requests that come before the worker wait in its queue.
        self._server.start()
        self._worker.start()
        self._notifier.start()
        self._rules.start()
        self._sensors.start()
        self._garbage.start()
        self._membership.start()
        logger.info(
            "The address is %s; the first password of %s is in %s.", self.url, ADMIN, self._data_dir / PASSWORD_FILE
        )

    def stop(self) -> None:
        """Let running actions end, answer no more requests, write everything down."""
        self._membership.stop()
        self._garbage.stop()
        self._sensors.stop()
        self._rules.stop()
        # Actions ask the API to their last moment. What is requested meanwhile is stored, and run by the next process.
        self._worker.stop()
        self._notifier.stop()
        self._server.stop()
        self.context.close()
        self._lock.close()

    @property
    def url(self) -> str:
        """Where this process answers."""
        return self._server.url

    def _disown(self) -> None:
        """Give up the leases of earlier processes: this data directory is ours alone, so they are dead."""
        for worker in self.context.store.find(Worker):
            worker.expires = 0
            self.context.store.replace(worker)
        for member in self.context.store.find(ServiceMember):
            self.context.store.delete(ServiceMember, member.id)


def _prepare(data_dir: Path) -> IO[str]:
    """Create directory, lock, password and key where they are missing; return the lock that is held."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = take_lock(data_dir)
        _fill(data_dir)
    except OSError as error:
        raise ConfigError(
            f"--data-dir: {error.filename or data_dir} cannot be used: {error.strerror or error}. "
            "Mend that, or give another one."
        ) from None
    return lock


def take_lock(data_dir: Path) -> IO[str]:
    """Hold a data directory for this process alone, until the returned file is closed; raise `ConfigError`."""
    lock = (data_dir / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise ConfigError(
            f"--data-dir: {data_dir} is in use by another st2lite (pid {owner}). Stop that one, or give another one."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _fill(data_dir: Path) -> None:
    for name in ("packs", "configs", "virtualenvs"):
        (data_dir / name).mkdir(exist_ok=True)
    if not (data_dir / "packs" / DEFAULT_PACK).exists():
        shutil.copytree(system_packs_dir() / DEFAULT_PACK, data_dir / "packs" / DEFAULT_PACK)
    if not (data_dir / "htpasswd").exists():
        password = generate_password()
        _write_secret(data_dir / PASSWORD_FILE, password + "\n")
        write_password(data_dir / "htpasswd", ADMIN, password)
    if not (data_dir / "datastore_key.json").exists():
        generate_key_file(data_dir / "datastore_key.json")


def _own_ssh_key() -> str:
    """The user's own SSH key, the one that the ssh command would take first; empty if there is none."""
    directory = Path("~/.ssh").expanduser()
    return next((str(key) for name in SSH_KEYS if (key := directory / name).is_file()), "")


def _free_port(host: str) -> int:
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        return int(listener.getsockname()[1])


def _write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from the first byte."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
