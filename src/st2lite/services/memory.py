"""Giving memory back that large answers and results have left behind.

What is freed in the middle of the C library's heaps stays with the process until it is asked for. After a list of
results of 10 MB each that would be half a gigabyte, in a process that needs 50 MB.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

SLACK = 64 * 1024 * 1024
"""Bytes that a process may have beyond the least that it ever got along with, and that make giving back worth while."""

MOST_PASSES = 32


def resident() -> int:
    """Bytes of memory that this process has; 0 where the system does not say so in /proc."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def trim() -> None:
    """Give back what is free; does nothing where the C library has no such function."""
    import ctypes  # half a megabyte, which only those load that have a hundred times as much to give back

    function = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if function is not None:
        function(0)


class SpareMemory:
    """Gives memory back when there is much of it; to be asked now and then, at a calm moment.

    Where it turns out to be in use, the next times are passed over: twice as many after each vain attempt.
    """

    def __init__(self, measure: Callable[[], int] = resident, give: Callable[[], None] = trim) -> None:
        self._measure = measure
        self._give = give
        self._least = measure()
        self._passes = self._left = 0

    def give_back(self) -> None:
        """Look once, which takes microseconds; giving back takes a millisecond or a few."""
        before = self._measure()
        if before <= self._least + SLACK:
            self._least = min(self._least, before)
            return
        if self._left:
            self._left -= 1
            return
        self._give()
        after = self._measure()
        self._passes = 0 if before - after >= SLACK // 2 else min(2 * self._passes + 1, MOST_PASSES)
        self._left = self._passes
