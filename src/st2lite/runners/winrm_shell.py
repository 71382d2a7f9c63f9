"""A command shell on a Windows host over WS-Management: commands with a time limit, to be ended at any time."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.runners.basic_auth import wire_text
from st2lite.runners.output_text import OutputText

if TYPE_CHECKING:
    from winrm.protocol import Protocol

log = logging.getLogger(__name__)

CODEPAGE_UTF8 = 65001
_POLL_SECONDS = 20
_GRACE_SECONDS = 10
_END_SECONDS = 10
_PASSWORD_BY_BASIC_AUTH = frozenset({"basic", "plaintext", "ssl"})


class WinRmError(St2liteError):
    """The host could not be reached, refused the login or answered with a fault."""


class WinRmTimeout(WinRmError):
    """Time was up before the command ended."""


@dataclass(frozen=True)
class WinRmHost:
    """Where and as whom to connect. `transport` is the way to authenticate, as pywinrm names it."""

    url: str
    username: str
    password: str = field(repr=False)
    transport: Literal["basic", "certificate", "credssp", "kerberos", "ntlm", "plaintext", "ssl"] = "ntlm"
    verify: bool = True

    def protocol(self) -> Protocol:
        """Make a client; nothing is sent yet. Raises `InvalidInput` when the transport cannot work."""
        import requests
        from winrm.exceptions import WinRMError
        from winrm.protocol import Protocol

        wire = wire_text if self.transport in _PASSWORD_BY_BASIC_AUTH else str
        # What the environment says is resolved here, because the library does so only under protest.
        proxies = requests.utils.get_environ_proxies(self.url)
        trusted = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        options: dict[str, Any] = {
            "ca_trust_path": trusted or None,
            "proxy": proxies.get(self.url.partition(":")[0]) or proxies.get("all"),
            "server_cert_validation": "validate" if self.verify else "ignore",
        }
        try:
            return Protocol(self.url, self.transport, wire(self.username), wire(self.password), **options)
        except WinRMError as error:
            raise InvalidInput(f'Parameter "transport": {self.transport} cannot be used: {error}.') from error


class WinRmShell:
    """One shell, to be used as a context manager; `deadline` (monotonic seconds) is for all of it."""

    def __init__(self, host: WinRmHost, deadline: float, cwd: str | None, env: Mapping[str, str]) -> None:
        self._host = host
        self.deadline = deadline
        self._cwd = cwd
        self._env = dict(env)
        self._protocol = host.protocol()
        self._shell = ""
        self._command = ""
        self.terminated = False

    def __enter__(self) -> WinRmShell:
        with self._talk():
            self._limit(_POLL_SECONDS * 3)
            self._shell = self._protocol.open_shell(
                working_directory=self._cwd, env_vars=self._env or None, codepage=CODEPAGE_UTF8
            )
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._end(self._protocol)
        finally:
            self._protocol.transport.close_session()

    def run(self, command: str, output: Mapping[str, OutputText]) -> int:
        """Run a command line to its end and give its exit code; raise `WinRmError` or `WinRmTimeout`.

        `output` takes what it prints to `stdout` and to `stderr`.
        """
        from winrm.exceptions import WinRMOperationTimeoutError

        with self._talk():
            self._limit(_POLL_SECONDS * 3)
            self._command = self._protocol.run_command(self._shell, command)
            done, code = False, -1
            while not done:
                self._limit(_POLL_SECONDS)
                try:
                    stdout, stderr, code, done = self._protocol.get_command_output_raw(self._shell, self._command)
                except WinRMOperationTimeoutError:
                    continue  # nothing was printed for a while
                output["stdout"].feed(stdout, done)
                output["stderr"].feed(stderr, done)
            self._signal(self._protocol)
        return code

    def terminate(self) -> None:
        """End the running command from another thread, over a connection of its own; `run` then raises."""
        self.terminated = True
        protocol = self._host.protocol()
        try:
            self._end(protocol)
        finally:
            protocol.transport.close_session()

    def _end(self, protocol: Protocol) -> None:
        if not self._shell:
            return
        _set_limit(protocol, _END_SECONDS, _END_SECONDS)
        try:
            with _translated(self._host):
                if self._command:
                    self._signal(protocol)
                shell, self._shell = self._shell, ""
                protocol.close_shell(shell, close_session=False)
        except WinRmError as error:
            if not self.terminated:
                log.warning("A shell on %s may still be open: %s", self._host.url, error)

    def _signal(self, protocol: Protocol) -> None:
        command, self._command = self._command, ""
        if command:
            protocol.cleanup_command(self._shell, command)

    def _limit(self, seconds: float) -> None:
        """Let the next request take `seconds`, and not much longer than until the deadline."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise WinRmTimeout("Time is up.")
        _set_limit(self._protocol, min(seconds, remaining), min(_GRACE_SECONDS, max(1, remaining - seconds)))

    @contextmanager
    def _talk(self) -> Iterator[None]:
        with _translated(self._host):
            yield
        if self.terminated:
            raise WinRmError("The command was terminated.")


def _set_limit(protocol: Protocol, seconds: float, grace: float) -> None:
    protocol.operation_timeout_sec = math.ceil(seconds)
    protocol.transport.read_timeout_sec = math.ceil(seconds) + math.ceil(grace)


@contextmanager
def _translated(host: WinRmHost) -> Iterator[None]:
    """Turn what the libraries raise into `WinRmError`; no text of theirs holds the password."""
    import requests
    from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMOperationTimeoutError, WinRMTransportError

    try:
        yield
    except (requests.Timeout, WinRMOperationTimeoutError) as error:
        raise WinRmTimeout(f"{host.url} did not answer in time.") from error
    except InvalidCredentialsError as error:
        raise WinRmError(f"{host.url}: the login as {host.username!r} by {host.transport} was refused.") from error
    except (WinRMError, WinRMTransportError, PermissionError) as error:
        raise WinRmError(f"{host.url}: {error}") from error
    except requests.RequestException as error:
        raise WinRmError(f"{host.url} cannot be reached: {error}") from error
    except (ElementTree.ParseError, StopIteration, AssertionError, KeyError, ValueError) as error:
        raise WinRmError(f"{host.url} did not answer as a WinRM service does.") from error
