"""Run a command, and leave nothing of it behind when it is ended early.

    keeper.py PARENT COMMAND [ARGUMENT …]

When a signal comes, or the process PARENT dies, the command is told to end. What it has started may go on to its own
end, which is waited for: a package manager must not be cut off, and whoever repeats the work would meet it. Ends with
the status of the command. Runs with whichever Python there is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys

_SET_DEATH_SIGNAL, _SET_SUBREAPER = 1, 36  # of prctl(2)
_SECONDS = 600


def main() -> int:
    """Run it."""
    parent, *command = sys.argv[1:]
    libc = ctypes.CDLL(None)
    libc.prctl(_SET_SUBREAPER, 1)
    ended = False
    # Descriptors are inherited: the one that takes the steps, the one that holds the lock.
    child = subprocess.Popen(command, close_fds=False)

    def end(*_: object) -> None:
        nonlocal ended
        ended = True
        child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    libc.prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != int(parent):
        end()
    status = child.wait()
    if ended:
        _wait_for_the_rest()
    return status if status >= 0 else 128 - status


def _wait_for_the_rest() -> None:
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.alarm(_SECONDS)
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


if __name__ == "__main__":
    sys.exit(main())
