"""Ending a process together with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

_SUDO_PATIENCE = 10.0

_ROUNDS = 10
"""How often processes are looked for that were started while the others were being stopped."""


def kill_tree(leader: int, sudo: Sequence[str] = (), password: str | None = None) -> None:
    """Kill the process group that `leader` leads, and its descendants in other groups and sessions too.

    `leader` must not have been waited for yet: only then its number is certain to be its own. `sudo` is the command
    prefix to kill with what this user may not kill, `password` goes to its standard input.
    """
    # Listed before the first kill: an orphan no longer tells whose child it was. sudo puts its command in a session
    # of its own, so the group alone would miss it.
    others = _stopped(leader)
    refused = not _send(os.killpg, leader, signal.SIGKILL)
    for pid in others:
        refused |= not _send(os.kill, pid, signal.SIGKILL)
    if refused and sudo:
        _kill_with_sudo([f"-{leader}", *map(str, others)], sudo, password)


def _stopped(leader: int) -> list[int]:
    """The descendants, none of which starts another one from now on; those that we may not stop still can."""
    found: list[int] = []
    for _ in range(_ROUNDS):
        new = [pid for pid in (leader, *_descendants(leader)) if pid not in found]
        if not new:
            break
        for pid in new:
            _send(os.kill, pid, signal.SIGSTOP)
        found += new
    return found[1:]


def _descendants(pid: int) -> list[int]:
    found = _children(pid)
    for child in found:
        found.extend(_children(child))
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            children.extend(map(int, (task / "children").read_text().split()))
    except OSError:  # the process or its thread has gone, or this system has no /proc
        pass
    return children


def _send(send: Callable[[int, int], None], number: int, what: signal.Signals) -> bool:
    """Send a signal; return False when this user may not."""
    try:
        send(number, what)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return True


def _kill_with_sudo(numbers: list[str], sudo: Sequence[str], password: str | None) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [*sudo, "sh", "-c", 'kill -KILL -- "$@"', "sh", *numbers],
            input=f"{password or ''}\n".encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SUDO_PATIENCE,
            check=False,
        )
