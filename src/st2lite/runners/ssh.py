"""SSH connections for remote actions: through a bastion if need be, host keys checked, to be stopped at any time."""

from __future__ import annotations

import errno
import logging
import os
import select
import shlex
import socket
import subprocess
import threading
import time
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.runners.ssh_login import Endpoint, Login
from st2lite.runners.stop_signal import StopSignal

if TYPE_CHECKING:
    import paramiko

log = logging.getLogger(__name__)


class SshError(St2liteError):
    """No connection, or one that was refused or lost; the text names host and cause."""


class SshConnections:
    """All connections of one run; bastions are connected to once and shared. Use as a context manager."""

    def __init__(self, login: Login, connect_timeout: float, stop: StopSignal) -> None:
        self.stop = stop
        self._login = login
        self._timeout = connect_timeout
        self._lock = threading.Lock()
        self._bastions: dict[str, paramiko.SSHClient] = {}
        self._clients: list[paramiko.SSHClient] = []
        self._proxies: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> SshConnections:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in reversed(self._clients):
            client.close()
        for proxy in self._proxies:
            proxy.kill()
            proxy.wait()

    def open(self, name: str, port: int | None) -> paramiko.SSHClient:
        """Connect and log in to a host; raise `SshError`."""
        endpoint = self._login.endpoint(name, port)
        return self._connect(endpoint, self._bastion(endpoint.via) if endpoint.via else None)

    def _bastion(self, via: str) -> paramiko.SSHClient:
        with self._lock:
            if via not in self._bastions:
                try:
                    self._bastions[via] = self._connect(self._login.bastion(via), None)
                except SshError as error:
                    raise SshError(f"Bastion host: {error}") from error
            return self._bastions[via]

    def _connect(self, endpoint: Endpoint, bastion: paramiko.SSHClient | None) -> paramiko.SSHClient:
        import paramiko

        where = f"{endpoint.name}:{endpoint.port}"
        client = paramiko.SSHClient()
        self._clients.append(client)
        client.set_missing_host_key_policy(_accept_policy())
        _load_known_hosts(client, endpoint)
        credentials: Any = _Credentials(endpoint)
        try:
            link = self._link(endpoint, bastion)
            with self.stop.guard(link.close):
                client.connect(
                    endpoint.address,
                    port=endpoint.port,
                    sock=link,
                    timeout=self._timeout,
                    banner_timeout=self._timeout,
                    auth_timeout=self._timeout,
                    channel_timeout=self._timeout,
                    auth_strategy=credentials,
                )
        except paramiko.BadHostKeyException as error:
            raise SshError(
                f"{where}: the host key differs from the one in known_hosts. Unless the host was set up anew this is "
                "an attack; if it was, remove the old key with ssh-keygen -R."
            ) from error
        except paramiko.AuthenticationException as error:
            raise SshError(f"{where}: login as {endpoint.username!r} was refused: {error}") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            if self.stop.requested:
                raise SshError(f"{where}: the connection was given up because the action was canceled.") from error
            raise SshError(f"{where}: cannot connect: {_reason(error)}") from error
        return client

    def _link(self, endpoint: Endpoint, bastion: paramiko.SSHClient | None) -> Any:
        """Open what the connection runs over: a socket, a channel through the bastion, or a local command."""
        if endpoint.proxy_command:
            return self._start_proxy(endpoint.proxy_command)
        if bastion is None:
            return connect(endpoint.address, endpoint.port, self._timeout, self.stop)
        transport = bastion.get_transport()
        if transport is None:
            raise SshError("The connection to the bastion host is closed.")
        target = (endpoint.address, endpoint.port)
        return transport.open_channel("direct-tcpip", target, ("127.0.0.1", 0), timeout=self._timeout)

    def _start_proxy(self, command: str) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(
                    shlex.split(command), stdin=theirs.fileno(), stdout=theirs.fileno(), start_new_session=True
                )
            except (OSError, ValueError) as error:
                ours.close()
                raise SshError(f"ProxyCommand {command!r} cannot be started: {error}") from error
        self._proxies.append(process)
        ours.settimeout(self._timeout)
        return ours


class _Credentials:
    """Tries the keys, then the password; a server may want several of them one after the other."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def authenticate(self, transport: paramiko.Transport) -> None:
        import paramiko

        username = self._endpoint.username
        attempts = [partial(transport.auth_publickey, username, key) for key in self._endpoint.keys]
        if self._endpoint.password:
            attempts.append(partial(transport.auth_password, username, self._endpoint.password))
        failure: Exception | None = None
        for attempt in attempts:
            try:
                if not attempt():  # the methods that the server still asks for
                    return
            except paramiko.AuthenticationException as error:
                failure = error
        raise failure or paramiko.AuthenticationException("the server wants more than the given key or password")


def connect(address: str, port: int, timeout: float, stop: StopSignal) -> socket.socket:
    """Open a TCP connection to the first address that accepts; raise `OSError`. A stop ends the wait."""
    deadline = time.monotonic() + timeout
    failure = OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
    for family, kind, protocol, _, target in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
        link = socket.socket(family, kind, protocol)
        try:
            link.setblocking(False)
            code = link.connect_ex(target)
            if code == errno.EINPROGRESS:
                if not stop.wait(link.fileno(), select.POLLOUT, deadline - time.monotonic()):
                    raise TimeoutError(errno.ETIMEDOUT, f"no answer within {timeout:g} seconds")
                code = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
            link.settimeout(timeout)
            # Many small messages, each awaited: without this every one of them costs a delayed acknowledgement, 40 ms.
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return link
        except OSError as error:
            link.close()
            failure = error
    raise failure


def _load_known_hosts(client: paramiko.SSHClient, endpoint: Endpoint) -> None:
    for path in endpoint.known_hosts:
        if not path.exists():
            continue
        try:
            client.get_host_keys().load(str(path))
        except OSError as error:
            # Going on would mean to accept a changed key of a host that this file knows.
            raise InvalidInput(f"The file of known hosts {path} cannot be read: {error.strerror}.") from error


def _accept_policy() -> paramiko.MissingHostKeyPolicy:
    import paramiko

    class AcceptAndLog(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
            del client
            log.info("Accepted the unknown %s host key %s of %s.", key.get_name(), key.fingerprint, hostname)

    return AcceptAndLog()


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
