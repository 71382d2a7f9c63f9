"""What small servers that tests start have in common: one process that listens on one port."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

PAUSE_SECONDS = 0.02


class Listener:
    """One server with all it keeps under `directory`; it has the same port again after `kill()` and `start()`.

    A class of its own says how it is started (`command`) and how it sounds: to `question` it answers `answer`.
    """

    name: str
    start_seconds: float
    question: bytes
    answer: bytes

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def command(self) -> list[str]:
        """Program and arguments."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the server and wait until it answers."""
        assert self._process is None, "the server is running already"
        console = self.directory / "console.log"
        with console.open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + self.start_seconds
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} did not start:\n{console.read_text()}")
            time.sleep(PAUSE_SECONDS)

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                client.sendall(self.question)
                return client.recv(len(self.answer)) == self.answer
        except OSError:
            return False
