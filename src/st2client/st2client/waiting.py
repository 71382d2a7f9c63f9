"""Waiting for the end of an execution: soon looks for short ones, rare looks for long ones."""

from __future__ import annotations

import sys
import time
from typing import Any

from st2client.commands.base import Session

#: An execution in one of these is waited for. Paused, pending and delayed ones need someone, or much time.
AWAITED = frozenset(("requested", "scheduled", "running", "canceling"))

#: Seconds between looks: the first, the longest, and how fast they grow.
FIRST_INTERVAL, LONGEST_INTERVAL, GROWTH = 0.01, 1.0, 1.5

#: Seconds after which a terminal shows that something goes on.
PROGRESS_AFTER = 0.5

_FRAMES = "|/-\\"


def wait(session: Session, execution: Any) -> Any:
    """Ask the server for an execution until it stands still; return it as it is then.

    On a terminal, stderr shows the status and the time that passed. An interrupt leaves the execution running.
    """
    manager = session.manager("Execution")
    progress = _Progress()
    interval = FIRST_INTERVAL
    try:
        while execution.status in AWAITED:
            progress.show(execution)
            time.sleep(interval)
            interval = min(interval * GROWTH, LONGEST_INTERVAL)
            execution = manager.require(execution.id)
    except KeyboardInterrupt:
        progress.clear()
        session.printer.remark(
            f"\nThe execution goes on. Its result: st2 execution get {execution.id}"
            f"\nTo stop it: st2 execution cancel {execution.id}"
        )
        raise
    finally:
        progress.clear()
    return execution


class _Progress:
    """One line on stderr that is drawn over and over."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._enabled = sys.stderr.isatty()
        self._drawn = 0

    def show(self, execution: Any) -> None:
        seconds = time.monotonic() - self._started
        if not self._enabled or seconds < PROGRESS_AFTER:
            return
        frame = _FRAMES[int(seconds * 4) % len(_FRAMES)]
        sys.stderr.write(f"\r{frame} {execution.id} {execution.status} {seconds:.0f}s\033[K")
        sys.stderr.flush()
        self._drawn += 1

    def clear(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self._drawn = 0
