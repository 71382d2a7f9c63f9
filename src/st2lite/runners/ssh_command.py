"""Executes one command over an SSH connection: output as it comes, a time limit, and an end to what it started."""

from __future__ import annotations

import contextlib
import logging
import math
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from st2lite.runners.output_text import OutputText, ignore_output
from st2lite.runners.remote_command import RemoteCommand
from st2lite.runners.ssh import SshError
from st2lite.runners.stop_signal import StopSignal

if TYPE_CHECKING:
    import paramiko

log = logging.getLogger(__name__)

OutputCallback = Callable[[str, str], None]

_CHUNK_BYTES = 256 * 1024
_MARK_WITHIN_BYTES = 64 * 1024
_END_SECONDS = 5.0
_TAIL_SECONDS = 1.0
_SIGNALED = -1


@dataclass(frozen=True)
class Finished:
    """How a command ended. `return_code` is -1 when a signal ended it; output is text as far as it came.

    `note` says what of the output was dropped, if anything was.
    """

    return_code: int
    stdout: str
    stderr: str
    timed_out: bool = False
    note: str = ""


def execute(
    client: paramiko.SSHClient, command: RemoteCommand, timeout: float, stop: StopSignal, on_output: OutputCallback
) -> Finished:
    """Run `command` to its end; raise `SshError` when the connection is lost.

    When `timeout` (seconds) is over, or on a stop, the process group of the command is killed on the host.
    """
    session = _Session(client, command, on_output)
    try:
        with stop.guard(session.close):
            session.run(time.monotonic() + timeout, stop)
    except TimeoutError:
        session.kill()
        return session.finished(-9, timed_out=True)
    except SshError:
        if stop.requested:
            session.kill()
        raise
    finally:
        session.close()
    return session.finished(session.return_code)


class _Session:
    def __init__(self, client: paramiko.SSHClient, command: RemoteCommand, on_output: OutputCallback) -> None:
        self._client = client
        self._command = command
        self._stdout = _Stdout(on_output, command.mark)
        self._stderr = OutputText("stderr", on_output)
        self._channel: paramiko.Channel | None = None
        self.return_code = _SIGNALED

    def run(self, deadline: float, stop: StopSignal) -> None:
        """Start the command and follow it; raise `TimeoutError` or `SshError`."""
        import paramiko

        try:
            channel = self._open(deadline)
            channel.exec_command(self._command.line)
            channel.sendall(self._command.text.encode("utf-8", "surrogateescape"))
            channel.shutdown_write()
            self._follow(channel, deadline, stop)
        except TimeoutError:
            raise
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise SshError(f"The command could not be followed to its end: {error or type(error).__name__}") from error
        finally:
            self._stdout.feed(b"", final=True)
            self._stderr.feed(b"", final=True)

    def finished(self, return_code: int, timed_out: bool = False) -> Finished:
        notes = [stream.note for stream in (self._stdout, self._stderr) if stream.note]
        return Finished(return_code, self._stdout.text, self._stderr.text, timed_out, " ".join(notes))

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()

    def kill(self) -> None:
        """End the command's process group on the host, by a second command on the same connection."""
        group = self._stdout.group
        if group is None:
            log.warning("A remote command may still be running: the host did not tell its process group.")
            return
        killer = _Session(self._client, self._command.kill(group), ignore_output)
        try:
            with StopSignal() as never:
                killer.run(time.monotonic() + _END_SECONDS, never)
        except (SshError, TimeoutError) as error:
            log.warning("The remote process group %d may still be running: %s", group, error)
        finally:
            killer.close()

    def _open(self, deadline: float) -> paramiko.Channel:
        timeout = None if math.isinf(deadline) else deadline - time.monotonic()
        transport = self._client.get_transport()
        if transport is None:
            raise SshError("The connection is closed.")
        self._channel = channel = transport.open_session(timeout=timeout)
        channel.settimeout(timeout)
        return channel

    def _follow(self, channel: paramiko.Channel, deadline: float, stop: StopSignal) -> None:
        descriptor = channel.fileno()
        quiet_since = time.monotonic()
        while True:
            progressed = self._drain(channel)
            now = time.monotonic()
            if progressed:
                quiet_since = now
            elif channel.exit_status_ready():
                # A process that the command left behind can hold its output open for ever.
                if channel.eof_received or now - quiet_since >= _TAIL_SECONDS:
                    break
            elif channel.closed:
                break
            if stop.requested:
                raise SshError("The command was given up because the action was canceled.")
            if now >= deadline:
                raise TimeoutError
            if not progressed:
                # The exit status alone does not wake the descriptor: look again once in a while.
                self._wait(channel, descriptor, min(_TAIL_SECONDS, deadline - now), stop)
        self.return_code = channel.exit_status
        transport = channel.get_transport()
        if self.return_code == _SIGNALED and not transport.is_active():
            raise SshError("The connection to the host was lost while the command ran.")

    def _wait(self, channel: paramiko.Channel, descriptor: int, seconds: float, stop: StopSignal) -> None:
        if channel.eof_received:
            # At the end of the output the descriptor stays ready; only the exit status is still to come.
            channel.status_event.wait(min(seconds, 0.1))
        else:
            stop.wait(descriptor, select.POLLIN, seconds)

    def _drain(self, channel: paramiko.Channel) -> bool:
        progressed = False
        while channel.recv_ready():
            self._stdout.feed(channel.recv(_CHUNK_BYTES))
            progressed = True
        while channel.recv_stderr_ready():
            self._stderr.feed(channel.recv_stderr(_CHUNK_BYTES))
            progressed = True
        return progressed


class _Stdout(OutputText):
    """Takes the line with the process group out of what is printed."""

    def __init__(self, on_output: OutputCallback, mark: str) -> None:
        super().__init__("stdout", on_output)
        self.group: int | None = None
        self._mark = mark.encode()
        self._held = b""

    def feed(self, data: bytes, final: bool = False) -> None:
        if self._mark:
            data = self._held = self._held + data
            if not final and self._mark not in data and len(data) < _MARK_WITHIN_BYTES:
                return
            start = data.find(self._mark)
            end = data.find(b"\n", start)
            if start >= 0 and end < 0 and not final:
                return
            if start >= 0 and end >= 0:
                with contextlib.suppress(ValueError):
                    self.group = int(data[start + len(self._mark) : end])
                data = data[:start] + data[end + 1 :]
            self._mark, self._held = b"", b""
        super().feed(data, final)
