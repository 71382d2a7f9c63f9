"""Who logs in where: the login parameters of a remote action joined with the SSH client configuration of the host."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from st2lite.executions.protocol import Run, RunnerSettings
from st2lite.models.errors import InvalidInput
from st2lite.runners.remote_hosts import parse_host
from st2lite.runners.ssh_keys import load_key

if TYPE_CHECKING:
    import paramiko

DEFAULT_PORT = 22
SYSTEM_KNOWN_HOSTS = Path("/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True)
class Endpoint:
    """Where and as whom to connect. `via` is a bastion as `[user@]host[:port]`, `proxy_command` its local twin."""

    name: str
    address: str
    port: int
    username: str
    keys: tuple[paramiko.PKey, ...] = field(repr=False)
    password: str | None = field(repr=False)
    known_hosts: tuple[Path, ...]
    via: str = ""
    proxy_command: str = ""


class Login:
    """The credentials of one run, and what they mean for each of its hosts.

    A parameter of the run goes before the SSH configuration file, which goes before the settings of the service.
    """

    def __init__(self, run: Run, settings: RunnerSettings) -> None:
        """Load key and configuration; raise `InvalidInput` when either cannot be read or no credential is left."""
        parameters = run.runner_parameters
        self._username = str(parameters.get("username") or "")
        self._default_username = settings.system_user
        self._password = _text(parameters.get("password"))
        self._passphrase = _text(parameters.get("passphrase"))
        self._port = _port(parameters.get("port"))
        self._bastion = str(parameters.get("bastion_host") or "").strip()
        self._config = _read_config(settings.ssh_config)
        self._default_key = settings.ssh_key
        given = _text(parameters.get("private_key"))
        self._keys = (load_key(given, self._passphrase),) if given else ()
        self._own_credentials = bool(self._keys or self._password)

    def endpoint(self, name: str, port: int | None) -> Endpoint:
        """Resolve a target; without credentials of its own the run uses the key of the service."""
        options = self._lookup(name)
        via = self._bastion or _jump(options.get("proxyjump", ""))
        return self._resolve(name, port or self._port, "", options, via)

    def bastion(self, via: str) -> Endpoint:
        """Resolve a bastion given as `[user@]host[:port]`; it is logged in to like the targets."""
        user, _, place = via.rpartition("@")
        name, port = parse_host(place, "bastion_host")
        return self._resolve(name, port, user, self._lookup(name), "")

    def _resolve(self, name: str, port: int | None, user: str, options: dict[str, Any], via: str) -> Endpoint:
        return Endpoint(
            name=name,
            address=options.get("hostname", name),
            port=port or _port(options.get("port")) or DEFAULT_PORT,
            username=user or self._username or options.get("user", "") or self._default_username,
            keys=self._keys_for(options.get("identityfile", [])),
            password=self._password,
            known_hosts=_known_hosts(options.get("userknownhostsfile", "")),
            via=via,
            proxy_command="" if via else options.get("proxycommand") or "",  # the parser makes None of the word none
        )

    def _keys_for(self, identity_files: list[str]) -> tuple[paramiko.PKey, ...]:
        if self._own_credentials:
            return self._keys
        paths = [path for path in identity_files if Path(path).expanduser().exists()]
        if not paths and self._default_key is not None and self._default_key.expanduser().exists():
            paths = [str(self._default_key)]
        if not paths:
            missing = f" (there is no file {self._default_key})" if self._default_key else ""
            raise InvalidInput(
                'No way to log in: give parameter "private_key" or "password", '
                f"or set system_user.ssh_key_file in st2.conf{missing}."
            )
        return tuple(load_key(path, self._passphrase) for path in paths)

    def _lookup(self, name: str) -> dict[str, Any]:
        return dict(self._config.lookup(name)) if self._config else {}


def _read_config(path: Path | None) -> paramiko.SSHConfig | None:
    if path is None:
        return None
    import paramiko

    path = path.expanduser()
    if not path.exists():
        return None
    try:
        return paramiko.SSHConfig.from_path(str(path))
    except OSError as error:
        raise InvalidInput(f"The SSH configuration file {path} cannot be read: {error.strerror}.") from error
    except paramiko.SSHException as error:
        raise InvalidInput(f"The SSH configuration file {path} is not valid: {error}.") from error


def _jump(value: str) -> str:
    if "," in value:
        raise InvalidInput(f"ProxyJump {value!r}: only a single host to jump through is supported.")
    return "" if value.lower() == "none" else value.strip()


def _known_hosts(option: str) -> tuple[Path, ...]:
    user = [Path(part).expanduser() for part in option.split()] or [Path("~/.ssh/known_hosts").expanduser()]
    return (*user, SYSTEM_KNOWN_HOSTS)


def _port(value: object) -> int | None:
    text = "" if value is None else str(value)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise InvalidInput(f"The port {text!r} must be a number from 1 to 65535.")
    return int(text)


def _text(value: object) -> str | None:
    return str(value) if value else None
